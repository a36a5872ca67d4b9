//! What disrupting a node costs the pods on it (`pkg/utils/disruption`, `disruption/types.go`).

use crate::provisioning::controller::{Machine, ViewPod};
use crate::units::{Span, Time};

/// What disrupting a node costs without any pod.
pub(super) const NODE: f64 = 1.0;

/// What evicting a pod costs: 1, more or less by its deletion cost (in 2²⁷) and its priority (in
/// 2²⁵), within ±10.
///
/// ```
/// use gpusched_core::ids::JobId;
/// use gpusched_core::provisioning::controller::ViewPod;
/// use gpusched_core::provisioning::karpenter::disruption::eviction_cost;
/// use gpusched_core::units::Time;
/// let mut pod = ViewPod {
///     job: JobId(0),
///     index: 0,
///     created: Time::ZERO,
///     spec: Default::default(),
///     priority: 0,
///     deletion_cost: 0,
///     keep: false,
/// };
/// assert_eq!(eviction_cost(&pod), 1.0);
/// pod.priority = 1 << 24;
/// assert_eq!(eviction_cost(&pod), 1.5);
/// ```
pub fn eviction_cost(pod: &ViewPod) -> f64 {
    let deletion = f64::from(pod.deletion_cost) / f64::from(1u32 << 27);
    let priority = f64::from(pod.priority) / f64::from(1u32 << 25);
    (1.0 + deletion + priority).clamp(-10.0, 10.0)
}

/// `RescheduleDisruptionCost`: 1 for the node, and what evicting each pod costs, where that is above 0.
pub fn reschedule_cost(machine: &Machine) -> f64 {
    let pods = machine
        .pods
        .iter()
        .map(|one| eviction_cost(&one.pod).max(0.0));
    pods.fold(NODE, |sum, cost| sum + cost)
}

/// The cost that ordered candidates until v1.13: that of its pods, less as the node comes to
/// expire.
pub fn legacy_cost(machine: &Machine, expire_after: Option<Span>, now: Time) -> f64 {
    let pods: f64 = machine.pods.iter().map(|one| eviction_cost(&one.pod)).sum();
    pods * lifetime_remaining(now - machine.launched, expire_after)
}

/// What is left of a node's life, from 1 down to 0; 1 if it does not expire.
fn lifetime_remaining(age: Span, expire_after: Option<Span>) -> f64 {
    let Some(whole) = expire_after else {
        return 1.0;
    };
    let left = whole.as_secs_f64() - age.as_secs_f64();
    match whole.0 > 0 {
        true => (left / whole.as_secs_f64()).clamp(0.0, 1.0),
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::JobId;

    fn pod(priority: i32, deletion_cost: i32) -> ViewPod {
        ViewPod {
            job: JobId(0),
            index: 0,
            created: Time::ZERO,
            spec: Default::default(),
            priority,
            deletion_cost,
            keep: false,
        }
    }

    #[test]
    fn eviction_costs_are_one_by_default_and_within_ten() {
        for (priority, deletion_cost, cost) in [
            (0, 0, 1.0),
            (1 << 25, 0, 2.0),
            (-(1 << 25), 0, 0.0),
            (0, 1 << 26, 1.5),
            (0, i32::MAX, 10.0),
            (i32::MIN, 0, -10.0),
            // 1 − 2 + 0.5.
            (-(1 << 26), 1 << 26, -0.5),
        ] {
            assert_eq!(eviction_cost(&pod(priority, deletion_cost)), cost);
        }
    }

    #[test]
    fn a_life_runs_from_one_to_nothing() {
        let hours = |hours: i64| Span::from_secs(3600 * hours);
        for (age, expire_after, left) in [
            (hours(0), Some(hours(10)), 1.0),
            (hours(5), Some(hours(10)), 0.5),
            (hours(20), Some(hours(10)), 0.0),
            (hours(20), None, 1.0),
            (hours(0), Some(Span::ZERO), 0.0),
        ] {
            assert_eq!(lifetime_remaining(age, expire_after), left);
        }
    }
}
