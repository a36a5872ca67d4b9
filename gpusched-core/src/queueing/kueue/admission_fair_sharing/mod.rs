//! Admission fair sharing: what LocalQueues used in the past.
//!
//! Use is remembered with a half-life. What a workload will use is charged as a penalty when it
//! gets its quota, and becomes part of what is remembered when it is admitted, so that a queue
//! cannot jump in before its use shows.

mod decay;
mod ledger;

pub use ledger::UsageLedger;
