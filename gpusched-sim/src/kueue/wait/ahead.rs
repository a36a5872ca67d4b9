//! Who was admitted before the job.

use super::{Question, began};
use crate::kueue::replay::Outcome;
use gpusched_core::queueing::kueue::Quota;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// So many workloads are named.
const NAMED: usize = 5;

/// Admissions of one ClusterQueue before that of the job, a mean over the futures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AheadOfQueue {
    /// The ClusterQueue.
    pub cluster_queue: String,
    /// Of workloads that wait now.
    pub waiting: f64,
    /// Of workloads that come later.
    pub later: f64,
}

/// A workload that waits now and is often admitted before the job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AheadWorkload {
    /// Namespace and name.
    pub workload: String,
    /// In which share of the futures.
    pub share: f64,
}

/// Who was admitted before the job, or before the horizon; only of the ClusterQueues it shares
/// quota with.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ahead {
    /// The most admissions first, then by name.
    pub queues: Vec<AheadOfQueue>,
    /// The most frequent, and of equals those that are listed first in the objects.
    pub workloads: Vec<AheadWorkload>,
}

/// Who was admitted before the job in one future.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    /// ClusterQueue and position of workloads that waited at the start.
    waiting: Vec<(usize, usize)>,
    /// How many that came later, by ClusterQueue.
    later: BTreeMap<usize, u64>,
    /// The ClusterQueue of the job.
    queue: Option<usize>,
}

impl Before {
    pub(super) fn of(outcome: &Outcome, question: &Question<'_>) -> Before {
        let mut before = Before::default();
        let objects = &question.objects.workloads;
        for (at, one) in outcome.workloads.iter().enumerate() {
            if one.namespace == question.job.namespace && one.name == question.job.name {
                before.queue = one.queue;
                continue;
            }
            let Some(queue) = one.queue.filter(|_| one.first_admitted.is_some()) else {
                continue;
            };
            match objects.get(at) {
                Some(object) if began(object).is_none() => before.waiting.push((queue, at)),
                Some(_) => {}
                None => *before.later.entry(queue).or_default() += 1,
            }
        }
        before
    }
}

impl Ahead {
    /// Sums futures up, at least one.
    pub(super) fn of(question: &Question<'_>, futures: impl Iterator<Item = Before>) -> Ahead {
        let quota = Quota::new(question.objects);
        let names = quota.names();
        let root = |queue: usize| {
            quota.root(gpusched_core::queueing::kueue::ids::ClusterQueueId::from(queue).into())
        };
        let mut queues: BTreeMap<usize, [u64; 2]> = BTreeMap::new();
        let mut workloads: BTreeMap<usize, u64> = BTreeMap::new();
        for future in futures {
            let shares = |queue: usize| future.queue.is_some_and(|own| root(own) == root(queue));
            for (queue, at) in future.waiting.iter().filter(|(queue, _)| shares(*queue)) {
                queues.entry(*queue).or_default()[0] += 1;
                *workloads.entry(*at).or_default() += 1;
            }
            for (queue, count) in future.later.iter().filter(|(queue, _)| shares(**queue)) {
                queues.entry(*queue).or_default()[1] += count;
            }
        }
        let mean = |count: u64| count as f64 / f64::from(question.samples);
        let mut queues: Vec<_> = queues.into_iter().collect();
        queues.sort_by_key(|(_, [waiting, later])| Reverse(waiting + later));
        let mut workloads: Vec<_> = workloads.into_iter().collect();
        workloads.sort_by_key(|(_, count)| Reverse(*count));
        Ahead {
            queues: queues
                .into_iter()
                .map(|(queue, [waiting, later])| AheadOfQueue {
                    cluster_queue: names.cluster_queue_name(queue.into()).to_owned(),
                    waiting: mean(waiting),
                    later: mean(later),
                })
                .collect(),
            workloads: workloads
                .into_iter()
                .take(NAMED)
                .map(|(at, count)| AheadWorkload {
                    workload: question.objects.workloads[at].key(),
                    share: mean(count),
                })
                .collect(),
        }
    }
}
