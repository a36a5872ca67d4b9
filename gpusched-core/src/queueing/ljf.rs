//! `ljf`: longest job first, by estimated run time. The head of the line blocks.

use super::ordered::OrderedQueue;
use super::{Queueing, Turn};
use crate::ids::JobId;

/// Longest estimate first, ties in arrival order; the head blocks. O(log n) per job.
#[derive(Debug, Default)]
pub struct Ljf {
    queue: OrderedQueue,
}

impl Queueing for Ljf {
    fn name(&self) -> String {
        "ljf".into()
    }

    fn submit(&mut self, job: JobId, turn: &mut Turn<'_>) {
        self.queue.push(-turn.work.estimate(job).0, job);
    }

    fn pass(&mut self, turn: &mut Turn<'_>) {
        self.queue.pass(turn);
    }
}
