//! Labels and the selectors over them.

use std::collections::BTreeMap;

/// Labels or annotations of an object.
pub type Labels = BTreeMap<String, String>;

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The value is one of the listed.
    In,
    /// There is no value, or one that is not listed.
    NotIn,
    /// There is a value.
    Exists,
    /// There is none.
    DoesNotExist,
    /// The value is an integer above the one listed (node selectors only).
    Gt,
    /// The value is an integer below the one listed (node selectors only).
    Lt,
}

/// One requirement on one label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// How it compares.
    pub operator: Operator,
    /// With what.
    pub values: Vec<String>,
}

impl Requirement {
    /// Whether a label value (`None` = not set) satisfies it.
    ///
    /// ```
    /// use gpusched_core::kube::{Operator, Requirement};
    /// let not_a = Requirement { key: "zone".into(), operator: Operator::NotIn, values: vec!["a".into()] };
    /// assert!(not_a.matches(None) && not_a.matches(Some("b")) && !not_a.matches(Some("a")));
    /// ```
    pub fn matches(&self, value: Option<&str>) -> bool {
        let listed = |value: &str| self.values.iter().any(|one| one == value);
        let number = |text: &str| text.parse::<i64>().ok();
        let compared = |above: bool| {
            let (Some(have), [limit]) = (value.and_then(number), self.values.as_slice()) else {
                return false;
            };
            number(limit).is_some_and(|limit| if above { have > limit } else { have < limit })
        };
        match self.operator {
            Operator::In => value.is_some_and(listed),
            Operator::NotIn => !value.is_some_and(listed),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => compared(true),
            Operator::Lt => compared(false),
        }
    }
}

/// A `metav1.LabelSelector`: everything in it must hold. The empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LabelSelector {
    /// Exact values.
    pub match_labels: Labels,
    /// Further requirements.
    pub match_expressions: Vec<Requirement>,
}

impl LabelSelector {
    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|one| one.matches(labels.get(&one.key).map(String::as_str)))
    }
}
