//! How many pods and slices every domain can take: counted per leaf, rolled up, and kept.
//!
//! Counting again what did not change is what makes a preemption search slow: upstream fills in
//! the whole tree for every victim it tries. Here the counts of a request are kept, and when they
//! are asked for again only leaves whose use changed are counted, and only the domains around those
//! are added up.

use super::filter::Filter;
use super::requests::PodRequests;
use super::tree::{NONE, Tree};
use std::ops::Range;

/// What fits into a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) pods: i64,
    pub(super) slices: i64,
    /// Pods beside one leader.
    pub(super) pods_with_leader: i64,
    pub(super) slices_with_leader: i64,
    /// Leaders: 0 or 1.
    pub(super) leaders: i64,
    /// Sum of the preferences of the leaves.
    pub(super) affinity: i64,
}

/// Slices of a request, resolved to levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slicing {
    /// Pods of the widest slice.
    pub(super) size: i64,
    /// Its level.
    pub(super) level: usize,
    /// By level: pods of an inner slice, 1 where there is none.
    pub(super) inner: Vec<i64>,
}

impl Slicing {
    /// Pods that stay together within a domain of a level below the widest slice.
    #[inline]
    pub(super) fn inner(&self, level: usize) -> i64 {
        self.inner.get(level).copied().unwrap_or(1)
    }

    /// The same slices with nothing inside.
    pub(super) fn outer(&self) -> Slicing {
        Slicing {
            inner: Vec::new(),
            ..*self
        }
    }
}

/// What is counted.
#[derive(Clone, Copy)]
pub(super) struct Counted<'a> {
    pub(super) workers: &'a PodRequests,
    pub(super) leader: Option<&'a PodRequests>,
    pub(super) filter: &'a Filter,
    pub(super) slicing: &'a Slicing,
    /// Leaves outside count nothing.
    pub(super) within: Option<&'a Range<u32>>,
}

impl Counted<'_> {
    /// Whether a leaf takes part.
    pub(super) fn takes(&self, leaf: u32) -> bool {
        self.filter.allows(leaf) && self.within.is_none_or(|within| within.contains(&leaf))
    }

    /// Of a leaf of which `free` is free. O(resources).
    fn leaf(&self, tree: &Tree, leaf: u32, free: &[i64]) -> Counts {
        let mut counts = Counts::default();
        if !self.filter.allows(leaf) {
            return counts;
        }
        // Counts even for a leaf that is not taken otherwise.
        counts.affinity = self.filter.score(leaf);
        if !self.takes(leaf) {
            return counts;
        }
        counts.pods = self.workers.pods_in(free);
        counts.pods_with_leader = counts.pods;
        if let Some(leader) = self.leader.filter(|leader| leader.pods_in(free) > 0) {
            counts.leaders = 1;
            counts.pods_with_leader = self.workers.pods_in_beside(free, leader);
        }
        self.slice(&mut counts, tree.lowest());
        counts
    }

    /// Slices of a domain at the level of the slices.
    #[inline]
    fn slice(&self, counts: &mut Counts, level: usize) {
        if level == self.slicing.level {
            counts.slices = counts.pods / self.slicing.size;
            counts.slices_with_leader = counts.pods_with_leader / self.slicing.size;
        }
    }

    /// Of a domain from its children's. O(children).
    fn roll(&self, tree: &Tree, counts: &[Counts], domain: u32, level: usize) -> Counts {
        let children = tree.children(domain);
        let inner = self.slicing.inner(level + 1);
        let mut sum = Counts::default();
        // What the leader costs where it costs least.
        let mut pods_lost: Option<i64> = None;
        let mut slices_lost: Option<i64> = None;
        for child in &counts[children.start as usize..children.end as usize] {
            let (mut pods, mut beside) = (child.pods, child.pods_with_leader);
            if inner > 1 {
                pods -= pods % inner;
                beside -= beside % inner;
            }
            sum.pods += pods;
            sum.slices += child.slices;
            if self.leader.is_none() || child.leaders > 0 {
                let lost = child.slices - child.slices_with_leader;
                pods_lost = Some(pods_lost.map_or(pods - beside, |least| least.min(pods - beside)));
                slices_lost = Some(slices_lost.map_or(lost, |least| least.min(lost)));
            }
            sum.leaders = sum.leaders.max(child.leaders);
            sum.affinity = sum.affinity.saturating_add(child.affinity);
        }
        sum.pods_with_leader = pods_lost.map_or(0, |lost| sum.pods - lost);
        sum.slices_with_leader = slices_lost.map_or(0, |lost| sum.slices - lost);
        self.slice(&mut sum, level);
        sum
    }

    /// Rolls up everything below some neighbouring domains of one level, them included; leaves
    /// keep their pods.
    pub(super) fn roll_below(
        &self,
        tree: &Tree,
        counts: &mut [Counts],
        domains: Range<u32>,
        level: usize,
    ) {
        let below = tree.below(domains);
        for (depth, domains) in below.into_iter().enumerate().rev() {
            let level = level + depth;
            for domain in domains {
                let rolled = if level == tree.lowest() {
                    let mut leaf = counts[domain as usize];
                    self.slice(&mut leaf, level);
                    leaf
                } else {
                    self.roll(tree, counts, domain, level)
                };
                counts[domain as usize] = rolled;
            }
        }
    }

    /// Of every domain. O(leaves · resources + domains).
    pub(super) fn fill(&self, tree: &Tree, free: &Free, counts: &mut Vec<Counts>) {
        counts.clear();
        counts.resize(tree.len(), Counts::default());
        for leaf in 0..tree.leaf_count() as u32 {
            counts[tree.domain(leaf) as usize] = self.leaf(tree, leaf, free.of(leaf));
        }
        for level in (0..tree.lowest()).rev() {
            for domain in tree.at(level) {
                counts[domain as usize] = self.roll(tree, counts, domain, level);
            }
        }
    }
}

