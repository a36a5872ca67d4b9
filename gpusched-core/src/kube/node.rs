//! Nodes, and the pods that are bound to them already.

use super::{Labels, Resources, Taint};

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// What pods can have of it.
    pub allocatable: Resources,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// The `Ready` condition is `True`.
    pub ready: bool,
}

/// A pod that is bound to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The node.
    pub node: String,
    /// Its labels.
    pub labels: Labels,
    /// What it holds: the effective request of the pod.
    pub requests: Resources,
    /// `Succeeded` or `Failed`: it holds nothing any more.
    pub terminated: bool,
}
