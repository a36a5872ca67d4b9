//! When inadmissible workloads are tried again.

use super::super::Quota;
use super::super::ids::{ClusterQueueId, QuotaNodeId};
use super::Pending;
use crate::units::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Requests to try the inadmissible workloads of a tree again. They are gathered: some time after
/// the first request for a tree, a second by default, all queues of the tree get theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    batch: Span,
    due: BTreeSet<(Time, QuotaNodeId)>,
    requested: BTreeMap<QuotaNodeId, Time>,
}

impl Default for Retries {
    fn default() -> Self {
        Retries {
            batch: Retries::BATCH,
            due: BTreeSet::new(),
            requested: BTreeMap::new(),
        }
    }
}

impl Retries {
    /// How long upstream gathers requests.
    pub const BATCH: Span = Span::from_secs(1);

    /// Requests made from now on are gathered for another time.
    pub fn set_batch(&mut self, batch: Span) {
        self.batch = batch;
    }

    /// Something changed for the better in the tree of a queue. Trees that are no trees, because
    /// a cohort is its own ancestor, are not tried again.
    pub fn request(&mut self, quota: &Quota, queue: ClusterQueueId, now: Time) {
        let root = quota.root(queue.into());
        if quota.has_cycle(root) {
            return;
        }
        let due = now + self.batch;
        if *self.requested.entry(root).or_insert(due) == due {
            self.due.insert((due, root));
        }
    }

    /// Roots get other ids; `None` = there is no such tree any more.
    pub fn rename(&mut self, to: impl Fn(QuotaNodeId) -> Option<QuotaNodeId>) {
        for (root, due) in std::mem::take(&mut self.requested) {
            let Some(root) = to(root) else { continue };
            let first = self.requested.entry(root).or_insert(due);
            *first = due.min(*first);
        }
        let requested = self.requested.iter();
        self.due = requested.map(|(root, due)| (*due, *root)).collect();
    }

    /// When the next tree is due.
    pub fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Serves all requests that are due at `due`; backoffs are compared with `now`. How many
    /// workloads became active.
    pub fn serve(&mut self, pending: &mut Pending, quota: &Quota, due: Time, now: Time) -> usize {
        let mut moved = 0;
        while let Some(&(at, root)) = self.due.first()
            && at <= due
        {
            self.due.pop_first();
            self.requested.remove(&root);
            if let Some(queue) = quota.as_cluster_queue(root) {
                moved += pending.retry(queue, now);
            }
            let mut cohorts = vec![root];
            while let Some(cohort) = cohorts.pop() {
                cohorts.extend(quota.child_cohorts(cohort));
                for queue in quota.child_cluster_queues(cohort) {
                    moved += pending.retry(*queue, now);
                }
            }
        }
        moved
    }
}
