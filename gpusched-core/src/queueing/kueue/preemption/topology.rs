//! What victims free beside quota.

use super::super::ids::WorkloadId;

/// Capacity of a topology, as a search for victims sees it: victims are taken out and put back,
/// and now and then it is asked whether the incoming workload finds its places.
pub trait Topology {
    /// The victim leaves: its places are free.
    fn remove(&mut self, victim: WorkloadId);

    /// It is back.
    fn restore(&mut self, victim: WorkloadId);

    /// Whether every pod set of the incoming workload that asks for a topology finds places in
    /// what is free now. Asked only when its quota fits.
    fn fits(&mut self) -> bool;
}

/// No pod set asks for a topology.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoTopology;

impl Topology for NoTopology {
    fn remove(&mut self, _victim: WorkloadId) {}

    fn restore(&mut self, _victim: WorkloadId) {}

    fn fits(&mut self) -> bool {
        true
    }
}
