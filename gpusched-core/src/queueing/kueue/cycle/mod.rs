//! The scheduling cycle (upstream: `pkg/scheduler/scheduler.go`).

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
pub use kueue::Kueue;
pub use outcome::{
    Admitted, Cycle, EntryStatus, EvictionReason, Explanation, Preempted, QuotaReservedReason,
    Requeued,
};
