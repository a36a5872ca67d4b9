//! The Kubernetes vocabulary that several systems decide with: labels, selectors, taints,
//! affinity, quantities, pods and nodes, with the matching rules of the API machinery.
//!
//! Plain data and pure functions. Reading them from YAML or JSON is `gpusched-sim`'s.

mod affinity;
mod labels;
mod node;
mod pod;
mod quantity;
mod requests;
mod taints;

pub use affinity::{NodeAffinity, NodeSelectorTerm, PreferredTerm};
pub use labels::{LabelSelector, Labels, Operator, Requirement};
pub use node::{BoundPod, Node};
pub use pod::{Container, PodSpec};
pub use quantity::{Format, Quantity, QuantityError};
pub use requests::pod_requests;
pub use taints::{Effect, Taint, Toleration, TolerationOperator, untolerated};

use std::collections::BTreeMap;

/// Amounts by resource name: `cpu` in milli-cores, everything else in base units (bytes, counts).
pub type Resources = BTreeMap<String, i64>;
