//! NodeAffinity as a score: nodes the pod would rather have.

use super::normalised;
use crate::kube::{Labels, NodeAffinity};

/// The score of each node (labels and name), over the nodes that fit: the weights of the
/// preferences it satisfies, the greatest sum made 100. As a filter, see [`NodeAffinity::allows`].
/// O(nodes · preferences).
///
/// Source: `pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go`.
pub fn node_affinity_scores(affinity: &NodeAffinity, nodes: &[(&Labels, &str)]) -> Vec<i64> {
    let mut scores: Vec<i64> = nodes
        .iter()
        .map(|(labels, name)| affinity.score(labels, name))
        .collect();
    normalised(&mut scores, false);
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::{NodeSelectorTerm, Operator, PreferredTerm, Requirement};

    #[test]
    fn the_greatest_sum_of_weights_becomes_100() {
        let prefers = |key: &str, weight| PreferredTerm {
            weight,
            term: NodeSelectorTerm {
                match_expressions: vec![Requirement {
                    key: key.to_owned(),
                    operator: Operator::Exists,
                    values: vec![],
                }],
                match_fields: vec![],
            },
        };
        let affinity = NodeAffinity {
            required: None,
            preferred: vec![prefers("nvlink", 30), prefers("new", 10)],
        };
        let labels = |keys: &[&str]| -> Labels {
            keys.iter()
                .map(|key| ((*key).to_owned(), String::new()))
                .collect()
        };
        let (both, one, none) = (labels(&["nvlink", "new"]), labels(&["new"]), labels(&[]));
        let nodes = [(&both, "a"), (&one, "b"), (&none, "c")];
        // 40, 10 and 0 of 40.
        assert_eq!(node_affinity_scores(&affinity, &nodes), [100, 25, 0]);
        assert_eq!(
            node_affinity_scores(&NodeAffinity::default(), &nodes),
            [0, 0, 0]
        );
    }
}
