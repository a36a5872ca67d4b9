//! What happens to workloads between cycles.

use super::super::PodsReady;
use super::super::ids::WorkloadId;
use super::super::objects::{RequeueState, Workload};
use super::super::workload::{effective_priority, needs_second_pass};
use super::kueue::Kueue;
use super::outcome::EvictionReason;
use super::record::{above_limits, set_condition};
use crate::units::{Span, Time};
use std::collections::BTreeMap;

impl Kueue {
    /// A workload is created. Its namespace and name stand for it from now on, whoever had them
    /// before; two that live at once are the caller's mistake.
    ///
    /// It is queued, or holds its quota if it has a reservation already; one that is finished,
    /// inactive, gated or whose LocalQueue leads nowhere does neither. O(its specification), and
    /// O(log n) for the queue.
    pub fn arrive(&mut self, object: Workload, now: Time) -> WorkloadId {
        let id = self.record(object);
        self.enter(id, now, now);
        id
    }

    /// A workload has finished: what it holds is free, and others may be tried again.
    pub fn finish(&mut self, id: WorkloadId, now: Time) {
        let object = &mut self.records[id].object;
        set_condition(object, "Finished", true, "Succeeded", now);
        self.leave(id);
        self.request_retry(id, now);
    }

    /// A controller tells a workload to leave. It holds what it holds until it has stopped
    /// ([`Kueue::eviction_complete`]).
    pub fn evict(&mut self, id: WorkloadId, reason: EvictionReason, now: Time) {
        let object = &mut self.records[id].object;
        self.scheduler.evict(object, id, &reason.to_string(), now);
    }

    /// Pods of a workload were not ready in time: it is told to leave, and may come back after a
    /// backoff, which doubles each time and begins now; or, after `backoff_limit` times, never.
    /// Why it leaves.
    ///
    /// Source: `pkg/controller/core/workload_controller.go`. The jitter of at most 1e-4 of the
    /// backoff is left out.
    pub fn pods_not_ready(
        &mut self,
        id: WorkloadId,
        rules: &PodsReady,
        now: Time,
    ) -> EvictionReason {
        let object = &mut self.records[id].object;
        let before = object.requeue.as_ref().map_or(0, |state| state.count);
        let count = before.saturating_add(1);
        let limit = rules.backoff_limit.map(i64::from);
        let reason = if limit.is_some_and(|limit| i64::from(count) > limit) {
            object.inactive = true;
            EvictionReason::DeactivatedDueToRequeuingLimitExceeded
        } else {
            object.requeue = Some(RequeueState {
                count,
                at: Some(now + rules.backoff(count)),
            });
            EvictionReason::PodsReadyTimeout
        };
        self.evict(id, reason, now);
        reason
    }

    /// The time before which a workload may not come back has come: it is tried again.
    pub fn backoff_finished(&mut self, id: WorkloadId, now: Time) {
        let back = |object: &mut Workload| {
            if let Some(state) = &mut object.requeue {
                state.at = None;
            }
            set_condition(object, "Requeued", true, "BackoffFinished", now);
        };
        self.update(id, back, now);
    }

    /// A workload that was told to leave has stopped: what it held is free, and it is queued again
    /// where it was; but for one that has to wait for the end of its backoff
    /// ([`Kueue::backoff_finished`]), or is not active any more. Others may be tried again.
    pub fn eviction_complete(&mut self, id: WorkloadId, now: Time) {
        let record = &mut self.records[id];
        let evicted = record.object.condition("Evicted");
        let reason = evicted.map_or_else(String::new, |one| one.reason.clone());
        let object = &mut record.object;
        set_condition(object, "QuotaReserved", false, "Pending", now);
        set_condition(object, "Admitted", false, "NoReservation", now);
        let back = reason != EvictionReason::PodsReadyTimeout.to_string();
        set_condition(object, "Requeued", back, &reason, now);
        object.admission = None;
        record.last = None;
        self.leave(id);
        self.compile(id);
        self.push(id, true, now);
        self.request_retry(id, now);
    }

    /// Pods of a workload have ended, `pods` in all by pod set: their quota is free, or need not be
    /// asked for.
    pub fn reclaim(&mut self, id: WorkloadId, pods: BTreeMap<String, i32>, now: Time) {
        self.records[id].object.reclaimable = pods;
        if !self.records[id].reserved() {
            self.compile(id);
            return self.push(id, true, now);
        }
        self.scheduler.hold(id, &self.records[id].object);
        self.request_retry(id, now);
    }

