//! The shape of the trees.

use super::super::Objects;
use super::super::ids::{ClusterQueueId, QuotaNodeId};
use super::Quota;
use super::names::Names;

/// Parents, children, heights. Children are in the order of their names, ClusterQueues apart from
/// cohorts.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    queues: usize,
    pub(super) parent: Vec<Option<QuotaNodeId>>,
    root: Vec<QuotaNodeId>,
    /// By cohort.
    child_queues: Vec<Vec<ClusterQueueId>>,
    child_cohorts: Vec<Vec<QuotaNodeId>>,
    height: Vec<u32>,
    /// Every cohort after all cohorts below it.
    pub(super) bottom_up: Vec<QuotaNodeId>,
    cyclic: Vec<bool>,
    active: Vec<bool>,
}

impl Tree {
    pub(super) fn new(objects: &Objects, names: &Names) -> Tree {
        let queues = names.cluster_queues();
        let nodes = queues + names.cohorts();
        let mut parent = vec![None; nodes];
        for queue in &objects.cluster_queues {
            if let Some(id) = names.cluster_queue(&queue.name) {
                parent[id.index()] = queue.cohort.as_deref().and_then(|name| names.cohort(name));
            }
        }
        for cohort in &objects.cohorts {
            if let Some(id) = names.cohort(&cohort.name) {
                parent[id.index()] = cohort.parent.as_deref().and_then(|name| names.cohort(name));
            }
        }
        let cyclic = leading_into_cycles(&parent);
        for (parent, _) in parent
            .iter_mut()
            .zip(&cyclic)
            .filter(|(_, cyclic)| **cyclic)
        {
            *parent = None;
        }
        let mut tree = Tree {
            queues,
            root: (0..nodes).map(QuotaNodeId::from).collect(),
            child_queues: vec![Vec::new(); names.cohorts()],
            child_cohorts: vec![Vec::new(); names.cohorts()],
            height: vec![0; nodes],
            bottom_up: Vec::with_capacity(names.cohorts()),
            cyclic,
            active: vec![true; queues],
            parent,
        };
        for child in 0..nodes {
            let Some(parent) = tree.parent[child] else {
                continue;
            };
            let cohort = parent.index() - queues;
            match child < queues {
                true => tree.child_queues[cohort].push(ClusterQueueId::from(child)),
                false => tree.child_cohorts[cohort].push(QuotaNodeId::from(child)),
            }
        }
        tree.walk();
        tree.measure();
        tree
    }

    /// Fills `bottom_up` and `root`.
    fn walk(&mut self) {
        let mut top_down: Vec<QuotaNodeId> = (self.queues..self.parent.len())
            .map(QuotaNodeId::from)
            .filter(|node| self.parent[node.index()].is_none())
            .collect();
        let mut next = 0;
        while let Some(&node) = top_down.get(next) {
            next += 1;
            if let Some(parent) = self.parent[node.index()] {
                self.root[node.index()] = self.root[parent.index()];
            }
            top_down.extend(&self.child_cohorts[node.index() - self.queues]);
        }
        for queue in 0..self.queues {
            if let Some(parent) = self.parent[queue] {
                self.root[queue] = self.root[parent.index()];
            }
        }
        top_down.reverse();
        self.bottom_up = top_down;
    }

    /// Fills `height`: the distance to the furthest leaf, among ClusterQueues that are active.
    fn measure(&mut self) {
        for &node in &self.bottom_up {
            let cohort = node.index() - self.queues;
            let active = |queue: &ClusterQueueId| self.active[queue.index()];
            let mut height = u32::from(self.child_queues[cohort].iter().any(active));
            for child in &self.child_cohorts[cohort] {
                height = height.max(self.height[child.index()] + 1);
            }
            self.height[node.index()] = height;
        }
    }
}

