//! The order without fair sharing.

use super::super::Gates;
use super::Entry;
use std::cmp::Reverse;

/// Positions of the entries in the order they are processed: second passes first, then (with the
/// gate `PrioritizePreemptorWorkloads`) preemptors, then those that borrow from less high up, then
/// (with `PrioritySortingWithinCohort`) by priority, then by time. Exact ties stay as they are
/// given: heads come in the order of the names of their queues. O(n log n).
///
/// Source: `makeClassicalIterator` of `pkg/scheduler/scheduler.go`.
pub fn classical_order(entries: &[Entry<'_>], gates: &Gates) -> Vec<usize> {
    let key = |at: &usize| {
        let entry = &entries[*at];
        (
            !entry.has_quota_reservation,
            gates.prioritize_preemptor_workloads && !entry.is_preemptor,
            entry.borrowing_level,
            Reverse(match gates.priority_sorting_within_cohort {
                true => entry.priority,
                false => 0,
            }),
            entry.queued,
        )
    };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(key);
    order
}
