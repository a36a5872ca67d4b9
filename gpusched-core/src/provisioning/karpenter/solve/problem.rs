//! What goes into a solve, and what comes out.

use super::super::Requirements;
use super::super::objects::{ExistingNode, NodePool, NodeType, Pod, PodSpec};
use super::SolveError;
use crate::kube::Resources;
use std::collections::BTreeMap;

/// What is to be solved.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// Pools that may make nodes.
    pub pools: Vec<NodePool>,
    /// Instance types; every pool may use those its requirements allow.
    pub types: Vec<NodeType>,
    /// Nodes that are there, or on their way.
    pub nodes: Vec<ExistingNode>,
    /// What daemon sets put on every node they match.
    pub daemons: Vec<PodSpec>,
    /// Pods to place.
    pub pods: Vec<Pod>,
    /// Settings.
    pub options: SolveOptions,
}

/// Settings of the controller that a solve depends on; the defaults are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolveOptions {
    /// `preference-policy`: whether preferences are tried before they are given up (`Respect`).
    pub respect_preferences: bool,
    /// `min-values-policy`: whether `minValues` may be lowered to what there is (`BestEffort`).
    pub relax_min_values: bool,
    /// What a pod does when all reservations it could use are held.
    pub reserved: Reserved,
    /// Most instance types a claim keeps, the cheapest ones.
    pub max_types: usize,
    /// Labels the provider knows beyond the core's.
    pub well_known: Vec<String>,
}

/// How reserved capacity is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reserved {
    /// Not at all (feature gate off).
    Off,
    /// A pod waits rather than go without a reservation it could have: provisioning.
    Strict,
    /// It goes without: consolidation and drift.
    Fallback,
}

impl Default for SolveOptions {
    fn default() -> SolveOptions {
        SolveOptions {
            respect_preferences: true,
            relax_min_values: false,
            reserved: Reserved::Strict,
            max_types: 600,
            well_known: Vec::new(),
        }
    }
}

/// What a solve decided. Pods and nodes are indices into the [`Problem`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Solution {
    /// Nodes to make, in the order they were first needed.
    pub claims: Vec<NewNode>,
    /// Pods by node that is there.
    pub placed: BTreeMap<usize, Vec<usize>>,
    /// Pods that go nowhere, and why.
    pub errors: BTreeMap<usize, SolveError>,
}

/// A node to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNode {
    /// Its pool.
    pub pool: String,
    /// The pods it is made for, in the order they came.
    pub pods: Vec<usize>,
    /// What it may be.
    pub requirements: Requirements,
    /// Instance types it may be (indices), cheapest first; types that have no offering under these
    /// requirements, as when the node is pinned to a reservation they have no part in, come last.
    pub types: Vec<usize>,
    /// What its pods request, and the least any daemon set of its types does.
    pub requests: Resources,
}
