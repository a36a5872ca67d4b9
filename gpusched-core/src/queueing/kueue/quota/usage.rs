//! Use, what it leaves, and transactions over it.

use super::super::Amount;
use super::super::ids::{ClusterQueueId, FlavorResourceId, QuotaNodeId};
use super::Quota;

/// A cell before it changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undo {
    at: usize,
    usage: Amount,
}

/// Where a transaction began; ends with [`Quota::commit`] or [`Quota::rollback`].
#[derive(Debug)]
#[must_use = "a transaction has to end"]
pub struct Mark(usize);

impl Quota {
    /// What counts against the node's subtree quota: of a ClusterQueue all use of its workloads,
    /// of a cohort what its children use beyond their local quotas.
    #[inline]
    pub fn usage(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
        self.cell(node, fr).usage
    }

    /// Local quota that is not used: the parent does not see it.
    #[inline]
    pub fn local_available(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
        let cell = self.cell(node, fr);
        Amount::ZERO.max(cell.local - cell.usage)
    }

    /// What a ClusterQueue can still have, its own and borrowed; 0 when it, or its cohort, is in
    /// debt. O(depth).
    #[inline]
    pub fn available(&self, queue: ClusterQueueId, fr: FlavorResourceId) -> Amount {
        Amount::ZERO.max(self.node_available(queue.into(), fr))
    }

    /// What any node can still have; negative when it is in debt. O(depth).
    ///
    /// A node has its unused local quota and what its parent has, up to its borrowing limit.
    pub fn node_available(&self, node: QuotaNodeId, fr: FlavorResourceId) -> Amount {
        // On the way up: the answer is `own` plus what the next node has, at most `most`.
        let (mut node, mut own, mut most) = (node, Amount::ZERO, Amount::UNLIMITED);
        loop {
            let cell = self.cell(node, fr);
            let Some(parent) = self.parent(node) else {
                return own + most.min(cell.subtree - cell.usage);
            };
            let free = self.local_available(node, fr);
            if free.is_unlimited() {
                return own + most;
            }
            own = own + free;
            most = most - free;
            if !cell.borrowing_limit.is_unlimited() {
                let stored = cell.subtree - cell.local;
                let used = Amount::ZERO.max(cell.usage - cell.local);
                most = most.min(stored - used + cell.borrowing_limit);
            }
            node = parent;
        }
    }

    /// Whether the node would use more than its subtree quota (of a ClusterQueue: its nominal
    /// quota) with `value` more.
    #[inline]
    pub fn borrowing_with(&self, node: QuotaNodeId, fr: FlavorResourceId, value: Amount) -> bool {
        let cell = self.cell(node, fr);
        cell.usage + value > cell.subtree
    }

    /// Whether the node uses at most its subtree quota of each.
    #[inline]
    pub fn is_within_nominal(&self, node: QuotaNodeId, frs: &[FlavorResourceId]) -> bool {
        frs.iter().all(|fr| {
            let cell = self.cell(node, *fr);
            cell.usage <= cell.subtree
        })
    }

    /// Whether the requests fit beside the use of the node; they become what the node's unused
    /// local quota does not cover: the request to its parent.
    pub fn fit_in_quota(
        &self,
        node: QuotaNodeId,
        requests: &mut [(FlavorResourceId, Amount)],
    ) -> bool {
        let mut fits = true;
        for (fr, value) in requests {
            fits &= !self.borrowing_with(node, *fr, *value);
            *value = Amount::ZERO.max(*value - self.local_available(node, *fr));
        }
        fits
    }

    /// The height of the lowest subtree around a ClusterQueue that has `value` of its own quota
    /// left, 0 being the queue itself and the whole tree where none has; and whether that subtree
    /// is part of a larger one, from which quota may be reclaimed. O(depth).
    pub fn height_of_lowest_subtree_that_fits(
        &self,
        queue: ClusterQueueId,
        fr: FlavorResourceId,
        value: Amount,
    ) -> (u32, bool) {
        let node = QuotaNodeId::from(queue);
        if self.parent(node).is_none() || !self.borrowing_with(node, fr, value) {
            return (0, self.parent(node).is_some());
        }
        let mut rest = value - self.local_available(node, fr);
        for ancestor in self.path_parent_to_root(node) {
            if !self.borrowing_with(ancestor, fr, rest) {
                return (self.height(ancestor), self.parent(ancestor).is_some());
            }
            rest = rest - self.local_available(ancestor, fr);
        }
        (self.height(self.root(node)), false)
    }

    /// Uses more. What exceeds the local quota of a node counts against its parent. O(depth).
    pub fn add_usage(&mut self, queue: ClusterQueueId, fr: FlavorResourceId, value: Amount) {
        let mut node = QuotaNodeId::from(queue);
        let mut value = value;
        loop {
            let free = self.local_available(node, fr);
            self.change(node, fr, |usage| usage + value);
            match self.parent(node) {
                Some(parent) if value > free => (node, value) = (parent, value - free),
                _ => return,
            }
        }
    }

    /// Uses less: the reverse of [`Quota::add_usage`]. O(depth).
    pub fn remove_usage(&mut self, queue: ClusterQueueId, fr: FlavorResourceId, value: Amount) {
        let mut node = QuotaNodeId::from(queue);
        let mut value = value;
        loop {
            let cell = self.cell(node, fr);
            let in_parent = cell.usage - cell.local;
            self.change(node, fr, |usage| usage - value);
            match self.parent(node) {
                Some(parent) if in_parent > Amount::ZERO => {
                    (node, value) = (parent, value.min(in_parent));
                }
                _ => return,
            }
        }
    }

    /// [`Quota::add_usage`] of several.
    pub fn add_usages(&mut self, queue: ClusterQueueId, usage: &[(FlavorResourceId, Amount)]) {
        for (fr, value) in usage {
            self.add_usage(queue, *fr, *value);
        }
    }

    /// [`Quota::remove_usage`] of several.
    pub fn remove_usages(&mut self, queue: ClusterQueueId, usage: &[(FlavorResourceId, Amount)]) {
        for (fr, value) in usage {
            self.remove_usage(queue, *fr, *value);
        }
    }

    #[inline]
    fn change(
        &mut self,
        node: QuotaNodeId,
        fr: FlavorResourceId,
        to: impl FnOnce(Amount) -> Amount,
    ) {
        let at = self.at(node, fr);
        let usage = &mut self.cells[at].usage;
        if self.open > 0 {
            self.log.push(Undo { at, usage: *usage });
        }
        *usage = to(*usage);
    }

    /// Begins a transaction: what changes from here on can be undone. Transactions nest; they end
    /// in the reverse order.
    ///
    /// ```
    /// # use gpusched_core::queueing::kueue::{Objects, Quota};
    /// let mut quota = Quota::new(&Objects::default());
    /// let trial = quota.begin();
    /// // Try something.
    /// quota.rollback(trial);
    /// ```
    pub fn begin(&mut self) -> Mark {
        self.open += 1;
        Mark(self.log.len())
    }

    /// Keeps what changed since the mark. It can still be undone by a transaction around this one.
    pub fn commit(&mut self, _mark: Mark) {
        self.open -= 1;
        if self.open == 0 {
            self.log.clear();
        }
    }

    /// Undoes what changed since the mark, exactly. O(changes).
    pub fn rollback(&mut self, mark: Mark) {
        self.open -= 1;
        for undo in self.log.drain(mark.0..).rev() {
            self.cells[undo.at].usage = undo.usage;
        }
    }
}
