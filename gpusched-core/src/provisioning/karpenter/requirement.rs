//! What one label may be: a set of values, or all but a set, within bounds.
//!
//! Rules of `pkg/scheduling/requirement.go` at v1.14.1.

use super::labels::normalized;
use crate::kube;
use std::collections::BTreeSet;
use std::fmt;

/// How a requirement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// One of the values.
    In,
    /// Not set, or none of the values.
    NotIn,
    /// Set.
    Exists,
    /// Not set.
    DoesNotExist,
    /// An integer above the value.
    Gt,
    /// An integer below the value.
    Lt,
    /// An integer, the value or above.
    Gte,
    /// An integer, the value or below.
    Lte,
}

impl Operator {
    /// All, with their names in manifests.
    pub const ALL: &[(&str, Operator)] = &[
        ("In", Operator::In),
        ("NotIn", Operator::NotIn),
        ("Exists", Operator::Exists),
        ("DoesNotExist", Operator::DoesNotExist),
        ("Gt", Operator::Gt),
        ("Lt", Operator::Lt),
        ("Gte", Operator::Gte),
        ("Lte", Operator::Lte),
    ];

    /// The operator of that name.
    pub fn named(name: &str) -> Option<Operator> {
        let found = Operator::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, operator)| *operator)
    }

    /// Its name in manifests.
    pub fn name(self) -> &'static str {
        let found = Operator::ALL.iter().find(|(_, operator)| *operator == self);
        found.map_or("", |(name, _)| name)
    }
}

impl From<kube::Operator> for Operator {
    fn from(operator: kube::Operator) -> Operator {
        match operator {
            kube::Operator::In => Operator::In,
            kube::Operator::NotIn => Operator::NotIn,
            kube::Operator::Exists => Operator::Exists,
            kube::Operator::DoesNotExist => Operator::DoesNotExist,
            kube::Operator::Gt => Operator::Gt,
            kube::Operator::Lt => Operator::Lt,
        }
    }
}

/// Why a requirement cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// A bound that is no single integer.
    #[error("{operator} on {key} takes one integer, not [{values}]")]
    Bound {
        /// The label.
        key: String,
        /// The operator's name.
        operator: &'static str,
        /// What was given.
        values: String,
    },
}

/// What one label may be.
///
/// Either the values listed, or (`complement`) every value but those; either way only integers
/// within the bounds, when there are bounds. Intersecting never gives a wider set.
///
/// ```
/// use gpusched_core::provisioning::karpenter::{Operator, Requirement};
/// let of = |operator, values: &[&str]| Requirement::new("cpu", operator, values).unwrap();
/// let both = of(Operator::Gt, &["4"]).intersection(&of(Operator::In, &["4", "8", "many"]));
/// assert_eq!(both.to_string(), "cpu In [8]");
/// assert!(both.has("8") && !both.has("16"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    key: String,
    complement: bool,
    values: BTreeSet<String>,
    /// Inclusive.
    least: Option<i64>,
    /// Inclusive.
    most: Option<i64>,
    min_values: Option<u32>,
}

impl Requirement {
    /// The requirement `key operator values`. Old names of labels are replaced; `Gt n` is kept as
    /// "n + 1 or above", `Lt n` as "n − 1 or below". Above the largest integer there is nothing, so
    /// that is `DoesNotExist`. Values of `Exists` and `DoesNotExist` are ignored.
    ///
    /// # Errors
    /// [`RequirementError::Bound`].
    pub fn new<S: AsRef<str>>(
        key: &str,
        operator: Operator,
        values: &[S],
    ) -> Result<Requirement, RequirementError> {
        let key = normalized(key);
        let list = || {
            values
                .iter()
                .map(|value| value.as_ref().to_owned())
                .collect()
        };
        let bound = || match values {
            [value] => value.as_ref().parse::<i64>().ok(),
            _ => None,
        };
        let bounded = |least, most| Requirement {
            least,
            most,
            ..Requirement::any(key)
        };
        let made = match operator {
            Operator::In => Some(Requirement {
                complement: false,
                values: list(),
                ..Requirement::any(key)
            }),
            Operator::NotIn => Some(Requirement {
                values: list(),
                ..Requirement::any(key)
            }),
            Operator::Exists => Some(Requirement::any(key)),
            Operator::DoesNotExist => Some(Requirement::none(key)),
            Operator::Gt => bound().map(|n| match n.checked_add(1) {
                Some(least) => bounded(Some(least), None),
                None => Requirement::none(key),
            }),
            Operator::Lt => bound().map(|n| match n.checked_sub(1) {
                Some(most) => bounded(None, Some(most)),
                None => Requirement::none(key),
            }),
            Operator::Gte => bound().map(|n| bounded(Some(n), None)),
            Operator::Lte => bound().map(|n| bounded(None, Some(n))),
        };
        made.ok_or_else(|| {
            let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
            RequirementError::Bound {
                key: key.to_owned(),
                operator: operator.name(),
                values: values.join(" "),
            }
        })
    }

    /// Any value: `Exists`.
    pub fn any(key: &str) -> Requirement {
        Requirement {
            key: normalized(key).to_owned(),
            complement: true,
            values: BTreeSet::new(),
            least: None,
            most: None,
            min_values: None,
        }
    }

