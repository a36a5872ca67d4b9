//! What a replay returns.

use super::meter::QueueUse;
use gpusched_core::queueing::kueue::cycle::EvictionReason;
use gpusched_core::queueing::kueue::preemption::PreemptionReason;
use gpusched_core::units::{Span, Time};
use std::collections::BTreeMap;
use std::fmt;

/// Why a workload had to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Eviction {
    /// For another workload.
    Preempted(PreemptionReason),
    /// Not for another.
    Evicted(EvictionReason),
}

impl fmt::Display for Eviction {
    /// The reason of the `Preempted` condition, or else of the `Evicted` condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Eviction::Preempted(reason) => reason.fmt(f),
            Eviction::Evicted(reason) => reason.fmt(f),
        }
    }
}

/// What happened to a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It got its quota, and everything else it needs: it runs from now on.
    Admitted,
    /// It was told to leave.
    Evicted(Eviction),
    /// It has left: its quota is free, and it waits again.
    Left,
    /// It has ended.
    Finished,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, since the start of the replay.
    pub at: Time,
    /// To which workload: its position in [`Outcome::workloads`].
    pub workload: u32,
    /// What.
    pub step: Step,
}

/// Why a workload is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The reason Kueue writes into its `QuotaReserved` condition.
    pub reason: &'static str,
    /// The message beside it; empty if there is none.
    pub message: String,
}

/// How far a workload came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for quota.
    Pending(Waiting),
    /// It has quota, and waits for admission checks or for its places.
    Reserved,
    /// It runs.
    Running,
    /// It is on its way out.
    Leaving,
    /// It has ended.
    Finished,
    /// The replay ended before it came.
    NotArrived,
}

/// What became of one workload. Times count from the start of the replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRun {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its ClusterQueue, by position in [`Outcome::queues`]; `None` when its LocalQueue leads to
    /// none.
    pub queue: Option<usize>,
    /// Whether it was there when the replay began.
    pub resident: bool,
    /// When it came.
    pub arrival: Time,
    /// When it was first admitted.
    pub first_admitted: Option<Time>,
    /// When it was last admitted.
    pub last_admitted: Option<Time>,
    /// When it ended.
    pub finished: Option<Time>,
    /// How often it was admitted.
    pub admissions: u32,
    /// How often it was told to leave.
    pub evictions: u32,
    /// Time it ran in vain, because it had to start over.
    pub lost: Span,
    /// How far it came.
    pub state: State,
}

impl WorkloadRun {
    /// From its arrival until it was first admitted.
    pub fn wait(&self) -> Option<Span> {
        self.first_admitted.map(|admitted| admitted - self.arrival)
    }
}

/// What became of the workloads of one ClusterQueue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueRun {
    /// Its name.
    pub name: String,
    /// Workloads that came, those there at the start included.
    pub workloads: u64,
    /// Admissions; a workload that had to start over counts again.
    pub admissions: u64,
    /// Workloads that ended.
    pub finished: u64,
    /// Evictions by reason.
    pub evictions: BTreeMap<Eviction, u64>,
    /// Waits until first admission, of workloads that came during the replay, ascending.
    pub waits: Vec<Span>,
    /// Use of its quota, by flavor and resource.
    pub usage: Vec<QueueUse>,
    /// Time-weighted mean of its weighted share where fair sharing is on; infinite if a queue of
    /// weight 0 ever borrowed.
    pub mean_share: Option<f64>,
}

/// Use of all quotas at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, since the start of the replay.
    pub at: Time,
    /// In the order of [`Outcome::queues`], and of [`QueueRun::usage`] in each.
    pub usage: Vec<i64>,
}

/// What a replay returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Those there at the start in the order of their objects, then the jobs in the order they
    /// came.
    pub workloads: Vec<WorkloadRun>,
    /// ClusterQueues by name.
    pub queues: Vec<QueueRun>,
    /// Everything that happened, in order.
    pub changes: Vec<Change>,
    /// Use of quotas over time.
    pub series: Vec<Sample>,
    /// Scheduling cycles that had heads.
    pub cycles: u64,
    /// Those that admitted nobody and made nobody leave.
    pub idle_cycles: u64,
    /// When the last thing happened.
    pub end: Time,
    /// The workload that had to leave so often that the replay was given up, if there is one: its
    /// position in [`Outcome::workloads`].
    pub circling: Option<usize>,
}
