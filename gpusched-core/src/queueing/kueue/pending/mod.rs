//! Workloads that wait: the queue of each ClusterQueue.
//!
//! A pending workload is in exactly one place of its queue: *active* (in queue order),
//! *inadmissible* (tried, and not tried again until something changed), or *in flight* (popped for
//! the current cycle). Source: `pkg/cache/queue` upstream.
//!
//! | file | what |
//! |---|---|
//! | `workload` | what queues know of a workload |
//! | `lanes`, `heap` | where workloads are kept |
//! | `reason` | why a head is put back |
//! | `retries` | when inadmissible workloads are tried again |
//! | `second_pass` | workloads with quota that wait for places |

mod heap;
mod lanes;
mod reason;
mod retries;
mod second_pass;
#[cfg(test)]
mod tests;
mod workload;

pub use reason::RequeueReason;
pub use retries::Retries;
pub use second_pass::SecondPassQueue;
pub use workload::PendingWorkload;

use super::ids::{ClusterQueueId, LocalQueueId, NamespaceId, WorkloadId};
use super::objects::{ClusterQueue, QueueingStrategy};
use super::quota::Names;
use super::workload::EquivalenceClass;
use super::{Configuration, Gates, Objects};
use crate::kube::Labels;
use crate::units::Time;
use lanes::{Lanes, Side};
use rustc_hash::FxHashSet;

/// A workload as it was when it was popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Popped {
    workload: WorkloadId,
    generation: i64,
}

#[derive(Clone, Debug, Default)]
struct Queue {
    strategy: QueueingStrategy,
    /// Workloads of LocalQueues that used less go first.
    fair_admission: bool,
    inactive: bool,
    /// By namespace: whether it is served.
    served: Vec<bool>,
    /// Counts pops.
    pop_cycle: i64,
    /// The count when inadmissible workloads were last tried again, plus 1; 0 = never.
    retried_after: i64,
    in_flight: Option<Popped>,
    /// Waits for its victims to leave.
    preemptor: Option<Popped>,
    /// Classes that were refused since the last retry.
    refused: FxHashSet<EquivalenceClass>,
    /// Inadmissible because they may not come back yet.
    withheld: Vec<WorkloadId>,
}

/// A workload that was popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The workload.
    pub workload: WorkloadId,
    /// Its queue.
    pub cluster_queue: ClusterQueueId,
    /// It waits for its victims to leave.
    pub is_preemptor: bool,
}

/// The queues of all ClusterQueues.
///
/// Putting in, taking out and popping a workload is O(log n). Sending all workloads of a class
/// away, or all inadmissible ones back, costs the smaller of what moves and what is there already.
#[derive(Clone, Debug)]
pub struct Pending {
    namespaces: Vec<(String, Labels)>,
    fair_admission: bool,
    queues: Vec<Queue>,
    lanes: Lanes,
    /// By workload: its queue and its place among the withheld there.
    withheld: Vec<Option<(ClusterQueueId, u32)>>,
    /// By workload: its generation when it was tried last, unless it was updated since; 0 = never.
    tried: Vec<i64>,
}

impl Pending {
    /// Empty queues for the ClusterQueues and namespaces of the objects; ids of ClusterQueues are
    /// those of `names`.
    pub fn new(
        objects: &Objects,
        names: &Names,
        configuration: &Configuration,
        gates: &Gates,
    ) -> Pending {
        let mut namespaces: Vec<_> = objects
            .namespaces
            .iter()
            .map(|one| (one.name.clone(), one.labels.clone()))
            .collect();
        namespaces.sort_by(|a, b| a.0.cmp(&b.0));
        let mut pending = Pending {
            namespaces,
            fair_admission: gates.admission_fair_sharing
                && configuration.admission_fair_sharing.is_some(),
            queues: vec![Queue::default(); names.cluster_queues()],
            lanes: Lanes::new(names.cluster_queues()),
            withheld: Vec::new(),
            tried: Vec::new(),
        };
        for queue in &objects.cluster_queues {
            if let Some(id) = names.cluster_queue(&queue.name) {
                pending.update_cluster_queue(id, queue);
            }
        }
        pending
    }

