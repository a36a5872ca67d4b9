//! Invariants over random histories.

use super::super::super::flavors::{GranularMode, PodSetReducer, PreemptionMode};
use super::super::super::ids::{ClusterQueueId, FlavorResourceId, QuotaNodeId, WorkloadId};
use super::super::super::objects::{
    FungibilityPolicy, FungibilityPreference, LocalQueue, Namespace, PodSet, Preemption,
    PreemptionPolicy, QueueingStrategy, ResourceFlavor, Workload,
};
use super::super::super::testing::{FLAVOR, forest};
use super::super::super::{Amount, Configuration, FairSharing, Gates, Objects};
use super::super::{Cycle, Kueue};
use crate::kube::{Container, LabelSelector, PodSpec};
use crate::units::{Span, Time};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};

/// A second flavor, of half the quota, that is tried after the one every test has.
const SECOND: &str = "second";

/// What a random history does.
#[derive(Clone, Debug)]
enum Event {
    Arrive(Index, i32, Vec<(i32, i64, i64, bool)>),
    Cycle,
    Finish(Index),
    Stopped(Index),
    Reclaim(Index),
    Delete(Index),
    Flush,
}

fn event() -> impl Strategy<Value = Event> {
    let pod_set = (1..3_i32, 0..4_i64, 0..3_i64, any::<bool>());
    let pod_sets = prop::collection::vec(pod_set, 1..3);
    prop_oneof![
        4 => (any::<Index>(), 0..3_i32, pod_sets).prop_map(|(a, b, c)| Event::Arrive(a, b, c)),
        6 => Just(Event::Cycle),
        2 => any::<Index>().prop_map(Event::Finish),
        2 => any::<Index>().prop_map(Event::Stopped),
        1 => any::<Index>().prop_map(Event::Reclaim),
        1 => any::<Index>().prop_map(Event::Delete),
        2 => Just(Event::Flush),
    ]
}

/// Policies of one ClusterQueue: within it, in the cohort, strict, next flavor for borrowing and
/// for preempting.
type Policies = (u8, u8, bool, bool, bool);

