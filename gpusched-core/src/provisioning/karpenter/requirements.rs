//! What the labels of a node may be: a requirement per label.
//!
//! Rules of `pkg/scheduling/requirements.go` at v1.14.1.

use super::labels::WELL_KNOWN;
use super::requirement::{Operator, Requirement};
use crate::kube::Labels;
use std::collections::BTreeMap;
use std::fmt;

/// Which labels may be asked for although nothing defines them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undefined<'a> {
    /// None: the node is there, and has the labels it has.
    Denied,
    /// Those the core knows, and these of the provider: the node is yet to be made.
    WellKnown(&'a [&'a str]),
}

impl Undefined<'_> {
    fn allows(self, key: &str) -> bool {
        match self {
            Undefined::Denied => false,
            Undefined::WellKnown(of_provider) => {
                WELL_KNOWN.contains(&key) || of_provider.contains(&key)
            }
        }
    }
}

/// Why two sets of requirements contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incompatible {
    /// A label is asked for that nothing defines.
    #[error("label \"{0}\" does not have known values")]
    Unknown(String),
    /// What is asked for and what there is have nothing in common.
    #[error("key {}, {asked} not in {there}", asked.key())]
    Disjoint {
        /// What is asked for.
        asked: Box<Requirement>,
        /// What there is.
        there: Box<Requirement>,
    },
}

/// Requirements by label; a label that is not listed may be anything.
///
/// ```
/// use gpusched_core::provisioning::karpenter::{Requirement, Requirements, Undefined, labels};
/// let pool: Requirements = [Requirement::one_of(labels::ZONE, &["a", "b"])].into_iter().collect();
/// let pod: Requirements = [
///     Requirement::one_of(labels::ZONE, &["b", "c"]),
///     Requirement::one_of(labels::ARCH, &["arm64"]),
/// ]
/// .into_iter()
/// .collect();
/// // The pool says nothing of the architecture, which is well known.
/// pool.compatible(&pod, Undefined::WellKnown(&[])).unwrap();
/// assert!(pool.compatible(&pod, Undefined::Denied).is_err());
/// assert_eq!(pool.intersection(&pod).to_string(), "kubernetes.io/arch In [arm64], topology.kubernetes.io/zone In [b]");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requirements(BTreeMap<String, Requirement>);

impl Requirements {
    /// Labels as requirements: each is the one value it has.
    pub fn of_labels(labels: &Labels) -> Requirements {
        labels
            .iter()
            .map(|(key, value)| Requirement::one_of(key, &[value]))
            .collect()
    }

    /// Adds a requirement: what it and the one there allow.
    pub fn add(&mut self, requirement: Requirement) {
        match self.0.get_mut(requirement.key()) {
            Some(there) => *there = requirement.intersection(there),
            None => {
                self.0.insert(requirement.key().to_owned(), requirement);
            }
        }
    }

    /// Replaces or removes the requirement on a label.
    pub fn set(&mut self, key: &str, requirement: Option<Requirement>) {
        match requirement {
            Some(requirement) => self.0.insert(key.to_owned(), requirement),
            None => self.0.remove(key),
        };
    }

    /// The requirement on a label, if there is one.
    pub fn get(&self, key: &str) -> Option<&Requirement> {
        self.0.get(key)
    }

    /// All, in order of label.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What both allow.
    pub fn intersection(&self, other: &Requirements) -> Requirements {
        let mut both = self.clone();
        both.extend(other.iter().cloned());
        both
    }

    /// Whether what `asked` wants can be had here: every label it names is defined here, or may be
    /// undefined, or is asked for with `NotIn` or `DoesNotExist`; and the two
    /// [`intersect`](Requirements::intersects).
    ///
    /// # Errors
    /// The first contradiction: undefined labels first, then in order of label.
    pub fn compatible(
        &self,
        asked: &Requirements,
        undefined: Undefined<'_>,
    ) -> Result<(), Incompatible> {
        let unknown = asked.iter().find(|one| {
            !undefined.allows(one.key()) && !self.0.contains_key(one.key()) && !refuses(one)
        });
        match unknown {
            Some(one) => Err(Incompatible::Unknown(one.key().to_owned())),
            None => self.intersects(asked),
        }
    }

    /// Whether every label both name may have a value, or may be absent as far as both are
    /// concerned (`NotIn` or `DoesNotExist` on both sides). O(labels × values).
    ///
    /// # Errors
    /// The first contradiction in order of label.
    pub fn intersects(&self, asked: &Requirements) -> Result<(), Incompatible> {
        for one in asked.iter() {
            let Some(there) = self.get(one.key()) else {
                continue;
            };
            let absent = refuses(one) && refuses(there);
            if !absent && !there.intersects(one) {
                return Err(Incompatible::Disjoint {
                    asked: Box::new(one.clone()),
                    there: Box::new(there.clone()),
                });
            }
        }
        Ok(())
    }
}

/// Whether a node without the label satisfies it.
fn refuses(requirement: &Requirement) -> bool {
    matches!(
        requirement.operator(),
        Operator::NotIn | Operator::DoesNotExist
    )
}

impl FromIterator<Requirement> for Requirements {
    fn from_iter<I: IntoIterator<Item = Requirement>>(requirements: I) -> Requirements {
        let mut all = Requirements::default();
        all.extend(requirements);
        all
    }
}

impl Extend<Requirement> for Requirements {
    fn extend<I: IntoIterator<Item = Requirement>>(&mut self, requirements: I) {
        for requirement in requirements {
            self.add(requirement);
        }
    }
}

/// In order of label, separated by commas.
impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
