//! The queues against a twin that keeps lists and sorts them.

use super::super::ids::{ClusterQueueId, LocalQueueId, NamespaceId, WorkloadId};
use super::super::objects::{Namespace, QueueingStrategy};
use super::super::testing::queue;
use super::super::workload::EquivalenceClass;
use super::super::{AdmissionFairSharing, Configuration, Gates, Objects, Quota};
use super::{Pending, PendingWorkload, RequeueReason, Retries, SecondPassQueue};
use crate::kube::LabelSelector;
use crate::units::{Span, Time};
use proptest::prelude::*;
use std::collections::BTreeMap;

const QUEUE: ClusterQueueId = ClusterQueueId(0);

/// One queue as upstream keeps it: maps of workloads, and a sort where there is a heap.
#[derive(Default)]
struct Twin {
    strict: bool,
    fair: bool,
    active: BTreeMap<WorkloadId, PendingWorkload>,
    inadmissible: BTreeMap<WorkloadId, PendingWorkload>,
    in_flight: Option<WorkloadId>,
    sticky: Option<WorkloadId>,
    preemptor: Option<WorkloadId>,
    refused: Vec<EquivalenceClass>,
    pop_cycle: i64,
    retry_cycle: i64,
}

impl Twin {
    fn order(&self, used: &[f64]) -> Vec<WorkloadId> {
        let mut all: Vec<_> = self.active.keys().copied().collect();
        all.sort_by(|a, b| {
            let usage = |id: &WorkloadId| match self.active[id].local_queue {
                Some(queue) if self.fair => used[queue.index()],
                _ => 0.0,
            };
            let sticky = |id: &WorkloadId| self.sticky != Some(*id);
            usage(a)
                .total_cmp(&usage(b))
                .then(sticky(a).cmp(&sticky(b)))
                .then(self.active[a].order(&self.active[b]))
        });
        all
    }

    fn push(&mut self, id: WorkloadId, facts: PendingWorkload, retry: bool, now: Time) {
        if self.in_flight == Some(id) {
            return;
        }
        if let Some(known) = self.inadmissible.get_mut(&id) {
            if !retry {
                *known = facts;
                return;
            }
            self.inadmissible.remove(&id);
        }
        let refused = facts
            .class
            .is_some_and(|class| self.refused.contains(&class));
        let active = self.active.contains_key(&id);
        if !active && (!facts.backoff_expired(now) || (refused && !self.strict)) {
            self.inadmissible.insert(id, facts);
        } else {
            self.active.insert(id, facts);
        }
    }

    fn pop(&mut self, used: &[f64]) -> Option<(WorkloadId, bool)> {
        self.pop_cycle += 1;
        self.in_flight = None;
        let head = *self.order(used).first()?;
        self.active.remove(&head);
        self.in_flight = Some(head);
        Some((head, self.preemptor == Some(head)))
    }

    fn requeue(
        &mut self,
        id: WorkloadId,
        facts: PendingWorkload,
        reason: RequeueReason,
        flavors: bool,
        now: Time,
    ) -> bool {
        if reason.is_preempting() {
            self.preemptor = Some(id);
            self.sticky = (!self.strict).then_some(id);
        }
        self.in_flight = self.in_flight.filter(|one| *one != id);
        let strategy = match self.strict {
            true => QueueingStrategy::StrictFifo,
            false => QueueingStrategy::BestEffortFifo,
        };
        let hope = reason.is_immediate(strategy) || self.retry_cycle >= self.pop_cycle || flavors;
        if facts.backoff_expired(now) && hope {
            self.inadmissible.remove(&id);
            let there = self.active.contains_key(&id);
            self.active.entry(id).or_insert(facts);
            return !there;
        }
        if self.inadmissible.contains_key(&id) || self.active.contains_key(&id) {
            return false;
        }
        if let Some(class) = facts.class
            && reason.is_of_its_class()
            && !self.strict
        {
            self.refused.push(class);
            let moved: Vec<_> = self
                .active
                .iter()
                .filter(|(_, one)| one.class == Some(class))
                .map(|(id, _)| *id)
                .collect();
            for id in moved {
                let facts = self.active.remove(&id).unwrap();
                self.inadmissible.insert(id, facts);
            }
        }
        self.inadmissible.insert(id, facts);
        true
    }

