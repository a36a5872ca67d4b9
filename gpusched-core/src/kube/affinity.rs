//! Which nodes a pod may or would rather run on.

use super::{Labels, Requirement};

/// Everything in a term must hold; a term with nothing in it matches no node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeSelectorTerm {
    /// On labels.
    pub match_expressions: Vec<Requirement>,
    /// On fields; the only one there is is `metadata.name`.
    pub match_fields: Vec<Requirement>,
}

impl NodeSelectorTerm {
    /// Whether a node with these labels and this name satisfies the term.
    pub fn matches(&self, labels: &Labels, name: &str) -> bool {
        if self.match_expressions.is_empty() && self.match_fields.is_empty() {
            return false;
        }
        self.match_expressions
            .iter()
            .all(|one| one.matches(labels.get(&one.key).map(String::as_str)))
            && self
                .match_fields
                .iter()
                .all(|one| one.matches((one.key == "metadata.name").then_some(name)))
    }
}

/// A preference and its weight (1 to 100).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PreferredTerm {
    /// What it is worth.
    pub weight: i32,
    /// The preference.
    pub term: NodeSelectorTerm,
}

/// `affinity.nodeAffinity` of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeAffinity {
    /// At least one of these must hold; `None` = no requirement.
    pub required: Option<Vec<NodeSelectorTerm>>,
    /// Preferences.
    pub preferred: Vec<PreferredTerm>,
}

impl NodeAffinity {
    /// Whether the node satisfies what is required.
    pub fn allows(&self, labels: &Labels, name: &str) -> bool {
        match &self.required {
            None => true,
            Some(terms) => terms.iter().any(|term| term.matches(labels, name)),
        }
    }

    /// Sum of the weights of the preferences the node satisfies.
    pub fn score(&self, labels: &Labels, name: &str) -> i64 {
        self.preferred
            .iter()
            .filter(|one| one.term.matches(labels, name))
            .map(|one| i64::from(one.weight))
            .sum()
    }
}
