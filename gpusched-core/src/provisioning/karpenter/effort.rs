//! What deciding took, counted.

/// How much has been looked at so far. It decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Rounds of disruption in which methods were tried.
    pub rounds: u64,
    /// Sets of nodes consolidation asked about.
    pub questions: u64,
    /// Those answered without a solve: they cannot save anything.
    pub hopeless: u64,
    /// Those answered without a solve: pods would go to machines that take none yet.
    pub unready: u64,
    /// Solves, of disruption and of provisioning.
    pub solves: u64,
    /// Nodes those solves were given.
    pub nodes: u64,
}
