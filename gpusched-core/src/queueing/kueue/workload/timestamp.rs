//! The time a workload is queued by.

use super::super::objects::Workload;
use super::super::{Gates, RequeuingTimestamp};
use crate::units::{Span, Time};

/// What a workload that had to make room is put behind the one it made room for.
const EPSILON: Span = Span(1_000);

/// The time a workload is queued by: when it was created, or when it was evicted, if it has only
/// itself (its pods were not ready in time, and `requeuing` says so) or an admission check to
/// blame. A victim goes back to where it was, unless heads of a cohort are not ordered by
/// priority: then one whose quota was reclaimed by a borrower goes right behind that.
pub fn queue_order_timestamp(
    workload: &Workload,
    gates: &Gates,
    requeuing: RequeuingTimestamp,
) -> Time {
    let since = |kind: &str, reason: &str| {
        let condition = workload.condition(kind)?;
        (condition.status && condition.reason == reason).then_some(condition.at)
    };
    let unready = match requeuing {
        RequeuingTimestamp::Eviction => since("Evicted", "PodsReadyTimeout"),
        RequeuingTimestamp::Creation => None,
    };
    let reclaimed = || match gates.priority_sorting_within_cohort {
        true => None,
        false => since("Preempted", "InCohortReclaimWhileBorrowing").map(|at| at + EPSILON),
    };
    unready
        .or_else(|| since("Evicted", "AdmissionCheck"))
        .or_else(reclaimed)
        .unwrap_or(workload.created)
}
