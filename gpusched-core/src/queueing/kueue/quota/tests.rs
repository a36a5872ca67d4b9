//! Golden cases by hand, and twins that count by the definitions.

use super::super::ids::{ClusterQueueId, FlavorResourceId, QuotaNodeId};
use super::super::testing::{cohort, forest, fr, id, queue};
use super::super::{Amount, Objects};
use super::Quota;
use proptest::prelude::*;

/// root (2 of its own) over team (nothing) over a (4, lends 1) and b (6, borrows 3).
fn example() -> Quota {
    Quota::new(&Objects {
        cohorts: vec![
            cohort("root", "", &[("cpu", (2, None, None))]),
            cohort("team", "root", &[]),
        ],
        cluster_queues: vec![
            queue("a", "team", &[("cpu", (4, None, Some(1)))]),
            queue("b", "team", &[("cpu", (6, Some(3), None))]),
        ],
        ..Objects::default()
    })
}

#[test]
fn quota_goes_up_as_far_as_it_is_lent() {
    let quota = example();
    let cpu = fr(&quota, "cpu");
    let node = |name| quota.names().cohort(name).unwrap();
    assert_eq!(quota.local_quota(id(&quota, "a").into(), cpu), Amount(3));
    assert_eq!(quota.subtree_quota(node("team"), cpu), Amount(7));
    assert_eq!(quota.subtree_quota(node("root"), cpu), Amount(9));
    assert_eq!(
        quota.potential_available(id(&quota, "a").into(), cpu),
        Amount(12)
    );
    assert_eq!(
        quota.potential_available(id(&quota, "b").into(), cpu),
        Amount(9)
    );
}

#[test]
fn use_goes_up_when_local_quota_is_used() {
    let mut quota = example();
    let cpu = fr(&quota, "cpu");
    let (a, b) = (id(&quota, "a"), id(&quota, "b"));
    let team = quota.names().cohort("team").unwrap();
    quota.add_usage(a, cpu, Amount(5));
    assert_eq!(quota.usage(team, cpu), Amount(2));
    assert_eq!(quota.available(b, cpu), Amount(7));
    quota.add_usage(b, cpu, Amount(7));
    assert_eq!(quota.available(a, cpu), Amount::ZERO);
    quota.remove_usage(a, cpu, Amount(3));
    assert_eq!(quota.usage(team, cpu), Amount(7));
    assert_eq!(quota.available(b, cpu), Amount(2), "its borrowing limit");
    assert_eq!(quota.available(a, cpu), Amount(3));
}

#[test]
fn the_height_is_of_the_lowest_subtree_with_quota_left() {
    let mut quota = example();
    let cpu = fr(&quota, "cpu");
    let b = id(&quota, "b");
    let height =
        |quota: &Quota, value| quota.height_of_lowest_subtree_that_fits(b, cpu, Amount(value));
    assert_eq!(height(&quota, 6), (0, true));
    assert_eq!(height(&quota, 7), (1, true));
    assert_eq!(height(&quota, 8), (2, false));
    assert_eq!(height(&quota, 80), (2, false));
    quota.set_active(id(&quota, "a"), false);
    assert_eq!(height(&quota, 7), (1, true));
    quota.set_active(b, false);
    assert_eq!(height(&quota, 7), (0, true), "no active leaf below team");
}

#[test]
fn cohorts_on_a_cycle_and_below_it_have_no_tree() {
    let quota = Quota::new(&Objects {
        cohorts: vec![
            cohort("x", "y", &[("cpu", (1, None, None))]),
            cohort("y", "x", &[]),
            cohort("below", "x", &[]),
            cohort("own", "own", &[]),
            cohort("fine", "", &[]),
        ],
        cluster_queues: vec![
            queue("lost", "below", &[("cpu", (1, None, None))]),
            queue("kept", "fine", &[("cpu", (1, None, None))]),
        ],
        ..Objects::default()
    });
    for name in ["x", "y", "below", "own"] {
        assert!(
            quota.has_cycle(quota.names().cohort(name).unwrap()),
            "{name}"
        );
    }
    assert!(!quota.has_cycle(quota.names().cohort("fine").unwrap()));
    assert!(quota.has_cycle(id(&quota, "lost").into()));
    assert!(!quota.has_cycle(id(&quota, "kept").into()));
}

#[test]
fn unlimited_quota_stays_unlimited() {
    let mut quota = Quota::new(&Objects {
        cluster_queues: vec![
            queue("a", "team", &[("cpu", (i64::MAX, None, None))]),
            queue("b", "team", &[("cpu", (5, None, None))]),
        ],
        ..Objects::default()
    });
    let cpu = fr(&quota, "cpu");
    let (a, b) = (id(&quota, "a"), id(&quota, "b"));
    quota.add_usage(a, cpu, Amount(1_000));
    assert!(quota.available(b, cpu).is_unlimited());
    assert!(quota.potential_available(b.into(), cpu).is_unlimited());
}

