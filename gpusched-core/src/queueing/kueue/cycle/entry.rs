//! One head on its way through the cycle.

use super::super::flavors::{Assignment, LastAssignment, Shape};
use super::super::ids::{ClusterQueueId, WorkloadId};
use super::super::pending::RequeueReason;
use super::super::preemption::Target;
use super::super::topology::Places;
use super::outcome::{EntryStatus, EvictionReason, Explanation, QuotaReservedReason};
use crate::units::Time;
use std::sync::Arc;

/// A workload that wants an assignment.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) workload: WorkloadId,
    pub(super) queue: ClusterQueueId,
    pub(super) priority: i64,
    pub(super) queued: Time,
    pub(super) shape: Arc<Shape>,
    /// Whether it holds quota already and comes for its places.
    pub(super) reserved: bool,
    /// The slice it replaces.
    pub(super) replaces: Option<(WorkloadId, Arc<Shape>)>,
    /// Where the last search for flavors stood.
    pub(super) last: Option<LastAssignment>,
}

/// An assignment and what it takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Nomination {
    pub(super) assignment: Assignment,
    pub(super) places: Places,
    /// Who has to make room.
    pub(super) victims: Vec<Target>,
    /// The slice that ends.
    pub(super) slice: Option<WorkloadId>,
}

impl Nomination {
    /// Everybody who leaves.
    pub(super) fn leaving(&self) -> impl Iterator<Item = WorkloadId> + '_ {
        let victims = self.victims.iter().map(|target| target.workload);
        self.slice.into_iter().chain(victims)
    }
}

/// What is done with an entry when the cycle ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is put back.
    #[default]
    Requeue,
    /// Its victims are told to leave; it is put back.
    Preempt,
    /// A variant for a worse flavor is told to leave; it is put back.
    Migrate(WorkloadId),
    /// It gets its quota.
    Admit,
    /// It is told to leave itself.
    Evict(EvictionReason),
}

/// A head that was nominated.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) candidate: Candidate,
    /// It waits for victims it asked for.
    pub(super) is_preemptor: bool,
    pub(super) nomination: Nomination,
    pub(super) status: EntryStatus,
    pub(super) reason: RequeueReason,
    pub(super) quota_reserved_reason: Option<QuotaReservedReason>,
    pub(super) explanation: Explanation,
    pub(super) decision: Decision,
}

impl Entry {
    pub(super) fn new(candidate: Candidate, is_preemptor: bool, nomination: Nomination) -> Entry {
        let mut entry = Entry {
            candidate,
            is_preemptor,
            nomination: Nomination::default(),
            status: EntryStatus::default(),
            reason: RequeueReason::default(),
            quota_reserved_reason: None,
            explanation: Explanation::Nothing,
            decision: Decision::default(),
        };
        entry.nominate(nomination);
        entry
    }

    /// Takes another nomination in place of the one it had.
    pub(super) fn nominate(&mut self, nomination: Nomination) {
        let pod_sets = || nomination.assignment.pod_sets.iter();
        let reasons = pod_sets().flat_map(|one| {
            let reasons = one.reasons.iter();
            reasons.map(|reason| (one.pod_set, reason.clone()))
        });
        let mut errors = pod_sets().filter_map(|one| Some((one.pod_set, one.error.clone()?)));
        self.explanation = Explanation::Flavors {
            reasons: reasons.collect(),
            error: errors.next(),
            preempting: 0,
        };
        self.nomination = nomination;
    }

    /// Another head took what it was nominated for. Its search for flavors goes on where it stood,
    /// if `keep` (`FlavorFungibilityPreserveScanProgress`) says so.
    pub(super) fn skip(
        &mut self,
        explanation: Explanation,
        reason: QuotaReservedReason,
        keep: bool,
    ) {
        self.status = EntryStatus::Skipped;
        self.explanation = explanation;
        self.quota_reserved_reason = Some(reason);
        if !keep {
            self.candidate.last = None;
        }
    }
}
