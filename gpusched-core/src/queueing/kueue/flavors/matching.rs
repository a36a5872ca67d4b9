//! Whether pods may use a flavor at all: taints and node affinity.

use super::super::objects::ResourceFlavor;
use crate::kube::{NodeSelectorTerm, PodSpec, Taint, untolerated};

/// Why a pod may not use a flavor, whatever its quota.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mismatch {
    /// Neither the pod nor the flavor tolerates this taint of the flavor.
    Taint(Taint),
    /// The pod's node selector or required node affinity excludes the flavor.
    Affinity,
}

/// Checks taints, then affinity.
///
/// Only requirements on labels this flavor has are heeded, because pods name labels of other
/// flavors' nodes as well; a term of the affinity that has no such requirement is satisfied.
pub fn mismatch(pod: &PodSpec, flavor: &ResourceFlavor) -> Option<Mismatch> {
    let tolerations = [pod.tolerations.as_slice(), flavor.tolerations.as_slice()];
    if let Some(taint) = untolerated(&flavor.node_taints, &tolerations) {
        return Some(Mismatch::Taint(taint.clone()));
    }
    let selected = pod
        .node_selector
        .iter()
        .all(|(key, value)| flavor.node_labels.get(key).is_none_or(|one| one == value));
    let terms = pod.affinity.required.as_deref().unwrap_or_default();
    let wanted = terms.is_empty() || terms.iter().any(|term| satisfied(term, flavor));
    (!(selected && wanted)).then_some(Mismatch::Affinity)
}

fn satisfied(term: &NodeSelectorTerm, flavor: &ResourceFlavor) -> bool {
    term.match_expressions
        .iter()
        .filter_map(|one| Some((one, flavor.node_labels.get(&one.key)?)))
        .all(|(one, value)| one.matches(Some(value)))
}
