//! Objects of Kubernetes itself: `v1` and `scheduling.k8s.io`.

mod affinity;
mod labels;
mod namespace;
mod node;
mod pod;
mod priority_class;
mod taints;

pub(super) use affinity::{node_affinity, node_selector_term};
pub(super) use labels::selector;
pub(super) use namespace::{implied_namespace, namespace};
pub(super) use node::node;
pub(super) use pod::{bound_pod, pod_spec, uses_topology};
pub(super) use priority_class::priority_class;
pub(super) use taints::{taint, toleration};