    /// Takes over what a ClusterQueue says about queueing. Whether it admits is told with
    /// [`Pending::set_active`].
    ///
    /// Workloads that are in already stay in the groups they are in; a change of
    /// `admissionScope`, which upstream does not follow either, takes effect as they come back.
    pub fn update_cluster_queue(&mut self, id: ClusterQueueId, object: &ClusterQueue) {
        let selector = object.namespace_selector.as_ref();
        let queue = &mut self.queues[id.index()];
        queue.strategy = object.strategy;
        queue.fair_admission = self.fair_admission && object.admission_fair_sharing;
        let namespaces = self.namespaces.iter();
        queue.served = namespaces
            .map(|(_, labels)| selector.is_some_and(|selector| selector.matches(labels)))
            .collect();
    }

    /// Whether heads of a queue are popped; they are until this says otherwise.
    pub fn set_active(&mut self, id: ClusterQueueId, active: bool) {
        self.queues[id.index()].inactive = !active;
    }

    /// The id of a namespace. Those without an object share one, which nobody serves.
    pub fn namespace(&self, name: &str) -> NamespaceId {
        let found = self
            .namespaces
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        NamespaceId::from(found.unwrap_or(self.namespaces.len()))
    }

    /// Whether a namespace has an object.
    pub fn has_namespace(&self, namespace: NamespaceId) -> bool {
        namespace.index() < self.namespaces.len()
    }

    /// Whether a queue serves a namespace.
    pub fn serves(&self, queue: ClusterQueueId, namespace: NamespaceId) -> bool {
        let served = &self.queues[queue.index()].served;
        served.get(namespace.index()).copied().unwrap_or(false)
    }

    /// A workload is new or was changed. If it was in another queue before, or came through
    /// another LocalQueue, it has to be [deleted](Pending::delete) first.
    ///
    /// One in flight is left alone: it is put back with what is known then. `retry` tells whether
    /// the change gives an inadmissible one a new chance
    /// ([`gives_new_chance`](super::workload::gives_new_chance)); it stays inadmissible otherwise,
    /// unless it was changed while it was tried. One that may not come back yet, or whose class was
    /// refused since the last retry, waits among the inadmissible, unless it is active already.
    pub fn push_or_update(
        &mut self,
        queue: ClusterQueueId,
        workload: WorkloadId,
        facts: PendingWorkload,
        retry: bool,
        now: Time,
    ) {
        if self.in_flight(queue) == Some(workload) {
            return;
        }
        let at = self.side(workload).map(|(_, side)| side);
        self.take_out(workload);
        let tried = (self.tried.get_mut(workload.index())).map_or(0, std::mem::take);
        let retry = retry || (tried != 0 && tried != facts.generation);
        let class = facts.class;
        let expired = facts.backoff_expired(now);
        self.lanes.set_facts(workload, facts);
        let state = &self.queues[queue.index()];
        let refused = state.strategy == QueueingStrategy::BestEffortFifo
            && class.is_some_and(|class| state.refused.contains(&class));
        let side = match at {
            Some(Side::Active) => Side::Active,
            Some(Side::Inadmissible) if !retry => Side::Inadmissible,
            _ if !expired || refused => Side::Inadmissible,
            _ => Side::Active,
        };
        self.put_in(queue, workload, side, now);
    }

    /// Takes the first active workload of a queue. LocalQueues go by `used`, where that counts.
    pub fn pop(
        &mut self,
        queue: ClusterQueueId,
        used: impl Fn(LocalQueueId) -> f64,
    ) -> Option<Head> {
        let state = &mut self.queues[queue.index()];
        state.pop_cycle += 1;
        state.in_flight = None;
        let workload = self.lanes.first(queue, used)?;
        self.lanes.remove(workload);
        let popped = Popped {
            workload,
            generation: self.lanes.facts(workload).generation,
        };
        let state = &mut self.queues[queue.index()];
        state.in_flight = Some(popped);
        Some(Head {
            workload,
            cluster_queue: queue,
            is_preemptor: state.preemptor == Some(popped),
        })
    }

