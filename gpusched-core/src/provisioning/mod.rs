//! Provisioning: which machines take jobs, and when.

pub mod catalog;
pub mod karpenter;
mod price;
pub mod spot;

pub use price::{Money, Price};

use crate::cluster::{Cluster, Inventory};
use crate::ids::NodeId;
use crate::units::Time;
use std::collections::VecDeque;

/// A node that starts or stops taking pods. What runs on a node that stops runs to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeChange {
    /// The node.
    pub node: NodeId,
    /// Whether it takes pods from now on.
    pub open: bool,
}

/// Decides which machines exist.
pub trait Provisioning: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// The next instant at which it wants to be asked.
    fn wake(&self) -> Option<Time>;

    /// Appends what changes at `now` to `changes`.
    fn decide(&mut self, now: Time, cluster: &Cluster, changes: &mut Vec<NodeChange>);
}

/// `static`: machines come and go when the inventory says so, and never otherwise.
#[derive(Clone, Debug, Default)]
pub struct Static {
    plan: VecDeque<(Time, NodeChange)>,
}

impl Static {
    /// The plan written in an inventory ([`crate::cluster::Node::from`] and `to`).
    pub fn new(inventory: &Inventory) -> Static {
        let mut plan = Vec::new();
        for (index, node) in inventory.nodes().iter().enumerate() {
            let node_id = NodeId::from(index);
            let change = |open| NodeChange {
                node: node_id,
                open,
            };
            if node.from > Time::ZERO {
                plan.push((Time(i64::MIN), change(false)));
                plan.push((node.from, change(true)));
            }
            if node.to < Time::NEVER {
                plan.push((node.to, change(false)));
            }
        }
        plan.sort_by_key(|&(at, change)| (at, change.node));
        Static { plan: plan.into() }
    }
}

impl Provisioning for Static {
    fn name(&self) -> String {
        "static".into()
    }

    fn wake(&self) -> Option<Time> {
        self.plan.front().map(|&(at, _)| at)
    }

    fn decide(&mut self, now: Time, _cluster: &Cluster, changes: &mut Vec<NodeChange>) {
        while let Some(&(at, change)) = self.plan.front() {
            if at > now {
                return;
            }
            self.plan.pop_front();
            changes.push(change);
        }
    }
}
