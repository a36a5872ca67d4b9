//! What happens to workloads between cycles.

use super::super::ids::WorkloadId;
use super::super::objects::Workload;
use super::super::workload::needs_second_pass;
use super::kueue::Kueue;
use super::record::set_condition;
use crate::units::{Span, Time};
use std::collections::BTreeMap;

impl Kueue {
    /// A workload is created. One of the same namespace and name takes the place of one that was
    /// deleted.
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

    /// A workload that was told to leave has stopped: what it held is free, and it is queued again
    /// where it was. Others may be tried again.
    pub fn eviction_complete(&mut self, id: WorkloadId, now: Time) {
        let record = &mut self.records[id];
        let evicted = record.object.condition("Evicted");
        let reason = evicted.map_or_else(String::new, |one| one.reason.clone());
        let object = &mut record.object;
        set_condition(object, "QuotaReserved", false, "Pending", now);
        set_condition(object, "Admitted", false, "NoReservation", now);
        set_condition(object, "Requeued", true, &reason, now);
        object.admission = None;
        record.last = None;
        self.leave(id);
        self.compile(id);
        self.push(id, now);
        self.request_retry(id, now);
    }

    /// Pods of a workload have ended, `pods` in all by pod set: their quota is free, or need not be
    /// asked for.
    pub fn reclaim(&mut self, id: WorkloadId, pods: BTreeMap<String, i32>, now: Time) {
        self.records[id].object.reclaimable = pods;
        if !self.records[id].reserved() {
            self.compile(id);
            return self.push(id, now);
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

    /// The status of a workload changes in a way nothing else here does: admission checks, nodes
    /// that failed, pods that became ready. `change` gets the object; what follows from it for
    /// quota, queues and second passes is looked after.
    pub fn update_status(&mut self, id: WorkloadId, change: impl FnOnce(&mut Workload), now: Time) {
        change(&mut self.records[id].object);
        if !self.records[id].reserved() {
            self.compile(id);
            return self.push(id, now);
        }
        let record = &mut self.records[id];
        let queue = self.scheduler.holders.find(id).map(|one| one.cluster_queue);
        if !record.object.is("Admitted")
            && !record.object.is("Evicted")
            && queue
                .is_some_and(|queue| self.scheduler.queues[queue.index()].admits(&record.object))
        {
            set_condition(&mut record.object, "Admitted", true, "Admitted", now);
            self.settle(id, now);
        }
        self.scheduler.hold(id, &self.records[id].object);
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
