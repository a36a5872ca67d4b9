//! One cycle over given heads.

use super::super::entries::{Entry as Place, Tournament, classical_order};
use super::super::flavors::{Flavors, RequestedResources, Shape};
use super::super::ids::{ClusterQueueId, LocalQueueId, WorkloadId};
use super::super::objects::{Admission, PodSetAssignment, Workload};
use super::super::pending::{Head, Pending, RequeueReason};
use super::super::preemption::{Holder, Holders, LocalQueueUse, Preemptor};
use super::super::requests::{PodSetRequests, total_requests};
use super::super::topology::Topologies;
use super::super::workload::is_evicted;
use super::super::{Configuration, Gates, Objects, Quota, QuotaCheckStrategy};
use super::entry::{Decision, Entry};
use super::fits::NetUsage;
use super::outcome::{Admitted, Cycle, EntryStatus, Preempted, Requeued};
use super::queue::Queue;
use super::record::{Record, Records, set_condition};
use crate::units::Time;
use std::sync::Arc;

/// Everything decisions are made with, but for the queues of pending workloads.
#[derive(Clone, Debug)]
pub(super) struct Scheduler {
    pub(super) gates: Gates,
    pub(super) configuration: Configuration,
    pub(super) fair_sharing: bool,
    pub(super) ignore_undeclared: bool,
    pub(super) quota: Quota,
    pub(super) holders: Holders,
    pub(super) preemptor: Preemptor,
    pub(super) flavors: Flavors,
    pub(super) resources: RequestedResources,
    /// By ClusterQueue.
    pub(super) queues: Vec<Queue>,
    pub(super) topologies: Topologies,
    /// By LocalQueue: the ClusterQueue behind it, if there is one.
    doors: Vec<Option<ClusterQueueId>>,
    /// By LocalQueue: what it used, where that counts.
    pub(super) local_queues: Vec<Option<LocalQueueUse>>,
    /// Cycles so far.
    pub(super) cycle: u64,
}

impl Scheduler {
    pub(super) fn new(objects: &Objects, configuration: &Configuration, gates: Gates) -> Scheduler {
        let mut quota = Quota::new(objects);
        let names = quota.names();
        let flavors = Flavors::new(objects, names);
        let mut queues = vec![Queue::default(); names.cluster_queues()];
        for queue in &objects.cluster_queues {
            if let Some(id) = names.cluster_queue(&queue.name) {
                queues[id.index()] = Queue::new(queue, objects, names, &flavors, gates);
            }
        }
        let mut doors = vec![None; names.local_queues()];
        for door in &objects.local_queues {
            if let Some(id) = names.local_queue(&door.namespace, &door.name) {
                doors[id.index()] = names.cluster_queue(&door.cluster_queue);
            }
        }
        let preemptor = Preemptor::new(objects, names, configuration, &gates);
        let resources = RequestedResources::new(names);
        let topologies = Topologies::new(objects, &flavors, names, gates);
        for (index, queue) in queues.iter_mut().enumerate() {
            let id = ClusterQueueId::from(index);
            if quota.has_cycle(id.into()) {
                queue.inactive.push(super::InactiveReason::CohortCycle);
            }
            quota.set_active(id, queue.inactive.is_empty());
        }
        Scheduler {
            gates,
            fair_sharing: configuration.fair_sharing.is_some(),
            ignore_undeclared: gates.quota_check_strategy
                && configuration.resources.quota_check == QuotaCheckStrategy::IgnoreUndeclared,
            configuration: configuration.clone(),
            quota,
            holders: Holders::new(),
            preemptor,
            flavors,
            resources,
            queues,
            topologies,
            doors,
            local_queues: Vec::new(),
            cycle: 0,
        }
    }

    /// Effective requests of a workload.
    pub(super) fn requests(&self, object: &Workload) -> Vec<PodSetRequests> {
        total_requests(object, &self.configuration.resources, self.gates)
    }

    /// Compiles what a workload asks for.
    pub(super) fn shape(&mut self, object: &Workload, requests: &[PodSetRequests]) -> Shape {
        let allowed = match self.gates.concurrent_admission {
            true => object.allowed_flavors(),
            false => None,
        };
        Shape::new(
            &object.pod_sets,
            requests,
            allowed.as_deref(),
            &self.flavors,
            self.quota.names(),
            &mut self.resources,
        )
    }

    /// Compiles what a workload holds.
    pub(super) fn reserved_shape(&mut self, object: &Workload) -> Arc<Shape> {
        let requests = self.requests(object);
        Arc::new(self.shape(object, &requests))
    }

