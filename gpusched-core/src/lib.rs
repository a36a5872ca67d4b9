//! The pure model of gpusched.

#![forbid(unsafe_code)]

pub mod ids;
pub mod units;
pub mod workload;
