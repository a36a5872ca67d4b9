//! The state machine: what a cluster holds, and what happens to it.

use super::super::ids::{ClusterQueueId, LocalQueueId, WorkloadId};
use super::super::objects::{Admission, Workload};
use super::super::pending::{Head, Item, One};
use super::super::workload::{
    EquivalenceClass, EquivalenceClasses, backoff_expired, effective_priority, is_admissible,
    needs_second_pass, queue_order_timestamp, second_pass_delay,
};
use super::super::{Configuration, Gates, Objects, Quota};
use super::outcome::{Cycle, EntryStatus, Explanation, QuotaReservedReason};
use super::record::{Record, Records, above_limits, set_condition};
use super::schedule::Scheduler;
use crate::units::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Kueue on virtual time.
#[derive(Clone, Debug)]
pub struct Kueue {
    objects: Objects,
    gates: Gates,
    scheduler: Scheduler,
    records: Records,
    classes: EquivalenceClasses,
    pending: Vec<One>,
    /// Ready from, workload, iteration.
    second: Vec<(Time, WorkloadId, u32)>,
    retry: Vec<super::super::ids::QuotaNodeId>,
}

impl Kueue {
    /// The state the objects describe.
    pub fn new(
        mut objects: Objects,
        configuration: &Configuration,
        gates: Gates,
        now: Time,
    ) -> Kueue {
        let mut scheduler = Scheduler::new(&objects, configuration, gates);
        scheduler.cycle = 0;
        let workloads = std::mem::take(&mut objects.workloads);
        let mut pending = vec![
            One {
                flushed: -1,
                ..One::default()
            };
            objects.cluster_queues.len()
        ];
        for queue in &objects.cluster_queues {
            if let Some(id) = scheduler.quota.names().cluster_queue(&queue.name) {
                pending[id.index()].strict =
                    queue.strategy == super::super::objects::QueueingStrategy::StrictFifo;
            }
        }
        let mut kueue = Kueue {
            objects,
            gates,
            scheduler,
            records: Records::default(),
            classes: EquivalenceClasses::default(),
            pending,
            second: Vec::new(),
            retry: Vec::new(),
        };
        for workload in workloads {
            kueue.arrive(workload, now);
        }
        for one in &mut kueue.second {
            one.0 = now;
        }
        kueue.retry.clear();
        kueue
    }

    fn record(&mut self, object: Workload) -> WorkloadId {
        let (shape, requests) = self.scheduler.compile(&object);
        let names = self.scheduler.quota.names();
        let local_queue = names.local_queue(&object.namespace, &object.queue);
        let door = self.objects.local_queues.iter();
        let door = door.filter(|one| one.namespace == object.namespace && one.name == object.queue);
        let queue = door
            .map(|one| names.cluster_queue(&one.cluster_queue))
            .next()
            .flatten();
        let namespaces = self.objects.namespaces.iter();
        let namespace = namespaces
            .map(|one| &one.name)
            .position(|one| *one == object.namespace);
        let record = Record {
            queue,
            local_queue,
            namespace: namespace.and_then(|one| u32::try_from(one).ok()),
            priority: effective_priority(&object, &self.gates),
            queued: queue_order_timestamp(
                &object,
                &self.gates,
                self.scheduler.configuration.requeuing_timestamp,
            ),
            shape,
            class: self.classes.class(&object, &requests, &self.gates),
            last: None,
            why: None,
            above_limits: above_limits(&object),
            gone: false,
            object,
        };
        self.records.push(record)
    }

    /// A workload arrives.
    pub fn arrive(&mut self, object: Workload, now: Time) -> WorkloadId {
        let id = self.record(object);
        let record = &self.records[id];
        if record.object.is("Finished") || record.object.inactive {
            return id;
        }
        if record.reserved() {
            let object = record.object.clone();
            self.scheduler.hold(id, &object);
            if needs_second_pass(&object) {
                self.second.push((now + second_pass_delay(1), id, 1));
            }
            return id;
        }
        self.push(id, now);
        id
    }

    fn item(&self, id: WorkloadId) -> Option<(ClusterQueueId, Item)> {
        let record = &self.records[id];
        let queue = record.queue?;
        let serves = record
            .namespace
            .is_some_and(|one| self.scheduler.queues[queue.index()].serves[one as usize]);
        Some((
            queue,
            Item {
                workload: id,
                priority: record.priority,
                queued: record.queued,
                uid: record.object.uid.clone(),
                class: record.class.map(|one| one.0),
                generation: record.object.generation,
                serves,
            },
        ))
    }

    fn push(&mut self, id: WorkloadId, now: Time) {
        let record = &self.records[id];
        if !is_admissible(&record.object, &self.gates)
            || (self.gates.concurrent_admission && record.object.is_variant_parent())
        {
            return;
        }
        let expired = backoff_expired(&record.object, now);
        if let Some((queue, item)) = self.item(id) {
            self.pending[queue.index()].push(item, expired);
        }
    }

    fn request_retry(&mut self, id: WorkloadId) {
        if let Some(queue) = self.records[id].queue {
            self.retry_queue(queue);
        }
    }

    fn retry_queue(&mut self, queue: ClusterQueueId) {
        let root = self.scheduler.quota.root(queue.into());
        self.retry.push(root);
    }

    /// A workload finished.
    pub fn finish(&mut self, id: WorkloadId, now: Time) {
        set_condition(
            &mut self.records[id].object,
            "Finished",
            true,
            "Succeeded",
            now,
        );
        self.leave(id);
        self.request_retry(id);
    }

    fn leave(&mut self, id: WorkloadId) {
        self.scheduler.release(id);
        if let Some(queue) = self.records[id].queue {
            self.pending[queue.index()].delete(id);
        }
        self.second.retain(|(_, one, _)| *one != id);
    }

