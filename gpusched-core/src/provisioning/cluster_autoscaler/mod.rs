//! Cluster Autoscaler, pinned to 1.36.1.
//!
//! | file | holds |
//! |---|---|
//! | `options.rs` | flags, with upstream's defaults |
//! | `node_group.rs` | node groups, and the node each would add |
//! | `controller.rs` | the loop: when it looks, and what it does in which order |
//! | `registry.rs`, `backoff.rs` | sizes of groups, what is on its way, what failed |
//! | `waiting.rs`, `hints.rs`, `equivalence.rs` | which pods need nodes, and which are alike |
//! | `snapshot/` | the cluster as a simulation sees it |
//! | `estimate.rs` | how many nodes of a group pods need |
//! | `expander/` | which of the groups that could grow does |
//! | `quota.rs`, `similar.rs` | limits, and new nodes spread over similar groups |
//! | `scale_up.rs` | all of that in order |
//! | `scale_down/` | which nodes are not needed, and which of them go |
//! | `explain.rs` | what was decided, and why |
//!
//! Not modelled: volumes and CSI limits, daemon sets and mirror pods, pod disruption budgets,
//! provisioning requests, groups that are made on demand, nodes that become unready, and devices of
//! dynamic resource allocation. A replay's pods all have a controller (their job), so the rules for
//! pods without one do not come up.
//!
//! Where upstream depends on the order of a Go map or of an unstable sort, the order here is
//! written: groups of pods go by their first pod, node groups as configured, nodes by age.

mod backoff;
mod controller;
mod equivalence;
mod estimate;
pub mod expander;
pub mod explain;
mod gpu;
mod hints;
mod node_group;
mod options;
mod quota;
mod registry;
mod scale_down;
mod scale_up;
mod similar;
mod snapshot;
mod waiting;

pub use controller::ClusterAutoscaler;
pub use node_group::{NodeGroup, NodeGroupError};
pub use options::Options;
pub use quota::{Limited, ResourceLimit};
pub use snapshot::Misfit;

#[cfg(test)]
mod tests;
