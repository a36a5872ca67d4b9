//! Which nodes a pod may run on, and which it would rather have.

use crate::kube::{Effect, Labels, Node, NodeAffinity, Taint, Toleration, untolerated};
use std::collections::BTreeMap;

/// What a filter looks at.
#[derive(Clone, Debug, Default)]
pub(super) struct LeafNode {
    name: String,
    labels: Labels,
    taints: Vec<Taint>,
}

impl LeafNode {
    pub(super) fn of(node: &Node) -> Self {
        LeafNode {
            name: node.name.clone(),
            labels: node.labels.clone(),
            taints: node.taints.clone(),
        }
    }
}

/// The part of a pod that chooses nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct FilterSpec {
    pub(super) selector: Labels,
    pub(super) affinity: NodeAffinity,
    pub(super) tolerations: Vec<Toleration>,
}

/// Nodes left out, by why; each counts once, for the first reason there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Leaves looked at, which are nodes but where the topology ends above them.
    pub nodes: usize,
    /// The node selector does not match.
    pub selector: usize,
    /// The required node affinity does not match.
    pub affinity: usize,
    /// By taint, as `key=value:effect`.
    pub taints: BTreeMap<String, usize>,
    /// Outside the domain a replacement is confined to.
    pub domain: usize,
    /// By the resource that is short of one pod.
    pub resources: BTreeMap<String, usize>,
}

/// A filter applied to every leaf of a tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// By leaf; empty = all may be used.
    allowed: Vec<bool>,
    /// By leaf; empty = none is preferred.
    scores: Vec<i64>,
    pub(super) excluded: Exclusions,
}

impl Filter {
    /// Lets everything pass.
    pub(super) fn everything(leaves: usize) -> Self {
        Filter {
            excluded: Exclusions {
                nodes: leaves,
                ..Exclusions::default()
            },
            ..Filter::default()
        }
    }

    /// Looks at every node once.
    pub(super) fn new(spec: &FilterSpec, nodes: &[LeafNode]) -> Self {
        let mut filter = Filter::everything(nodes.len());
        let excluded = &mut filter.excluded;
        let allowed: Vec<bool> = nodes
            .iter()
            .map(|node| {
                if let Some(taint) = untolerated(&node.taints, &[&spec.tolerations]) {
                    *excluded.taints.entry(text(taint)).or_default() += 1;
                } else if !spec
                    .selector
                    .iter()
                    .all(|(key, value)| node.labels.get(key) == Some(value))
                {
                    excluded.selector += 1;
                } else if !spec.affinity.allows(&node.labels, &node.name) {
                    excluded.affinity += 1;
                } else {
                    return true;
                }
                false
            })
            .collect();
        if !allowed.iter().all(|&one| one) {
            filter.allowed = allowed;
        }
        if !spec.affinity.preferred.is_empty() {
            filter.scores = nodes
                .iter()
                .map(|node| spec.affinity.score(&node.labels, &node.name))
                .collect();
        }
        filter
    }

    /// Whether a leaf may be used.
    #[inline]
    pub(super) fn allows(&self, leaf: u32) -> bool {
        self.allowed.get(leaf as usize).copied().unwrap_or(true)
    }

    /// How much a leaf is preferred.
    #[inline]
    pub(super) fn score(&self, leaf: u32) -> i64 {
        self.scores.get(leaf as usize).copied().unwrap_or(0)
    }
}

/// A taint as the API machinery prints it.
fn text(taint: &Taint) -> String {
    let effect = match taint.effect {
        Effect::NoSchedule => "NoSchedule",
        Effect::PreferNoSchedule => "PreferNoSchedule",
        Effect::NoExecute => "NoExecute",
    };
    match taint.value.as_str() {
        "" => format!("{}:{effect}", taint.key),
        value => format!("{}={value}:{effect}", taint.key),
    }
}