    /// A workload that was told to leave has stopped.
    pub fn eviction_complete(&mut self, id: WorkloadId, now: Time) {
        let object = &mut self.records[id].object;
        set_condition(object, "QuotaReserved", false, "Pending", now);
        set_condition(object, "Admitted", false, "NoReservation", now);
        set_condition(object, "Requeued", true, "Preempted", now);
        object.admission = None;
        self.scheduler.release(id);
        self.second.retain(|(_, one, _)| *one != id);
        self.renew(id);
        self.records[id].last = None;
        self.push(id, now);
        self.request_retry(id);
    }

    /// Compiles a workload anew, whose object has changed.
    fn renew(&mut self, id: WorkloadId) {
        let object = self.records[id].object.clone();
        let (shape, requests) = self.scheduler.compile(&object);
        let class = self.classes.class(&object, &requests, &self.gates);
        let requeuing = self.scheduler.configuration.requeuing_timestamp;
        let record = &mut self.records[id];
        record.shape = shape;
        record.class = class;
        record.priority = effective_priority(&object, &self.gates);
        record.queued = queue_order_timestamp(&object, &self.gates, requeuing);
    }

    /// Pods of a workload have ended.
    pub fn reclaim(&mut self, id: WorkloadId, pods: BTreeMap<String, i32>, now: Time) {
        self.records[id].object.reclaimable = pods;
        if self.records[id].reserved() {
            let object = self.records[id].object.clone();
            self.scheduler.hold(id, &object);
            self.request_retry(id);
        } else {
            self.renew(id);
            self.push(id, now);
        }
    }

    /// A workload is deleted.
    pub fn delete(&mut self, id: WorkloadId) {
        self.leave(id);
        self.request_retry(id);
        self.records[id].gone = true;
    }

    /// Serves all retries that were requested.
    pub fn flush(&mut self) {
        let retry = std::mem::take(&mut self.retry);
        for index in 0..self.pending.len() {
            let root = self
                .scheduler
                .quota
                .root(ClusterQueueId::from(index).into());
            if retry.contains(&root) {
                self.pending[index].flush();
            }
        }
    }

    /// One scheduling cycle.
    pub fn cycle(&mut self, now: Time) -> Cycle {
        let mut heads = Vec::new();
        let (ready, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.second)
            .into_iter()
            .partition(|one| one.0 <= now);
        self.second = rest;
        let mut iterations = BTreeMap::new();
        for (_, id, iteration) in ready {
            let queue = self.scheduler.holders.find(id).map(|one| one.cluster_queue);
            if let Some(cluster_queue) = queue {
                iterations.insert(id, iteration);
                heads.push(Head {
                    workload: id,
                    cluster_queue,
                    is_preemptor: false,
                });
            }
        }
        for index in 0..self.pending.len() {
            let queue = ClusterQueueId::from(index);
            if !self.scheduler.queues[index].inactive.is_empty() {
                continue;
            }
            if let Some(item) = self.pending[index].pop() {
                let is_preemptor = self.pending[index].is_preemptor(&item);
                heads.push(Head {
                    workload: item.workload,
                    cluster_queue: queue,
                    is_preemptor,
                });
            }
        }
        if heads.is_empty() {
            return Cycle::default();
        }
        let mut cycle = self.scheduler.schedule(&mut self.records, &heads, now);
        for one in &cycle.admitted {
            if let Some(queue) = self.records[one.workload].queue {
                self.pending[queue.index()].delete(one.workload);
            }
        }
        for slice in &cycle.replaced {
            self.retry_queue_of(*slice);
        }
        let mut kept = Vec::new();
        for one in std::mem::take(&mut cycle.requeued) {
            let id = one.workload;
            let object = &self.records[id].object;
            if needs_second_pass(object) {
                let iteration = iterations.get(&id).copied().unwrap_or(0) + 1;
                self.second
                    .push((now + second_pass_delay(iteration), id, iteration));
                continue;
            }
            if !is_admissible(object, &self.gates) {
                continue;
            }
            let expired = backoff_expired(object, now);
            let pending = self.records[id]
                .last
                .as_ref()
                .is_some_and(|last| last.pending_flavors());
            if let Some((queue, item)) = self.item(id) {
                self.pending[queue.index()].requeue(item, one.reason, pending, expired);
            }
            let why = (one.quota_reserved_reason, one.explanation.clone());
            let record = &mut self.records[id];
            if record.why.as_ref() != Some(&why) {
                record.why = Some(why);
                if !self.gates.flavor_fungibility_preserve_scan_progress {
                    record.last = None;
                }
            }
            kept.push(one);
        }
        cycle.requeued = kept;
        cycle
    }

    fn retry_queue_of(&mut self, id: WorkloadId) {
        self.request_retry(id);
    }

    /// A workload by namespace and name.
    pub fn find(&self, namespace: &str, name: &str) -> Option<WorkloadId> {
        self.records.find(namespace, name)
    }

    /// The object of a workload.
    pub fn workload(&self, id: WorkloadId) -> &Workload {
        &self.records[id].object
    }

    /// What a workload was given.
    pub fn admission(&self, id: WorkloadId) -> Option<&Admission> {
        self.records[id].object.admission.as_ref()
    }

    /// Quota and its use.
    pub fn quota(&self) -> &Quota {
        &self.scheduler.quota
    }

    /// Active workloads of a ClusterQueue, in order, and inadmissible ones.
    pub fn queue(&self, queue: ClusterQueueId) -> (Vec<WorkloadId>, Vec<WorkloadId>) {
        let one = &self.pending[queue.index()];
        (
            one.order(),
            one.inadmissible.iter().map(|one| one.workload).collect(),
        )
    }
}
