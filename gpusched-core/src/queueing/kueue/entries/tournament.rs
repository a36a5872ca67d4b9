//! The order with fair sharing: a tournament among the heads of a tree.

use super::super::ids::{ClusterQueueId, QuotaNodeId};
use super::super::quota::DominantResourceShare;
use super::super::{Gates, Quota};
use super::Entry;
use std::cmp::Ordering;

const NOBODY: u32 = u32::MAX;

/// The share of a node with an entry counted below it.
#[derive(Clone, Copy, Debug)]
struct Share {
    share: DominantResourceShare,
    /// Whether the node borrows what the entry asks for.
    borrowing: bool,
}

/// Yields one entry after the other. In each cohort, the entries that win in its children play
/// against each other; the one whose child of the cohort has, with it, the lowest dominant
/// resource share goes up, and the winner of the root is next.
///
/// Trees come one after the other: ClusterQueues without a cohort by name, then cohort trees by
/// the name of the root. (Kueue mixes them arbitrarily.) Of two entries of one queue only the
/// later takes part, as upstream, which keeps them by queue.
///
/// Shares are kept as long as nothing they depend on can have changed: between two calls of
/// [`Tournament::next`], use may change in the queue of the entry yielded last, and nowhere else.
/// The next entry then costs O(nodes below the child of the root with that queue, and children of
/// the root).
///
/// Source: `pkg/scheduler/fair_sharing_iterator.go`.
#[derive(Clone, Debug)]
pub struct Tournament<'a> {
    entries: &'a [Entry<'a>],
    gates: Gates,
    /// By ClusterQueue: its entry.
    entry_of: Vec<u32>,
    /// By entry: where its shares begin, and last where they end. There is one for each cohort
    /// above its queue, the parent first: the share of that cohort's child.
    shares_at: Vec<u32>,
    shares: Vec<Share>,
    /// By node: the entry that wins there.
    winner: Vec<u32>,
    /// Roots of trees with entries, the next one last.
    trees: Vec<QuotaNodeId>,
    /// The queue of the entry yielded last, if its tree is not done.
    last: Option<ClusterQueueId>,
    started: bool,
    /// Cohorts with their depth below the root: a buffer.
    cohorts: Vec<(QuotaNodeId, usize)>,
}

