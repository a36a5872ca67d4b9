//! Admission fair sharing within the cycle: who used how much, and who is charged when.

use super::super::ids::{LocalQueueId, WorkloadId};
use super::kueue::Kueue;
use crate::kube::Resources;
use crate::units::Time;

impl Kueue {
    /// What a LocalQueue used in the past, as its status says: in the integers requests are counted
    /// in. Nothing happens without admission fair sharing, or if there is no such LocalQueue.
    pub fn set_local_queue_usage(
        &mut self,
        namespace: &str,
        name: &str,
        consumed: &Resources,
        now: Time,
    ) {
        let door = self.scheduler.quota.names().local_queue(namespace, name);
        if let (Some(ledger), Some(door)) = (&mut self.ledger, door) {
            ledger.set_consumed(door, consumed, now);
        }
    }

    /// When the use of LocalQueues is to be sampled next, if that counts at all.
    pub fn next_sample(&self, now: Time) -> Option<Time> {
        let ledger = self.ledger.as_ref()?;
        let doors = self.sharing_doors();
        doors.map(|door| ledger.next_sample(door, now)).min()
    }

    /// Samples the use of the LocalQueues that are due. O(LocalQueues + workloads that hold quota
    /// of those due).
    pub fn sample(&mut self, now: Time) {
        let doors: Vec<LocalQueueId> = self.sharing_doors().collect();
        for door in doors {
            let admitted = self.admitted_usage(door);
            if let Some(ledger) = &mut self.ledger
                && ledger.next_sample(door, now) <= now
            {
                ledger.sample(door, &admitted, now);
            }
        }
    }

    /// LocalQueues whose use counts.
    fn sharing_doors(&self) -> impl Iterator<Item = LocalQueueId> + '_ {
        let doors = (0..self.scheduler.quota.names().local_queues()).map(LocalQueueId::from);
        let counts = |door: &LocalQueueId| {
            let ledger = self.ledger.as_ref();
            ledger.is_some_and(|ledger| ledger.takes_part(*door))
        };
        doors.filter(counts)
    }

    /// By LocalQueue: what it used, as far as that decides which of its workloads goes first.
    pub(super) fn used(&self) -> impl Fn(LocalQueueId) -> f64 + Copy + '_ {
        let ledger = self.ledger.as_ref();
        move |door| ledger.map_or(0.0, |ledger| ledger.used(door))
    }

    /// A workload got its quota: its LocalQueue is charged.
    pub(super) fn charge(&mut self, id: WorkloadId, now: Time) {
        let record = &self.records[id];
        let Some(ledger) = &mut self.ledger else {
            return;
        };
        let Some(door) = record.local_queue.filter(|door| ledger.takes_part(*door)) else {
            return;
        };
        let queue = record
            .queue
            .map(|queue| &self.scheduler.queues[queue.index()]);
        let mut total = Resources::new();
        for (resource, amount) in record.shape.pod_sets.iter().flat_map(|one| &one.requests) {
            let declared = queue.is_some_and(|queue| queue.rules.group_of(*resource).is_some());
            if declared || !self.scheduler.ignore_undeclared {
                let name = self.scheduler.resources.name(*resource).to_owned();
                let sum = total.entry(name).or_default();
                *sum = sum.saturating_add(*amount);
            }
        }
        ledger.push_penalty(door, id, &total, now);
    }

    /// It is admitted: what it was charged becomes use.
    pub(super) fn settle(&mut self, id: WorkloadId, now: Time) {
        let Some(door) = self.sharing_door(id) else {
            return;
        };
        let admitted = self.admitted_usage(door);
        if let Some(ledger) = &mut self.ledger {
            ledger.settle(door, id, &admitted, now);
        }
    }

    /// It will not be admitted: the charge is void.
    pub(super) fn discharge(&mut self, id: WorkloadId) {
        if let Some(door) = self.sharing_door(id)
            && let Some(ledger) = &mut self.ledger
        {
            ledger.drop_penalty(door, id);
        }
    }

    fn sharing_door(&self, id: WorkloadId) -> Option<LocalQueueId> {
        let ledger = self.ledger.as_ref()?;
        let door = self.records[id].local_queue?;
        ledger.takes_part(door).then_some(door)
    }

    /// What the admitted workloads of a LocalQueue use.
    fn admitted_usage(&self, door: LocalQueueId) -> Resources {
        let mut sum = Resources::new();
        let Some(queue) = self.scheduler.behind(door) else {
            return sum;
        };
        let names = self.scheduler.quota.names();
        for (id, holder) in self.scheduler.holders.of_cluster_queue(queue) {
            if holder.local_queue != Some(door) || !self.records[id].object.is("Admitted") {
                continue;
            }
            for (fr, amount) in &holder.usage {
                let (_, resource) = names.parts(*fr);
                let total = sum
                    .entry(names.resource_name(resource).to_owned())
                    .or_default();
                *total = total.saturating_add(amount.0);
            }
        }
        sum
    }
}