    /// The heads of a cycle: of every active ClusterQueue, in the order of their names.
    pub fn heads(&mut self, used: impl Fn(LocalQueueId) -> f64 + Copy) -> Vec<Head> {
        let mut heads = Vec::new();
        for queue in (0..self.queues.len()).map(ClusterQueueId::from) {
            if !self.queues[queue.index()].inactive {
                heads.extend(self.pop(queue, used));
            }
        }
        heads
    }

    /// Puts back a workload that was not admitted. True unless it was there already.
    ///
    /// It becomes active if it may come back and there is hope: by the reason, because
    /// inadmissible workloads were tried again while it was in flight, or because it has flavors
    /// left to try (`pending_flavors`). If it is refused for good, so is its class. A workload
    /// that waits for victims goes before all others of a `BestEffortFIFO` queue from now on.
    pub fn requeue(
        &mut self,
        queue: ClusterQueueId,
        workload: WorkloadId,
        facts: PendingWorkload,
        reason: RequeueReason,
        pending_flavors: bool,
        now: Time,
    ) -> bool {
        let state = &mut self.queues[queue.index()];
        let strategy = state.strategy;
        if reason.is_preempting() {
            let popped = state.in_flight.filter(|one| one.workload == workload);
            state.preemptor = Some(popped.unwrap_or(Popped {
                workload,
                generation: facts.generation,
            }));
            let sticky = strategy == QueueingStrategy::BestEffortFifo;
            self.lanes.set_sticky(queue, sticky.then_some(workload));
        }
        let state = &mut self.queues[queue.index()];
        let popped = state.in_flight.filter(|one| one.workload == workload);
        if let Some(popped) = popped {
            state.in_flight = None;
            if self.tried.len() <= workload.index() {
                self.tried.resize(workload.index() + 1, 0);
            }
            self.tried[workload.index()] = popped.generation;
        }
        let retried = state.retried_after > state.pop_cycle;
        let hope = reason.is_immediate(strategy) || retried || pending_flavors;
        let at = self.side(workload).map(|(_, side)| side);
        if facts.backoff_expired(now) && hope {
            if at == Some(Side::Active) {
                return false;
            }
            self.take_out(workload);
            self.lanes.set_facts(workload, facts);
            self.put_in(queue, workload, Side::Active, now);
            return true;
        }
        if at.is_some() {
            return false;
        }
        let class = facts.class;
        self.lanes.set_facts(workload, facts);
        self.put_in(queue, workload, Side::Inadmissible, now);
        if let Some(class) = class
            && reason.is_of_its_class()
            && strategy == QueueingStrategy::BestEffortFifo
        {
            self.queues[queue.index()].refused.insert(class);
            for early in self.lanes.refuse_class(queue, class.0) {
                self.take_out(early);
                self.put_in(queue, early, Side::Inadmissible, now);
            }
        }
        true
    }

    /// A workload waits no more: it was admitted, finished, deleted or made inactive.
    pub fn delete(&mut self, queue: ClusterQueueId, workload: WorkloadId) {
        self.take_out(workload);
        let state = &mut self.queues[queue.index()];
        state.in_flight = state.in_flight.filter(|one| one.workload != workload);
        if state.preemptor.is_some_and(|one| one.workload == workload) {
            state.preemptor = None;
            self.lanes.set_sticky(queue, None);
        }
    }

