//! Whether a change of a workload makes it worth another try.

use super::super::Gates;
use super::super::objects::Workload;
use super::super::requests::PodSetRequests;
use super::effective_priority;

/// Whether an inadmissible workload may be admissible after an update: something of its
/// specification, priority or effective requests has changed, pods of it ended, or it was evicted
/// or allowed back. What only reports on it is no reason.
///
/// Each is given with its effective requests.
pub fn gives_new_chance(
    (old, old_requests): (&Workload, &[PodSetRequests]),
    (new, new_requests): (&Workload, &[PodSetRequests]),
    gates: &Gates,
) -> bool {
    let same_spec = old.queue == new.queue
        && old.priority == new.priority
        && old.priority_class == new.priority_class
        && old.inactive == new.inactive
        && old.pod_sets == new.pod_sets
        && old.preemption_gates == new.preemption_gates
        && old.max_execution_s == new.max_execution_s;
    let same = |kind: &str| old.condition(kind) == new.condition(kind);
    !same_spec
        || effective_priority(old, gates) != effective_priority(new, gates)
        || old.reclaimable != new.reclaimable
        || old_requests != new_requests
        || !same("Evicted")
        || !same("Requeued")
}
