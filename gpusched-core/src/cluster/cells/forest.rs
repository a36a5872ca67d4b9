//! Trees of cells as flat arrays.

use super::Chain;

/// A cell, by its place in a [`Forest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CellId(pub(crate) u32);

impl CellId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One cell of a forest.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) parent: Option<CellId>,
    pub(crate) level: u8,
    pub(crate) chain: u16,
    /// First and one past the last of its children.
    children: (u32, u32),
    /// First and one past the last of its leaves.
    leaves: (u32, u32),
    /// First and one past the last of the seats in it, or of the one it is in.
    seats: (u32, u32),
}

/// Trees of cells. Cells of one parent are neighbours; leaves and seats are numbered tree by tree
/// from left to right. A *seat* is where a pod can sit: a node, or a root smaller than a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forest {
    cells: Vec<Cell>,
    leaves: Vec<CellId>,
    seats: Vec<CellId>,
}

impl Forest {
    /// Adds a tree whose root is a cell of `level`.
    pub(crate) fn grow(&mut self, chain: &Chain, number: u16, level: u8) -> CellId {
        let root = self.push(None, number, level);
        if level < chain.node_level {
            self.seats.push(root);
        }
        self.fill(root, chain);
        root
    }

    fn push(&mut self, parent: Option<CellId>, chain: u16, level: u8) -> CellId {
        let id = CellId(self.cells.len() as u32);
        self.cells.push(Cell {
            parent,
            level,
            chain,
            children: (0, 0),
            leaves: (0, 0),
            seats: (0, 0),
        });
        id
    }

    fn fill(&mut self, id: CellId, chain: &Chain) {
        let (level, number) = (self[id].level, self[id].chain);
        if level == chain.node_level {
            self.seats.push(id);
        }
        let within_seat = level <= chain.node_level;
        let first_seat = self.seats.len() - usize::from(within_seat);
        let first_leaf = self.leaves.len();
        if level == 0 {
            self.leaves.push(id);
        }
        let first = self.cells.len() as u32;
        for _ in 0..chain.arity[usize::from(level)] {
            self.push(Some(id), number, level - 1);
        }
        let end = self.cells.len() as u32;
        for child in first..end {
            self.fill(CellId(child), chain);
        }
        let span = |from: usize, to: usize| (from as u32, to as u32);
        let (leaves, seats) = (self.leaves.len(), self.seats.len());
        let cell = &mut self.cells[id.index()];
        cell.children = (first, end);
        cell.leaves = span(first_leaf, leaves);
        cell.seats = span(first_seat, seats);
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cells one level below, in order.
    pub(crate) fn children(&self, id: CellId) -> impl DoubleEndedIterator<Item = CellId> + use<> {
        let (first, end) = self[id].children;
        (first..end).map(CellId)
    }

    /// The leaves below a cell, in order.
    pub(crate) fn leaves(&self, id: CellId) -> &[CellId] {
        let (first, end) = self[id].leaves;
        &self.leaves[first as usize..end as usize]
    }

    /// The place of a leaf among all leaves.
    pub(crate) fn leaf_number(&self, leaf: CellId) -> usize {
        self[leaf].leaves.0 as usize
    }

    /// All seats, in order.
    pub(crate) fn seats(&self) -> &[CellId] {
        &self.seats
    }

    /// The seats in a cell, or the one it is in, by number.
    pub(crate) fn seats_of(&self, id: CellId) -> std::ops::Range<usize> {
        let (first, end) = self[id].seats;
        first as usize..end as usize
    }

    /// The cell and those around it, from the inside out.
    pub(crate) fn path(&self, id: CellId) -> impl Iterator<Item = CellId> + '_ {
        std::iter::successors(Some(id), |&cell| self[cell].parent)
    }

    /// The cell of `level` around a cell of that level or below it.
    pub(crate) fn around(&self, id: CellId, level: u8) -> CellId {
        let found = self.path(id).find(|&cell| self[cell].level >= level);
        found.unwrap_or(id)
    }
}

impl std::ops::Index<CellId> for Forest {
    type Output = Cell;

    fn index(&self, id: CellId) -> &Cell {
        &self.cells[id.index()]
    }
}
