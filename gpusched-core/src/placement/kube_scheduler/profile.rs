//! A scheduler profile: which plugins score, and how much they count.

use super::{Balance, ScoredResource, Strategy, TieBreak};

/// NodeResourcesFit as a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitScore {
    /// Its weight; 0: it does not score.
    pub weight: i64,
    /// How it rates nodes.
    pub strategy: Strategy,
    /// By what.
    pub resources: Vec<ScoredResource>,
}

/// NodeResourcesBalancedAllocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancedScore {
    /// Its weight; 0: it does not score.
    pub weight: i64,
    /// Which release's definition.
    pub balance: Balance,
    /// By what.
    pub resources: Vec<ScoredResource>,
}

/// What of a profile decides where pods of a trace go. Traces have no affinities, taints, spread
/// constraints or images, so that those plugins rate all nodes alike and are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// NodeResourcesFit.
    pub fit: FitScore,
    /// NodeResourcesBalancedAllocation.
    pub balanced: BalancedScore,
    /// `percentageOfNodesToScore`; 0: by the size of the cluster.
    pub percentage_of_nodes_to_score: u8,
    /// How ties end.
    pub ties: TieBreak,
}

/// The default profile of Kubernetes 1.36.
impl Default for Profile {
    fn default() -> Profile {
        Profile {
            fit: FitScore {
                weight: 1,
                strategy: Strategy::LeastAllocated,
                resources: ScoredResource::defaults(),
            },
            balanced: BalancedScore {
                weight: 1,
                balance: Balance::Change,
                resources: ScoredResource::defaults(),
            },
            percentage_of_nodes_to_score: 0,
            ties: TieBreak::Heap136,
        }
    }
}
