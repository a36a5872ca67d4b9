//! The pure model of gpusched.

#![forbid(unsafe_code)]

pub mod cluster;
pub mod gpu;
pub mod placement;
pub mod policy;
pub mod ids;
pub mod queueing;
pub mod units;
pub mod workload;
