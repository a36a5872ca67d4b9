//! The scheduling cycle, and the state machine around it (upstream: `pkg/scheduler/scheduler.go`).
//!
//! A cycle takes the head of every ClusterQueue, finds an assignment for each as if it was alone
//! (nomination), orders them, and goes through them once: the first take what the later ones may
//! have counted on. What is decided is written down when the cycle ends; until then it is a
//! transaction on quota and places.
//!
//! | file | what |
//! |---|---|
//! | `kueue` | the state machine |
//! | `events`, `update` | what happens between cycles: to workloads, to ClusterQueues |
//! | `run` | heads out of the queues and back |
//! | `schedule` | one cycle over given heads |
//! | `nominate`, `assignments` | which heads are considered, and with what assignment |
//! | `process`, `fits`, `reserve` | what becomes of each, given the earlier ones |
//! | `variants` | variants of one workload; slices of elastic ones |
//! | `carry_out`, `outcome` | what was decided, written down and told |
//! | `fair_admission` | what LocalQueues are charged |
//! | `scheduler`, `queue`, `record`, `entry` | what all of that works on |
//!
//! Not here: `waitForPodsReady.blockAdmission`, which stops upstream's scheduler in the middle of
//! a cycle, and when controllers other than the scheduler decide something (timeouts, the end of a
//! backoff, draining): the caller's clock says.

mod alone;
mod assignments;
mod carry_out;
mod entry;
mod events;
mod fair_admission;
mod fits;
mod kueue;
mod nominate;
mod outcome;
mod process;
mod queue;
mod record;
mod reserve;
mod run;
mod schedule;
mod scheduler;
#[cfg(test)]
mod tests;
mod update;
mod variants;

pub use super::status::InactiveReason;
pub use alone::{Alone, Decided};
pub use kueue::Kueue;
pub use outcome::{
    Admitted, Cycle, EntryStatus, EvictionReason, Explanation, Preempted, QuotaReservedReason,
    Requeued,
};
