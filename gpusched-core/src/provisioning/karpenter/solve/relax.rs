//! Which preference is given up next.

use super::super::objects::{PodSpec, PodTerms};
use super::spec::heaviest;
use crate::kube::{Effect, Toleration, TolerationOperator};

/// Gives up one preference of a pod; `false` when there is none left. In this order: the first of
/// several required node terms (any one of them will do), the heaviest preferred pod affinity, the
/// heaviest preferred anti-affinity, the heaviest preferred node term, the first spread that may be
/// violated (the last one takes its place), and, where some pool has such a taint, the wish not to
/// be on nodes that would rather not have it.
pub(super) fn relax(pod: &mut PodSpec, tolerate_prefer: bool) -> bool {
    if let Some(terms) = &mut pod.node_affinity.required
        && terms.len() > 1
    {
        terms.remove(0);
        return true;
    }
    if drop_heaviest(&mut pod.affinity) || drop_heaviest(&mut pod.anti_affinity) {
        return true;
    }
    if let Some(at) = heaviest(&pod.node_affinity.preferred, |one| one.weight) {
        pod.node_affinity.preferred.remove(at);
        return true;
    }
    if let Some(at) = pod.spread.iter().position(|one| one.soft) {
        pod.spread.swap_remove(at);
        return true;
    }
    tolerate_prefer && tolerate(pod)
}

fn drop_heaviest(terms: &mut PodTerms) -> bool {
    let at = heaviest(&terms.preferred, |(weight, _)| *weight);
    at.map(|at| terms.preferred.remove(at)).is_some()
}

/// Tolerates every `PreferNoSchedule` taint, unless the pod does already.
pub(super) fn tolerate(pod: &mut PodSpec) -> bool {
    let all = Toleration {
        operator: TolerationOperator::Exists,
        effect: Some(Effect::PreferNoSchedule),
        ..Toleration::default()
    };
    let new = !pod.tolerations.contains(&all);
    if new {
        pod.tolerations.push(all);
    }
    new
}
