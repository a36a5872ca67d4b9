//! Answers and loops on small clusters.

use super::super::cycle::Kueue;
use super::super::objects::{
    ClusterQueue, LocalQueue, Namespace, PodSet, PreemptionPolicy, ResourceFlavor, Workload,
};
use super::super::testing::{FLAVOR, Limits, queue};
use super::super::{Amount, Configuration, FairSharing, Gates, Objects};
use super::probe::probe_preemption_loops;
use super::{Answer, Binding, Change, Shortfall, as_head, find_preemption_loop, forecast};
use crate::kube::{Container, LabelSelector, PodSpec};
use crate::units::Time;
use proptest::prelude::*;

const NOW: Time = Time::from_secs(1000);

/// ClusterQueues of one cohort, each with a LocalQueue of its name.
fn objects(mut queues: Vec<ClusterQueue>) -> Objects {
    for queue in &mut queues {
        queue.namespace_selector = Some(LabelSelector::default());
    }
    let door = |queue: &ClusterQueue| LocalQueue {
        namespace: "ns".into(),
        name: queue.name.clone(),
        cluster_queue: queue.name.clone(),
        ..LocalQueue::default()
    };
    Objects {
        namespaces: vec![Namespace {
            name: "ns".into(),
            ..Namespace::default()
        }],
        flavors: vec![ResourceFlavor {
            name: FLAVOR.to_owned(),
            ..ResourceFlavor::default()
        }],
        local_queues: queues.iter().map(door).collect(),
        cluster_queues: queues,
        ..Objects::default()
    }
}

fn workload(
    queue: &str,
    name: &str,
    created: i64,
    priority: i32,
    asks: &[(&str, i64)],
) -> Workload {
    let requests = asks
        .iter()
        .map(|(name, amount)| ((*name).to_owned(), *amount));
    Workload {
        namespace: "ns".into(),
        name: name.into(),
        uid: name.into(),
        queue: queue.into(),
        created: Time::from_secs(created),
        priority: Some(priority),
        pod_sets: vec![PodSet {
            name: "main".into(),
            count: 1,
            template: PodSpec {
                containers: vec![Container {
                    requests: requests.collect(),
                    ..Container::default()
                }],
                ..PodSpec::default()
            },
            ..PodSet::default()
        }],
        ..Workload::default()
    }
}

fn gpus(name: &str, limits: Limits) -> ClusterQueue {
    queue(name, "all", &[("gpu", limits)])
}

fn kueue(objects: &Objects, configuration: &Configuration) -> Kueue {
    Kueue::new(objects.clone(), configuration, Gates::MAIN, NOW)
}

/// The quota an answer says is missing.
fn shortfall(answer: &Answer) -> Option<Shortfall> {
    let Answer::Pending(waiting) = answer else {
        return None;
    };
    let ways = waiting.pod_sets.iter().flat_map(|one| &one.ways);
    let mut changes = ways.flat_map(|way| &way.changes);
    changes.find_map(|change| match change {
        Change::FreeQuota(shortfall) => Some(shortfall.clone()),
        _ => None,
    })
}

/// A queue that may borrow 2 of the 6 its neighbour leaves is held by its limit; one without a
/// limit by what the cohort has.
#[test]
fn the_limit_that_binds_is_named() {
    for (limit, binding, node) in [
        (Some(2), Binding::BorrowingLimit, "a"),
        (None, Binding::Quota, "all"),
    ] {
        let objects = objects(vec![
            gpus("a", (4, limit, None)),
            gpus("b", (6, None, None)),
        ]);
        let mut kueue = kueue(&objects, &Configuration::default());
        kueue.arrive(workload("a", "runs", 1, 0, &[("gpu", 4)]), NOW);
        kueue.cycle(NOW);
        let (asked, missing) = if limit.is_some() { (5, 3) } else { (8, 2) };
        let id = kueue.arrive(workload("a", "asks", 2, 0, &[("gpu", asked)]), NOW);
        let found = shortfall(&as_head(&kueue, id, NOW)).unwrap();
        assert_eq!(found.missing, Amount(missing));
        assert_eq!((found.binding, found.node.as_str()), (binding, node));
    }
}

