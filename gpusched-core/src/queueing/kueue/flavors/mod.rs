//! Flavor assignment: which flavor each resource of a workload gets, and on what terms.
//!
//! A ClusterQueue lists flavors per group of resources in order of preference. The search walks
//! the list for every group of pod sets, asks quota and, where quota is used by others, what
//! preempting could do, and stops or goes on by the ClusterQueue's fungibility rules.
//!
//! | file | what |
//! |---|---|
//! | `rules` | ClusterQueues and flavors, compiled to ids |
//! | `shape` | what a workload asks for, compiled to ids |
//! | `matching` | taints and node affinity |
//! | `mode` | how well a flavor suits; which of two suits better |
//! | `assign` | the search |
//! | `assignment` | what it finds |
//! | `suits` | whether a flavor is looked at at all |
//! | `fits` | whether its quota does |
//! | `attempt`, `reason` | what was tried and why it did not do |
//! | `text` | findings in words |
//! | `last` | where the next search goes on |
//! | `partial` | fewer pods than asked for |

mod assign;
mod assignment;
mod attempt;
mod fits;
mod last;
mod matching;
mod mode;
mod partial;
mod reason;
mod rules;
mod shape;
mod suits;
#[cfg(test)]
mod tests;
mod text;

pub use assign::{FlavorAssigner, PreemptionOracle};
pub use assignment::{Assignment, FlavorAssignment, PodSetFlavors};
pub use attempt::{Attempt, Attempts};
pub use last::LastAssignment;
pub use matching::{Mismatch, mismatch};
pub use mode::{GranularMode, Mode, PreemptionMode};
pub use partial::PodSetReducer;
pub use reason::{NoFitReason, Reason, TopologyError};
pub use rules::{FlavorTopology, Flavors, Group, QueueRules};
pub use shape::{Amounts, PodSetShape, RequestedResources, Shape};
pub use text::Words;