    /// The ClusterQueue behind a LocalQueue.
    pub(super) fn behind(&self, door: LocalQueueId) -> Option<ClusterQueueId> {
        self.doors[door.index()]
    }

    /// Counts what a workload holds by its object, in place of what it held before.
    pub(super) fn hold(&mut self, id: WorkloadId, object: &Workload) {
        self.release(id);
        let requests = self.requests(object);
        let requeuing = self.configuration.requeuing_timestamp;
        let names = self.quota.names();
        let Some(holder) = Holder::new(object, &requests, names, &self.gates, requeuing) else {
            return;
        };
        self.quota.add_usages(holder.cluster_queue, &holder.usage);
        self.holders.insert(id, holder);
        if self.gates.topology_aware_scheduling {
            let usage = self.topologies.usage_of(object, self.quota.names());
            self.topologies.hold(id, usage);
        }
    }

    /// A workload holds nothing any more. Its ClusterQueue may have room again.
    pub(super) fn release(&mut self, id: WorkloadId) {
        self.topologies.release(id);
        if let Some(holder) = self.holders.remove(id) {
            self.quota
                .remove_usages(holder.cluster_queue, &holder.usage);
            self.queues[holder.cluster_queue.index()].generation += 1;
        }
    }

    /// One cycle: every head is admitted, makes others leave, or is to be put back.
    pub(super) fn schedule(
        &mut self,
        records: &mut Records,
        pending: &Pending,
        heads: &[Head],
        now: Time,
    ) -> Cycle {
        self.cycle += 1;
        let (mut entries, refused) = self.nominate(records, pending, heads, now);
        let quota = self.quota.begin();
        let places = self.topologies.begin();
        let order = self.process_all(records, &mut entries, now);
        self.quota.rollback(quota);
        self.topologies.rollback(places);
        let mut cycle = Cycle::default();
        for at in order {
            self.carry_out(records, &mut entries[at], &mut cycle, now);
        }
        // Of two heads of one ClusterQueue fair sharing considers the later only.
        for entry in &mut entries {
            let seen = cycle.processed.contains(&entry.candidate.workload);
            if !seen {
                put_back(records, entry, &mut cycle);
            }
        }
        cycle.requeued.extend(refused);
        cycle
    }

