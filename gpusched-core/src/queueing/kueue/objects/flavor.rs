//! ResourceFlavor, Topology, AdmissionCheck, Namespace.

use crate::kube::{Labels, Taint, Toleration};

/// A ResourceFlavor: a kind of node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceFlavor {
    /// Its name.
    pub name: String,
    /// Labels its nodes have.
    pub node_labels: Labels,
    /// Taints its nodes have.
    pub node_taints: Vec<Taint>,
    /// Tolerations it gives to pods.
    pub tolerations: Vec<Toleration>,
    /// The topology of its nodes.
    pub topology: Option<String>,
}

/// A Topology: node labels from the widest domain to the narrowest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// Its name.
    pub name: String,
    /// Label of each level.
    pub levels: Vec<String>,
}

/// An AdmissionCheck.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdmissionCheck {
    /// Its name.
    pub name: String,
    /// `spec.controllerName`.
    pub controller: String,
    /// Its `Active` condition.
    pub active: bool,
}

/// A Namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}
