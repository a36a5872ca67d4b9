//! Devices inside a node: which of its free GPUs a pod of whole GPUs gets.
//!
//! | file | what |
//! |---|---|
//! | `wiring` | what policies look at: the score of each pair of GPUs, and NUMA nodes |
//! | `best_effort`, `static_dgx`, `simple` | the policies of NVIDIA's device plugin |
//! | `numa`, `index` | one NUMA node first; lowest numbers |
//! | `chooser` | a policy under every placement policy, each choice computed once |
//! | `replicas` | which replica of a shared GPU: `distributed`, `packed` |
//! | `registry` | the table of names |
//!
//! A policy may have no preference (static tables know few sizes): the kubelet then takes what it
//! finds, here the lowest-numbered free devices.

mod best_effort;
mod chooser;
mod index;
mod numa;
pub mod registry;
pub mod replicas;
mod simple;
mod static_dgx;
mod wiring;

pub use best_effort::{BestEffort, Decision, Quirks};
pub use chooser::Chooser;
pub use index::Index;
pub use numa::Numa;
pub use simple::Simple;
pub use static_dgx::StaticDgx;
pub use wiring::Wiring;

/// One question to a policy.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The devices that are free. Order matters to some policies.
    pub available: &'a [u8],
    /// Devices that must be among those chosen.
    pub required: &'a [u8],
    /// How many are wanted, the required ones counted.
    pub size: usize,
}

impl Request<'_> {
    /// Whether it is worth a look: something is asked for, and there is enough of it.
    fn makes_sense(&self) -> bool {
        let Request {
            available,
            required,
            size,
        } = *self;
        size > 0
            && available.len() >= size
            && required.len() <= size
            && required.len() <= available.len()
    }
}

/// Chooses devices of one node.
///
/// ```
/// use gpusched_core::placement::device::{DevicePolicy, Request, Simple, Wiring};
/// let request = Request { available: &[0, 1, 2, 3], required: &[2], size: 2 };
/// assert_eq!(Simple.choose(&Wiring::unknown(4), &request), [2, 0]);
/// ```
pub trait DevicePolicy: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> &'static str;

    /// The devices chosen; empty = no preference.
    fn choose(&self, wiring: &Wiring, request: &Request<'_>) -> Vec<u8>;
}
