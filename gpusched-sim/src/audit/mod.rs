//! Audit: is a schedule one that its cluster, its quotas and its policy allow?
//!
//! It looks at what was done, not at who did it: schedules of other systems and of other simulators
//! are read as our own are. (Two well-known simulators' "EASY" were caught this way.)
//!
//! | file | finds |
//! |---|---|
//! | `schedule.rs` | reads the schedule: who came when, started when, ended when, with how much |
//! | `capacity.rs` | more GPUs in use than there are: in the cluster, on a node, of a device, of a quota |
//! | `order.rs` | queue heads that were delayed, legal backfills that were missed |
//! | `load.rs` | more work than the cluster can do, by model and day |

mod capacity;
mod load;
mod order;
mod schedule;

pub use capacity::{Capacity, audit_capacity, audit_nodes, audit_quotas};
pub use load::{LoadWindow, offered_load};
pub use order::{Discipline, audit_order};
pub use schedule::{Entry, Place, Schedule};

use gpusched_core::units::Time;
use serde::Serialize;

/// What is wrong with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A job starts before it was submitted, or ends before it starts.
    Impossible,
    /// More GPUs in use than the cluster has.
    Capacity,
    /// More GPUs in use on a node than it has, or a device given twice.
    Node,
    /// More GPUs in use by a queue than its quota.
    Quota,
    /// The first job of the queue could have started and did not, or somebody who overtook it made
    /// it wait longer.
    DelayedHead,
    /// A job could have started without delaying the first one, and did not.
    MissedBackfill,
}

impl Kind {
    /// All of them, in the order they are told.
    pub const ALL: [Kind; 6] = [
        Kind::Impossible,
        Kind::Capacity,
        Kind::Node,
        Kind::Quota,
        Kind::DelayedHead,
        Kind::MissedBackfill,
    ];

    /// The name used in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Impossible => "impossible",
            Kind::Capacity => "capacity",
            Kind::Node => "node",
            Kind::Quota => "quota",
            Kind::DelayedHead => "delayed-head",
            Kind::MissedBackfill => "missed-backfill",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: Kind,
    /// When.
    pub at: Time,
    /// The job it is about.
    pub job: String,
    /// Its line in the file; 0 = none.
    pub line: u64,
    /// What happened, in words.
    pub message: String,
}

/// Milli-GPU as people write GPUs: `8`, `0.5`.
fn gpus(milli: i64) -> String {
    (milli as f64 / 1000.0).to_string()
}

#[cfg(test)]
mod tests;