impl<'a> Tournament<'a> {
    /// A tournament of these entries.
    pub fn new(entries: &'a [Entry<'a>], quota: &Quota, gates: &Gates) -> Tournament<'a> {
        let mut entry_of = vec![NOBODY; quota.names().cluster_queues()];
        for (at, entry) in (0..).zip(entries) {
            entry_of[entry.cluster_queue.index()] = at;
        }
        let mut trees = Vec::new();
        let mut shares_at = Vec::with_capacity(entries.len() + 1);
        let mut shares = 0;
        for entry in entries {
            let node = QuotaNodeId::from(entry.cluster_queue);
            trees.push(quota.root(node));
            shares_at.push(shares);
            shares += quota.path_parent_to_root(node).count() as u32;
        }
        shares_at.push(shares);
        trees.sort_unstable();
        trees.dedup();
        trees.reverse();
        let none = Share {
            share: DominantResourceShare::NONE,
            borrowing: false,
        };
        Tournament {
            entries,
            gates: *gates,
            entry_of,
            shares_at,
            shares: vec![none; shares as usize],
            winner: vec![NOBODY; quota.nodes()],
            trees,
            last: None,
            started: false,
            cohorts: Vec::new(),
        }
    }

    /// The position of the next entry. The quota is as it was afterwards.
    pub fn next(&mut self, quota: &mut Quota) -> Option<usize> {
        loop {
            let root = *self.trees.last()?;
            match self.last.take() {
                None if !self.started => self.play(quota, root, 0),
                Some(queue) => self.replay(quota, root, queue),
                None => {}
            }
            self.started = true;
            let winner = match quota.as_cluster_queue(root) {
                Some(queue) => self.entry_of[queue.index()],
                None => self.winner[root.index()],
            };
            if winner == NOBODY {
                self.trees.pop();
                self.started = false;
                continue;
            }
            let queue = self.entries[winner as usize].cluster_queue;
            self.entry_of[queue.index()] = NOBODY;
            self.last = Some(queue);
            return Some(winner as usize);
        }
    }

    /// Plays again what the queue of the last entry has to do with: everything below the child of
    /// the root it belongs to, and the root.
    fn replay(&mut self, quota: &mut Quota, root: QuotaNodeId, queue: ClusterQueueId) {
        let mut child = QuotaNodeId::from(queue);
        while let Some(parent) = quota.parent(child)
            && parent != root
        {
            child = parent;
        }
        if quota.as_cluster_queue(child).is_none() {
            self.play(quota, child, 1);
        }
        if quota.as_cluster_queue(root).is_none() {
            self.decide(quota, root, 0);
        }
    }

    /// Computes shares and winners of a cohort and all below; it is `depth` below the root.
    fn play(&mut self, quota: &mut Quota, top: QuotaNodeId, depth: usize) {
        if quota.as_cluster_queue(top).is_some() {
            return;
        }
        let mut cohorts = std::mem::take(&mut self.cohorts);
        cohorts.clear();
        cohorts.push((top, depth));
        let mut at = 0;
        while let Some(&(cohort, depth)) = cohorts.get(at) {
            at += 1;
            let children = quota.child_cohorts(cohort).iter();
            cohorts.extend(children.map(|child| (*child, depth + 1)));
            for child in 0..quota.child_cluster_queues(cohort).len() {
                let queue = quota.child_cluster_queues(cohort)[child];
                self.count(quota, queue);
            }
        }
        for &(cohort, depth) in cohorts.iter().rev() {
            self.decide(quota, cohort, depth);
        }
        self.cohorts = cohorts;
    }

    /// The shares on the way up, with the entry of a queue counted.
    fn count(&mut self, quota: &mut Quota, queue: ClusterQueueId) {
        let at = self.entry_of[queue.index()];
        if at == NOBODY {
            return;
        }
        let usage = self.entries[at as usize].usage;
        let mark = quota.begin();
        quota.add_usages(queue, usage);
        let mut node = QuotaNodeId::from(queue);
        let mut place = self.shares_at[at as usize] as usize;
        while let Some(parent) = quota.parent(node) {
            self.shares[place] = Share {
                share: quota.dominant_resource_share(node),
                borrowing: quota.is_borrowing_on(node, usage),
            };
            (node, place) = (parent, place + 1);
        }
        quota.rollback(mark);
    }

    /// Who wins in a cohort, the winners of its children being known.
    fn decide(&mut self, quota: &Quota, cohort: QuotaNodeId, depth: usize) {
        let below = quota.child_cohorts(cohort).iter();
        let below = below.map(|child| self.winner[child.index()]);
        let queues = quota.child_cluster_queues(cohort).iter();
        let queues = queues.map(|queue| self.entry_of[queue.index()]);
        let best = below
            .chain(queues)
            .filter(|at| *at != NOBODY)
            .min_by(|a, b| self.compare(depth, *a as usize, *b as usize));
        self.winner[cohort.index()] = best.unwrap_or(NOBODY);
    }

    /// Which of two entries goes first in a cohort `depth` below the root.
    fn compare(&self, depth: usize, a: usize, b: usize) -> Ordering {
        // The root has the last one.
        let share = |at: usize| self.shares[self.shares_at[at + 1] as usize - 1 - depth];
        let (first, second) = (&self.entries[a], &self.entries[b]);
        let (share_a, share_b) = (share(a), share(b));
        let preemptor = match self.gates.prioritize_preemptor_workloads {
            true => second.is_preemptor.cmp(&first.is_preemptor),
            false => Ordering::Equal,
        };
        let borrowing = match self.gates.fair_sharing_prioritize_non_borrowing {
            true => share_a.borrowing.cmp(&share_b.borrowing),
            false => Ordering::Equal,
        };
        let priority = match self.gates.priority_sorting_within_cohort {
            true => second.priority.cmp(&first.priority),
            false => Ordering::Equal,
        };
        preemptor
            .then(borrowing)
            .then_with(|| share_a.share.compare(share_b.share))
            .then(priority)
            .then_with(|| first.queued.cmp(&second.queued))
            .then_with(|| first.name.cmp(second.name))
    }
}
