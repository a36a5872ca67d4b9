//! Cohort.

use super::ResourceGroup;

/// A Cohort object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cohort {
    /// Its name.
    pub name: String,
    /// Its parent; `None` = it is a root.
    pub parent: Option<String>,
    /// Quotas of its own.
    pub resource_groups: Vec<ResourceGroup>,
    /// `fairSharing.weight`; 1 by default ([`Cohort::weight`]).
    pub fair_weight: Option<f64>,
}

impl Cohort {
    /// Its weight under fair sharing.
    pub fn weight(&self) -> f64 {
        self.fair_weight.unwrap_or(1.0)
    }
}
