//! Sharing one device without cutting it: what MPS, time-slicing and vGPU reserve, isolate and risk.
//!
//! | mode | compute | memory | a fault hits |
//! |---|---|---|---|
//! | [MPS](mps) | a cap on SMs, not a reservation | an optional limit per client | every client of the GPU |
//! | [time-slicing](timeslice) | turns | nothing: the last to allocate runs out | the faulting process |
//! | [vGPU](vgpu) | turns, by one of three schedulers | a fixed frame buffer | the faulting guest |
//!
//! Cutting the device (MIG) is another module's; how *fast* a job runs next to others is
//! [`performance::sharing`](crate::performance::sharing). Every number here says where it comes
//! from; what is not known is `None`, never a guess.

pub mod mps;
pub mod timeslice;
pub mod vgpu;

use serde::Serialize;

/// How well a number is founded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Computed from published measurements; `gpusched-bench reproduce sharing` does it again.
    Measured,
    /// Stands in the named source.
    ReadInSource,
    /// A choice of this project.
    Assumed,
    /// From memory, or not checkable.
    Unverified,
}

/// A value with where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// How well it is founded.
    pub evidence: Evidence,
    /// The document, program or reasoning.
    pub source: &'static str,
}

impl<T> Sourced<T> {
    /// A value with its evidence and source.
    pub const fn new(value: T, evidence: Evidence, source: &'static str) -> Sourced<T> {
        Sourced {
            value,
            evidence,
            source,
        }
    }
}
