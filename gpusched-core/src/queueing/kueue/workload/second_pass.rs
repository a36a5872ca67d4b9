//! Whether a workload that holds quota has to be scheduled once more.

use super::super::objects::{CheckPhase, Delayed, Workload};
use super::admissible::{has_quota_reservation, is_evicted, is_on_hold};
use crate::units::Span;

/// Whether a workload that holds quota still needs places: its topology assignment was put off
/// until its admission checks were ready, which they are now, or a node of it fails.
pub fn needs_second_pass(workload: &Workload) -> bool {
    if workload.is("Finished")
        || is_evicted(workload)
        || !has_quota_reservation(workload)
        || is_on_hold(workload)
    {
        return false;
    }
    let admitted = workload.is("Admitted");
    let assignments = || workload.admission.iter().flat_map(|one| &one.pod_sets);
    let checked = !workload.checks.is_empty()
        && (workload.checks.iter()).all(|check| check.phase == CheckPhase::Ready);
    let put_off =
        || assignments().any(|one| one.topology.is_none() && one.delayed == Some(Delayed::Pending));
    let fails = |node: &String| workload.unhealthy_nodes.contains(node);
    let on_failed = || {
        assignments()
            .filter_map(|one| one.topology.as_ref())
            .flat_map(|topology| &topology.domains)
            .filter_map(|domain| domain.values.last())
            .any(fails)
    };
    (!admitted && checked && put_off()) || (admitted && on_failed())
}

/// How long a workload waits for its second pass: 1 s at first, twice as long after each pass that
/// failed, 30 s at most. `iteration` counts from 1.
///
/// ```
/// use gpusched_core::queueing::kueue::workload::second_pass_delay;
/// use gpusched_core::units::Span;
/// assert_eq!(second_pass_delay(1), Span::from_secs(1));
/// assert_eq!(second_pass_delay(4), Span::from_secs(8));
/// assert_eq!(second_pass_delay(40), Span::from_secs(30));
/// ```
pub fn second_pass_delay(iteration: u32) -> Span {
    let doublings = iteration.saturating_sub(1).min(5);
    Span::from_secs((1 << doublings).min(30))
}
