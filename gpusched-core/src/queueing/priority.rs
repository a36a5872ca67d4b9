//! `priority`: highest priority first, without preemption. The head of the line blocks.

use super::ordered::OrderedQueue;
use super::{Queueing, Turn};
use crate::ids::JobId;

/// Highest priority first, ties in arrival order; the head blocks. O(log n) per job.
#[derive(Debug, Default)]
pub struct Priority {
    queue: OrderedQueue,
}

impl Queueing for Priority {
    fn name(&self) -> String {
        "priority".into()
    }

    fn submit(&mut self, job: JobId, turn: &mut Turn<'_>) {
        self.queue
            .push(-i64::from(turn.work.owner(job).priority), job);
    }

    fn pass(&mut self, turn: &mut Turn<'_>) {
        self.queue.pass(turn);
    }
}
