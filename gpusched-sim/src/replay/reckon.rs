//! What a replay cost, and whose the bill is.

use super::{Costs, ReplayOptions};
use crate::engine::Records;
use crate::metrics::{CostSummary, Paid, bill, cost, job_costs};
use gpusched_core::cluster::Inventory;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Workload;

/// Adds up what machines and energy cost; nothing where nothing has a price and all machines are
/// there all the time.
pub(super) fn reckon(
    work: &Workload,
    inventory: &Inventory,
    records: &Records,
    options: &ReplayOptions,
    makespan: Span,
    energy_kwh: f64,
) -> (Option<CostSummary>, Option<Costs>) {
    let priced = inventory.nodes().iter().any(|node| node.price.is_some());
    let evicted = !records.nobody_was_evicted();
    if !priced && !evicted && options.provisioning == "static" {
        return (None, None);
    }
    let from = work.jobs().first().map_or(Time::ZERO, |job| job.submit);
    let paid = Paid::of(work, inventory, records, options.billing, from + makespan);
    let provisioning = options.provisioning.clone();
    let mut sums = cost(work, inventory, records, provisioning, &paid);
    sums.energy_usd = options.energy_price.map(|price| price * energy_kwh);
    if sums.usd.is_none() {
        return (Some(sums), None);
    }
    let (lives, window, split) = (&paid.lives, paid.window, options.cost_split);
    let by_job = job_costs(work, inventory, records, lives, window, split);
    let shared = bill(work, inventory, records, lives, window, split, &by_job);
    sums.bill = Some(shared);
    (Some(sums), Some(Costs { paid, by_job }))
}
