//! Provisioning: which machines take jobs, and when.

pub mod karpenter;
mod price;
pub mod spot;

pub use price::{Money, Price};

use crate::cluster::{Cluster, Inventory};
use crate::ids::{JobId, NodeId};
use crate::performance::Residence;
use crate::units::{Span, Time};
use crate::workload::Workload;
use std::collections::VecDeque;

/// What changes about the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The node takes pods from now on.
    Open(NodeId),
    /// The node takes no more pods; what runs on it runs on.
    Close(NodeId),
    /// The job has to leave all its nodes, and waits again.
    Evict {
        /// The job.
        job: JobId,
        /// How long it has known that it would have to.
        warned: Span,
    },
}

/// Decides which machines exist.
pub trait Provisioning: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// The next instant at which it wants to be asked.
    fn wake(&self) -> Option<Time>;

    /// Appends what changes at `now` to `changes`.
    fn decide(&mut self, now: Time, cluster: &Cluster, changes: &mut Vec<Change>);

    /// Whether it wants to be told of jobs.
    fn follows_jobs(&self) -> bool {
        false
    }

    /// A job waits: it has arrived, or it was evicted.
    fn waits(&mut self, _work: &Workload, _job: JobId, _now: Time) {}

    /// A job has started.
    fn started(&mut self, _at: Residence<'_>, _now: Time) {}

    /// A job has ended, or was evicted; if so, [`Provisioning::waits`] follows.
    fn ended(&mut self, _at: Residence<'_>, _now: Time) {}
}

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
        "static".into()
    }

    fn wake(&self) -> Option<Time> {
        self.plan.front().map(|&(at, _)| at)
    }

    fn decide(&mut self, now: Time, _cluster: &Cluster, changes: &mut Vec<Change>) {
        while let Some(&(at, change)) = self.plan.front() {
            if at > now {
                return;
            }
            self.plan.pop_front();
            changes.push(change);
        }
    }
}
