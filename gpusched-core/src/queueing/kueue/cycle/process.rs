//! What becomes of a nominated head, given what earlier ones of the cycle took.

use super::super::flavors::Mode;
use super::super::ids::WorkloadId;
use super::super::pending::RequeueReason;
use super::super::topology::on_failed_node;
use super::entry::{Decision, Entry};
use super::fits::{FitsCheck, NetUsage};
use super::outcome::{EntryStatus, EvictionReason, Explanation, QuotaReservedReason};
use super::record::Records;
use super::scheduler::Scheduler;
use crate::units::Time;

impl Scheduler {
    /// Decides about one entry; `preempted` are the workloads that were told to leave in this
    /// cycle.
    pub(super) fn process(
        &mut self,
        records: &Records,
        entry: &mut Entry,
        preempted: &mut Vec<WorkloadId>,
        now: Time,
    ) {
        let keep = self.gates.flavor_fungibility_preserve_scan_progress;
        if self.has_better_variant(records, &entry.candidate) {
            let reason = QuotaReservedReason::PendingEvaluation;
            return entry.skip(Explanation::BetterVariantAdmitted, reason, keep);
        }
        let (usage, fits) = self.up_to_date(records, entry, preempted, now);
        let mode = entry.nomination.assignment.mode();
        let object = &records[entry.candidate.workload].object;
        if self.gates.tas_failed_node_replacement_fail_fast
            && mode != Mode::Fit
            && on_failed_node(object)
        {
            entry.decision = Decision::Evict(EvictionReason::NodeFailures);
            return;
        }
        match mode {
            Mode::NoFit => {
                let rules = &self.queues[entry.candidate.queue.index()].rules;
                let reason = entry.nomination.assignment.no_fit_reason(rules);
                entry.reason = RequeueReason::NoFit;
                entry.quota_reserved_reason = reason.map(QuotaReservedReason::NoFit);
                return;
            }
            Mode::Preempt => {
                if entry.nomination.leaving().next().is_none() {
                    entry.reason = RequeueReason::PreemptionNoCandidates;
                    entry.quota_reserved_reason = Some(QuotaReservedReason::WaitingForQuota);
                    return self.reserve(entry);
                }
                let gated = self.gates.concurrent_admission
                    || self.gates.multi_kueue_orchestrated_preemption;
                if gated && !object.preemption_gates.is_empty() {
                    entry.reason = RequeueReason::PreemptionGated;
                    entry.status = EntryStatus::PreemptionGated;
                    entry.explanation = Explanation::PreemptionGated;
                    entry.quota_reserved_reason = Some(QuotaReservedReason::AdmissionGated);
                    entry.candidate.last = None;
                    return;
                }
            }
            Mode::DeferredFit => {
                let reason = QuotaReservedReason::WaitingForPreemptedWorkloads;
                entry.reason = RequeueReason::PendingPreemption;
                entry.explanation = Explanation::FitsAfterPreemption;
                entry.quota_reserved_reason = Some(reason);
                // Once the others have left, a flavor it likes better may be free.
                entry.candidate.last = None;
                return self.take(&entry.candidate, &usage);
            }
            Mode::Fit => {}
        }
        if overlaps(entry, preempted) {
            let reason = QuotaReservedReason::WaitingForQuota;
            return entry.skip(Explanation::OverlappingTargets, reason, keep);
        }
        if !fits {
            let reason = QuotaReservedReason::WaitingForQuota;
            return entry.skip(Explanation::NoLongerFits, reason, keep);
        }
        preempted.extend(entry.nomination.leaving());
        self.take(&entry.candidate, &usage);
        if mode == Mode::Preempt {
            return self.preempt(entry);
        }
        if let Some(worse) = self.worse_variant(records, &entry.candidate) {
            return self.migrate(records, entry, worse);
        }
        entry.decision = Decision::Admit;
    }

    /// Tells the victims to leave. A slice that is replaced is not preempted: it stays until its
    /// replacement is admitted.
    fn preempt(&mut self, entry: &mut Entry) {
        let reason = QuotaReservedReason::WaitingForPreemptedWorkloads;
        entry.quota_reserved_reason = Some(reason);
        entry.candidate.last = None;
        let victims = entry.nomination.victims.len();
        if victims == 0 {
            return;
        }
        entry.reason = RequeueReason::PendingPreemption;
        entry.decision = Decision::Preempt;
        if let Explanation::Flavors { preempting, .. } = &mut entry.explanation {
            *preempting = victims;
        }
    }

    /// What the entry takes and whether that fits. Its assignment is computed anew, on the flavors
    /// it was nominated for, if others took the places or the victims it counted on.
    fn up_to_date(
        &mut self,
        records: &Records,
        entry: &mut Entry,
        preempted: &[WorkloadId],
        now: Time,
    ) -> (NetUsage, bool) {
        let (usage, check) = self.check(entry, preempted);
        let overlap = self
            .gates
            .recompute_assignment_upon_preemption_targets_overlap
            && overlaps(entry, preempted);
        let moved = self.gates.tas_recompute_assignment_within_scheduling_cycle
            && check == FitsCheck::NoPlaces;
        if !overlap && !moved {
            return (usage, check == FitsCheck::Ok);
        }
        let quota = self.quota.begin();
        let places = self.topologies.begin();
        if overlap {
            self.remove(preempted.iter().copied());
            for victim in preempted {
                self.holders.set_hidden(*victim, true);
            }
        }
        entry.candidate.last = None;
        let before = std::mem::take(&mut entry.nomination.assignment);
        let nomination = self.nomination(records, &mut entry.candidate, Some(&before), now);
        entry.nominate(nomination);
        if overlap {
            for victim in preempted {
                self.holders.set_hidden(*victim, false);
            }
            if entry.nomination.assignment.mode() == Mode::Fit {
                entry.nomination.assignment.set_mode(Mode::DeferredFit);
            }
        }
        self.quota.rollback(quota);
        self.topologies.rollback(places);
        let (usage, check) = self.check(entry, preempted);
        (usage, check == FitsCheck::Ok)
    }

    fn check(&mut self, entry: &Entry, preempted: &[WorkloadId]) -> (NetUsage, FitsCheck) {
        let usage = self.net_usage(&entry.candidate, &entry.nomination);
        let own = entry.nomination.leaving();
        let own = own.filter(|one| !preempted.contains(one));
        let leaving = preempted.iter().copied().chain(own);
        let check = self.fits(&entry.candidate, &usage, leaving);
        (usage, check)
    }
}

/// Whether somebody the entry counts on is leaving for another one.
fn overlaps(entry: &Entry, preempted: &[WorkloadId]) -> bool {
    entry
        .nomination
        .leaving()
        .any(|one| preempted.contains(&one))
}
