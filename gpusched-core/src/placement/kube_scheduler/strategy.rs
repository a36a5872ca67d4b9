//! The scoring strategies of NodeResourcesFit, over what a node has of each resource.

use super::utilization::ShapePoint;
use super::{least_allocated, most_allocated, requested_to_capacity_ratio};

/// What is asked of a resource of a node, in its base unit (milli-cores, bytes, devices).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// What pods can have; above 0.
    pub capacity: i64,
    /// What they have, the pod to be placed included.
    pub requested: i64,
    /// How much the resource counts; above 0.
    pub weight: i64,
}

/// A resource that is scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoredResource {
    /// Its name.
    pub name: String,
    /// How much it counts. A weight of 0 counts as 1, as upstream defaults it.
    pub weight: i64,
}

impl ScoredResource {
    /// `cpu` and `memory`, weight 1 each: GPUs are not scored unless a configuration names them.
    pub fn defaults() -> Vec<ScoredResource> {
        ["cpu", "memory"]
            .map(|name| ScoredResource {
                name: name.to_owned(),
                weight: 1,
            })
            .into()
    }
}

/// How NodeResourcesFit rates nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Empty nodes first.
    #[default]
    LeastAllocated,
    /// Full nodes first.
    MostAllocated,
    /// As a function of utilization says, by points in order of utilization.
    RequestedToCapacityRatio(Vec<ShapePoint>),
}

impl Strategy {
    /// 0 to 100. A node that has none of the resources gets 0. O(resources · points).
    ///
    /// ```
    /// use gpusched_core::placement::kube_scheduler::{Share, Strategy};
    /// let half_full = [Share { capacity: 8, requested: 4, weight: 1 }];
    /// let quarter = [Share { capacity: 8, requested: 2, weight: 1 }];
    /// assert_eq!(Strategy::LeastAllocated.score(&quarter), 75);
    /// assert_eq!(Strategy::MostAllocated.score(&half_full), 50);
    /// ```
    pub fn score(&self, shares: &[Share]) -> i64 {
        match self {
            Strategy::LeastAllocated => least_allocated(shares),
            Strategy::MostAllocated => most_allocated(shares),
            Strategy::RequestedToCapacityRatio(shape) => requested_to_capacity_ratio(shares, shape),
        }
    }
}

/// The mean of scores by weight, cut to a whole number.
pub(super) fn mean(shares: &[Share], score: impl Fn(&Share) -> i64) -> i64 {
    let weights: i64 = shares.iter().map(|share| share.weight).sum();
    let sum: i64 = shares.iter().map(|share| share.weight * score(share)).sum();
    if weights == 0 { 0 } else { sum / weights }
}

/// `part · 100 / whole`, cut, without a product that does not fit.
pub(super) fn percent(part: i64, whole: i64) -> i64 {
    (i128::from(part) * 100 / i128::from(whole)) as i64
}