    /// Decides about all entries; the result is the order that was done in.
    fn process_all(&mut self, records: &Records, entries: &mut [Entry], now: Time) -> Vec<usize> {
        let names: Vec<String> = entries
            .iter()
            .map(|entry| records[entry.candidate.workload].object.key())
            .collect();
        let usage: Vec<NetUsage> = entries
            .iter()
            .map(|entry| self.net_usage(&entry.candidate, &entry.nomination))
            .collect();
        let places: Vec<Place<'_>> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| Place {
                cluster_queue: entry.candidate.queue,
                name: &names[at],
                has_quota_reservation: entry.candidate.reserved,
                is_preemptor: entry.is_preemptor,
                borrowing_level: entry.nomination.assignment.borrowing_level,
                priority: entry.candidate.priority,
                queued: entry.candidate.queued,
                usage: &usage[at].quota,
            })
            .collect();
        let mut preempted = Vec::new();
        if !self.fair_sharing {
            let order = classical_order(&places, &self.gates);
            for at in &order {
                self.process(records, &mut entries[*at], &mut preempted, now);
            }
            return order;
        }
        let gates = self.gates;
        let mut tournament = Tournament::new(&places, &self.quota, &gates);
        let mut order = Vec::with_capacity(entries.len());
        while let Some(at) = tournament.next(&mut self.quota) {
            self.process(records, &mut entries[at], &mut preempted, now);
            order.push(at);
        }
        order
    }

    /// Writes down what was decided about an entry.
    fn carry_out(
        &mut self,
        records: &mut Records,
        entry: &mut Entry,
        cycle: &mut Cycle,
        now: Time,
    ) {
        let workload = entry.candidate.workload;
        cycle.processed.push(workload);
        match entry.decision {
            Decision::Admit => {
                if let Some(slice) = entry.nomination.slice {
                    set_condition(
                        &mut records[slice].object,
                        "Finished",
                        true,
                        "WorkloadSliceReplaced",
                        now,
                    );
                    self.release(slice);
                    cycle.replaced.push(slice);
                }
                let admitted = self.admit(&mut records[workload], workload, entry, now);
                cycle.admitted.push(Admitted { workload, admitted });
                return;
            }
            Decision::Evict(reason) => {
                self.evict(
                    &mut records[workload].object,
                    workload,
                    &reason.to_string(),
                    now,
                );
                cycle.evicted.push((workload, reason));
                return;
            }
            Decision::Migrate(victim) => {
                let reason = super::EvictionReason::FlavorMigration;
                self.evict(
                    &mut records[victim].object,
                    victim,
                    &reason.to_string(),
                    now,
                );
                cycle.evicted.push((victim, reason));
            }
            Decision::Preempt => {
                for target in &entry.nomination.victims {
                    let victim = &mut records[target.workload].object;
                    if is_evicted(victim) {
                        continue;
                    }
                    set_condition(victim, "Preempted", true, &target.reason.to_string(), now);
                    self.evict(victim, target.workload, "Preempted", now);
                    cycle.preempted.push(Preempted {
                        workload: target.workload,
                        reason: target.reason,
                        preemptor: workload,
                    });
                }
            }
            Decision::Requeue => {}
        }
        put_back(records, entry, cycle);
    }

    /// Tells a workload to leave. It keeps what it holds until it has stopped.
    fn evict(&mut self, object: &mut Workload, id: WorkloadId, reason: &str, now: Time) {
        set_condition(object, "Evicted", true, reason, now);
        self.holders.set_evicted(id);
        if let Some(holder) = self.holders.find(id) {
            self.queues[holder.cluster_queue.index()].generation += 1;
        }
    }

    /// Gives a workload its quota, and admits it if nothing else is to be waited for.
    fn admit(&mut self, record: &mut Record, id: WorkloadId, entry: &Entry, now: Time) -> bool {
        let queue = entry.candidate.queue;
        let names = self.quota.names();
        let assignment = &entry.nomination.assignment;
        let mut pod_sets: Vec<PodSetAssignment> = Vec::with_capacity(assignment.pod_sets.len());
        let mut order: Vec<_> = assignment.pod_sets.iter().collect();
        order.sort_by_key(|one| one.pod_set);
        for one in order {
            let flavors = one.flavors.iter().map(|flavor| {
                let resource = self.resources.name(flavor.resource).to_owned();
                (resource, names.flavor_name(flavor.flavor).to_owned())
            });
            let usage = one.flavors.iter().map(|flavor| {
                let amount = one.requests.iter().find(|(id, _)| *id == flavor.resource);
                let resource = self.resources.name(flavor.resource).to_owned();
                (resource, amount.map_or(0, |(_, amount)| *amount))
            });
            let place = entry.nomination.places.get(one.pod_set);
            pod_sets.push(PodSetAssignment {
                name: entry.candidate.shape.pod_sets[one.pod_set].name.clone(),
                flavors: flavors.collect(),
                usage: usage.collect(),
                count: one.count,
                topology: place.map(|place| place.assignment.clone()),
                delayed: one.delayed,
            });
        }
        let object = &mut record.object;
        object.admission = Some(Admission {
            cluster_queue: names.cluster_queue_name(queue).to_owned(),
            pod_sets,
        });
        set_condition(object, "QuotaReserved", true, "QuotaReserved", now);
        for kind in ["Evicted", "Preempted", "BlockedOnPreemptionGates"] {
            if object.is(kind) {
                set_condition(object, kind, false, "QuotaReserved", now);
            }
        }
        object.unhealthy_nodes.clear();
        let admitted = self.queues[queue.index()].admits(object);
        if admitted {
            set_condition(object, "Admitted", true, "Admitted", now);
        }
        record.why = None;
        let object = std::mem::take(&mut record.object);
        self.hold(id, &object);
        record.object = object;
        self.queues[queue.index()].generation += 1;
        admitted
    }
}

/// Puts a head that was not admitted back.
fn put_back(records: &mut Records, entry: &mut Entry, cycle: &mut Cycle) {
    let workload = entry.candidate.workload;
    if entry.status != EntryStatus::NotNominated && entry.reason == RequeueReason::Generic {
        entry.reason = RequeueReason::FailedAfterNomination;
    }
    records[workload].last = entry.candidate.last.take();
    cycle.requeued.push(Requeued {
        workload,
        cluster_queue: entry.candidate.queue,
        reason: entry.reason,
        status: entry.status,
        quota_reserved_reason: entry.quota_reserved_reason,
        explanation: std::mem::take(&mut entry.explanation),
    });
}
