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
    /// Those that were not looked at: nothing has come of a machine like it in the same round.
    pub alike: u64,
    /// What was asked of all that, where pods go, in disruption and in provisioning.
    pub asked: u64,
    /// How much of that took a solve.
    pub solves: u64,
}
