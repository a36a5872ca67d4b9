//! What kube-scheduler does with nodes: which fit, how good they are, and which of the best is
//! taken. Kubernetes 1.36.3, whose scoring of balance and ties differ from 1.35; both are here.
//!
//! One plugin a file. Resource plugins see a node as [`Share`]s, made by [`NodeResources`] from
//! Kubernetes objects and by the policy ([`KubeScheduler`]) from the inventory of a replay.

mod balanced;
mod dynamic_resources;
mod fit;
mod least_allocated;
mod most_allocated;
mod node_affinity;
mod policy;
mod profile;
mod resources;
mod sampling;
mod strategy;
mod taints;
mod tie;
mod topology_spread;
mod utilization;

pub use balanced::{Balance, balanced_allocation};
pub use dynamic_resources::{sub_request_score, sub_request_scores};
pub use fit::{Insufficient, insufficient};
pub use least_allocated::least_allocated;
pub use most_allocated::most_allocated;
pub use node_affinity::node_affinity_scores;
pub use policy::{KubeRating, KubeScheduler};
pub use profile::{BalancedScore, FitScore, Profile, Release};
pub use resources::{NodeResources, PodResources};
pub use sampling::{Sampling, nodes_to_find};
pub use strategy::{ScoredResource, Share, Strategy};
pub use taints::taint_scores;
pub use tie::{TieBreak, heap_order};
pub use topology_spread::{
    SpreadConstraint, SpreadNode, SpreadPod, SpreadRefusal, WhenUnsatisfiable, spread_refusals,
    spread_scores,
};
pub use utilization::{ShapePoint, requested_to_capacity_ratio};

pub(super) use policy::{BALANCED, INFO, INFO_1_35, LEAST, MOST};

/// The best score a plugin gives.
pub const MAX_SCORE: i64 = 100;

/// Scores of plugins become comparable: the greatest becomes 100, others in proportion; turned
/// round where fewer is better. All 0 stays 0, or becomes 100 where fewer is better.
fn normalised(scores: &mut [i64], fewer_is_better: bool) {
    let most = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        let share = match most {
            0 => 0,
            most => MAX_SCORE * *score / most,
        };
        *score = match fewer_is_better {
            true => MAX_SCORE - share,
            false => share,
        };
    }
}
