//! What was decided, written down: into objects, into quota, into what the cycle reports.

use super::super::ids::WorkloadId;
use super::super::objects::{Admission, PodSetAssignment, Workload};
use super::super::pending::RequeueReason;
use super::super::workload::is_evicted;
use super::entry::{Decision, Entry};
use super::outcome::{Admitted, Cycle, EntryStatus, EvictionReason, Preempted, Requeued};
use super::record::{Record, Records, set_condition};
use super::scheduler::Scheduler;
use crate::units::Time;

impl Scheduler {
    /// Writes down what was decided about an entry.
    pub(super) fn carry_out(
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
                let reason = EvictionReason::FlavorMigration;
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
    pub(super) fn evict(&mut self, object: &mut Workload, id: WorkloadId, reason: &str, now: Time) {
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
pub(super) fn put_back(records: &mut Records, entry: &mut Entry, cycle: &mut Cycle) {
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
