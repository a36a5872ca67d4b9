//! Workloads that are there when a replay begins.

use super::live::{Event, Live, Phase};
use super::machine::Machine;
use super::outcome::Eviction;
use gpusched_core::queueing::kueue::Objects;
use gpusched_core::queueing::kueue::cycle::EvictionReason;
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, WorkloadId};
use gpusched_core::queueing::kueue::objects::{StopPolicy, Workload};
use gpusched_core::units::{Span, Time};
use std::cmp::Reverse;

impl Machine<'_> {
    /// Takes note of a workload that is there at the start.
    pub(super) fn settle(&mut self, object: &Workload) {
        let at = self.live.len() as u32;
        let id = WorkloadId::from(self.live.len());
        let names = self.kueue.quota().names();
        let door = names.local_queue(&object.namespace, &object.queue);
        let behind = door.and_then(|door| self.doors[door.index()].queue);
        let holds = object.admission.as_ref();
        let holds = holds.and_then(|one| names.cluster_queue(&one.cluster_queue));
        let limit = object
            .max_execution_s
            .map(|limit| Span::from_secs(limit.saturating_sub(object.past_execution_s).max(0)));
        let runs = self.options.runs.get(at as usize).copied().flatten();
        let mut live = Live {
            id: Some(id),
            queue: holds.or(behind),
            arrival: object.created.min(self.start),
            run: runs,
            limit,
            ..Live::default()
        };
        let now = self.start;
        live.phase = if object.is("Finished") {
            Phase::Finished
        } else if !object.is("QuotaReserved") {
            Phase::Waiting
        } else {
            Phase::Reserved
        };
        self.place(id, at);
        let mut pods = None;
        if live.phase == Phase::Reserved {
            let admitted = object.condition("Admitted").filter(|one| one.status);
            if object.is("Evicted") {
                live.phase = Phase::Leaving;
                let gone = now + self.constants.grace;
                self.events.push(Reverse((gone, Event::Gone(at, 0))));
            } else if let Some(admitted) = admitted {
                live.phase = Phase::Running;
                live.began = Some(admitted.at);
                live.first_admitted = Some(admitted.at);
                live.admissions = 1;
                pods = Some(admitted.at);
            } else {
                let checked = now + self.constants.checks;
                self.events.push(Reverse((checked, Event::Checked(at, 0))));
            }
        }
        self.live.push(live);
        match pods {
            Some(since) => self.settle_pods(at, object, since),
            None if object.is("QuotaReserved") && !object.is("Finished") => {
                self.starts(at, !object.is("PodsReady"));
            }
            None if !object.is("Finished") && !object.inactive => self.await_backoff(at, id),
            None => {}
        }
    }

    /// Who was admitted by a queue that is drained has to leave at once; of two stopped ones the
    /// LocalQueue is to blame.
    pub(super) fn drain(&mut self) {
        let queues = self.objects.cluster_queues.iter();
        let drained = queues.filter(|one| one.stop_policy == StopPolicy::HoldAndDrain);
        let names = self.kueue.quota().names();
        let drained: Vec<ClusterQueueId> = drained
            .filter_map(|one| names.cluster_queue(&one.name))
            .collect();
        let objects = self.objects;
        for (at, object) in (0u32..).zip(&objects.workloads) {
            let names = self.kueue.quota().names();
            let door = names.local_queue(&object.namespace, &object.queue);
            let live = &self.live[at as usize];
            let reason = match live.queue {
                _ if live.phase != Phase::Running => continue,
                _ if door.is_some_and(|door| self.doors[door.index()].drains) => {
                    EvictionReason::LocalQueueStopped
                }
                Some(queue) if drained.contains(&queue) => EvictionReason::ClusterQueueStopped,
                _ => continue,
            };
            let Some(id) = live.id else { continue };
            self.kueue.evict(id, reason, self.start);
            let known = self.api.write(self.start);
            self.tell(at, Eviction::Evicted(reason), known);
        }
    }
}

/// The latest time the workloads of a cluster speak of; 0 when there are none.
pub(super) fn start(objects: &Objects) -> Time {
    let times = objects.workloads.iter().flat_map(|one| {
        let conditions = one.conditions.iter().map(|condition| condition.at);
        conditions.chain([one.created])
    });
    times.max().unwrap_or(Time::ZERO).max(Time::ZERO)
}
