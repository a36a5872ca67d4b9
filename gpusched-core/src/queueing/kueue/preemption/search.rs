//! Removing victims, seeing whether the incoming workload fits, putting back.

use super::super::Quota;
use super::super::ids::WorkloadId;
use super::holders::Holders;
use super::topology::Topology;
use super::{Incoming, PreemptionReason, Target};

/// A search for victims. The quota is in a transaction that is rolled back in the end; the
/// topology has [`Search::restore_topology`].
pub(super) struct Search<'a> {
    pub(super) quota: &'a mut Quota,
    pub(super) holders: &'a Holders,
    pub(super) incoming: &'a Incoming<'a>,
    pub(super) topology: &'a mut dyn Topology,
    /// Removed, in this order.
    pub(super) targets: Vec<Target>,
}

impl Search<'_> {
    pub(super) fn remove(&mut self, workload: WorkloadId, reason: PreemptionReason) {
        let holder = self.holders.get(workload);
        self.quota
            .remove_usages(holder.cluster_queue, &holder.usage);
        self.topology.remove(workload);
        self.targets.push(Target { workload, reason });
    }

    /// Whether the incoming workload fits beside what is used now.
    pub(super) fn fits(&mut self, allow_borrowing: bool) -> bool {
        let queue = self.incoming.cluster_queue;
        let quota = &*self.quota;
        self.incoming.requests.iter().all(|(fr, value)| {
            (allow_borrowing || !quota.borrowing_with(queue.into(), *fr, *value))
                && *value <= quota.available(queue, *fr)
        }) && self.topology.fits()
    }

    /// Puts back, last removed first, whoever can stay. The last one is needed: without it the
    /// workload did not fit.
    pub(super) fn fill_back(&mut self, allow_borrowing: bool) {
        for at in (0..self.targets.len().saturating_sub(1)).rev() {
            let workload = self.targets[at].workload;
            let holder = self.holders.get(workload);
            let mark = self.quota.begin();
            self.quota.add_usages(holder.cluster_queue, &holder.usage);
            self.topology.restore(workload);
            if self.fits(allow_borrowing) {
                self.quota.commit(mark);
                self.targets.swap_remove(at);
            } else {
                self.quota.rollback(mark);
                self.topology.remove(workload);
            }
        }
    }

    /// Puts back what the targets freed in the topology.
    pub(super) fn restore_topology(&mut self) {
        for target in &self.targets {
            self.topology.restore(target.workload);
        }
    }
}
