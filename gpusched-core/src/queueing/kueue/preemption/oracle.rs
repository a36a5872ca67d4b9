//! What preemption could do for one flavor, while flavors are assigned.

use super::super::Amount;
use super::super::ids::{ClusterQueueId, FlavorResourceId};
use super::{Incoming, NoTopology, Preemptor, Stage};
use crate::units::Time;

/// Whether preemption would help, and whom it would hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreemptionPossibility {
    /// There is nobody to preempt.
    NoCandidates,
    /// Somebody of the same queue would have to leave.
    Preempt,
    /// Only workloads of other queues, which borrow, would.
    Reclaim,
}

impl Preemptor {
    /// What preemption could do for a workload that asks for `value` of one flavor-resource, and
    /// how high its queue would borrow then
    /// ([`Quota::height_of_lowest_subtree_that_fits`](super::super::Quota::height_of_lowest_subtree_that_fits)).
    ///
    /// The workload is given as its queue, its effective priority and the time it is queued by.
    /// Its topology is not looked at.
    ///
    /// Source: `pkg/scheduler/preemption/preemption_oracle.go`.
    pub fn simulate_preemption(
        &mut self,
        stage: &mut Stage<'_>,
        cluster_queue: ClusterQueueId,
        (priority, queued): (i64, Time),
        fr: FlavorResourceId,
        value: Amount,
    ) -> (PreemptionPossibility, u32) {
        let incoming = Incoming {
            cluster_queue,
            priority,
            queued,
            requests: &[(fr, value)],
            needs: &[fr],
        };
        let targets = self.targets(stage, &incoming, &mut NoTopology);
        let mark = stage.quota.begin();
        let mut possibility = match targets.is_empty() {
            true => PreemptionPossibility::NoCandidates,
            false => PreemptionPossibility::Reclaim,
        };
        for target in &targets {
            let holder = stage.holders.get(target.workload);
            stage
                .quota
                .remove_usages(holder.cluster_queue, &holder.usage);
            if holder.cluster_queue == cluster_queue {
                possibility = PreemptionPossibility::Preempt;
            }
        }
        let (height, _) = stage
            .quota
            .height_of_lowest_subtree_that_fits(cluster_queue, fr, value);
        stage.quota.rollback(mark);
        (possibility, height)
    }
}
