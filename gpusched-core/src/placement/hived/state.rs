//! What stands where: which virtual cells are bound to which physical ones, and who uses them.

use super::free::FreeLists;
use crate::cluster::VirtualClusters;
use crate::cluster::cells::{CellId, Cells, Forest};
use crate::ids::JobId;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Nobody uses the leaf.
pub(super) const FREE: i32 = -2;
/// A job without a claim uses the leaf: any guaranteed job may have it.
pub(super) const OPPORTUNISTIC: i32 = -1;
/// The highest priority of a guaranteed job; the lowest is 0.
pub(super) const HIGHEST: i32 = 1000;

/// Who uses the leaves of one of the two forests.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// By cell; kept for leaves only.
    priority: Vec<i32>,
    /// By seat: leaves used, by priority.
    seats: Vec<Vec<(i32, u32)>>,
    /// By cell: the cell of the other forest it is bound to.
    bound: Vec<Option<CellId>>,
}

impl Use {
    fn new(forest: &Forest) -> Use {
        Use {
            priority: vec![FREE; forest.len()],
            seats: vec![Vec::new(); forest.seats().len()],
            bound: vec![None; forest.len()],
        }
    }

    /// The priority of who uses a leaf.
    pub(super) fn priority(&self, leaf: CellId) -> i32 {
        self.priority[leaf.index()]
    }

    /// Leaves used in a seat, by priority.
    pub(super) fn seat(&self, seat: usize) -> &[(i32, u32)] {
        &self.seats[seat]
    }

    /// The cell of the other forest a cell is bound to.
    pub(super) fn bound(&self, cell: CellId) -> Option<CellId> {
        self.bound[cell.index()]
    }

    fn set(&mut self, forest: &Forest, leaf: CellId, priority: i32) {
        let before = std::mem::replace(&mut self.priority[leaf.index()], priority);
        let seat = &mut self.seats[forest.seats_of(leaf).start];
        if before != FREE {
            seat.iter_mut()
                .filter(|(known, _)| *known == before)
                .for_each(|(_, count)| *count -= 1);
            seat.retain(|(_, count)| *count > 0);
        }
        if priority != FREE {
            match seat.iter_mut().find(|(known, _)| *known == priority) {
                Some((_, count)) => *count += 1,
                None => seat.push((priority, 1)),
            }
        }
    }
}

/// The cells of one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Its GPUs.
    pub(super) cells: Vec<CellId>,
    /// The cells of its virtual cluster it has them for; `None` = it is there on sufferance.
    pub(super) claims: Option<Vec<CellId>>,
}

/// The cells of a job.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) priority: i32,
    pub(super) cluster: Option<usize>,
    pub(super) pods: Vec<Held>,
}

/// The cells of virtual clusters: one forest for all, and whose each root is.
#[derive(Debug)]
pub(super) struct Virtual {
    pub(super) forest: Forest,
    /// By virtual cluster, then chain: roots.
    roots: Vec<Vec<Vec<CellId>>>,
}

impl Virtual {
    fn new(clusters: &VirtualClusters) -> Virtual {
        let cells = clusters.cells();
        let mut forest = Forest::default();
        let mut roots = vec![vec![Vec::new(); cells.chains.len()]; clusters.clusters().len()];
        // Larger cells first: seats are looked at in this order.
        let mut promises = clusters.promises().to_vec();
        promises.sort_by_key(|promise| std::cmp::Reverse(promise.level));
        for promise in promises {
            let chain = &cells.chains[promise.chain];
            for _ in 0..promise.count {
                let root = forest.grow(chain, promise.chain as u16, promise.level);
                roots[promise.cluster][promise.chain].push(root);
            }
        }
        Virtual { forest, roots }
    }

    /// The roots of a virtual cluster in a chain.
    pub(super) fn roots(&self, cluster: usize, chain: usize) -> &[CellId] {
        &self.roots[cluster][chain]
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) cells: Arc<Cells>,
    pub(super) promised: Arc<Virtual>,
    pub(super) physical: Use,
    pub(super) virtually: Use,
    /// By chain.
    pub(super) free: Vec<FreeLists>,
    /// By chain and level: roots of virtual clusters without a physical cell.
    pub(super) unclaimed: Vec<Vec<u32>>,
    /// By physical cell: leaves in it that opportunistic jobs use.
    pub(super) lent: Vec<u32>,
    user: FxHashMap<CellId, JobId>,
    groups: FxHashMap<JobId, Group>,
}

impl State {
    /// Nothing runs.
    pub(super) fn new(clusters: &VirtualClusters) -> State {
        let cells = Arc::clone(clusters.cells());
        let promised = Arc::new(Virtual::new(clusters));
        let mut unclaimed: Vec<Vec<u32>> = cells
            .chains
            .iter()
            .map(|chain| vec![0; chain.arity.len()])
            .collect();
        for promise in clusters.promises() {
            unclaimed[promise.chain][usize::from(promise.level)] += promise.count;
        }
        let chains = cells.chains.iter().enumerate();
        State {
            physical: Use::new(&cells.forest),
            virtually: Use::new(&promised.forest),
            free: chains
                .map(|(number, chain)| FreeLists::new(chain, cells.tops(number)))
                .collect(),
            unclaimed,
            lent: vec![0; cells.forest.len()],
            user: FxHashMap::default(),
            groups: FxHashMap::default(),
            cells,
            promised,
        }
    }

