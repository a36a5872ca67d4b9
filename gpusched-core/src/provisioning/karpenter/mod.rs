//! Karpenter, pinned to v1.14.1 (core at 2266468).
//!
//! | file | holds |
//! |---|---|
//! | `labels.rs` | labels Karpenter knows, and their old names |
//! | `requirement.rs`, `requirements.rs` | what a label may be: the algebra everything else decides with |

pub mod labels;
mod requirement;
mod requirements;

pub use requirement::{Operator, Requirement, RequirementError};
pub use requirements::{Incompatible, Requirements, Undefined};
