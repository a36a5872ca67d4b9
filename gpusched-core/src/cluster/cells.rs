//! Machines as *cells*: GPUs in sockets in nodes in racks, all of a kind alike inside.
//!
//! A cell is a GPU, or a group of equal cells. Two cells are of a kind when they have the same GPU
//! model and the same tree below them, so a rack of four nodes and one of three are of different
//! kinds, and a rack of unlike nodes is no cell at all: its nodes stand by themselves. A cell that
//! is part of no larger one is a *top* cell; the kinds below one kind of top cell are a *chain*.

use super::{Inventory, Node};
use crate::ids::{ModelId, NodeId};
use crate::topology::{Board, DomainId, Fabric};
use rustc_hash::FxHashMap;

/// A cell, by its place in a [`Forest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CellId(pub(crate) u32);

impl CellId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the cells below one kind of top cell have in common. Level 0 is the GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The GPU model.
    pub(crate) model: ModelId,
    /// What the cells of each level are called, from the GPU up.
    pub(crate) names: Vec<String>,
    /// How many cells of the level below one of each level has; 0 for the GPU.
    pub(crate) arity: Vec<u32>,
    /// GPUs in one cell of each level.
    pub(crate) gpus: Vec<u32>,
    /// The level of nodes.
    pub(crate) node_level: u8,
    /// The devices of a node, cell by cell.
    devices: Vec<u8>,
}

impl Chain {
    /// The level of top cells.
    pub(crate) fn top(&self) -> u8 {
        (self.arity.len() - 1) as u8
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

/// The cells of an inventory.
///
/// Below the node there is a level of sockets where the board is known and has NUMA nodes of equally
/// many GPUs, more than one. Nodes without GPUs are no cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    pub(crate) chains: Vec<Chain>,
    pub(crate) forest: Forest,
    /// By seat: the machine.
    nodes: Vec<NodeId>,
    /// By leaf of the forest, in order: the device.
    devices: Vec<u8>,
}

impl Cells {
    /// The cells of an inventory, as it is wired. O(GPUs × levels).
    pub(crate) fn new(inventory: &Inventory) -> Cells {
        let flat = Fabric::flat(inventory.nodes().len());
        let topology = inventory.topology();
        let fabric = topology.map_or(&flat, |topology| topology.fabric());
        let mut kinds = Kinds::new(inventory, fabric);
        let mut cells = Cells::default();
        for (kind, nodes) in kinds.tops(fabric) {
            let chain = kinds.chain(kind, fabric);
            let number = match cells.chains.iter().position(|known| *known == chain) {
                Some(number) => number,
                None => {
                    cells.chains.push(chain);
                    cells.chains.len() - 1
                }
            };
            cells.plant(number, &nodes);
        }
        cells
    }

    fn plant(&mut self, number: usize, nodes: &[NodeId]) {
        let chain = &self.chains[number];
        let root = self.forest.grow(chain, number as u16, chain.top());
        debug_assert_eq!(self.forest.seats_of(root).len(), nodes.len());
        for &node in nodes {
            self.nodes.push(node);
            self.devices.extend_from_slice(&chain.devices);
        }
    }

    /// The machine a cell not larger than a node is, or is in.
    pub(crate) fn node(&self, cell: CellId) -> NodeId {
        self.nodes[self.forest.seats_of(cell).start]
    }

    /// The machines of a cell.
    pub(crate) fn nodes(&self, cell: CellId) -> &[NodeId] {
        &self.nodes[self.forest.seats_of(cell)]
    }

    /// The device a leaf is.
    pub(crate) fn device(&self, leaf: CellId) -> u8 {
        self.devices[self.forest[leaf].leaves.0 as usize]
    }

    /// The top cells of a chain, in order.
    pub(crate) fn tops(&self, chain: usize) -> impl Iterator<Item = CellId> + '_ {
        let cells = self.forest.cells.iter().enumerate();
        cells
            .filter(move |(_, cell)| cell.parent.is_none() && usize::from(cell.chain) == chain)
            .map(|(at, _)| CellId(at as u32))
    }
}

/// A kind of cell, at the node or above it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// A node of a model, with its devices socket by socket.
    Node(ModelId, Vec<Vec<u8>>),
    /// So many cells of a kind, in a domain of this level.
    Domain(u8, usize, u32),
}

struct Kinds {
    kinds: Vec<Kind>,
    numbers: FxHashMap<Kind, usize>,
    /// `None` = no cell.
    of_node: Vec<Option<usize>>,
    of_domain: Vec<Option<usize>>,
}

