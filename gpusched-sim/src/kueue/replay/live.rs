//! What is known of a workload on its way.

use super::outcome::Eviction;
use gpusched_core::queueing::kueue::cycle::{Explanation, QuotaReservedReason};
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, WorkloadId};
use gpusched_core::units::{Span, Time};

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Away,
    Waiting,
    Reserved,
    Running,
    Leaving,
    Finished,
}

/// One workload. Times are those of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    /// Its id, once it is known to core.
    pub(super) id: Option<WorkloadId>,
    pub(super) queue: Option<ClusterQueueId>,
    pub(super) phase: Phase,
    /// Rises when it leaves or ends; events of an earlier number are void.
    pub(super) epoch: u32,
    pub(super) arrival: Time,
    pub(super) run: Option<Span>,
    /// The longest it may be admitted.
    pub(super) limit: Option<Span>,
    /// When it was last admitted.
    pub(super) began: Option<Time>,
    /// Since when it works: all its pods are ready.
    pub(super) works: Option<Time>,
    /// Whether it holds quota and its pods are not ready.
    pub(super) starts: bool,
    pub(super) first_admitted: Option<Time>,
    pub(super) finished: Option<Time>,
    pub(super) admissions: u32,
    pub(super) evictions: u32,
    pub(super) lost: Span,
    /// Why it was told to leave last.
    pub(super) reason: Option<Eviction>,
    /// What its status says about why it waits, where writing that costs anything.
    pub(super) said: Option<Box<(Option<QuotaReservedReason>, Explanation)>>,
}

/// What happens to a workload, by its position; of things at one instant, the first in this order
/// goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// It has run for as long as it had to.
    End(u32, u32),
    /// Its pods are ready.
    Ready(u32, u32),
    /// That it has to leave is known.
    Stop(u32, u32),
    /// Its pods are gone.
    Gone(u32, u32),
    /// That they are is known.
    Left(u32, u32),
    /// Its backoff is over.
    Back(u32, u32),
    /// Its admission checks have passed.
    Checked(u32, u32),
    /// Its admission is known.
    Begin(u32, u32),
    /// Its pods had to be ready by now.
    Late(u32, u32),
}
