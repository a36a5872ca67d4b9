//! What each LocalQueue used.

use super::super::ids::{LocalQueueId, WorkloadId};
use super::super::preemption::LocalQueueUse;
use super::super::quota::Names;
use super::super::{AdmissionFairSharing, Objects};
use super::decay::{alpha, scaled};
use crate::kube::Resources;
use crate::units::{Span, Time};
use std::collections::BTreeMap;

/// Amounts by resource in nano-units of its standard unit: cores, bytes, pieces.
type Amounts = BTreeMap<String, i128>;

#[derive(Clone, Debug)]
struct Entry {
    consumed: Amounts,
    /// Charged for workloads that have quota and are not admitted yet.
    penalties: BTreeMap<WorkloadId, Amounts>,
    /// When `consumed` decayed last; `None` = nothing is known yet.
    updated: Option<Time>,
    /// Weighted sum of all of it, divided by the weight of the queue.
    used: f64,
    weight: f64,
    /// The ClusterQueue behind it shares admission fairly.
    takes_part: bool,
    /// A number that LocalQueues of one name have in common.
    name: u32,
}

/// The use of all LocalQueues. Reading it is O(1); changing it is linear in the resources and
/// penalties of one queue.
///
/// Source: `pkg/cache/queue/afs` and `pkg/util/admissionfairsharing`.
#[derive(Clone, Debug)]
pub struct UsageLedger {
    half_life: Span,
    sampling: Span,
    weights: BTreeMap<String, f64>,
    entries: Vec<Entry>,
}

impl UsageLedger {
    /// Nothing was used yet. Ids of LocalQueues are those of `names`.
    pub fn new(objects: &Objects, names: &Names, settings: &AdmissionFairSharing) -> UsageLedger {
        let blank = |id: usize| {
            let (_, name) = names.local_queue_name(LocalQueueId::from(id));
            let first = objects.local_queues.iter().position(|one| one.name == name);
            Entry {
                consumed: Amounts::new(),
                penalties: BTreeMap::new(),
                updated: None,
                used: 0.0,
                weight: 1.0,
                takes_part: false,
                name: first.unwrap_or(objects.local_queues.len()) as u32,
            }
        };
        let mut ledger = UsageLedger {
            half_life: settings.half_life,
            sampling: settings.sampling,
            weights: settings.weights.clone(),
            entries: (0..names.local_queues()).map(blank).collect(),
        };
        for queue in &objects.local_queues {
            if let Some(id) = names.local_queue(&queue.namespace, &queue.name) {
                let entry = &mut ledger.entries[id.index()];
                entry.weight = queue.weight();
                let mut behind = objects.cluster_queues.iter();
                let behind = behind.find(|one| one.name == queue.cluster_queue);
                entry.takes_part = behind.is_some_and(|one| one.admission_fair_sharing);
                ledger.settle_sum(id);
            }
        }
        ledger
    }

    /// What a LocalQueue used: the weighted sum over resources of what is remembered and what is
    /// charged, divided by the weight of the queue; infinite when that is not positive.
    #[inline]
    pub fn used(&self, queue: LocalQueueId) -> f64 {
        self.entries[queue.index()].used
    }

    /// The use of all LocalQueues whose ClusterQueue shares admission fairly, for the order of
    /// victims.
    pub fn uses(&self) -> Vec<Option<LocalQueueUse>> {
        let of = |entry: &Entry| LocalQueueUse {
            usage: entry.used,
            name: entry.name,
        };
        let entries = self.entries.iter();
        entries
            .map(|entry| entry.takes_part.then(|| of(entry)))
            .collect()
    }

    /// Whether the ClusterQueue behind a LocalQueue shares admission fairly.
    pub fn takes_part(&self, queue: LocalQueueId) -> bool {
        self.entries[queue.index()].takes_part
    }

