//! The free lists of buddy allocation: which physical cells nobody's quota stands on.
//!
//! Invariant: the cells of the lists do not overlap; together with those taken they make up all top
//! cells; and no list holds all children of one cell (they would have merged). So the lists are a
//! function of what is taken, whatever the order it was taken in.

use crate::cluster::cells::{CellId, Chain, Forest};
use std::collections::BTreeSet;

/// The free cells of one chain, by level. Taking and giving back cost O(levels × children × log n).
#[derive(Clone, Debug)]
pub(super) struct FreeLists(Vec<BTreeSet<CellId>>);

impl FreeLists {
    /// All of a chain is free.
    pub(super) fn new(chain: &Chain, tops: impl Iterator<Item = CellId>) -> FreeLists {
        let mut lists = vec![BTreeSet::new(); chain.arity.len()];
        lists[usize::from(chain.top())].extend(tops);
        FreeLists(lists)
    }

    /// The free cells of a level, those inside larger free cells not counted.
    pub(super) fn at(&self, level: u8) -> &BTreeSet<CellId> {
        &self.0[usize::from(level)]
    }

    /// Number of levels.
    pub(super) fn levels(&self) -> u8 {
        self.0.len() as u8
    }

    /// The free cell around a cell, or the cell itself; `None` = it is taken, or a part of it is.
    pub(super) fn around(&self, cell: CellId, forest: &Forest) -> Option<CellId> {
        let mut path = forest.path(cell);
        path.find(|&outer| self.at(forest[outer].level).contains(&outer))
    }

    /// Takes a cell that is free, splitting those around it. `false` = it is not free.
    pub(super) fn take(&mut self, cell: CellId, forest: &Forest) -> bool {
        let Some(outer) = self.around(cell, forest) else {
            return false;
        };
        self.0[usize::from(forest[outer].level)].remove(&outer);
        for inner in forest.path(cell).take_while(|&inner| inner != outer) {
            let Some(parent) = forest[inner].parent else {
                break;
            };
            let buddies = forest.children(parent).filter(|&buddy| buddy != inner);
            self.0[usize::from(forest[inner].level)].extend(buddies);
        }
        true
    }

    /// Gives a cell back, merging it with its buddies.
    pub(super) fn give(&mut self, cell: CellId, forest: &Forest) {
        let mut merged = cell;
        while let Some(parent) = forest[merged].parent {
            let list = &mut self.0[usize::from(forest[merged].level)];
            let mut buddies = forest.children(parent);
            if !buddies.all(|buddy| buddy == merged || list.contains(&buddy)) {
                break;
            }
            for buddy in forest.children(parent) {
                list.remove(&buddy);
            }
            merged = parent;
        }
        self.0[usize::from(forest[merged].level)].insert(merged);
    }

    /// How many free cells of each level may be split for cells below without breaking a promise:
    /// those free there, less those promised there (`reserved`) and unclaimed, and what may be split
    /// above, split.
    pub(super) fn splittable(&self, chain: &Chain, reserved: &[u32]) -> Vec<u64> {
        let mut from_above = 0;
        let mut splittable = vec![0; self.0.len()];
        for level in (0..self.0.len()).rev() {
            let have = from_above + self.0[level].len() as u64;
            splittable[level] = have.saturating_sub(u64::from(reserved[level]));
            from_above = splittable[level] * u64::from(chain.arity[level]);
        }
        splittable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::cells::Cells;
    use crate::cluster::{Inventory, Node};
    use crate::topology::{Fabric, Level, Scope, Topology};
    use proptest::prelude::*;
    use std::sync::Arc;

    /// Racks of two nodes of two GPUs, three of them.
    fn cells() -> Cells {
        let level = Level {
            name: "rack".into(),
            scope: Scope::Rack,
            oversubscription: 1.0,
            latency_ns: 0.0,
        };
        let paths: Vec<_> = (0..6)
            .map(|at| Some(vec![format!("r{}", at / 2)]))
            .collect();
        let fabric = Fabric::new(vec![level], &paths).unwrap();
        let nodes = (0..6).map(|at| Node::with_gpus(format!("n{at}"), 2, "T4"));
        let inventory = Inventory::new(nodes.collect()).unwrap();
        let topology = Topology::new(fabric, Vec::new(), vec![None; 6]);
        Cells::new(&inventory.with_topology(Arc::new(topology)))
    }

    /// Counts again from what is taken: a cell stands on a list when nothing in it is taken and
    /// something in the cell around it is.
    fn counted(cells: &Cells, taken: &[CellId]) -> Vec<BTreeSet<CellId>> {
        let forest = &cells.forest;
        let clear = |cell: CellId| {
            let inside = |&other: &CellId| forest.path(other).any(|outer| outer == cell);
            let around = |&other: &CellId| forest.path(cell).any(|outer| outer == other);
            !taken.iter().any(|other| inside(other) || around(other))
        };
        let mut lists = vec![BTreeSet::new(); cells.chains[0].arity.len()];
        for cell in (0..forest.len() as u32).map(CellId) {
            if clear(cell) && forest[cell].parent.is_none_or(|parent| !clear(parent)) {
                lists[usize::from(forest[cell].level)].insert(cell);
            }
        }
        lists
    }

    proptest! {
        #[test]
        fn buddy_lists_are_those_of_counting_again(steps in prop::collection::vec((0u32..21, any::<bool>()), 1..80)) {
            let cells = cells();
            prop_assert_eq!(cells.forest.len(), 3 * (1 + 2 + 4));
            let mut free = FreeLists::new(&cells.chains[0], cells.tops(0));
            let mut taken: Vec<CellId> = Vec::new();
            for (cell, give) in steps {
                if give && !taken.is_empty() {
                    let cell = taken.swap_remove(cell as usize % taken.len());
                    free.give(cell, &cells.forest);
                } else {
                    let clear = counted(&cells, &taken).iter().flatten().any(|&list| {
                        cells.forest.path(CellId(cell)).any(|outer| outer == list)
                    });
                    prop_assert_eq!(free.take(CellId(cell), &cells.forest), clear);
                    if clear {
                        taken.push(CellId(cell));
                    }
                }
                prop_assert_eq!(&free.0, &counted(&cells, &taken));
            }
        }
    }

    #[test]
    fn what_may_be_split_leaves_what_is_promised() {
        let cells = cells();
        let chain = &cells.chains[0];
        assert_eq!(chain.names, ["gpu", "node", "rack"]);
        let mut free = FreeLists::new(chain, cells.tops(0));
        // Three racks are free and one is promised: two may be split into nodes, of which one is
        // promised: three may be split into GPUs.
        assert_eq!(free.splittable(chain, &[0, 1, 1]), [6, 3, 2]);
        let first = cells.forest.leaves(CellId(0))[0];
        assert!(free.take(first, &cells.forest));
        // Two racks, a node and a GPU are left.
        assert_eq!(free.splittable(chain, &[0, 1, 2]), [1, 0, 0]);
    }
}