    fn retry(&mut self, served: NamespaceId, now: Time) -> usize {
        self.retry_cycle = self.pop_cycle;
        self.refused.clear();
        let free: Vec<_> = self
            .inadmissible
            .iter()
            .filter(|(_, one)| one.namespace == served && one.backoff_expired(now))
            .map(|(id, _)| *id)
            .collect();
        for id in &free {
            let facts = self.inadmissible.remove(id).unwrap();
            self.active.insert(*id, facts);
        }
        free.len()
    }

    fn delete(&mut self, id: WorkloadId) {
        self.active.remove(&id);
        self.inadmissible.remove(&id);
        self.in_flight = self.in_flight.filter(|one| *one != id);
        if self.preemptor == Some(id) {
            (self.preemptor, self.sticky) = (None, None);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(u32, Box<PendingWorkload>, bool),
    Pop,
    Requeue(RequeueReason, bool),
    RequeueAny(u32, RequeueReason),
    Retry,
    Delete(u32),
    Use(usize, f64),
}

fn reason() -> impl Strategy<Value = RequeueReason> {
    prop::sample::select(vec![
        RequeueReason::Generic,
        RequeueReason::FailedAfterNomination,
        RequeueReason::NamespaceMismatch,
        RequeueReason::PendingPreemption,
        RequeueReason::NoFit,
        RequeueReason::NoFit,
        RequeueReason::PreemptionNoCandidates,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let facts = (
        0..3_i64,
        0..4_i64,
        0..2_u32,
        0..3_u32,
        prop::option::weighted(0.8, 0..3_u32),
        prop::option::weighted(0.2, 0..40_i64),
    );
    let push = (0..12_u32, facts, any::<bool>()).prop_map(|(id, facts, retry)| {
        let (priority, queued, namespace, local_queue, class, not_before) = facts;
        let facts = PendingWorkload {
            // A class has one priority.
            priority: class.map_or(priority, i64::from),
            queued: Time(queued),
            uid: format!("{}", id * 7 % 5).into(),
            name: format!("workload{id}").into(),
            generation: 0,
            namespace: NamespaceId(namespace),
            local_queue: Some(LocalQueueId(local_queue)),
            class: class.map(EquivalenceClass),
            not_before: not_before.map(Time),
        };
        Step::Push(id, Box::new(facts), retry)
    });
    prop_oneof![
        4 => push,
        4 => Just(Step::Pop),
        4 => (reason(), prop::bool::weighted(0.2)).prop_map(|(reason, flavors)| Step::Requeue(reason, flavors)),
        1 => (0..12_u32, reason()).prop_map(|(id, reason)| Step::RequeueAny(id, reason)),
        1 => Just(Step::Retry),
        1 => (0..12_u32).prop_map(Step::Delete),
        1 => (0..3_usize, 0..4_u8).prop_map(|(queue, used)| Step::Use(queue, f64::from(used))),
    ]
}

fn cluster(strict: bool, fair: bool) -> (Objects, Configuration) {
    let mut one = queue("a", "team", &[]);
    one.strategy = match strict {
        true => QueueingStrategy::StrictFifo,
        false => QueueingStrategy::BestEffortFifo,
    };
    one.namespace_selector = Some(LabelSelector {
        match_labels: [("served".to_owned(), "yes".to_owned())].into(),
        ..LabelSelector::default()
    });
    one.admission_fair_sharing = fair;
    let served = Namespace {
        name: "a".into(),
        labels: [("served".to_owned(), "yes".to_owned())].into(),
    };
    let other = Namespace {
        name: "b".into(),
        ..Namespace::default()
    };
    let objects = Objects {
        namespaces: vec![other, served],
        cluster_queues: vec![one],
        ..Objects::default()
    };
    let configuration = Configuration {
        admission_fair_sharing: Some(AdmissionFairSharing {
            half_life: Span::ZERO,
            sampling: Span::ZERO,
            weights: BTreeMap::new(),
        }),
        ..Configuration::default()
    };
    (objects, configuration)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever happens to a queue, it holds the same workloads in the same places and the same
    /// order as its twin.
    #[test]
    fn a_queue_is_as_its_twin(
        strict in any::<bool>(),
        fair in any::<bool>(),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let (objects, configuration) = cluster(strict, fair);
        let quota = Quota::new(&objects);
        let mut pending = Pending::new(&objects, quota.names(), &configuration, &Gates::MAIN);
        let served = pending.namespace("a");
        prop_assert_eq!(served, NamespaceId(0));
        let mut twin = Twin { strict, fair, retry_cycle: -1, ..Twin::default() };
        let mut used = [0.0; 3];
        let mut facts: BTreeMap<WorkloadId, PendingWorkload> = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            let now = Time(at as i64 / 2);
            match step {
                Step::Push(id, new, retry) => {
                    let id = WorkloadId(*id);
                    let new = (**new).clone();
                    if twin.in_flight != Some(id) {
                        facts.insert(id, new.clone());
                    }
                    pending.push_or_update(QUEUE, id, new.clone(), *retry, now);
                    twin.push(id, new, *retry, now);
                }
                Step::Pop => {
                    let head = pending.pop(QUEUE, |queue| used[queue.index()]);
                    let expected = twin.pop(&used);
                    prop_assert_eq!(head.map(|head| (head.workload, head.is_preemptor)), expected);
                }
                Step::Requeue(reason, flavors) => {
                    if let Some(id) = twin.in_flight {
                        let got = pending.requeue(QUEUE, id, facts[&id].clone(), *reason, *flavors, now);
                        prop_assert_eq!(got, twin.requeue(id, facts[&id].clone(), *reason, *flavors, now));
                    }
                }
                Step::RequeueAny(id, reason) => {
                    let id = WorkloadId(*id);
                    if let Some(known) = facts.get(&id) {
                        let got = pending.requeue(QUEUE, id, known.clone(), *reason, false, now);
                        prop_assert_eq!(got, twin.requeue(id, known.clone(), *reason, false, now));
                    }
                }
                Step::Retry => prop_assert_eq!(pending.retry(QUEUE, now), twin.retry(served, now)),
                Step::Delete(id) => {
                    pending.delete(QUEUE, WorkloadId(*id));
                    twin.delete(WorkloadId(*id));
                }
                Step::Use(queue, value) => used[*queue] = *value,
            }
            prop_assert_eq!(pending.active(QUEUE, |queue| used[queue.index()]), twin.order(&used));
            let inadmissible: Vec<_> = twin.inadmissible.keys().copied().collect();
            prop_assert_eq!(pending.inadmissible(QUEUE), inadmissible);
            prop_assert_eq!(pending.in_flight(QUEUE), twin.in_flight);
        }
    }
}

#[test]
fn requests_of_a_tree_are_served_together_a_second_after_the_first() {
    let (mut objects, configuration) = cluster(false, false);
    let mut second = objects.cluster_queues[0].clone();
    second.name = "b".into();
    objects.cluster_queues.push(second);
    let quota = Quota::new(&objects);
    let mut pending = Pending::new(&objects, quota.names(), &configuration, &Gates::MAIN);
    for (queue, id) in [(QUEUE, 0), (ClusterQueueId(1), 1)] {
        let facts = PendingWorkload::default();
        let reason = RequeueReason::NoFit;
        pending.requeue(queue, WorkloadId(id), facts, reason, false, Time(0));
    }
    let mut retries = Retries::default();
    let second = Time::from_secs(1);
    retries.request(&quota, QUEUE, Time(0));
    retries.request(&quota, ClusterQueueId(1), Time(5));
    assert_eq!(retries.next_due(), Some(second));
    assert_eq!(
        retries.serve(&mut pending, &quota, Time(999_999), Time(999_999)),
        0
    );
    assert_eq!(retries.serve(&mut pending, &quota, second, second), 2);
    assert_eq!(retries.next_due(), None);
    assert!(pending.inadmissible(QUEUE).is_empty());
}

#[test]
fn a_second_pass_is_queued_once_and_taken_when_it_is_ready() {
    let mut queue = SecondPassQueue::default();
    assert!(queue.queue(WorkloadId(3), 1, Time(0)));
    assert!(!queue.queue(WorkloadId(3), 2, Time(0)));
    assert!(queue.queue(WorkloadId(1), 1, Time(0)));
    assert!(queue.queue(WorkloadId(2), 2, Time(0)));
    queue.delete(WorkloadId(2));
    assert_eq!(queue.next_due(), Some(Time::from_secs(1)));
    assert!(queue.take_all_ready(Time(1), |_| true).is_empty());
    let ready = queue.take_all_ready(Time::from_secs(1), |_| true);
    assert_eq!(ready, [WorkloadId(1), WorkloadId(3)]);
    assert_eq!(queue.next_due(), None);
}
