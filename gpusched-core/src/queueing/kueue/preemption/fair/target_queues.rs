//! From which queue the next victim comes.

use super::super::super::Quota;
use super::super::super::ids::{ClusterQueueId, QuotaNodeId, WorkloadId};
use super::super::super::quota::DominantResourceShare;
use super::super::lazy::Sorted;
use super::super::{Holders, candidates_ordering};
use crate::units::Time;
use std::cmp::Ordering;

/// The candidates of one queue: a part of the list, sorted as far as it was looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    start: u32,
    end: u32,
    /// Taken so far.
    taken: u32,
    sorted: Sorted,
}

impl Part {
    fn is_empty(&self) -> bool {
        self.start + self.taken == self.end
    }
}

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
    /// Queue by queue.
    candidates: Vec<WorkloadId>,
    /// By ClusterQueue.
    parts: Vec<Part>,
    /// By node: nothing will come from there any more.
    pruned: Vec<bool>,
    shares: Vec<Option<DominantResourceShare>>,
    above_preemptor: Vec<QuotaNodeId>,
}

impl TargetQueues {
    /// Starts over with these candidates for a workload of the ClusterQueue `preemptor`. O(n).
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
        let queues = quota.names().cluster_queues();
        fill(&mut self.parts, queues, Part::default());
        fill(
            &mut self.candidates,
            candidates.len(),
            WorkloadId::default(),
        );
        fill(&mut self.pruned, quota.nodes(), false);
        fill(&mut self.shares, quota.nodes(), None);
        self.above_preemptor.clear();
        let above = quota.path_parent_to_root(preemptor.into());
        self.above_preemptor.extend(above);
        let queue_of = |candidate: &WorkloadId| holders.get(*candidate).cluster_queue.index();
        for candidate in candidates {
            self.parts[queue_of(candidate)].end += 1;
        }
        let mut start = 0;
        for part in &mut self.parts {
            let len = part.end;
            (part.start, part.end) = (start, start);
            start += len;
        }
        for candidate in candidates {
            let part = &mut self.parts[queue_of(candidate)];
            self.candidates[part.end as usize] = *candidate;
            part.end += 1;
        }
    }

    /// The queue to take the next victim from; `None` when there is no candidate left. `order` is
    /// that of the candidates of one queue, the same in every call.
    pub fn next(
        &mut self,
        quota: &Quota,
        holders: &Holders,
        order: impl Fn(WorkloadId, WorkloadId) -> Ordering + Copy,
    ) -> Option<ClusterQueueId> {
        let own = QuotaNodeId::from(self.preemptor);
        let root = quota.root(own);
        if root == own {
            let left = !self.pruned[own.index()] && !self.parts[own.index()].is_empty();
            return left.then_some(self.preemptor);
        }
        let mut cohort = root;
        while !self.pruned[root.index()] {
            let queue = self.highest_queue(quota, holders, cohort, order);
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
        order: impl Fn(WorkloadId, WorkloadId) -> Ordering + Copy,
    ) -> Option<(ClusterQueueId, DominantResourceShare)> {
        let mut highest: Option<(ClusterQueueId, DominantResourceShare)> = None;
        for &queue in quota.child_cluster_queues(cohort) {
            if self.pruned[queue.index()] {
                continue;
            }
            let share = self.share(quota, queue.into());
            let borrows = share.is_borrowing() || queue == self.preemptor;
            if !borrows || self.parts[queue.index()].is_empty() {
                self.pruned[queue.index()] = true;
                continue;
            }
            let higher = match highest {
                None => true,
                Some((other, most)) => {
                    let mut higher = share.compare(most);
                    if higher.is_eq()
                        && let (Some(one), Some(other)) =
                            (self.peek(queue, order), self.peek(other, order))
                    {
                        let (one, other) = (holders.get(one), holders.get(other));
                        // What LocalQueues used does not count between queues.
                        higher = candidates_ordering(other, one, self.preemptor, self.now, &[]);
                    }
                    higher.is_gt()
                }
            };
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
    fn peek(
        &mut self,
        queue: ClusterQueueId,
        order: impl Fn(WorkloadId, WorkloadId) -> Ordering,
    ) -> Option<WorkloadId> {
        let part = &mut self.parts[queue.index()];
        let candidates = &mut self.candidates[part.start as usize..part.end as usize];
        let at = part.taken as usize;
        part.sorted
            .get(candidates, at, |a, b| order(*a, *b))
            .copied()
    }

    /// Takes the next candidate of a queue.
    pub fn pop(
        &mut self,
        queue: ClusterQueueId,
        order: impl Fn(WorkloadId, WorkloadId) -> Ordering,
    ) -> Option<WorkloadId> {
        let candidate = self.peek(queue, order)?;
        self.parts[queue.index()].taken += 1;
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