proptest! {
    /// What an answer says is missing is exact: with that much more nominal quota the workload is
    /// admitted, with one less it is not.
    #[test]
    fn the_missing_quota_is_what_it_takes(
        limits in proptest::collection::vec((1..8_i64, proptest::option::of(0..8_i64), proptest::option::of(0..8_i64)), 1..4),
        running in proptest::collection::vec((any::<proptest::sample::Index>(), 1..6_i64), 0..6),
        asked in 1..12_i64,
    ) {
        let names = ["a", "b", "c"];
        let queues = limits.iter().zip(names);
        let objects = objects(queues.map(|(limits, name)| gpus(name, *limits)).collect());
        let ask = |more: i64| {
            let mut kueue = kueue(&objects, &Configuration::default());
            for (at, (queue, size)) in running.iter().enumerate() {
                let queue = names[queue.index(limits.len())];
                let name = format!("runs-{at}");
                kueue.arrive(workload(queue, &name, at as i64, 0, &[("gpu", *size)]), NOW);
                kueue.cycle(NOW);
            }
            let mut own = objects.cluster_queues[0].clone();
            let quota = &mut own.resource_groups[0].flavors[0].resources[0];
            quota.nominal = quota.nominal + Amount(more);
            kueue.update_cluster_queue(own, NOW);
            let id = kueue.arrive(workload("a", "asks", 900, 0, &[("gpu", asked)]), NOW);
            as_head(&kueue, id, NOW)
        };
        if let Some(shortfall) = shortfall(&ask(0)) {
            let missing = shortfall.missing.0;
            prop_assert!(missing > 0);
            prop_assert!(matches!(ask(missing), Answer::Admitted(_)));
            prop_assert!(!matches!(ask(missing - 1), Answer::Admitted(_)));
        }
    }

    /// Questions change nothing, and the same question has the same answer.
    #[test]
    fn asking_leaves_no_trace(sizes in proptest::collection::vec(1..6_i64, 1..6)) {
        let objects = objects(vec![gpus("a", (6, None, None)), gpus("b", (4, None, None))]);
        let mut kueue = kueue(&objects, &Configuration::default());
        let mut last = None;
        for (at, size) in sizes.iter().enumerate() {
            let queue = if at % 2 == 0 { "a" } else { "b" };
            last = Some(kueue.arrive(workload(queue, &format!("w{at}"), at as i64, 0, &[("gpu", *size)]), NOW));
        }
        let mut untouched = kueue.clone();
        if let Some(id) = last {
            let first = (as_head(&kueue, id, NOW), forecast(&kueue, id, NOW, 100));
            let again = (as_head(&kueue, id, NOW), forecast(&kueue, id, NOW, 100));
            prop_assert_eq!(first, again);
        }
        prop_assert_eq!(kueue.cycle(NOW), untouched.cycle(NOW));
    }
}

/// Two queues of fair sharing: `b` owns the GPUs, `a` the processors. A small one of `a` borrows a
/// GPU; a large one of `b` needs them all and borrows processors. Within its GPUs `b` may reclaim,
/// but the small one has the lower share and is admitted again before it.
fn two_that_loop() -> (Objects, [Workload; 2]) {
    let both = |name: &str, gpu, cpu| {
        let quotas = [("gpu", (gpu, None, None)), ("cpu", (cpu, None, None))];
        let mut one = queue(name, "all", &quotas);
        one.preemption.reclaim_within_cohort = PreemptionPolicy::Any;
        one
    };
    let objects = objects(vec![both("a", 0, 10), both("b", 10, 0), both("c", 0, 10)]);
    let small = workload("a", "small", 1, 100, &[("gpu", 1)]);
    let large = workload("b", "large", 2, 200, &[("gpu", 10), ("cpu", 6)]);
    (objects, [small, large])
}

#[test]
fn a_share_and_a_reclamation_go_round_in_circles() {
    let (objects, [small, large]) = two_that_loop();
    let run = |fair_sharing: bool| {
        let configuration = Configuration {
            fair_sharing: fair_sharing.then(FairSharing::default),
            ..Configuration::default()
        };
        let mut kueue = kueue(&objects, &configuration);
        let small = kueue.arrive(small.clone(), NOW);
        kueue.cycle(NOW);
        let large = kueue.arrive(large.clone(), NOW);
        let answer = forecast(&kueue, small, NOW, 100).answer;
        assert!(matches!(answer, Answer::Admitted(_)));
        let found = find_preemption_loop(&mut kueue, NOW, 100);
        found.map(|found| (found.pairs, small, large))
    };
    let (pairs, small, large) = run(true).unwrap();
    assert_eq!(pairs, [(large, small, 3)]);
    // By priority the large one goes first.
    assert_eq!(run(false), None);
}

#[test]
fn probing_finds_configurations_that_loop_and_no_others() {
    let (objects, _) = two_that_loop();
    let fair = Configuration {
        fair_sharing: Some(FairSharing::default()),
        ..Configuration::default()
    };
    let found = probe_preemption_loops(&objects, &fair, Gates::MAIN, 300);
    assert_eq!(found.len(), 1);
    let again = probe_preemption_loops(&objects, &fair, Gates::MAIN, 300);
    assert_eq!(again[0].found, found[0].found);
    let classical = Configuration::default();
    assert!(probe_preemption_loops(&objects, &classical, Gates::MAIN, 300).is_empty());
}