impl Kinds {
    fn new(inventory: &Inventory, fabric: &Fabric) -> Kinds {
        let mut kinds = Kinds {
            kinds: Vec::new(),
            numbers: FxHashMap::default(),
            of_node: Vec::new(),
            of_domain: vec![None; fabric.domains().len()],
        };
        for (rank, node) in inventory.nodes().iter().enumerate() {
            let id = NodeId::from(rank);
            let board = inventory
                .topology()
                .and_then(|topology| topology.board(id))
                .map(AsRef::as_ref);
            let kind = (node.gpus > 0).then(|| {
                let kind = Kind::Node(inventory.model_of(id), sockets(node, board));
                kinds.number(kind)
            });
            kinds.of_node.push(kind);
        }
        // Inner domains have higher numbers.
        for at in (0..fabric.domains().len()).rev() {
            kinds.of_domain[at] = kinds.of(fabric, DomainId(at as u32));
        }
        kinds
    }

    fn number(&mut self, kind: Kind) -> usize {
        let next = self.kinds.len();
        let number = *self.numbers.entry(kind.clone()).or_insert(next);
        if number == next {
            self.kinds.push(kind);
        }
        number
    }

    /// The kind of a domain, if its parts are alike. Nodes without GPUs do not count.
    fn of(&mut self, fabric: &Fabric, domain: DomainId) -> Option<usize> {
        let level = fabric.domains()[domain.index()].level;
        let inner = fabric.children_of(domain);
        let parts: Vec<Option<usize>> = match inner.is_empty() {
            true => {
                let nodes = fabric.nodes_of(domain).iter();
                let kinds = nodes.map(|node| self.of_node[node.index()]);
                kinds.filter(Option::is_some).collect()
            }
            false => inner.map(|part| self.of_domain[part as usize]).collect(),
        };
        let first = (*parts.first()?)?;
        let alike = parts.iter().all(|part| *part == Some(first));
        alike.then(|| self.number(Kind::Domain(level.0, first, parts.len() as u32)))
    }

    /// The top cells: kind, and machines from left to right. By the rank of their first machine.
    fn tops(&mut self, fabric: &Fabric) -> Vec<(usize, Vec<NodeId>)> {
        let mut tops = Vec::new();
        for (at, domain) in fabric.domains().iter().enumerate() {
            let within = domain
                .parent
                .is_some_and(|parent| self.of_domain[parent.index()].is_some());
            if let (Some(kind), false) = (self.of_domain[at], within) {
                let nodes = fabric.nodes_of(DomainId(at as u32)).iter().copied();
                let nodes = nodes.filter(|node| self.of_node[node.index()].is_some());
                tops.push((kind, nodes.collect::<Vec<_>>()));
            }
        }
        for (rank, kind) in self.of_node.iter().enumerate() {
            let node = NodeId::from(rank);
            let within = fabric
                .path(node)
                .any(|domain| self.of_domain[domain.index()].is_some());
            if let (Some(kind), false) = (*kind, within) {
                tops.push((kind, vec![node]));
            }
        }
        tops.sort_by_key(|(_, nodes)| nodes.iter().min().copied());
        tops
    }

    fn chain(&self, top: usize, fabric: &Fabric) -> Chain {
        let mut outer = Vec::new();
        let mut kind = top;
        let (model, sockets) = loop {
            match &self.kinds[kind] {
                Kind::Node(model, sockets) => break (*model, sockets),
                Kind::Domain(level, part, count) => {
                    let scope = fabric.levels()[usize::from(*level)].scope;
                    outer.push((scope.name().to_owned(), *count));
                    kind = *part;
                }
            }
        };
        let mut levels = vec![("gpu".to_owned(), 0)];
        if sockets.len() > 1 {
            levels.push(("socket".to_owned(), sockets[0].len() as u32));
        }
        let node_level = levels.len() as u8;
        let within = match sockets.len() {
            1 => sockets[0].len(),
            more => more,
        };
        levels.push(("node".to_owned(), within as u32));
        levels.extend(outer.into_iter().rev());
        let gpus = levels.iter().scan(1, |gpus, (_, arity)| {
            *gpus *= (*arity).max(1);
            Some(*gpus)
        });
        Chain {
            model,
            gpus: gpus.collect(),
            arity: levels.iter().map(|(_, arity)| *arity).collect(),
            names: levels.into_iter().map(|(name, _)| name).collect(),
            node_level,
            devices: sockets.concat(),
        }
    }
}

/// The devices of a node, socket by socket; one socket where they are not known to be alike.
fn sockets(node: &Node, board: Option<&Board>) -> Vec<Vec<u8>> {
    let all: Vec<u8> = (0..node.gpus as u8).collect();
    let Some(board) = board.filter(|board| board.gpus() == all.len()) else {
        return vec![all];
    };
    let mut sockets: Vec<(u8, Vec<u8>)> = Vec::new();
    for &device in &all {
        let numa = board.numa(usize::from(device));
        match sockets.iter_mut().find(|(known, _)| *known == numa) {
            Some((_, devices)) => devices.push(device),
            None => sockets.push((numa, vec![device])),
        }
    }
    let size = sockets[0].1.len();
    let alike = sockets.iter().all(|(_, devices)| devices.len() == size);
    match alike && size > 1 {
        true => sockets.into_iter().map(|(_, devices)| devices).collect(),
        false => vec![all],
    }
}
