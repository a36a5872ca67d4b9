//! Karpenter, pinned to v1.14.1 (core at 2266468).
//!
//! | file | holds |
//! |---|---|
//! | `labels.rs` | labels Karpenter knows, and their old names |
//! | `requirement.rs`, `requirements.rs` | what a label may be: the algebra everything else decides with |
//! | `objects.rs` | pools, instance types, nodes and pods as plain data |
//! | `solve/` | which pod goes where, and which nodes have to be made for it |
//! | `launch.rs` | what a planned node asks the provider for |
//! | `unavailable.rs` | what the provider has just been out of |
//! | `pool.rs` | when nodes of a pool expire and are disrupted |
//! | `controller.rs` | the controllers put together: what happens at an instant, in which order; `controller/`: how machines go, static pools |
//! | `options.rs` | settings |
//! | `pdb.rs` | PodDisruptionBudgets: which pods are not evicted now |
//! | `batch.rs` | when pods that wait are solved |
//! | `news.rs` | which machines are not as they were |
//! | `world.rs`, `snapshot.rs`, `room.rs` | the cluster as solves see it |
//! | `vacancies.rs` | which machines have room for which pods |
//! | `recipes.rs` | which nodes are made for pods that no machine takes |
//! | `likes.rs` | machines that need not all be asked about |
//! | `sieve.rs` | what cannot be, without a solve |
//! | `effort.rs` | what deciding took, counted |
//! | `claims.rs` | launches until they are machines |
//! | `terminate.rs` | how long pods stay on a node that goes |
//! | `disruption/` | which nodes go, and what comes in their place |

mod batch;
mod claims;
mod controller;
pub mod disruption;
mod effort;
pub mod labels;
pub mod launch;
mod likes;
mod news;
pub mod objects;
mod options;
mod pdb;
mod pool;
mod recipes;
mod requirement;
mod requirements;
mod room;
mod sieve;
mod snapshot;
mod solve;
mod terminate;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod unavailable;
mod vacancies;
mod world;

pub use controller::Karpenter;
pub use effort::Effort;
pub use options::KarpenterOptions;
pub use pdb::{PodDisruptionBudget, is_reschedulable};
pub use pool::{ConsolidationPolicy, Disruption, Pool};
pub use requirement::{Operator, Requirement, RequirementError};
pub use requirements::{Incompatible, Requirements, Undefined};
pub use solve::{
    Explanation, Filtered, NewNode, Place, Problem, Reserved, Solution, SolveError, SolveOptions,
    Trial, explain, solve,
};
