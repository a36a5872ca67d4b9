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
/// An event is one 128-bit number, instant above order above job, so that one branch-free compare
/// orders two of them.
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
    heap: Vec<u128>,
}

const CHILDREN: usize = 4;

/// Flips the sign bit, so that negative instants sort first as unsigned numbers.
const SIGN: u64 = 1 << 63;

#[inline]
fn pack(finish: Finish) -> u128 {
    u128::from(finish.at.0 as u64 ^ SIGN) << 64
        | u128::from(finish.order) << 32
        | u128::from(finish.job.0)
}

#[inline]
fn unpack(key: u128) -> Finish {
    Finish {
        at: Time(((key >> 64) as u64 ^ SIGN) as i64),
        order: (key >> 32) as u32,
        job: JobId(key as u32),
    }
}

impl EventQueue {
    /// The next finish.
    #[inline]
    pub fn peek(&self) -> Option<Finish> {
        self.heap.first().copied().map(unpack)
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
        let at = self.heap.len();
        let key = pack(finish);
        self.heap.push(key);
        self.rise(at, key);
    }

    /// Takes the next finish if it is at `now` or before. O(log n).
    #[inline]
    pub fn pop_at(&mut self, now: Time) -> Option<Finish> {
        let first = unpack(*self.heap.first()?);
        if first.at > now {
            return None;
        }
        let last = self.heap.pop()?;
        if !self.heap.is_empty() {
            self.refill(last);
        }
        Some(first)
    }

    /// Fills the hole at the root: least children move up to a leaf, where `key` goes and rises.
    /// What stood last belongs near the leaves, so this compares less than sinking it.
    #[inline]
    fn refill(&mut self, key: u128) {
        let len = self.heap.len();
        let mut at = 0;
        loop {
            let child = CHILDREN * at + 1;
            let least = match self.heap.get(child..child + CHILDREN) {
                Some(&[a, b, c, d]) => {
                    let (left, low) = if b < a { (1, b) } else { (0, a) };
                    let (right, high) = if d < c { (3, d) } else { (2, c) };
                    child + if high < low { right } else { left }
                }
                _ if child >= len => break,
                _ => (child + 1..len).fold(child, |least, other| {
                    if self.heap[other] < self.heap[least] {
                        other
                    } else {
                        least
                    }
                }),
            };
            self.heap[at] = self.heap[least];
            at = least;
        }
        self.heap[at] = key;
        self.rise(at, key);
    }

    /// Moves `key`, which stands at `at`, up to where its parent is no later.
    #[inline]
    fn rise(&mut self, mut at: usize, key: u128) {
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if self.heap[parent] <= key {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = key;
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
