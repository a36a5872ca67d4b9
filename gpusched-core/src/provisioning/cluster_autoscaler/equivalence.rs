//! Equivalence groups: pods that are alike are looked at together.

use super::snapshot::Kind;
use crate::ids::JobId;
use crate::provisioning::controller::ViewPod;
use std::collections::BTreeMap;

/// Most groups of one owner; its further pods stand alone.
const MOST_PER_OWNER: usize = 10;

/// Pods of one owner with one spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PodGroup {
    pub(super) kind: Kind,
    /// The pods: indices into the list the groups were made of.
    pub(super) pods: Vec<usize>,
}

/// Groups pods by owner and spec, in the order of their first pods (upstream: of a Go map). The
/// owner is the job. O(pods · log owners).
pub(super) fn groups(pods: &[(&ViewPod, Kind)]) -> Vec<PodGroup> {
    let mut groups: Vec<PodGroup> = Vec::new();
    let mut of_owner: BTreeMap<JobId, Vec<usize>> = BTreeMap::new();
    for (at, (pod, kind)) in pods.iter().enumerate() {
        let own = of_owner.entry(pod.job).or_default();
        if let Some(known) = own.iter().find(|group| groups[**group].kind == *kind) {
            groups[*known].pods.push(at);
            continue;
        }
        if own.len() < MOST_PER_OWNER {
            own.push(groups.len());
        }
        groups.push(PodGroup {
            kind: *kind,
            pods: vec![at],
        });
    }
    groups
}