    /// Takes over what is known to be used, such as from the status of the LocalQueue: in the
    /// integers requests are counted in.
    pub fn set_consumed(&mut self, queue: LocalQueueId, consumed: &Resources, now: Time) {
        let entry = &mut self.entries[queue.index()];
        entry.consumed = amounts(consumed);
        entry.updated = Some(now);
        self.settle_sum(queue);
    }

    /// A workload of a LocalQueue got its quota: it is charged a part of its total requests. What
    /// was charged for it before is forgotten.
    pub fn push_penalty(
        &mut self,
        queue: LocalQueueId,
        workload: WorkloadId,
        requests: &Resources,
        now: Time,
    ) {
        let alpha = alpha(self.sampling, self.half_life);
        let entry = &mut self.entries[queue.index()];
        entry.updated.get_or_insert(now);
        entry
            .penalties
            .insert(workload, times(&amounts(requests), alpha));
        self.settle_sum(queue);
    }

    /// It will not be admitted after all: nothing is charged for it any more.
    pub fn drop_penalty(&mut self, queue: LocalQueueId, workload: WorkloadId) {
        self.entries[queue.index()].penalties.remove(&workload);
        self.settle_sum(queue);
    }

    /// It is admitted: what is remembered decays, and what it was charged is remembered from now
    /// on. `admitted` is what all admitted workloads of the queue use.
    pub fn settle(
        &mut self,
        queue: LocalQueueId,
        workload: WorkloadId,
        admitted: &Resources,
        now: Time,
    ) {
        self.decay(queue, admitted, now);
        let entry = &mut self.entries[queue.index()];
        let penalty = entry.penalties.remove(&workload).unwrap_or_default();
        add(&mut entry.consumed, &penalty);
        self.settle_sum(queue);
    }

    /// When the use of a queue is to be sampled next; at once while something is charged.
    pub fn next_sample(&self, queue: LocalQueueId, now: Time) -> Time {
        let entry = &self.entries[queue.index()];
        let charged = entry.penalties.values().flat_map(BTreeMap::values);
        match entry.updated {
            Some(updated) if charged.sum::<i128>() == 0 => now.max(updated + self.sampling),
            _ => now,
        }
    }

    /// Samples the use of a queue: what is remembered decays towards what its admitted workloads
    /// use now. Without a half-life nothing is remembered.
    pub fn sample(&mut self, queue: LocalQueueId, admitted: &Resources, now: Time) {
        if self.half_life == Span::ZERO {
            let entry = &mut self.entries[queue.index()];
            entry.consumed.clear();
            entry.updated = Some(now);
        } else {
            self.decay(queue, admitted, now);
        }
        self.settle_sum(queue);
    }

    fn decay(&mut self, queue: LocalQueueId, admitted: &Resources, now: Time) {
        let entry = &mut self.entries[queue.index()];
        let updated = entry.updated.unwrap_or(now);
        let elapsed = (now - updated).max(Span::ZERO);
        let alpha = alpha(elapsed, self.half_life);
        entry.consumed = times(&entry.consumed, 1.0 - alpha);
        add(&mut entry.consumed, &times(&amounts(admitted), alpha));
        entry.updated = Some(updated.max(now));
    }

    fn settle_sum(&mut self, queue: LocalQueueId) {
        let entry = &mut self.entries[queue.index()];
        let mut all = entry.consumed.clone();
        for penalty in entry.penalties.values() {
            add(&mut all, penalty);
        }
        let mut sum = 0.0;
        for (resource, nanos) in &all {
            let weight = self.weights.get(resource).copied().unwrap_or(1.0);
            sum += weight * (*nanos as f64 / 1e9);
        }
        entry.used = match entry.weight > 0.0 {
            true => sum / entry.weight,
            false => f64::INFINITY,
        };
    }
}

fn amounts(requests: &Resources) -> Amounts {
    let nanos = |resource: &str, amount: i64| {
        i128::from(amount)
            * if resource == "cpu" {
                1_000_000
            } else {
                1_000_000_000
            }
    };
    let requests = requests.iter();
    requests
        .map(|(resource, amount)| (resource.clone(), nanos(resource, *amount)))
        .collect()
}