/// What is free on every leaf, and which leaves changed lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Free {
    width: usize,
    /// By leaf and resource.
    amounts: Vec<i64>,
    /// Leaves in the order they changed.
    changed: Vec<u32>,
    /// Changes that were dropped from the list.
    forgotten: u64,
}

impl Free {
    pub(super) fn new(width: usize, amounts: Vec<i64>) -> Self {
        Free {
            width,
            amounts,
            ..Free::default()
        }
    }

    #[inline]
    pub(super) fn of(&self, leaf: u32) -> &[i64] {
        let at = leaf as usize * self.width;
        &self.amounts[at..at + self.width]
    }

    /// Takes pods off a leaf; negative gives them back. O(resources).
    pub(super) fn take(&mut self, leaf: u32, requests: &PodRequests, pods: i64) {
        let at = leaf as usize * self.width;
        requests.take(&mut self.amounts[at..at + self.width], pods);
        self.note(leaf);
    }

    fn note(&mut self, leaf: u32) {
        // Twice as many changes as leaves are never worth looking at.
        if self.changed.len() * self.width > 2 * self.amounts.len() + 64 {
            self.forgotten += self.changed.len() as u64;
            self.changed.clear();
        }
        self.changed.push(leaf);
    }

    /// Says how much of a resource is free on a leaf.
    pub(super) fn set(&mut self, leaf: u32, resource: usize, amount: i64) {
        let at = leaf as usize * self.width + resource;
        if self.amounts[at] != amount {
            self.amounts[at] = amount;
            self.note(leaf);
        }
    }

    fn changes(&self) -> u64 {
        self.forgotten + self.changed.len() as u64
    }

    /// The changes after the first `seen`; `None` when they are not known any more.
    fn since(&self, seen: u64) -> Option<&[u32]> {
        let from = seen.checked_sub(self.forgotten)?;
        self.changed.get(from as usize..)
    }
}

/// What the counts of a request depend on, besides the use of the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) workers: u32,
    /// [`NONE`] without one.
    pub(super) leader: u32,
    pub(super) filter: u32,
    pub(super) slicing: u32,
    /// As if no workload were running.
    pub(super) empty: bool,
}

/// Counts of one shape, as of some number of changes.
#[derive(Clone, Debug)]
struct Kept {
    shape: Shape,
    counts: Vec<Counts>,
    seen: u64,
    used: u64,
}

/// Counts of the shapes asked for lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    kept: Vec<Kept>,
    clock: u64,
    /// Domains to roll up, and their parents.
    dirty: Vec<u32>,
    above: Vec<u32>,
}

/// Shapes kept per tree; the one not asked for longest makes way.
const KEPT: usize = 32;

impl Cache {
    /// Counts of a shape, brought up to date. O(changes · (resources + children of the domains
    /// around them)); the first time, and after very many changes, O(leaves · resources).
    pub(super) fn counts(
        &mut self,
        shape: Shape,
        tree: &Tree,
        free: &Free,
        what: Counted<'_>,
    ) -> &[Counts] {
        self.clock += 1;
        let at = match self.kept.iter().position(|one| one.shape == shape) {
            Some(at) => {
                self.refresh(at, tree, free, what);
                at
            }
            None => self.fill(shape, tree, free, what),
        };
        let one = &mut self.kept[at];
        one.used = self.clock;
        one.seen = free.changes();
        &one.counts
    }

    fn fill(&mut self, shape: Shape, tree: &Tree, free: &Free, what: Counted<'_>) -> usize {
        let oldest = (0..self.kept.len()).min_by_key(|&at| self.kept[at].used);
        let at = match oldest.filter(|_| self.kept.len() >= KEPT) {
            Some(at) => at,
            None => {
                self.kept.push(Kept {
                    shape,
                    counts: Vec::new(),
                    seen: 0,
                    used: 0,
                });
                self.kept.len() - 1
            }
        };
        self.kept[at].shape = shape;
        what.fill(tree, free, &mut self.kept[at].counts);
        at
    }

    fn refresh(&mut self, at: usize, tree: &Tree, free: &Free, what: Counted<'_>) {
        let Kept { counts, seen, .. } = &mut self.kept[at];
        let Some(changed) = free.since(*seen) else {
            what.fill(tree, free, counts);
            return;
        };
        let (dirty, above) = (&mut self.dirty, &mut self.above);
        dirty.clear();
        for &leaf in changed {
            if !what.takes(leaf) {
                continue;
            }
            let domain = tree.domain(leaf);
            let new = what.leaf(tree, leaf, free.of(leaf));
            let old = &mut counts[domain as usize];
            if *old != new {
                *old = new;
                dirty.push(tree.parent(domain));
            }
        }
        for level in (0..tree.lowest()).rev() {
            dirty.sort_unstable();
            dirty.dedup();
            above.clear();
            for &domain in &*dirty {
                let new = what.roll(tree, counts, domain, level);
                let old = &mut counts[domain as usize];
                if *old != new {
                    *old = new;
                    above.push(tree.parent(domain));
                }
            }
            std::mem::swap(dirty, above);
        }
        debug_assert!(dirty.iter().all(|&domain| domain == NONE));
    }
}
