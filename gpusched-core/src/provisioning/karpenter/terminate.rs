//! Termination: how long the pods of a node that goes may stay
//! (`pkg/controllers/node/termination`).

use crate::provisioning::controller::Machine;
use crate::units::Span;

/// From this priority on a pod is critical (`system-cluster-critical`): it is evicted when the
/// others are gone.
const CRITICAL: i32 = 2_000_000_000;

/// How long pods stay when a node is drained: those that are not critical have their grace first,
/// then those that are; a pod with `do-not-disrupt` is not evicted at all. A pool's
/// `terminationGracePeriod` ends it whatever pods say, and so does an interruption.
///
/// One time holds for all pods of a machine: the longest.
pub(super) fn grace(machine: &Machine, pod_grace: Span, limit: Option<Span>) -> Span {
    let limit = limit.unwrap_or(Span::FOREVER);
    if machine.pods.iter().any(|one| one.pod.keep) {
        return limit;
    }
    let critical =
        |one: &&crate::provisioning::controller::MachinePod| one.pod.priority >= CRITICAL;
    let critical = machine.pods.iter().filter(critical).count();
    let groups = [critical, machine.pods.len() - critical];
    let groups = groups.into_iter().filter(|pods| *pods > 0).count() as i64;
    Span(pod_grace.0.saturating_mul(groups)).min(limit)
}
