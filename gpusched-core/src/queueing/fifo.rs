//! `fifo`: strictly in arrival order. The head of the line blocks everybody behind it.

use super::{Queueing, Turn};
use crate::ids::JobId;
use std::collections::VecDeque;

/// First in, first out; stops at the first job that does not fit. O(1) per started job.
#[derive(Debug, Default)]
pub struct Fifo {
    queue: VecDeque<JobId>,
    /// Release count at which the head was last found not to fit.
    stuck_at: Option<u64>,
}

impl Queueing for Fifo {
    fn name(&self) -> String {
        "fifo".into()
    }

    #[inline]
    fn submit(&mut self, job: JobId, _turn: &mut Turn<'_>) {
        match self.queue.back() {
            // It was evicted: others came after it.
            Some(&last) if last > job => {
                let at = self.queue.partition_point(|&other| other < job);
                self.queue.insert(at, job);
                // Nobody has tried the head, if that is what it is now.
                self.stuck_at = None;
            }
            _ => self.queue.push_back(job),
        }
    }

    #[inline]
    fn pass(&mut self, turn: &mut Turn<'_>) {
        if self.stuck_at == Some(turn.releases()) {
            return;
        }
        self.stuck_at = None;
        while let Some(&head) = self.queue.front() {
            if !turn.try_start(head, turn.work.estimate(head)) {
                let reason = turn.why_not(head);
                turn.wait(head, reason);
                self.stuck_at = Some(turn.releases());
                return;
            }
            self.queue.pop_front();
        }
    }
}
