//! Cost.

use gpusched_core::cluster::{Cluster, Inventory};
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::provisioning::oracle::{Rate, bound};
use gpusched_core::provisioning::{Billing, Money, Price, planned};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Workload;

/// A lower bound on what machines that are there as planned, and paid for from the first submission
/// to the last end, cost: no schedule ends before `end`. Machines without a price are left out, and
/// time is not rounded up. `None` where none has a price. O(machines).
pub(super) fn of_all_machines(inventory: &Inventory, from: Time, end: Time) -> Option<Money> {
    let lives = planned(inventory);
    let costs = lives.filter_map(|life| {
        let price = inventory.node(life.node).price;
        life.cost(price, Billing::EXACT, from, end)
    });
    costs.fold(None, |sum, cost| {
        let mut sum = sum.unwrap_or(Money::ZERO);
        sum += cost;
        Some(sum)
    })
}

/// A lower bound on what the machines cost on which jobs did so much work each, whoever launches them
/// and gives them back: GPU time at the lowest price per GPU among the machines each pod fits, which
/// is 0 where one of them has no price ([`bound`]). O(shapes × machines + jobs).
pub fn of_work(work: &Workload, inventory: &Inventory, ran: impl Fn(JobId) -> Span) -> Money {
    let cluster = Cluster::new(inventory.clone(), work.shapes());
    let nodes = inventory.nodes().iter().enumerate();
    let rates: Vec<Rate> = nodes
        .map(|(at, node)| {
            let price = node.price.unwrap_or(Price(0));
            Rate {
                node: NodeId::from(at),
                price,
                steady: Some(price),
            }
        })
        .collect();
    bound(work, &cluster, &rates, |_| false, ran)
}