    /// No value: `DoesNotExist`.
    pub fn none(key: &str) -> Requirement {
        Requirement {
            complement: false,
            ..Requirement::any(key)
        }
    }

    /// One of `values`.
    pub fn one_of<S: AsRef<str>>(key: &str, values: &[S]) -> Requirement {
        Requirement {
            complement: false,
            values: values
                .iter()
                .map(|value| value.as_ref().to_owned())
                .collect(),
            ..Requirement::any(key)
        }
    }

    /// The same, with at least so many distinct values among the instance types left.
    pub fn with_min_values(mut self, min_values: Option<u32>) -> Requirement {
        self.min_values = min_values;
        self
    }

    /// The label, by its present name.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values listed or, for a complement, excluded; in order.
    pub fn values(&self) -> &BTreeSet<String> {
        &self.values
    }

    /// Whether [`values`](Requirement::values) are those excluded.
    pub fn is_complement(&self) -> bool {
        self.complement
    }

    /// Inclusive bounds.
    pub fn bounds(&self) -> (Option<i64>, Option<i64>) {
        (self.least, self.most)
    }

    /// How many distinct values the instance types left must have.
    pub fn min_values(&self) -> Option<u32> {
        self.min_values
    }

    /// What it amounts to: one of the four operators on sets. Bounds alone are `Exists`.
    pub fn operator(&self) -> Operator {
        match (self.complement, self.values.is_empty()) {
            (true, false) => Operator::NotIn,
            (true, true) => Operator::Exists,
            (false, false) => Operator::In,
            (false, true) => Operator::DoesNotExist,
        }
    }

    /// Whether the label may be `value`. O(log values).
    pub fn has(&self, value: &str) -> bool {
        self.complement != self.values.contains(value) && within(value, self.least, self.most)
    }

    /// What both allow; the larger of the two `minValues`.
    ///
    /// Two complements exclude what either excludes; otherwise the bounds are applied to the values
    /// and gone. Bounds that leave no integer give `DoesNotExist`. O(values).
    ///
    /// # Panics
    /// Never; keys are not compared, the result has this one's.
    pub fn intersection(&self, other: &Requirement) -> Requirement {
        let min_values = self.min_values.max(other.min_values);
        let (least, most) = self.common_bounds(other);
        if crossed(least, most) {
            return Requirement::none(&self.key).with_min_values(min_values);
        }
        let complement = self.complement && other.complement;
        let values = match (self.complement, other.complement) {
            (true, true) => self.values.union(&other.values),
            (true, false) => return self.narrowed(other, (least, most), min_values, other),
            (false, _) => return self.narrowed(other, (least, most), min_values, self),
        };
        Requirement {
            key: self.key.clone(),
            complement,
            values: values
                .filter(|value| within(value, least, most))
                .cloned()
                .collect(),
            least,
            most,
            min_values,
        }
    }

    /// The values of `concrete` (one of the two) that both allow.
    fn narrowed(
        &self,
        other: &Requirement,
        (least, most): (Option<i64>, Option<i64>),
        min_values: Option<u32>,
        concrete: &Requirement,
    ) -> Requirement {
        let listed =
            |one: &Requirement, value: &String| one.complement != one.values.contains(value);
        let both = |value: &&String| {
            listed(self, value) && listed(other, value) && within(value, least, most)
        };
        Requirement {
            values: concrete.values.iter().filter(both).cloned().collect(),
            ..Requirement::none(&self.key).with_min_values(min_values)
        }
    }

    /// Whether the intersection allows anything, without making it.
    ///
    /// As upstream, two complements with bounds always have something in common, even where every
    /// integer within the bounds is excluded.
    pub fn intersects(&self, other: &Requirement) -> bool {
        let (least, most) = self.common_bounds(other);
        if crossed(least, most) {
            return false;
        }
        let (concrete, filter) = match (self.complement, other.complement) {
            (true, true) => return true,
            (true, false) => (other, self),
            (false, _) => (self, other),
        };
        concrete.values.iter().any(|value| {
            filter.complement != filter.values.contains(value) && within(value, least, most)
        })
    }

    fn common_bounds(&self, other: &Requirement) -> (Option<i64>, Option<i64>) {
        let least = self.least.max(other.least);
        let most = match (self.most, other.most) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        (least, most)
    }
}

fn crossed(least: Option<i64>, most: Option<i64>) -> bool {
    matches!((least, most), (Some(least), Some(most)) if least > most)
}

/// Whether a value is an integer within the bounds; without bounds everything is.
fn within(value: &str, least: Option<i64>, most: Option<i64>) -> bool {
    if least.is_none() && most.is_none() {
        return true;
    }
    value.parse::<i64>().is_ok_and(|value| {
        least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
    })
}

/// As the controller writes it in its messages: at most five values, then how many more.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.operator().name())?;
        if !self.values.is_empty() {
            let mut shown: Vec<&str> = self.values.iter().take(5).map(String::as_str).collect();
            let more = self.values.len() - shown.len();
            let rest = format!("and {more} others");
            if more > 0 {
                shown.push(&rest);
            }
            write!(f, " [{}]", shown.join(" "))?;
        }
        if let Some(least) = self.least {
            write!(f, " >={least}")?;
        }
        if let Some(most) = self.most {
            write!(f, " <={most}")?;
        }
        match self.min_values {
            Some(least) => write!(f, " minValues {least}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