    /// Who uses a leaf.
    pub(super) fn user(&self, leaf: CellId) -> Option<JobId> {
        self.user.get(&leaf).copied()
    }

    /// Gives a job cells nobody uses, besides those it has.
    pub(super) fn add(&mut self, job: JobId, part: &Group) {
        for pod in &part.pods {
            self.hold(job, part.priority, pod);
        }
        let none = || Group {
            pods: Vec::new(),
            ..part.clone()
        };
        let group = self.groups.entry(job).or_insert_with(none);
        group.pods.extend_from_slice(&part.pods);
    }

    /// Takes back the last `pods` pods of what a job was given.
    pub(super) fn drop_last(&mut self, job: JobId, pods: usize) {
        let Some(mut group) = self.groups.remove(&job) else {
            return;
        };
        for pod in group.pods.split_off(group.pods.len() - pods) {
            self.let_go(&pod);
        }
        if !group.pods.is_empty() {
            self.groups.insert(job, group);
        }
    }

    /// Takes everything from a job.
    pub(super) fn remove(&mut self, job: JobId) -> Option<Group> {
        let group = self.groups.remove(&job)?;
        for pod in &group.pods {
            self.let_go(pod);
        }
        Some(group)
    }

    /// Takes a job's claims from it: it stays where it is, and is opportunistic from now on. What it
    /// had is returned, for [`State::promote`].
    pub(super) fn demote(&mut self, job: JobId) -> Option<Group> {
        let claimed = self.remove(job)?;
        let pods = claimed.pods.iter().map(|pod| Held {
            claims: None,
            ..pod.clone()
        });
        let group = Group {
            pods: pods.collect(),
            priority: OPPORTUNISTIC,
            cluster: claimed.cluster,
        };
        self.add(job, &group);
        Some(claimed)
    }

    /// Undoes [`State::demote`].
    pub(super) fn promote(&mut self, job: JobId, claimed: &Group) {
        self.remove(job);
        self.add(job, claimed);
    }

    fn hold(&mut self, job: JobId, priority: i32, pod: &Held) {
        for (at, &leaf) in pod.cells.iter().enumerate() {
            self.user.insert(leaf, job);
            self.physical.set(&self.cells.forest, leaf, priority);
            match &pod.claims {
                Some(claims) => {
                    self.virtually
                        .set(&self.promised.forest, claims[at], priority);
                    self.bind(claims[at], leaf);
                }
                None => self.lend(leaf, 1),
            }
        }
    }

    fn let_go(&mut self, pod: &Held) {
        for (at, &leaf) in pod.cells.iter().enumerate() {
            self.user.remove(&leaf);
            self.physical.set(&self.cells.forest, leaf, FREE);
            match &pod.claims {
                Some(claims) => {
                    self.virtually.set(&self.promised.forest, claims[at], FREE);
                    self.unbind(claims[at], leaf);
                }
                None => self.lend(leaf, -1),
            }
        }
    }

    fn lend(&mut self, leaf: CellId, change: i32) {
        for cell in self.cells.forest.path(leaf) {
            let lent = &mut self.lent[cell.index()];
            *lent = lent.wrapping_add_signed(change);
        }
    }

    /// Binds a virtual leaf to a physical one, and the cells around them that are not bound yet.
    fn bind(&mut self, claim: CellId, leaf: CellId) {
        let (cells, promised) = (Arc::clone(&self.cells), Arc::clone(&self.promised));
        let pairs = promised.forest.path(claim).zip(cells.forest.path(leaf));
        for (claim, cell) in pairs {
            if self.virtually.bound[claim.index()].is_some() {
                break;
            }
            self.virtually.bound[claim.index()] = Some(cell);
            self.physical.bound[cell.index()] = Some(claim);
            if promised.forest[claim].parent.is_none() {
                let (chain, level) = self.kind(cell);
                let was_free = self.free[chain].take(cell, &cells.forest);
                debug_assert!(was_free, "cells of virtual clusters overlap");
                self.unclaimed[chain][level] -= 1;
            }
        }
    }

    /// Undoes [`State::bind`], for all cells around that nothing is left in.
    fn unbind(&mut self, claim: CellId, leaf: CellId) {
        let (cells, promised) = (Arc::clone(&self.cells), Arc::clone(&self.promised));
        let pairs = promised.forest.path(claim).zip(cells.forest.path(leaf));
        for (claim, cell) in pairs {
            let mut inner = promised.forest.children(claim);
            if inner.any(|inner| self.virtually.bound(inner).is_some()) {
                break;
            }
            self.virtually.bound[claim.index()] = None;
            self.physical.bound[cell.index()] = None;
            if promised.forest[claim].parent.is_none() {
                let (chain, level) = self.kind(cell);
                self.free[chain].give(cell, &cells.forest);
                self.unclaimed[chain][level] += 1;
            }
        }
    }

    /// The physical cells so many levels below one.
    pub(super) fn descendants(&self, cell: CellId, depth: u8) -> Vec<CellId> {
        let mut cells = vec![cell];
        for _ in 0..depth {
            let children = cells
                .iter()
                .flat_map(|&cell| self.cells.forest.children(cell));
            cells = children.collect();
        }
        cells
    }

    fn kind(&self, cell: CellId) -> (usize, usize) {
        let cell = &self.cells.forest[cell];
        (usize::from(cell.chain), usize::from(cell.level))
    }
}
