//! In which order the heads of a cycle are processed.
//!
//! Each entry is a workload with its assignment. Without fair sharing there is one total order
//! ([`classical_order`]); with it a [`Tournament`] picks the next entry again and again, for shares
//! change with every one that is admitted.

mod classical;
#[cfg(test)]
mod tests;
mod tournament;

pub use classical::classical_order;
pub use tournament::Tournament;

use super::Amount;
use super::ids::{ClusterQueueId, FlavorResourceId};
use crate::units::Time;

/// What the order of a cycle depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// The queue it is the head of.
    pub cluster_queue: ClusterQueueId,
    /// Its reference, the last tie-break of the tournament.
    pub name: &'a str,
    /// It holds quota: this is its second pass.
    pub has_quota_reservation: bool,
    /// It waits for its victims to leave.
    pub is_preemptor: bool,
    /// How high in the cohort tree it borrows; 0 = it does not.
    pub borrowing_level: u32,
    /// Its effective priority.
    pub priority: i64,
    /// The time it is queued by.
    pub queued: Time,
    /// What its assignment would add to the use of its queue.
    pub usage: &'a [(FlavorResourceId, Amount)],
}
