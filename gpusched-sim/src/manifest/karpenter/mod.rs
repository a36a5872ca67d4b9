//! Karpenter's objects from manifests and dumps: NodePools, NodeClaims, NodeOverlays,
//! EC2NodeClasses, and the Nodes, Pods and DaemonSets they are about.
//!
//! | file | holds |
//! |---|---|
//! | `read.rs` | files, kinds and their order |
//! | `node_pool.rs`, `requirement.rs`, `disruption.rs` | NodePools, and what no cluster would take |
//! | `node_class.rs`, `node_overlay.rs` | what changes instance types |
//! | `types.rs`, `labels.rs` | the catalogue as NodePools see it |
//! | `node.rs` | Nodes and NodeClaims |
//! | `pod.rs` | Pods and DaemonSets |
//! | `pod_budget.rs` | PodDisruptionBudgets |
//!
//! Kinds nothing here decides with are left out. Not modelled: volumes, capacity reservations;
//! that a DaemonSet's pod may keep its node from going.

mod disruption;
mod labels;
mod node;
mod node_class;
mod node_overlay;
mod node_pool;
mod pod;
mod pod_budget;
mod read;
mod requirement;
mod types;

pub use node::StateNode;
pub use pod::StatePod;
pub(super) use pod::daemon_set;
pub use pod_budget::StatePodBudget;
pub use read::KarpenterManifests;

use gpusched_core::provisioning::karpenter::Pool;
use gpusched_core::provisioning::karpenter::objects::{NodeType, PodSpec};
use gpusched_core::units::Time;

/// A cluster as Karpenter sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KarpenterState {
    /// Where instance types come from, as it was named.
    pub catalog: String,
    /// The oldest and the newest date of its prices.
    pub dated: Option<(String, String)>,
    /// Whether NodeOverlays changed them.
    pub overlaid: bool,
    /// Instance types, once for every class of nodes, and those of nodes that are in no catalogue.
    pub types: Vec<NodeType>,
    /// Which type of the catalogue each is; those of nodes that are in none come last and are left
    /// out here.
    pub origins: Vec<usize>,
    /// Labels the provider knows beyond the core's.
    pub well_known: Vec<String>,
    /// Pools that make nodes.
    pub pools: Vec<Pool>,
    /// What DaemonSets put on every node they match.
    pub daemons: Vec<PodSpec>,
    /// Nodes that are there or on their way.
    pub nodes: Vec<StateNode>,
    /// Pods that run, or wait to.
    pub pods: Vec<StatePod>,
    /// Which pods may be evicted.
    pub pod_budgets: Vec<StatePodBudget>,
    /// The newest instant any of this is known to have happened at; [`Time::ZERO`] if none is.
    pub latest: Time,
}
