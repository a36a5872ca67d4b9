//! The scheduling cycle (upstream: `pkg/scheduler/scheduler.go`).

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
mod update;
mod variants;

pub use alone::{Alone, Decided};
pub use kueue::Kueue;
pub use outcome::{
    Admitted, Cycle, EntryStatus, EvictionReason, Explanation, Preempted, QuotaReservedReason,
    Requeued,
};
pub use queue::InactiveReason;
