//! TaintToleration as a score: fewer taints that would rather keep the pod away.

use super::normalised;
use crate::kube::{Effect, Taint, Toleration};

/// The score of each node by its taints, over the nodes that fit: 100 for the fewest
/// `PreferNoSchedule` taints that the pod does not tolerate, if that is none. As a filter, see
/// [`crate::kube::untolerated`]. O(taints · tolerations).
///
/// Source: `pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go`.
///
/// ```
/// use gpusched_core::kube::{Effect, Taint};
/// use gpusched_core::placement::kube_scheduler::taint_scores;
/// let old = Taint { key: "old".into(), value: String::new(), effect: Effect::PreferNoSchedule };
/// let (one, none) = ([old.clone()], []);
/// let nodes: [&[Taint]; 3] = [&one, &none, &[old.clone(), old]];
/// assert_eq!(taint_scores(&nodes, &[]), [50, 100, 0]);
/// ```
pub fn taint_scores(nodes: &[&[Taint]], tolerations: &[Toleration]) -> Vec<i64> {
    let tolerated = |taint: &Taint| {
        // Only tolerations that are about this effect are looked at.
        tolerations
            .iter()
            .filter(|one| {
                one.effect
                    .is_none_or(|effect| effect == Effect::PreferNoSchedule)
            })
            .any(|one| one.tolerates(taint))
    };
    let unwelcome = |taints: &&[Taint]| {
        let prefer = |taint: &&Taint| taint.effect == Effect::PreferNoSchedule;
        let mut count = 0;
        for taint in taints.iter().filter(prefer) {
            count += i64::from(!tolerated(taint));
        }
        count
    };
    let mut scores: Vec<i64> = nodes.iter().map(unwelcome).collect();
    normalised(&mut scores, true);
    scores
}
