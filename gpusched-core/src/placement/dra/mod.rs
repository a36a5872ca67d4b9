//! Dynamic Resource Allocation: devices of nodes, claims on them, and who gets which.
//!
//! The objects are those of `resource.k8s.io/v1`.

pub mod objects;
pub mod publish;