#[test]
fn shares_are_of_what_the_cohort_can_lend() {
    let mut objects = Objects {
        cluster_queues: vec![
            queue(
                "a",
                "team",
                &[("cpu", (2, None, None)), ("gpu", (2, None, None))],
            ),
            queue(
                "b",
                "team",
                &[("cpu", (8, None, None)), ("gpu", (6, None, None))],
            ),
        ],
        ..Objects::default()
    };
    objects.cluster_queues[0].fair_weight = Some(2.0);
    let mut quota = Quota::new(&objects);
    let (a, b) = (id(&quota, "a"), id(&quota, "b"));
    let (cpu, gpu) = (fr(&quota, "cpu"), fr(&quota, "gpu"));
    quota.add_usages(a, &[(cpu, Amount(5)), (gpu, Amount(5))]);
    let share = quota.dominant_resource_share(a.into());
    // 3 of 10 cores, 3 of 8 GPUs.
    assert_eq!(share.dominant(), quota.names().resource("gpu"));
    assert_eq!(share.weighted(), 375.0 / 2.0);
    assert_eq!(share.rounded(), 188);
    assert!(quota.is_borrowing_on(a.into(), &[(cpu, Amount(1))]));
    assert!(!quota.is_borrowing_on(a.into(), &[(cpu, Amount(0))]));
    assert_eq!(quota.dominant_resource_share(b.into()).rounded(), 0);

    objects.cluster_queues[0].fair_weight = Some(0.0);
    let mut quota = Quota::new(&objects);
    assert_eq!(quota.dominant_resource_share(a.into()).rounded(), 0);
    quota.add_usage(a, cpu, Amount(3));
    assert_eq!(quota.dominant_resource_share(a.into()).rounded(), i64::MAX);
}

/// What a node has, by the definition.
fn has(quota: &Quota, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
    let (usage, local) = (quota.usage(node, fr), quota.local_quota(node, fr));
    let subtree = quota.subtree_quota(node, fr);
    let Some(parent) = quota.parent(node) else {
        return subtree - usage;
    };
    let used = Amount::ZERO.max(usage - local);
    let limit = subtree - local - used + quota.borrowing_limit(node, fr);
    Amount::ZERO.max(local - usage) + has(quota, parent, fr).min(limit)
}

#[test]
fn cohorts_may_be_as_deep_as_they_like() {
    let name = |at: usize| format!("cohort{at:06}");
    let depth = 100_000;
    let mut objects = Objects {
        cluster_queues: vec![queue("a", &name(depth - 1), &[("cpu", (1, None, None))])],
        ..Objects::default()
    };
    for at in 0..depth {
        let parent = if at == 0 { String::new() } else { name(at - 1) };
        objects.cohorts.push(cohort(&name(at), &parent, &[]));
    }
    let mut quota = Quota::new(&objects);
    let (a, cpu) = (id(&quota, "a"), fr(&quota, "cpu"));
    quota.add_usage(a, cpu, Amount(3));
    assert_eq!(quota.node_available(a.into(), cpu), Amount(-2));
    assert_eq!(quota.available(a, cpu), Amount::ZERO);
    let whole = (depth as u32, false);
    assert_eq!(
        quota.height_of_lowest_subtree_that_fits(a, cpu, Amount(1)),
        whole
    );
}

/// What the cohorts use, by the definition: the sum of what children use beyond their local quota.
fn used(quota: &Quota, node: QuotaNodeId, fr: FlavorResourceId, own: &[i64]) -> i64 {
    if quota.as_cluster_queue(node).is_some() {
        return own[node.index()];
    }
    let queues = quota
        .child_cluster_queues(node)
        .iter()
        .map(|queue| (*queue).into());
    let cohorts = quota.child_cohorts(node).iter().copied();
    queues
        .chain(cohorts)
        .map(|child: QuotaNodeId| {
            (used(quota, child, fr, own) - quota.local_quota(child, fr).0).max(0)
        })
        .sum()
}

/// Whether every limit above a queue is respected: the root gives no more than it has, and nobody
/// on the way borrows beyond its limit.
fn respected(quota: &Quota, queue: ClusterQueueId, fr: FlavorResourceId) -> bool {
    std::iter::once(queue.into())
        .chain(quota.path_parent_to_root(queue.into()))
        .all(|node| {
            let (usage, subtree) = (quota.usage(node, fr), quota.subtree_quota(node, fr));
            let local = quota.local_quota(node, fr);
            match quota.parent(node) {
                None => usage <= subtree,
                Some(_) => {
                    Amount::ZERO.max(usage - local)
                        <= (subtree - local) + quota.borrowing_limit(node, fr)
                }
            }
        })
}

