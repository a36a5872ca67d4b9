//! Whether a workload is to be queued.

use super::super::Gates;
use super::super::objects::Workload;
use crate::units::Time;

const GATED_BY: &str = "kueue.x-k8s.io/admission-gated-by";

/// Whether a workload holds quota.
pub fn has_quota_reservation(workload: &Workload) -> bool {
    workload.is("QuotaReserved")
}

/// Whether a workload is being evicted, or was and has not been admitted since.
pub fn is_evicted(workload: &Workload) -> bool {
    workload.is("Evicted")
}

/// Whether a workload's reservation was taken back and it is kept waiting.
pub(super) fn is_on_hold(workload: &Workload) -> bool {
    workload
        .condition("QuotaReserved")
        .is_some_and(|one| !one.status && one.reason == "OnHold")
}

/// Whether a workload waits for quota: it is active, not gated, not finished, holds none, and
/// nothing else keeps it.
pub fn is_admissible(workload: &Workload, gates: &Gates) -> bool {
    let gated = gates.admission_gated_by
        && (workload.annotations.get(GATED_BY)).is_some_and(|gate| !gate.is_empty());
    !gated
        && !workload.inactive
        && !workload.is("Finished")
        && !has_quota_reservation(workload)
        && !is_on_hold(workload)
        && !workload.is("WaitingForReplacementPods")
}

/// The time before which a workload that was sent away is not queued again: [`Time::NEVER`] while
/// its `Requeued` condition is false, `None` when nothing keeps it.
pub fn not_before(workload: &Workload) -> Option<Time> {
    let requeued = workload.condition("Requeued");
    if requeued.is_some_and(|condition| !condition.status) {
        return Some(Time::NEVER);
    }
    workload.requeue.as_ref().and_then(|state| state.at)
}
