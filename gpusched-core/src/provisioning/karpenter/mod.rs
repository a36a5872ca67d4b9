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

pub mod labels;
pub mod launch;
pub mod objects;
mod requirement;
mod requirements;
mod solve;
pub mod unavailable;

pub use requirement::{Operator, Requirement, RequirementError};
pub use requirements::{Incompatible, Requirements, Undefined};
pub use solve::{Filtered, NewNode, Problem, Reserved, Solution, SolveError, SolveOptions, solve};
