//! Whom a workload may preempt.

use super::super::objects::PreemptionPolicy;
use crate::units::Time;

/// Whether a workload may preempt another under a policy. Each is given as its effective priority
/// and the time it is queued by.
///
/// ```
/// use gpusched_core::queueing::kueue::objects::PreemptionPolicy;
/// use gpusched_core::queueing::kueue::preemption::satisfies_preemption_policy as may;
/// use gpusched_core::units::Time;
/// let (old, new) = ((5, Time(1)), (5, Time(2)));
/// assert!(!may(PreemptionPolicy::LowerPriority, old, new));
/// assert!(may(PreemptionPolicy::LowerOrNewerEqualPriority, old, new));
/// assert!(!may(PreemptionPolicy::LowerOrNewerEqualPriority, new, old));
/// assert!(may(PreemptionPolicy::Any, new, old));
/// ```
#[inline]
pub fn satisfies_preemption_policy(
    policy: PreemptionPolicy,
    preemptor: (i64, Time),
    candidate: (i64, Time),
) -> bool {
    let lower = candidate.0 < preemptor.0;
    match policy {
        PreemptionPolicy::Never => false,
        PreemptionPolicy::LowerPriority => lower,
        PreemptionPolicy::LowerOrNewerEqualPriority => {
            lower || (candidate.0 == preemptor.0 && preemptor.1 < candidate.1)
        }
        PreemptionPolicy::Any => true,
    }
}
