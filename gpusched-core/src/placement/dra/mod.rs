//! Dynamic Resource Allocation: devices of nodes, claims on them, and who gets which.
//!
//! The objects are those of `resource.k8s.io/v1` ([`objects`]). The allocator is the structured
//! one of Kubernetes 1.36 ("incubating", `k8s.io/dynamic-resource-allocation` v0.36.2), with
//! list attributes of the experimental one behind their feature: same devices in the same order,
//! same errors, same number of search steps. What it gets wrong is reproduced or mended by choice
//! ([`Quirks`]).

mod alike;
mod allocator;
mod choice;
mod compare;
mod constraints;
mod consumable;
mod counters;
mod dense;
mod explain;
mod failure;
mod features;
pub mod gang;
mod inventory;
pub mod objects;
mod problem;
pub mod publish;
mod quirks;
mod result;
mod search;
mod selectors;
mod solution;
mod trial;
mod usage;
mod view;

pub use allocator::{Allocator, Attempt, Cluster};
pub use choice::Choice;
pub use compare::{Difference, compare};
pub use explain::{BrokenPool, Explanation, Reasons, WhyNot};
pub use failure::{Failure, FailureKind};
pub use features::{Features, UnknownFeature};
pub use problem::MAX_DEVICES;
pub use quirks::Quirks;
pub use solution::{Outcome, Solution};
pub use usage::UseOf;