fn times(amounts: &Amounts, factor: f64) -> Amounts {
    let amounts = amounts.iter();
    amounts
        .map(|(resource, nanos)| (resource.clone(), scaled(*nanos, factor)))
        .collect()
}

fn add(to: &mut Amounts, more: &Amounts) {
    for (resource, nanos) in more {
        let sum = to.entry(resource.clone()).or_default();
        *sum = sum.saturating_add(*nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::objects::{ClusterQueue, LocalQueue};
    use super::super::super::{Objects, Quota};
    use super::*;

    const HOUR: Span = Span::from_secs(3600);

    fn ledger(half_life: Span) -> UsageLedger {
        let local_queue = |name: &str, weight| LocalQueue {
            namespace: "default".into(),
            name: name.into(),
            cluster_queue: "cq".into(),
            fair_weight: Some(weight),
            ..LocalQueue::default()
        };
        let objects = Objects {
            cluster_queues: vec![ClusterQueue {
                name: "cq".into(),
                admission_fair_sharing: true,
                ..ClusterQueue::default()
            }],
            local_queues: vec![
                local_queue("a", 1.0),
                local_queue("b", 2.0),
                local_queue("c", 0.0),
            ],
            ..Objects::default()
        };
        let settings = AdmissionFairSharing {
            half_life,
            sampling: HOUR,
            weights: [("memory".to_owned(), 0.0)].into(),
        };
        UsageLedger::new(&objects, Quota::new(&objects).names(), &settings)
    }

    fn requests(cores: i64) -> Resources {
        [
            ("cpu".to_owned(), cores * 1000),
            ("memory".to_owned(), 1 << 30),
        ]
        .into()
    }

    #[test]
    fn use_is_weighted_by_resource_and_by_queue() {
        let mut ledger = ledger(HOUR);
        for queue in 0..3 {
            ledger.set_consumed(LocalQueueId(queue), &requests(6), Time(0));
        }
        let used: Vec<f64> = (0..3)
            .map(|queue| ledger.used(LocalQueueId(queue)))
            .collect();
        assert_eq!(used, [6.0, 3.0, f64::INFINITY]);
        assert!(ledger.uses().iter().all(Option::is_some));
    }

    #[test]
    fn a_penalty_is_charged_once_and_becomes_use() {
        let mut ledger = ledger(HOUR);
        let (queue, workload) = (LocalQueueId(0), WorkloadId(7));
        ledger.push_penalty(queue, workload, &requests(8), Time(0));
        ledger.push_penalty(queue, workload, &requests(8), Time(0));
        assert_eq!(ledger.used(queue), 4.0);
        assert_eq!(ledger.next_sample(queue, Time(5)), Time(5));
        ledger.settle(queue, workload, &requests(8), Time(0));
        assert_eq!(ledger.used(queue), 4.0);
        assert_eq!(ledger.next_sample(queue, Time(5)), Time(0) + HOUR);
        ledger.sample(queue, &requests(8), Time(0) + HOUR);
        assert_eq!(ledger.used(queue), 6.0);

        ledger.push_penalty(queue, workload, &requests(8), Time(0));
        ledger.drop_penalty(queue, workload);
        assert_eq!(ledger.used(queue), 6.0);
    }

    #[test]
    fn without_a_half_life_nothing_is_remembered() {
        let mut ledger = ledger(Span::ZERO);
        let queue = LocalQueueId(0);
        ledger.set_consumed(queue, &requests(6), Time(0));
        ledger.push_penalty(queue, WorkloadId(1), &requests(8), Time(0));
        assert_eq!(ledger.used(queue), 6.0);
        ledger.sample(queue, &requests(8), Time(1));
        assert_eq!(ledger.used(queue), 0.0);
    }
}
