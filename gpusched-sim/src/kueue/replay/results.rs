//! The end of a replay: what became of everything.

use super::live::{Live, Phase};
use super::machine::Machine;
use super::outcome::{Outcome, QueueRun, State, Waiting, WorkloadRun};
use gpusched_core::queueing::kueue::cycle::QuotaReservedReason;
use gpusched_core::queueing::kueue::ids::ClusterQueueId;
use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::queueing::kueue::status::Status;
use gpusched_core::units::{Span, Time};

impl Machine<'_> {
    /// What became of everything.
    pub(super) fn outcome(self) -> Outcome {
        let status = Status::new(self.objects, self.gates);
        let mut workloads = Vec::with_capacity(self.live.len() + self.coming.len());
        for (at, live) in self.live.iter().enumerate() {
            let object = match live.id {
                Some(id) => self.kueue.workload(id),
                None => &self.turned_away[&(at as u32)],
            };
            workloads.push(self.workload(object, at, live, &status));
        }
        for job in self.coming.iter().rev() {
            workloads.push(WorkloadRun {
                namespace: job.workload.namespace.clone(),
                name: job.workload.name.clone(),
                queue: None,
                resident: false,
                arrival: job.arrival,
                first_admitted: None,
                last_admitted: None,
                finished: None,
                admissions: 0,
                evictions: 0,
                lost: Span::ZERO,
                state: State::NotArrived,
            });
        }
        let circling = self.circling.map(|at| at as usize);
        let (uses, shares, series) = self.meter.finish(self.kueue.quota(), self.end);
        let names = self.kueue.quota().names();
        let queues = uses.into_iter().zip(self.evictions).enumerate();
        let mut queues: Vec<QueueRun> = queues
            .map(|(at, (usage, evictions))| QueueRun {
                name: names
                    .cluster_queue_name(ClusterQueueId::from(at))
                    .to_owned(),
                workloads: 0,
                admissions: 0,
                finished: 0,
                evictions,
                waits: Vec::new(),
                usage,
                mean_share: shares.as_ref().map(|shares| shares[at]),
            })
            .collect();
        for one in &workloads {
            let Some(queue) = one.queue else { continue };
            let queue = &mut queues[queue];
            queue.workloads += 1;
            queue.admissions += u64::from(one.admissions);
            queue.finished += u64::from(one.state == State::Finished);
            if !one.resident {
                queue.waits.extend(one.wait());
            }
        }
        for queue in &mut queues {
            queue.waits.sort_unstable();
        }
        Outcome {
            workloads,
            queues,
            changes: self.changes,
            series,
            cycles: self.cycles,
            idle_cycles: self.idle_cycles,
            end: Time((self.end - self.start).0),
            circling,
        }
    }

    fn workload(
        &self,
        object: &Workload,
        at: usize,
        live: &Live,
        status: &Status<'_>,
    ) -> WorkloadRun {
        let since_start = |at: Time| Time((at - self.start).0);
        WorkloadRun {
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            queue: live.queue.map(ClusterQueueId::index),
            resident: at < self.residents,
            arrival: since_start(live.arrival),
            first_admitted: live.first_admitted.map(since_start),
            last_admitted: live.began.map(since_start),
            finished: live.finished.map(since_start),
            admissions: live.admissions,
            evictions: live.evictions,
            lost: live.lost,
            state: match live.phase {
                Phase::Away | Phase::Waiting => State::Pending(self.waiting(object, live, status)),
                Phase::Reserved => State::Reserved,
                Phase::Running => State::Running,
                Phase::Leaving => State::Leaving,
                Phase::Finished => State::Finished,
            },
        }
    }

    /// Why a workload waits: what keeps it out, or else what the last cycle it was in found.
    fn waiting(&self, object: &Workload, live: &Live, status: &Status<'_>) -> Waiting {
        if object.inactive {
            return Waiting {
                reason: "Deactivated",
                message: String::new(),
            };
        }
        if live.id.is_some_and(|id| self.is_held(id)) {
            return Waiting {
                reason: "WaitingForPodsReady",
                message: "waiting for all admitted workloads to be in PodsReady condition"
                    .to_owned(),
            };
        }
        if let Some(blocked) = status.workload(object) {
            return Waiting {
                reason: blocked.reason(),
                message: String::new(),
            };
        }
        let why = live.id.and_then(|id| self.kueue.why(id));
        let reason = why.and_then(|(reason, _)| *reason);
        let message = live.id.and_then(|id| self.kueue.explain(id));
        Waiting {
            reason: reason
                .unwrap_or(QuotaReservedReason::PendingEvaluation)
                .as_str(),
            message: message.unwrap_or_default(),
        }
    }
}