    /// A workload is deleted.
    pub fn delete(&mut self, id: WorkloadId, now: Time) {
        self.leave(id);
        self.records[id].gone = true;
        self.request_retry(id, now);
    }

    /// The object of a workload changes in a way nothing else here is for: its priority, admission
    /// checks, nodes that failed, pods that became ready, a time it may not come back before.
    /// `change` gets the object; what follows for quota, queues and second passes is looked after.
    ///
    /// An inadmissible workload is tried again if the change could make a difference; others of its
    /// tree are if it holds quota no more.
    pub fn update(&mut self, id: WorkloadId, change: impl FnOnce(&mut Workload), now: Time) {
        let before = self.records[id].object.clone();
        change(&mut self.records[id].object);
        let record = &mut self.records[id];
        record.above_limits = above_limits(&record.object);
        let object = &record.object;
        if object.is("Finished") || object.inactive {
            self.leave(id);
            return self.request_retry(id, now);
        }
        if !record.reserved() {
            let held = before.is("QuotaReserved");
            if held {
                self.leave(id);
                self.request_retry(id, now);
            }
            self.compile(id);
            let retry = held || could_matter(&before, &self.records[id].object);
            return self.push(id, retry, now);
        }
        let queue = self.scheduler.holders.find(id).map(|one| one.cluster_queue);
        let queue = queue.map(|queue| &self.scheduler.queues[queue.index()]);
        if !object.is("Admitted")
            && !object.is("Evicted")
            && queue.is_some_and(|queue| queue.admits(object))
        {
            set_condition(&mut record.object, "Admitted", true, "Admitted", now);
            self.settle(id, now);
        }
        self.compile(id);
        self.scheduler.hold(id, &self.records[id].object);
        if effective_priority(&before, &self.gates) != self.records[id].priority {
            self.request_retry(id, now);
        }
        if needs_second_pass(&self.records[id].object) {
            self.second_passes.queue(id, 1, now);
        }
    }

    /// How long retries are gathered from now on, instead of the second of upstream
    /// ([`Retries::BATCH`](super::super::pending::Retries::BATCH)). Zero serves them as soon as
    /// they are asked for.
    pub fn set_retry_batch(&mut self, batch: Span) {
        self.retries.set_batch(batch);
    }

    /// When retries are due next; they are gathered for a second, or as
    /// [`Kueue::set_retry_batch`] says.
    pub fn next_retry(&self) -> Option<Time> {
        self.retries.next_due()
    }

    /// Serves the retries that are due: in their trees, inadmissible workloads become active again.
    /// How many did.
    pub fn serve_retries(&mut self, now: Time) -> usize {
        let quota = &self.scheduler.quota;
        self.retries.serve(&mut self.pending, quota, now, now)
    }

    /// Serves all retries that were requested, due or not.
    pub fn flush(&mut self, now: Time) -> usize {
        let quota = &self.scheduler.quota;
        self.retries
            .serve(&mut self.pending, quota, Time::NEVER, now)
    }

    /// A workload holds nothing and waits for nothing any more.
    pub(super) fn leave(&mut self, id: WorkloadId) {
        self.scheduler.release(id);
        if let Some(queue) = self.records[id].queue {
            self.pending.delete(queue, id);
        }
        self.second_passes.delete(id);
        self.passes.remove(&id);
        self.discharge(id);
    }

    /// Others of its tree may be tried again.
    pub(super) fn request_retry(&mut self, id: WorkloadId, now: Time) {
        if let Some(queue) = self.records[id].queue {
            self.retries.request(&self.scheduler.quota, queue, now);
        }
    }
}

/// Whether a change could make an inadmissible workload admissible. Other updates of its status,
/// which come all the time, leave it where it is.
fn could_matter(before: &Workload, after: &Workload) -> bool {
    let condition = |kind| before.condition(kind) != after.condition(kind);
    before.generation != after.generation
        || before.priority != after.priority
        || before.annotations != after.annotations
        || before.pod_sets != after.pod_sets
        || before.reclaimable != after.reclaimable
        || before.preemption_gates.is_empty() != after.preemption_gates.is_empty()
        || condition("Evicted")
        || condition("Requeued")
}
