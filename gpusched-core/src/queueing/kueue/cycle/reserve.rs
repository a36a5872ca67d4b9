//! Capacity kept for a workload that would have to preempt and finds nobody to.

use super::super::objects::PreemptionPolicy;
use super::super::{Amount, flavors::Mode};
use super::entry::Entry;
use super::scheduler::Scheduler;

impl Scheduler {
    /// Keeps what the entry could use of its own quota, or borrow, from workloads that come after
    /// it in the cycle. A ClusterQueue that can always reclaim its own need not.
    pub(super) fn reserve(&mut self, entry: &Entry) {
        let queue = entry.candidate.queue;
        let reclaims = self.queues[queue.index()]
            .rules
            .preemption
            .reclaim_within_cohort
            == PreemptionPolicy::Any;
        let first = self.gates.prioritize_preemptor_workloads && entry.is_preemptor;
        if reclaims && !first {
            return;
        }
        let mut usage = self.net_usage(&entry.candidate, &entry.nomination);
        let assignment = &entry.nomination.assignment;
        if assignment.mode() == Mode::Preempt {
            let node = queue.into();
            for (fr, value) in &mut usage.quota {
                let left = self.quota.subtree_quota(node, *fr) - self.quota.usage(node, *fr);
                let limit = self.quota.borrowing_limit(node, *fr);
                *value = match assignment.borrowing_level > 0 {
                    true if limit.is_unlimited() => *value,
                    true => (*value).min(left + limit),
                    false => Amount::ZERO.max((*value).min(left)),
                };
            }
        }
        self.take(&entry.candidate, &usage);
    }
}
