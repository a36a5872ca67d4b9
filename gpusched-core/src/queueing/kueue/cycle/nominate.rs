//! Nomination: which heads can be considered, and with what assignment.

use super::super::objects::CheckPhase;
use super::super::pending::{Head, Pending, RequeueReason};
use super::entry::{Candidate, Entry};
use super::outcome::{EntryStatus, Explanation, QuotaReservedReason, Requeued};
use super::record::Records;
use super::scheduler::Scheduler;
use crate::units::Time;
use std::sync::Arc;

impl Scheduler {
    /// Nominates what can be; the rest is to be put back.
    pub(super) fn nominate(
        &mut self,
        records: &mut Records,
        pending: &Pending,
        heads: &[Head],
        now: Time,
    ) -> (Vec<Entry>, Vec<Requeued>) {
        let mut entries = Vec::with_capacity(heads.len());
        let mut refused = Vec::new();
        for head in heads {
            if let Some((explanation, reason)) = self.refuses(records, pending, head) {
                refused.push(Requeued {
                    workload: head.workload,
                    cluster_queue: head.cluster_queue,
                    reason: match explanation {
                        Explanation::NamespaceMismatch => RequeueReason::NamespaceMismatch,
                        _ => RequeueReason::Generic,
                    },
                    status: EntryStatus::NotNominated,
                    quota_reserved_reason: Some(reason),
                    explanation,
                });
                continue;
            }
            let mut candidate = self.candidate(records, head);
            let nomination = self.nomination(records, &mut candidate, None, now);
            entries.push(Entry::new(candidate, head.is_preemptor, nomination));
        }
        (entries, refused)
    }

    /// Why a head cannot be considered at all.
    fn refuses(
        &self,
        records: &Records,
        pending: &Pending,
        head: &Head,
    ) -> Option<(Explanation, QuotaReservedReason)> {
        let record = &records[head.workload];
        let failed = |phase| matches!(phase, CheckPhase::Retry | CheckPhase::Rejected);
        if record.object.checks.iter().any(|check| failed(check.phase)) {
            let reason = QuotaReservedReason::PendingEvaluation;
            return Some((Explanation::FailedChecks, reason));
        }
        let queue = &self.queues[head.cluster_queue.index()];
        if !queue.inactive.is_empty() {
            let reason = QuotaReservedReason::Suspended;
            return Some((Explanation::InactiveClusterQueue, reason));
        }
        let misconfigured = if !record.has_namespace {
            Explanation::NoNamespace
        } else if !pending.serves(head.cluster_queue, record.namespace) {
            Explanation::NamespaceMismatch
        } else if record.above_limits {
            Explanation::RequestsAboveLimits
        } else {
            return None;
        };
        Some((misconfigured, QuotaReservedReason::Misconfigured))
    }

    fn candidate(&mut self, records: &mut Records, head: &Head) -> Candidate {
        let replaces = self.replaced_slice(records, head.workload, head.cluster_queue);
        let reserved = records[head.workload].reserved();
        let shape = match reserved {
            true => self.reserved_shape(&records[head.workload].object),
            false => Arc::clone(&records[head.workload].shape),
        };
        let record = &mut records[head.workload];
        Candidate {
            workload: head.workload,
            queue: head.cluster_queue,
            priority: record.priority,
            queued: record.queued,
            shape,
            reserved,
            replaces,
            last: record.last.take(),
        }
    }
}
