//! The state of the cluster over time, on a regular grid.

use gpusched_core::units::Time;

/// The state at one instant of the grid, after everything that happened at that instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// The instant.
    pub t: Time,
    /// Jobs waiting.
    pub waiting: u64,
    /// Jobs running.
    pub running: u64,
    /// Milli-GPU held by running jobs.
    pub allocated_milli: u64,
    /// Milli-GPU held by running jobs plus asked for by waiting ones.
    pub requested_milli: u64,
    /// Milli-GPU of the nodes that take pods.
    pub capacity_milli: u64,
    /// Milli-GPU left on the nodes that take pods.
    pub idle_milli: u64,
    /// Expected part of `idle_milli` that the next pod of this workload cannot use: FGD's F.
    pub frag_milli: f64,
    /// Power of CPUs and GPUs, W.
    pub power_w: i64,
}

/// Takes the samples.
#[derive(Clone, Debug, Default)]
pub struct Sampler;