fn cluster() -> impl Strategy<Value = (Objects, bool)> {
    let policies = (
        0..3_u8,
        0..4_u8,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (forest(), prop::collection::vec(policies, 6), any::<bool>()).prop_map(
        |(mut objects, policies, fair): (Objects, Vec<Policies>, bool)| {
            let policy = |code: u8| match code {
                0 => PreemptionPolicy::Never,
                1 => PreemptionPolicy::LowerPriority,
                2 => PreemptionPolicy::LowerOrNewerEqualPriority,
                _ => PreemptionPolicy::Any,
            };
            let next = |yes: bool| match yes {
                true => FungibilityPolicy::TryNextFlavor,
                false => FungibilityPolicy::MayStopSearch,
            };
            for (queue, (within, cohort, strict, borrow, preempt)) in
                objects.cluster_queues.iter_mut().zip(policies)
            {
                queue.namespace_selector = Some(LabelSelector::default());
                queue.preemption = Preemption {
                    // `Any` is for other queues only.
                    within_cluster_queue: policy(within.min(2)),
                    reclaim_within_cohort: policy(cohort),
                    ..Preemption::default()
                };
                if strict {
                    queue.strategy = QueueingStrategy::StrictFifo;
                }
                queue.fungibility.when_can_borrow = next(borrow);
                queue.fungibility.when_can_preempt = next(preempt);
                for group in &mut queue.resource_groups {
                    let mut second = group.flavors[0].clone();
                    second.flavor = SECOND.to_owned();
                    for quota in &mut second.resources {
                        quota.nominal = Amount(quota.nominal.0 / 2);
                    }
                    group.flavors.push(second);
                }
                objects.local_queues.push(LocalQueue {
                    namespace: "tests".to_owned(),
                    name: queue.name.clone(),
                    cluster_queue: queue.name.clone(),
                    ..LocalQueue::default()
                });
            }
            objects.namespaces.push(Namespace {
                name: "tests".to_owned(),
                ..Namespace::default()
            });
            for name in [FLAVOR, SECOND] {
                objects.flavors.push(ResourceFlavor {
                    name: name.to_owned(),
                    ..ResourceFlavor::default()
                });
            }
            (objects, fair)
        },
    )
}

fn workload(
    number: usize,
    queue: &str,
    priority: i32,
    pod_sets: &[(i32, i64, i64, bool)],
) -> Workload {
    let pod_set = |(at, (count, cpu, gpu, partial)): (usize, &(i32, i64, i64, bool))| PodSet {
        name: format!("pods{at}"),
        count: *count,
        min_count: partial.then_some(1),
        template: PodSpec {
            containers: vec![Container {
                requests: [("cpu".to_owned(), *cpu), ("gpu".to_owned(), *gpu)].into(),
                ..Container::default()
            }],
            ..PodSpec::default()
        },
        ..PodSet::default()
    };
    Workload {
        namespace: "tests".to_owned(),
        name: format!("workload{number:03}"),
        uid: format!("{number:03}"),
        created: Time::from_secs(number as i64),
        queue: queue.to_owned(),
        priority: Some(priority),
        pod_sets: pod_sets.iter().enumerate().map(pod_set).collect(),
        ..Workload::default()
    }
}

/// A history on its way, with what the test remembers of it.
struct History {
    kueue: Kueue,
    known: Vec<WorkloadId>,
    over: BTreeSet<WorkloadId>,
    now: Time,
    cycles: Vec<Cycle>,
}

impl History {
    fn new(objects: &Objects, fair: bool) -> History {
        let configuration = Configuration {
            fair_sharing: fair.then(FairSharing::default),
            ..Configuration::default()
        };
        History {
            kueue: Kueue::new(objects.clone(), &configuration, Gates::MAIN, Time::ZERO),
            known: Vec::new(),
            over: BTreeSet::new(),
            now: Time::from_secs(1000),
            cycles: Vec::new(),
        }
    }

    fn pick(&self, index: Index, wanted: impl Fn(&Workload) -> bool) -> Option<WorkloadId> {
        let all = self.known.iter().copied();
        let left = all.filter(|id| !self.over.contains(id) && wanted(self.kueue.workload(*id)));
        let left: Vec<WorkloadId> = left.collect();
        (!left.is_empty()).then(|| *index.get(&left))
    }

    fn apply(&mut self, event: &Event, queues: usize) {
        self.now = self.now + Span::from_secs(1);
        let now = self.now;
        let holds = |one: &Workload| one.is("QuotaReserved") && !one.is("Evicted");
        match event {
            Event::Arrive(queue, priority, pod_sets) => {
                let queue = format!("queue{}", queue.index(queues));
                let object = workload(self.known.len(), &queue, *priority, pod_sets);
                self.known.push(self.kueue.arrive(object, now));
            }
            Event::Cycle => {
                let before = self.kueue.clone();
                let cycle = self.kueue.cycle(now);
                check_cycle(&before, &self.kueue, &cycle);
                self.cycles.push(cycle);
            }
            Event::Finish(index) => {
                if let Some(id) = self.pick(*index, holds) {
                    self.kueue.finish(id, now);
                    self.over.insert(id);
                }
            }
            Event::Stopped(index) => {
                let leaving = |one: &Workload| one.is("QuotaReserved") && one.is("Evicted");
                if let Some(id) = self.pick(*index, leaving) {
                    self.kueue.eviction_complete(id, now);
                }
            }
            Event::Reclaim(index) => {
                if let Some(id) = self.pick(*index, holds) {
                    let pods = BTreeMap::from([("pods0".to_owned(), 1)]);
                    self.kueue.reclaim(id, pods, now);
                }
            }
            Event::Delete(index) => {
                if let Some(id) = self.pick(*index, |_| true) {
                    self.kueue.delete(id, now);
                    self.over.insert(id);
                }
            }
            Event::Flush => {
                self.kueue.flush(now);
            }
        }
        self.check_quota();
        self.check_places();
    }

    /// Use is the sum of what is held.
    fn check_quota(&self) {
        let quota = self.kueue.quota();
        let names = quota.names();
        let mut held: BTreeMap<(ClusterQueueId, FlavorResourceId), i64> = BTreeMap::new();
        for id in self.known.iter().filter(|id| !self.over.contains(id)) {
            let object = self.kueue.workload(*id);
            let Some(admission) = &object.admission else {
                continue;
            };
            let queue = names.cluster_queue(&admission.cluster_queue).unwrap();
            for assigned in &admission.pod_sets {
                let spec = object
                    .pod_sets
                    .iter()
                    .find(|one| one.name == assigned.name)
                    .unwrap();
                let ended = object.reclaimable.get(&assigned.name).copied().unwrap_or(0);
                let left = i64::from(assigned.count.min(spec.count - ended));
                for (resource, flavor) in &assigned.flavors {
                    let flavor = names.flavor(flavor).unwrap();
                    let resource_id = names.resource(resource).unwrap();
                    let fr = names.flavor_resource(flavor, resource_id).unwrap();
                    let per_pod = spec.template.containers[0].requests[resource];
                    *held.entry((queue, fr)).or_default() += per_pod * left;
                }
            }
        }
        for fr in (0..names.flavor_resources()).map(FlavorResourceId::from) {
            for node in (0..quota.nodes()).map(QuotaNodeId::from) {
                let usage = quota.usage(node, fr);
                if let Some(queue) = quota.as_cluster_queue(node) {
                    let held = held.get(&(queue, fr)).copied().unwrap_or(0);
                    assert_eq!(usage, Amount(held), "use is what is held");
                }
            }
        }
        self.check_limits();
    }

    /// Nobody has more than the rules allow once those who have to leave are gone: upstream's check
    /// of what fits takes the victims of a cycle out for everybody, so what one still holds can be
    /// given to two.
    fn check_limits(&self) {
        let mut after = self.kueue.clone();
        for id in self.known.iter().filter(|id| !self.over.contains(id)) {
            let object = after.workload(*id);
            if object.is("QuotaReserved") && object.is("Evicted") {
                after.eviction_complete(*id, self.now);
            }
        }
        let quota = after.quota();
        for fr in (0..quota.names().flavor_resources()).map(FlavorResourceId::from) {
            for node in (0..quota.nodes()).map(QuotaNodeId::from) {
                let usage = quota.usage(node, fr);
                assert!(
                    usage <= quota.potential_available(node, fr),
                    "within its limits"
                );
                if quota.parent(node).is_none() {
                    assert!(usage <= quota.subtree_quota(node, fr), "within the tree");
                }
            }
        }
    }

    /// Every workload that waits is in exactly one place, and every other one in none.
    fn check_places(&self) {
        let queues = self.kueue.quota().names().cluster_queues();
        let mut places: BTreeMap<WorkloadId, usize> = BTreeMap::new();
        for queue in (0..queues).map(ClusterQueueId::from) {
            for id in self
                .kueue
                .active(queue)
                .into_iter()
                .chain(self.kueue.inadmissible(queue))
            {
                *places.entry(id).or_default() += 1;
            }
        }
        for id in &self.known {
            let waits = !self.over.contains(id) && !self.kueue.workload(*id).is("QuotaReserved");
            assert_eq!(places.get(id).copied().unwrap_or(0), usize::from(waits));
            assert_eq!(self.kueue.quota_reserved_reason(*id).is_some(), waits);
        }
    }
}

fn check_cycle(before: &Kueue, after: &Kueue, cycle: &Cycle) {
    for one in &cycle.admitted {
        assert!(
            !before.workload(one.workload).is("QuotaReserved"),
            "only who waits is admitted"
        );
        assert!(after.workload(one.workload).is("Admitted"));
        assert!(after.why(one.workload).is_none());
    }
    let mut victims = BTreeSet::new();
    for one in &cycle.preempted {
        let victim = before.workload(one.workload);
        assert!(
            victim.is("QuotaReserved") && !victim.is("Evicted"),
            "only holders are victims"
        );
        assert!(after.workload(one.workload).is("Evicted"));
        assert!(victims.insert(one.workload), "a victim makes room for one");
        assert!(
            cycle
                .requeued
                .iter()
                .any(|back| back.workload == one.preemptor)
        );
    }
    for one in &cycle.requeued {
        assert!(after.why(one.workload).is_some(), "who waits knows why");
        assert!(
            after
                .explain(one.workload)
                .is_some_and(|text| !text.is_empty())
        );
    }
    let heads: BTreeSet<_> = cycle.processed.iter().collect();
    assert_eq!(heads.len(), cycle.processed.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn histories_keep_the_books_and_repeat_themselves(
        (objects, fair) in cluster(),
        events in prop::collection::vec(event(), 1..120),
    ) {
        let queues = objects.cluster_queues.len();
        let mut history = History::new(&objects, fair);
        // The order objects are listed in says nothing.
        let mut shuffled = objects.clone();
        shuffled.cluster_queues.reverse();
        shuffled.cohorts.reverse();
        shuffled.flavors.reverse();
        shuffled.local_queues.reverse();
        let mut twin = History::new(&shuffled, fair);
        for event in &events {
            history.apply(event, queues);
            twin.apply(event, queues);
        }
        prop_assert_eq!(history.cycles, twin.cycles);
    }

    /// A ClusterQueue that is written again as it was changes nothing but what is tried anew.
    #[test]
    fn an_update_without_a_change_moves_no_quota(
        (objects, fair) in cluster(),
        events in prop::collection::vec(event(), 1..40),
    ) {
        let queues = objects.cluster_queues.len();
        let mut history = History::new(&objects, fair);
        for event in &events {
            history.apply(event, queues);
        }
        for queue in &objects.cluster_queues {
            prop_assert!(history.kueue.update_cluster_queue(queue.clone(), history.now));
        }
        history.check_quota();
        history.check_places();
        for event in &events {
            history.apply(event, queues);
        }
    }

    /// The first step that is accepted, where acceptance is monotone.
    #[test]
    fn reduction_finds_the_largest_counts_that_fit(
        pod_sets in prop::collection::vec((1..30_i32, 0..30_i32), 1..5),
        limit in 0..120_i32,
    ) {
        let pod_sets: Vec<_> = pod_sets.into_iter().map(|(a, b)| (a.max(b), Some(a.min(b)))).collect();
        let reducer = PodSetReducer::new(pod_sets.clone());
        let found = reducer.search(|counts| {
            let sum: i32 = counts.iter().sum();
            (sum <= limit).then_some(sum)
        });
        let total: i32 = pod_sets.iter().map(|(count, least)| count - least.unwrap()).sum();
        let sums = (0..=total).filter(|_| total > 0).map(|step| {
            let lost = |(count, least): &(i32, Option<i32>)| count - (count - least.unwrap()) * step / total;
            pod_sets.iter().map(lost).sum::<i32>()
        });
        prop_assert_eq!(found, sums.filter(|sum| *sum <= limit).max());
    }

    /// Preference is a strict order: irreflexive, asymmetric, transitive.
    #[test]
    fn preference_is_a_strict_order(
        modes in prop::collection::vec((0..5_usize, 0..3_u32), 3),
        borrow in any::<bool>(),
    ) {
        let all = [
            PreemptionMode::NoFit,
            PreemptionMode::NoCandidates,
            PreemptionMode::Preempt,
            PreemptionMode::Reclaim,
            PreemptionMode::Fit,
        ];
        let preference = match borrow {
            true => FungibilityPreference::BorrowingOverPreemption,
            false => FungibilityPreference::PreemptionOverBorrowing,
        };
        let mode = |at: usize| GranularMode {
            preemption: all[modes[at].0],
            borrowing_level: modes[at].1,
        };
        let better = |a: usize, b: usize| mode(a).preferred_to(mode(b), preference);
        prop_assert!(!better(0, 0));
        prop_assert!(!(better(0, 1) && better(1, 0)));
        prop_assert!(!(better(0, 1) && better(1, 2)) || better(0, 2));
    }
}
