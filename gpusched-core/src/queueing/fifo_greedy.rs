//! `fifo-greedy`: in arrival order, skipping what does not fit. Large jobs may starve.

use super::{Queueing, Reason, Turn};
use crate::ids::JobId;

/// Tries every waiting job in arrival order. Within one pass a request kind that failed is not
/// tried again: nothing was released since, so it would fail again. O(queue) after a release,
/// O(arrivals) otherwise.
#[derive(Debug, Default)]
pub struct FifoGreedy {
    queue: Vec<JobId>,
    /// Jobs before this position were refused since the last release.
    tried: usize,
    seen: u64,
    /// Per request kind: release count at which it was last refused, and why.
    refused: Refusals,
}

/// Remembers, per request kind, that it does not fit until something is released.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    kinds: Vec<Option<(u64, Reason)>>,
}

impl Refusals {
    /// Why the kind was refused since the last release, if it was.
    #[inline]
    pub(super) fn get(&self, kind: u32, releases: u64) -> Option<Reason> {
        match self.kinds.get(kind as usize) {
            Some(&Some((at, reason))) if at == releases => Some(reason),
            _ => None,
        }
    }

    pub(super) fn put(&mut self, kind: u32, releases: u64, reason: Reason) {
        if self.kinds.len() <= kind as usize {
            self.kinds.resize(kind as usize + 1, None);
        }
        self.kinds[kind as usize] = Some((releases, reason));
    }
}

impl Queueing for FifoGreedy {
    fn name(&self) -> String {
        "fifo-greedy".into()
    }

    fn submit(&mut self, job: JobId, _turn: &mut Turn<'_>) {
        match self.queue.last() {
            // It was evicted: others came after it. What it held is free, so all are tried again.
            Some(&last) if last > job => {
                let at = self.queue.partition_point(|&other| other < job);
                self.queue.insert(at, job);
            }
            _ => self.queue.push(job),
        }
    }

    fn pass(&mut self, turn: &mut Turn<'_>) {
        if self.seen != turn.releases() {
            self.seen = turn.releases();
            self.tried = 0;
        }
        let mut kept = self.tried;
        for at in self.tried..self.queue.len() {
            let job = self.queue[at];
            let kind = turn.kind(job);
            let known = self.refused.get(kind, self.seen);
            if known.is_none() && turn.try_start(job, turn.work.estimate(job)) {
                continue;
            }
            let reason = known.unwrap_or_else(|| {
                let reason = turn.why_not(job);
                self.refused.put(kind, self.seen, reason);
                reason
            });
            turn.wait(job, reason);
            self.queue[kept] = job;
            kept += 1;
        }
        self.queue.truncate(kept);
        self.tried = kept;
    }
}