/// A queue, whether the resource is `gpu`, how much, whether it is added.
type Event = (prop::sample::Index, bool, i64, bool);

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(
        (
            any::<prop::sample::Index>(),
            any::<bool>(),
            0..9_i64,
            any::<bool>(),
        ),
        0..30,
    )
}

proptest! {
    /// Whatever is added and removed in whatever order, cohorts use what the definition says, and a
    /// transaction leaves no trace.
    #[test]
    fn use_is_counted_by_the_definition(objects in forest(), events in events(), trial in events()) {
        let mut quota = Quota::new(&objects);
        let frs = [fr(&quota, "cpu"), fr(&quota, "gpu")];
        let mut own = [vec![0; quota.nodes()], vec![0; quota.nodes()]];
        let play = |quota: &mut Quota, events: &[Event], own: &mut [Vec<i64>; 2]| {
            for (at, gpu, value, add) in events {
                let queue = ClusterQueueId::from(at.index(objects.cluster_queues.len()));
                let held = &mut own[usize::from(*gpu)][queue.index()];
                let value = if *add { *value } else { (*value).min(*held) };
                match add {
                    true => quota.add_usage(queue, frs[usize::from(*gpu)], Amount(value)),
                    false => quota.remove_usage(queue, frs[usize::from(*gpu)], Amount(value)),
                }
                *held += if *add { value } else { -value };
            }
        };
        play(&mut quota, &events, &mut own);
        for (which, fr) in frs.iter().enumerate() {
            for node in (0..quota.nodes()).map(QuotaNodeId::from) {
                prop_assert_eq!(quota.usage(node, *fr).0, used(&quota, node, *fr, &own[which]));
                prop_assert_eq!(quota.node_available(node, *fr), has(&quota, node, *fr));
            }
        }
        let before = quota.cells.clone();
        let mark = quota.begin();
        play(&mut quota, &trial, &mut own.clone());
        let inner = quota.begin();
        play(&mut quota, &trial, &mut own.clone());
        quota.commit(inner);
        quota.rollback(mark);
        prop_assert_eq!(&quota.cells, &before);
        prop_assert!(quota.log.is_empty());
    }

    /// What is available can be used within every limit, and one more cannot.
    #[test]
    fn available_is_the_most_that_respects_every_limit(objects in forest(), events in events()) {
        let mut quota = Quota::new(&objects);
        for (at, gpu, value, _) in events {
            let queue = ClusterQueueId::from(at.index(objects.cluster_queues.len()));
            let fr = fr(&quota, if gpu { "gpu" } else { "cpu" });
            let mark = quota.begin();
            quota.add_usage(queue, fr, Amount(value));
            if respected(&quota, queue, fr) {
                quota.commit(mark);
            } else {
                quota.rollback(mark);
            }
        }
        for queue in (0..objects.cluster_queues.len()).map(ClusterQueueId::from) {
            for resource in ["cpu", "gpu"] {
                let fr = fr(&quota, resource);
                let available = quota.available(queue, fr);
                for (more, fits) in [(Amount::ZERO, true), (Amount(1), false)] {
                    let mark = quota.begin();
                    quota.add_usage(queue, fr, available + more);
                    prop_assert_eq!(respected(&quota, queue, fr), fits);
                    quota.rollback(mark);
                }
                prop_assert!(available <= quota.potential_available(queue.into(), fr));
            }
        }
    }

    /// Shares never fall when more is used, and lenders have none.
    #[test]
    fn a_share_grows_with_use(objects in forest(), events in events()) {
        let mut quota = Quota::new(&objects);
        for (at, gpu, value, _) in events {
            let queue = ClusterQueueId::from(at.index(objects.cluster_queues.len()));
            let path: Vec<QuotaNodeId> = std::iter::once(queue.into())
                .chain(quota.path_parent_to_root(queue.into()))
                .collect();
            let before: Vec<_> = path.iter().map(|node| quota.dominant_resource_share(*node)).collect();
            quota.add_usage(queue, fr(&quota, if gpu { "gpu" } else { "cpu" }), Amount(value));
            for (node, before) in path.iter().zip(before) {
                let after = quota.dominant_resource_share(*node);
                prop_assert!(before.compare(after).is_le());
                let declared = quota.declared(*node);
                let borrows = quota.parent(*node).is_some() && !quota.is_within_nominal(*node, declared);
                prop_assert_eq!(after.is_borrowing(), borrows);
            }
        }
    }
}
