//! What an attempt found on a node.

use super::consumable::Amounts;
use super::failure::Failure;
use super::inventory::UnitId;
use crate::ids::NodeId;

/// A device chosen for an ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) ask: usize,
    pub(super) unit: UnitId,
    /// It is a share; what it takes of the capacities.
    pub(super) share: Option<Amounts>,
}

/// Devices for all claims of a pod on one node. [`Attempt::results`](super::Attempt::results)
/// spells it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    pub(super) node: NodeId,
    pub(super) picks: Vec<Pick>,
    /// The ask chosen of each request with alternatives.
    pub(super) alternatives: Vec<usize>,
}

impl Solution {
    /// The node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// How many devices it has.
    pub fn device_count(&self) -> usize {
        self.picks.len()
    }
}

/// What came of asking a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Devices, or `None` when nothing fits.
    ///
    /// # Errors
    /// One that concerns the node only ([`FailureKind::is_of_node`](super::FailureKind)), or one
    /// that ends the attempt of the pod.
    pub answer: Result<Option<Solution>, Failure>,
    /// Steps of the search, as upstream counts them.
    pub invocations: u64,
}
