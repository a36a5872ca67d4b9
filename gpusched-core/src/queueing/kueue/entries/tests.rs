//! The tournament against one that computes everything anew for every entry.

use super::super::ids::{ClusterQueueId, QuotaNodeId};
use super::super::quota::DominantResourceShare;
use super::super::testing::{forest, fr};
use super::super::{Amount, Gates, Quota};
use super::{Entry, Tournament};
use crate::units::Time;
use proptest::prelude::*;
use std::cmp::Ordering;

/// The winner of a subtree by the definition, with its share at the child it comes from.
fn best(quota: &mut Quota, node: QuotaNodeId, left: &[Entry<'_>], gates: &Gates) -> Option<usize> {
    if let Some(queue) = quota.as_cluster_queue(node) {
        return left.iter().position(|entry| entry.cluster_queue == queue);
    }
    let queues = quota
        .child_cluster_queues(node)
        .iter()
        .map(|queue| (*queue).into());
    let children: Vec<QuotaNodeId> = queues
        .chain(quota.child_cohorts(node).iter().copied())
        .collect();
    let mut players: Vec<(usize, DominantResourceShare, bool)> = Vec::new();
    for child in children {
        if let Some(at) = best(quota, child, left, gates) {
            let mut with = quota.clone();
            with.add_usages(left[at].cluster_queue, left[at].usage);
            let borrowing = with.is_borrowing_on(child, left[at].usage);
            players.push((at, with.dominant_resource_share(child), borrowing));
        }
    }
    let order = |a: &(usize, DominantResourceShare, bool),
                 b: &(usize, DominantResourceShare, bool)| {
        let (one, other) = (&left[a.0], &left[b.0]);
        let borrowing = match gates.fair_sharing_prioritize_non_borrowing {
            true => a.2.cmp(&b.2),
            false => Ordering::Equal,
        };
        borrowing
            .then(a.1.compare(b.1))
            .then(other.priority.cmp(&one.priority))
            .then(one.queued.cmp(&other.queued))
            .then(one.name.cmp(other.name))
    };
    players.into_iter().min_by(order).map(|player| player.0)
}

proptest! {
    /// Kept shares decide as fresh ones, whether winners are admitted or not.
    #[test]
    fn the_tournament_keeps_no_share_that_has_changed(
        objects in forest(),
        asks in prop::collection::vec((0..9_i64, 0..9_i64, 0..3_i64, 0..4_i64, any::<bool>()), 6),
        used in prop::collection::vec((0..9_i64, 0..9_i64), 6),
        prioritize in any::<bool>(),
    ) {
        let gates = Gates { fair_sharing_prioritize_non_borrowing: prioritize, ..Gates::MAIN };
        let mut quota = Quota::new(&objects);
        let frs = (fr(&quota, "cpu"), fr(&quota, "gpu"));
        let queues = objects.cluster_queues.len();
        for (queue, (cpus, gpus)) in used.iter().take(queues).enumerate() {
            let queue = ClusterQueueId::from(queue);
            quota.add_usages(queue, &[(frs.0, Amount(*cpus)), (frs.1, Amount(*gpus))]);
        }
        let names: Vec<String> = (0..queues).map(|at| format!("workload{at}")).collect();
        let usages: Vec<_> = asks.iter().map(|ask| [(frs.0, Amount(ask.0)), (frs.1, Amount(ask.1))]).collect();
        let entries: Vec<Entry<'_>> = (0..queues)
            .map(|at| Entry {
                cluster_queue: ClusterQueueId::from(at),
                name: &names[at],
                priority: asks[at].2,
                queued: Time(asks[at].3),
                usage: &usages[at],
                ..Entry::default()
            })
            .collect();
        let mut twin = quota.clone();
        let mut left = entries.clone();
        let mut tournament = Tournament::new(&entries, &quota, &gates);
        let mut count = 0;
        let mut previous = None;
        while let Some(at) = tournament.next(&mut quota) {
            count += 1;
            let root = quota.root(entries[at].cluster_queue.into());
            prop_assert!(previous <= Some(root), "trees are in order");
            previous = Some(root);
            let expected = best(&mut twin, root, &left, &gates).unwrap();
            prop_assert_eq!(left[expected].name, entries[at].name);
            left.remove(expected);
            if asks[at].4 {
                quota.add_usages(entries[at].cluster_queue, entries[at].usage);
                twin.add_usages(entries[at].cluster_queue, entries[at].usage);
            }
        }
        prop_assert_eq!(count, queues);
    }
}