    /// Tries the inadmissible workloads of a queue again: those that may come back, of namespaces
    /// that are served, become active. How many they were.
    pub fn retry(&mut self, queue: ClusterQueueId, now: Time) -> usize {
        let state = &mut self.queues[queue.index()];
        state.retried_after = state.pop_cycle + 1;
        state.refused.clear();
        let served = &state.served;
        let serves = |namespace: NamespaceId| served.get(namespace.index()) == Some(&true);
        let mut moved = self.lanes.admit_all(queue, serves);
        let withheld = &self.queues[queue.index()].withheld;
        let free: Vec<WorkloadId> = withheld
            .iter()
            .copied()
            .filter(|workload| {
                let facts = self.lanes.facts(*workload);
                facts.backoff_expired(now) && self.serves(queue, facts.namespace)
            })
            .collect();
        moved += free.len();
        for workload in free {
            self.take_out(workload);
            self.put_in(queue, workload, Side::Active, now);
        }
        moved
    }

    /// Whether a class was refused since the last retry: what belongs to it waits without being
    /// looked at.
    pub fn is_refused(&self, queue: ClusterQueueId, class: EquivalenceClass) -> bool {
        self.queues[queue.index()].refused.contains(&class)
    }

    /// The active workloads of a queue, in queue order. O(n log n): for reports.
    pub fn active(
        &self,
        queue: ClusterQueueId,
        used: impl Fn(LocalQueueId) -> f64,
    ) -> Vec<WorkloadId> {
        let fair = self.queues[queue.index()].fair_admission;
        let sticky = self.lanes.sticky(queue);
        let mut all: Vec<WorkloadId> = self.lanes.on_side(queue, Side::Active).collect();
        all.sort_by(|a, b| {
            let (one, other) = (self.lanes.facts(*a), self.lanes.facts(*b));
            let use_of = |facts: &PendingWorkload| match facts.local_queue {
                Some(local_queue) if fair => used(local_queue),
                _ => 0.0,
            };
            use_of(one)
                .total_cmp(&use_of(other))
                .then_with(|| (sticky == Some(*b)).cmp(&(sticky == Some(*a))))
                .then_with(|| one.order(other))
        });
        all
    }

    /// The inadmissible workloads of a queue, by id.
    pub fn inadmissible(&self, queue: ClusterQueueId) -> Vec<WorkloadId> {
        let refused = self.lanes.on_side(queue, Side::Inadmissible);
        let withheld = self.queues[queue.index()].withheld.iter().copied();
        let mut all: Vec<WorkloadId> = refused.chain(withheld).collect();
        all.sort_unstable();
        all
    }

    /// The workload of a queue that was popped and not put back or deleted since.
    pub fn in_flight(&self, queue: ClusterQueueId) -> Option<WorkloadId> {
        self.queues[queue.index()].in_flight.map(|one| one.workload)
    }

    fn side(&self, workload: WorkloadId) -> Option<(ClusterQueueId, Side)> {
        let withheld = self.withheld.get(workload.index()).copied().flatten();
        withheld
            .map(|(queue, _)| (queue, Side::Inadmissible))
            .or_else(|| self.lanes.side(workload))
    }

    fn put_in(&mut self, queue: ClusterQueueId, workload: WorkloadId, side: Side, now: Time) {
        let state = &mut self.queues[queue.index()];
        let early = !self.lanes.facts(workload).backoff_expired(now);
        if early && side == Side::Inadmissible {
            if self.withheld.len() <= workload.index() {
                self.withheld.resize(workload.index() + 1, None);
            }
            self.withheld[workload.index()] = Some((queue, state.withheld.len() as u32));
            state.withheld.push(workload);
            return;
        }
        let apart = state.fair_admission;
        self.lanes.insert(workload, queue, side, apart, early);
    }

    fn take_out(&mut self, workload: WorkloadId) {
        let withheld = self.withheld.get_mut(workload.index());
        let Some((queue, at)) = withheld.and_then(Option::take) else {
            return self.lanes.remove(workload);
        };
        let list = &mut self.queues[queue.index()].withheld;
        list.swap_remove(at as usize);
        if let Some(moved) = list.get(at as usize) {
            self.withheld[moved.index()] = Some((queue, at));
        }
    }
}
