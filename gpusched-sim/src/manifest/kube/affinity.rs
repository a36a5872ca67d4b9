//! Node affinity.

use super::labels::node_requirement;
use crate::manifest::cursor::{At, Read};
use gpusched_core::kube::{NodeAffinity, NodeSelectorTerm, PreferredTerm};

/// `affinity.nodeAffinity` of a pod; the other affinities are the kube-scheduler's business.
pub(in crate::manifest) fn node_affinity(at: At<'_, '_>) -> Read<NodeAffinity> {
    let required = at.field("requiredDuringSchedulingIgnoredDuringExecution");
    let preferred = at.field("preferredDuringSchedulingIgnoredDuringExecution");
    Ok(NodeAffinity {
        required: match required.present() {
            true => Some(
                required
                    .field("nodeSelectorTerms")
                    .list(node_selector_term)?,
            ),
            false => None,
        },
        preferred: preferred.list(|item| {
            Ok(PreferredTerm {
                weight: item.field("weight").i32()?.unwrap_or_default(),
                term: node_selector_term(item.field("preference"))?,
            })
        })?,
    })
}

/// A term of a node selector.
pub(in crate::manifest) fn node_selector_term(at: At<'_, '_>) -> Read<NodeSelectorTerm> {
    at.only(&[&["matchExpressions", "matchFields"]])?;
    Ok(NodeSelectorTerm {
        match_expressions: at.field("matchExpressions").list(node_requirement)?,
        match_fields: at.field("matchFields").list(node_requirement)?,
    })
}
