//! The heap of finishes: a 4-ary min-heap of 16-byte events.
//!
//! Only running jobs stand in it, so it stays small and in cache. Four children per node halve
//! the depth of a binary heap and keep siblings in one cache line.

use gpusched_core::ids::JobId;
use gpusched_core::units::Time;

/// A job will finish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finish {
    /// When.
    pub at: Time,
    /// Order of the decision that started it: the tie-break of finishes at one instant.
    pub order: u32,
    /// The job.
    pub job: JobId,
}

/// Finishes in order of instant, then decision.
///
/// ```
/// use gpusched_core::{ids::JobId, units::Time};
/// use gpusched_sim::engine::{EventQueue, Finish};
/// let mut queue = EventQueue::default();
/// for (at, order) in [(9, 0), (3, 1), (3, 2)] {
///     queue.push(Finish { at: Time(at), order, job: JobId(order) });
/// }
/// assert_eq!(queue.pop_at(Time(3)).unwrap().order, 1);
/// assert_eq!(queue.pop_at(Time(3)).unwrap().order, 2);
/// assert_eq!(queue.pop_at(Time(3)), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventQueue {
    heap: Vec<Finish>,
}

impl EventQueue {
    /// The next finish.
    #[inline]
    pub fn peek(&self) -> Option<&Finish> {
        self.heap.first()
    }

    /// Number of pending finishes.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Adds a finish. O(log n).
    #[inline]
    pub fn push(&mut self, finish: Finish) {
        let mut at = self.heap.len();
        self.heap.push(finish);
        while at > 0 {
            let parent = (at - 1) / 4;
            if self.heap[parent] <= finish {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = finish;
    }

    /// Takes the next finish if it is at `now` or before. O(log n).
    #[inline]
    pub fn pop_at(&mut self, now: Time) -> Option<Finish> {
        if self.heap.first()?.at > now {
            return None;
        }
        let last = self.heap.pop()?;
        let Some(&first) = self.heap.first() else {
            return Some(last);
        };
        let len = self.heap.len();
        let mut at = 0;
        loop {
            let child = 4 * at + 1;
            if child >= len {
                break;
            }
            let mut least = child;
            for sibling in child + 1..(child + 4).min(len) {
                if self.heap[sibling] < self.heap[least] {
                    least = sibling;
                }
            }
            if last <= self.heap[least] {
                break;
            }
            self.heap[at] = self.heap[least];
            at = least;
        }
        self.heap[at] = last;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// The twin is an ordered set.
        #[test]
        fn pops_come_in_total_order(ops in prop::collection::vec((0i64..50, prop::bool::ANY), 0..400)) {
            let mut queue = EventQueue::default();
            let mut twin = BTreeSet::new();
            for (order, (at, push)) in ops.into_iter().enumerate() {
                if push {
                    let finish = Finish { at: Time(at), order: order as u32, job: JobId(7) };
                    queue.push(finish);
                    twin.insert(finish);
                } else {
                    let due = twin.first().copied().filter(|finish| finish.at <= Time(at));
                    due.inspect(|finish| { twin.remove(finish); });
                    prop_assert_eq!(queue.pop_at(Time(at)), due);
                }
                prop_assert_eq!(queue.len(), twin.len());
            }
        }
    }
}
