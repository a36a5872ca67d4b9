//! The pure model of gpusched: GPUs, nodes, requests, and the policies that decide between them.
//!
//! Nothing here reads a file, starts a thread or looks at a clock. Four roles, four folders:
//!
//! | role | asks | folder |
//! |---|---|---|
//! | [`queueing`] | whose turn is it, may they run | `queueing/` |
//! | [`placement`] | on which node and device(s) | `placement/` |
//! | [`provisioning`] | which machines exist | `provisioning/` |
//! | [`performance`] | how fast it runs there | `performance/` |
//!
//! A role only proposes. The [`cluster`] checks every proposal, and an engine (in `gpusched-sim`)
//! owns time and carries decisions out.

#![forbid(unsafe_code)]

pub mod cel;
pub mod cluster;
pub mod gpu;
pub mod hazard;
pub mod ids;
pub mod kube;
pub mod performance;
pub mod placement;
pub mod policy;
pub mod provisioning;
pub mod queueing;
pub mod topology;
pub mod units;
pub mod workload;
