//! A queue sorted by a key whose head blocks: what `sjf`, `ljf` and `priority` have in common.

use super::{Reason, Turn};
use crate::ids::JobId;
use std::collections::BTreeSet;

/// Waiting jobs by (key, arrival). A job that a later one overtakes waits behind it.
#[derive(Debug, Default)]
pub(super) struct OrderedQueue {
    queue: BTreeSet<(i64, JobId)>,
    head: Option<(JobId, u64)>,
}

impl OrderedQueue {
    pub(super) fn push(&mut self, key: i64, job: JobId) {
        self.queue.insert((key, job));
    }

    /// Starts heads while they fit. O(log n) per started job.
    pub(super) fn pass(&mut self, turn: &mut Turn<'_>) {
        while let Some(&(key, job)) = self.queue.first() {
            if self.head == Some((job, turn.releases())) {
                return;
            }
            if !turn.try_start(job, turn.work.estimate(job)) {
                if let Some((former, _)) = self.head.filter(|&(former, _)| former != job) {
                    turn.wait(former, Reason::Behind);
                }
                let reason = turn.why_not(job);
                turn.wait(job, reason);
                self.head = Some((job, turn.releases()));
                return;
            }
            self.queue.remove(&(key, job));
            if self.head.is_some_and(|(head, _)| head == job) {
                self.head = None;
            }
        }
    }
}
