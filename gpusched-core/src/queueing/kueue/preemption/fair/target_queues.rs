//! From which queue the next victim comes.

use super::super::super::Quota;
use super::super::super::ids::{ClusterQueueId, QuotaNodeId, WorkloadId};
use super::super::super::quota::DominantResourceShare;
use super::super::{Holders, candidates_ordering};
use crate::units::Time;

const NONE: u32 = u32::MAX;

/// Yields the ClusterQueues to take victims from: from the root of the tree down, always into the
/// child with the highest share that still has candidates. Between two calls of
/// [`TargetQueues::next`] a candidate has to be [popped](TargetQueues::pop) or the queue
/// [dropped](TargetQueues::drop_queue).
///
/// A child of equal share is preferred when it is a cohort; of several queues, the one whose next
/// candidate comes first in the order of candidates; of several cohorts, the first by name.
///
/// Shares are kept until [`TargetQueues::changed`] says otherwise, so that a step costs O(children
/// of the nodes on the way).
///
/// Source: `pkg/scheduler/preemption/fairsharing/ordering.go`.
#[derive(Clone, Debug, Default)]
pub struct TargetQueues {
    preemptor: ClusterQueueId,
    now: Time,
    candidates: Vec<WorkloadId>,
    /// By candidate: the next one of the same queue.
    next: Vec<u32>,
    /// By ClusterQueue: its first and last candidate.
    ends: Vec<(u32, u32)>,
    /// By node: nothing will come from there any more.
    pruned: Vec<bool>,
    shares: Vec<Option<DominantResourceShare>>,
    above_preemptor: Vec<QuotaNodeId>,
}

impl TargetQueues {
    /// Starts over with these candidates, of each queue in the order they are to be taken, for a
    /// workload of the ClusterQueue `preemptor`.
    pub fn start(
        &mut self,
        quota: &Quota,
        holders: &Holders,
        preemptor: ClusterQueueId,
        now: Time,
        candidates: &[WorkloadId],
    ) {
        fn fill<T: Clone>(buffer: &mut Vec<T>, len: usize, with: T) {
            buffer.clear();
            buffer.resize(len, with);
        }
        self.preemptor = preemptor;
        self.now = now;
        fill(&mut self.ends, quota.names().cluster_queues(), (NONE, NONE));
        fill(&mut self.next, candidates.len(), NONE);
        fill(&mut self.pruned, quota.nodes(), false);
        fill(&mut self.shares, quota.nodes(), None);
        self.candidates.clear();
        self.candidates.extend_from_slice(candidates);
        self.above_preemptor.clear();
        let above = quota.path_parent_to_root(preemptor.into());
        self.above_preemptor.extend(above);
        for (at, candidate) in (0..).zip(candidates) {
            let queue = holders.get(*candidate).cluster_queue;
            let (first, last) = &mut self.ends[queue.index()];
            match *last {
                NONE => *first = at,
                last => self.next[last as usize] = at,
            }
            *last = at;
        }
    }

    /// The queue to take the next victim from; `None` when there is no candidate left.
    pub fn next(&mut self, quota: &Quota, holders: &Holders) -> Option<ClusterQueueId> {
        let own = QuotaNodeId::from(self.preemptor);
        let root = quota.root(own);
        if root == own {
            let left = !self.pruned[own.index()] && self.peek(self.preemptor).is_some();
            return left.then_some(self.preemptor);
        }
        let mut cohort = root;
        while !self.pruned[root.index()] {
            let queue = self.highest_queue(quota, holders, cohort);
            let below = self.highest_cohort(quota, cohort);
            match (below, queue) {
                (None, None) => {
                    self.pruned[cohort.index()] = true;
                    cohort = root;
                }
                (Some((below, share)), Some((_, other))) if share.compare(other).is_ge() => {
                    cohort = below;
                }
                (_, Some((queue, _))) => return Some(queue),
                (Some((below, _)), None) => cohort = below,
            }
        }
        None
    }

    fn highest_queue(
        &mut self,
        quota: &Quota,
        holders: &Holders,
        cohort: QuotaNodeId,
    ) -> Option<(ClusterQueueId, DominantResourceShare)> {
        let mut highest: Option<(ClusterQueueId, DominantResourceShare)> = None;
        for &queue in quota.child_cluster_queues(cohort) {
            if self.pruned[queue.index()] {
                continue;
            }
            let share = self.share(quota, queue.into());
            let Some(candidate) = self
                .peek(queue)
                .filter(|_| share.is_borrowing() || queue == self.preemptor)
            else {
                self.pruned[queue.index()] = true;
                continue;
            };
            let higher = highest.is_none_or(|(other, most)| {
                share
                    .compare(most)
                    .then_with(|| {
                        let first = self.peek(other).map(|other| {
                            let (one, other) = (holders.get(candidate), holders.get(other));
                            // What LocalQueues used does not count between queues.
                            candidates_ordering(other, one, self.preemptor, self.now, &[])
                        });
                        first.unwrap_or(std::cmp::Ordering::Equal)
                    })
                    .is_gt()
            });
            if higher {
                highest = Some((queue, share));
            }
        }
        highest
    }

    fn highest_cohort(
        &mut self,
        quota: &Quota,
        cohort: QuotaNodeId,
    ) -> Option<(QuotaNodeId, DominantResourceShare)> {
        let mut highest: Option<(QuotaNodeId, DominantResourceShare)> = None;
        for &child in quota.child_cohorts(cohort) {
            if self.pruned[child.index()] {
                continue;
            }
            let share = self.share(quota, child);
            if !share.is_borrowing() && !self.is_above_preemptor(child) {
                self.pruned[child.index()] = true;
            } else if highest.is_none_or(|(_, most)| share.compare(most).is_gt()) {
                highest = Some((child, share));
            }
        }
        highest
    }

    /// The candidate of a queue that is next.
    fn peek(&self, queue: ClusterQueueId) -> Option<WorkloadId> {
        match self.ends[queue.index()].0 {
            NONE => None,
            first => Some(self.candidates[first as usize]),
        }
    }

    /// Takes the next candidate of a queue.
    pub fn pop(&mut self, queue: ClusterQueueId) -> Option<WorkloadId> {
        let candidate = self.peek(queue)?;
        let (first, last) = &mut self.ends[queue.index()];
        *first = self.next[*first as usize];
        if *first == NONE {
            *last = NONE;
        }
        Some(candidate)
    }

    /// Takes nothing from a queue any more.
    pub fn drop_queue(&mut self, queue: ClusterQueueId) {
        self.pruned[queue.index()] = true;
    }

    /// Use of a queue has changed, and with it the shares of all nodes above.
    pub fn changed(&mut self, quota: &Quota, queue: ClusterQueueId) {
        self.shares[queue.index()] = None;
        for node in quota.path_parent_to_root(queue.into()) {
            self.shares[node.index()] = None;
        }
    }

    /// The share of a node.
    pub(super) fn share(&mut self, quota: &Quota, node: QuotaNodeId) -> DominantResourceShare {
        *self.shares[node.index()].get_or_insert_with(|| quota.dominant_resource_share(node))
    }

    /// Whether the preemptor's queue is below a cohort.
    pub(super) fn is_above_preemptor(&self, cohort: QuotaNodeId) -> bool {
        self.above_preemptor.contains(&cohort)
    }
}
