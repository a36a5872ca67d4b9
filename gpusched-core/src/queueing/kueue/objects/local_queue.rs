//! LocalQueue.

use super::StopPolicy;
use crate::kube::Resources;
use crate::units::Time;

/// A LocalQueue: the door of one namespace to a ClusterQueue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalQueue {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The ClusterQueue behind it.
    pub cluster_queue: String,
    /// Whether it lets workloads through.
    pub stop_policy: StopPolicy,
    /// Weight under admission fair sharing; 1 by default.
    pub fair_weight: Option<f64>,
    /// Past use under admission fair sharing, as its status remembers it.
    pub consumed: Resources,
    /// When that was brought up to date.
    pub consumed_at: Option<Time>,
}

impl LocalQueue {
    /// Its weight under admission fair sharing.
    pub fn weight(&self) -> f64 {
        self.fair_weight.unwrap_or(1.0)
    }
}