/// Which nodes are on a cycle of parents or lead into one. O(nodes): each is visited once.
fn leading_into_cycles(parent: &[Option<QuotaNodeId>]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnPath,
        Free,
        Cyclic,
    }
    let mut seen = vec![Seen::No; parent.len()];
    let mut path = Vec::new();
    for start in 0..parent.len() {
        let mut at = Some(start);
        let verdict = loop {
            match at.map(|node| (node, seen[node])) {
                None | Some((_, Seen::Free)) => break Seen::Free,
                Some((_, Seen::OnPath | Seen::Cyclic)) => break Seen::Cyclic,
                Some((node, Seen::No)) => {
                    seen[node] = Seen::OnPath;
                    path.push(node);
                    at = parent[node].map(QuotaNodeId::index);
                }
            }
        };
        for node in path.drain(..) {
            seen[node] = verdict;
        }
    }
    seen.iter().map(|seen| *seen == Seen::Cyclic).collect()
}

impl Quota {
    /// How many nodes there are: ClusterQueues, then cohorts.
    pub fn nodes(&self) -> usize {
        self.tree.parent.len()
    }

    /// The ClusterQueue a node is, if it is one.
    #[inline]
    pub fn as_cluster_queue(&self, node: QuotaNodeId) -> Option<ClusterQueueId> {
        (node.index() < self.tree.queues).then_some(ClusterQueueId(node.0))
    }

    /// The cohort above a node.
    #[inline]
    pub fn parent(&self, node: QuotaNodeId) -> Option<QuotaNodeId> {
        self.tree.parent[node.index()]
    }

    /// The cohorts above a node, from its parent to the root.
    #[inline]
    pub fn path_parent_to_root(
        &self,
        node: QuotaNodeId,
    ) -> impl Iterator<Item = QuotaNodeId> + use<'_> {
        std::iter::successors(self.parent(node), |one| self.parent(*one))
    }

    /// The top of the tree the node is in; itself, if it has no parent.
    #[inline]
    pub fn root(&self, node: QuotaNodeId) -> QuotaNodeId {
        self.tree.root[node.index()]
    }

    /// The ClusterQueues right below a node, by name, active or not; none below a ClusterQueue.
    #[inline]
    pub fn child_cluster_queues(&self, node: QuotaNodeId) -> &[ClusterQueueId] {
        match node.index().checked_sub(self.tree.queues) {
            Some(cohort) => &self.tree.child_queues[cohort],
            None => &[],
        }
    }

    /// The cohorts right below a node, by name; none below a ClusterQueue.
    #[inline]
    pub fn child_cohorts(&self, node: QuotaNodeId) -> &[QuotaNodeId] {
        match node.index().checked_sub(self.tree.queues) {
            Some(cohort) => &self.tree.child_cohorts[cohort],
            None => &[],
        }
    }

    /// Whether the node is on a cycle of parents or leads into one. Such a node has no parent and
    /// no children here; Kueue leaves it out of every decision.
    pub fn has_cycle(&self, node: QuotaNodeId) -> bool {
        self.tree.cyclic[node.index()]
    }

    /// Whether a ClusterQueue takes part in decisions; all do until
    /// [`set_active`](Quota::set_active) says otherwise.
    #[inline]
    pub fn is_active(&self, queue: ClusterQueueId) -> bool {
        self.tree.active[queue.index()]
    }

    /// Puts a ClusterQueue in or out of decisions. One that is out still counts with its quota and
    /// use, but its workloads are no victims and it adds nothing to the height of its cohort.
    ///
    /// O(cohorts).
    pub fn set_active(&mut self, queue: ClusterQueueId, active: bool) {
        if std::mem::replace(&mut self.tree.active[queue.index()], active) != active {
            self.tree.measure();
        }
    }

    /// The distance from a cohort to its furthest active leaf; 0 for a ClusterQueue.
    #[inline]
    pub fn height(&self, node: QuotaNodeId) -> u32 {
        self.tree.height[node.index()]
    }
}
