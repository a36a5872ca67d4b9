//! Proof for gpusched: conformance with the decisions of real programs, and speed.

pub mod conformance;
pub mod experiment;
pub mod kueue_perf;
pub mod peers;
pub mod reproduce;
pub mod speed;
