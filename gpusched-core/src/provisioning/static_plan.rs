//! `static`: the machines of the inventory, and no others.

use super::{Change, Provisioning, Stage};
use crate::cluster::Inventory;
use crate::ids::NodeId;
use crate::policy::PolicyInfo;
use crate::units::Time;
use std::collections::VecDeque;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "static",
    summary: "the machines of the cluster, there all the time",
    rule: "A machine exists from `from_s` to `to_s` of its row, else all the time. What runs when it \
           ends runs to its end.",
    source: "the cluster file",
};

/// `static`: machines come and go when the inventory says so, and never otherwise.
#[derive(Clone, Debug, Default)]
pub struct Static {
    plan: VecDeque<(Time, Change)>,
}

impl Static {
    /// The plan written in an inventory ([`crate::cluster::Node::from`] and `to`).
    pub fn new(inventory: &Inventory) -> Static {
        let mut plan = Vec::new();
        for (index, node) in inventory.nodes().iter().enumerate() {
            let node_id = NodeId::from(index);
            if node.from > Time::ZERO {
                plan.push((Time(i64::MIN), Change::Close(node_id)));
                plan.push((node.from, Change::Open(node_id)));
            }
            if node.to < Time::NEVER {
                plan.push((node.to, Change::Close(node_id)));
            }
        }
        // Stable: of one instant, in rank order.
        plan.sort_by_key(|&(at, _)| at);
        Static { plan: plan.into() }
    }
}

impl Provisioning for Static {
    fn name(&self) -> String {
        INFO.name.into()
    }

    fn wake(&self) -> Option<Time> {
        self.plan.front().map(|&(at, _)| at)
    }

    fn decide(&mut self, stage: &mut Stage<'_>, changes: &mut Vec<Change>) {
        while let Some(&(at, change)) = self.plan.front() {
            if at > stage.now {
                return;
            }
            self.plan.pop_front();
            changes.push(change);
        }
    }
}
