//! Why a node is left as it is.

use super::super::SolveError;
use super::Reason;
use crate::units::Time;

/// The rule that keeps a node from being disrupted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Why {
    /// It is not one of Karpenter's.
    #[error("it belongs to no NodePool")]
    NotManaged,
    /// It takes no pods yet.
    #[error("it is not initialized")]
    NotInitialized,
    /// It is going already.
    #[error("it is being deleted, or about to be")]
    Going,
    /// A pod that waits was promised to it.
    #[error("it is nominated for a pod until {0}")]
    Nominated(Time),
    /// It has `karpenter.sh/do-not-disrupt` itself.
    #[error("it has karpenter.sh/do-not-disrupt")]
    NodeKept,
    /// Its pool does not exist.
    #[error("its NodePool {0} does not exist")]
    NoPool(String),
    /// Its pool is of fixed size.
    #[error("NodePool {0} is of fixed size (replicas)")]
    Static(String),
    /// A pod on it has `karpenter.sh/do-not-disrupt`.
    #[error("pod {0} on it has karpenter.sh/do-not-disrupt")]
    PodKept(String),
    /// A PodDisruptionBudget lets no pod go.
    #[error("pdb {0} prevents pod evictions")]
    PodBudget(String),
    /// A pod on it is under several PodDisruptionBudgets, whatever they allow.
    #[error("eviction does not support multiple PDBs on one pod: {0}")]
    PodBudgets(String),
    /// Its pool is never consolidated (`consolidateAfter: Never`).
    #[error("NodePool {0} has consolidation disabled")]
    Disabled(String),
    /// A pod came or went too lately.
    #[error("consolidateAfter has not elapsed before {0}")]
    TooSoon(Time),
    /// No pod on it costs anything to move: emptiness sees to it.
    #[error("it is empty: it is deleted as such, not consolidated")]
    Empty,
    /// It has pods, and its pool consolidates only nodes without.
    #[error("NodePool {0} consolidates only empty nodes, and it is not empty")]
    NotEmpty(String),
    /// As many nodes of the pool are going as may for this reason.
    #[error("the budgets of NodePool {pool} allow no more nodes to go ({reason})")]
    Budget {
        /// The pool.
        pool: String,
        /// The reason.
        reason: Reason,
    },
    /// A pod would find no place.
    #[error("pod {pod} would find no place: {error}")]
    Homeless {
        /// The pod.
        pod: String,
        /// Why.
        error: Box<SolveError>,
    },
    /// A pod would be on a node that takes no pods yet.
    #[error("pod {pod} would go to {node}, which is not initialized")]
    Uninitialized {
        /// The pod.
        pod: String,
        /// The node.
        node: String,
    },
    /// It would take more than one new node.
    #[error("it cannot go without {0} new nodes")]
    ManyNodes(usize),
    /// Only dearer nodes would do.
    #[error("no cheaper node would hold its pods")]
    NotCheaper,
    /// Too few types are cheaper for a label's `minValues`.
    #[error("the types that are cheaper have too few values of {0} for its minValues")]
    MinValues(String),
    /// Spot nodes are not replaced by spot nodes.
    #[error("SpotToSpotConsolidation is disabled, and a spot node would replace it")]
    SpotToSpot,
    /// Too few types are cheaper for one spot node to replace another.
    #[error("a spot node is replaced by one of at least 15 cheaper types, and {0} are cheaper")]
    SpotFlexibility(usize),
    /// What is saved is not worth moving the pods.
    #[error("what is saved is not worth moving its pods: a score of {0:.3}, below 0.5")]
    Score(f64),
    /// It is as its pool asks for.
    #[error("it has not drifted")]
    NotDrifted,
}
