//! Machines as *cells*: GPUs in sockets in nodes in racks, all of a kind alike inside.
//!
//! A cell is a GPU, or a group of equal cells. Two cells are of a kind when they have the same GPU
//! model and the same tree below them, so a rack of four nodes and one of three are of different
//! kinds, and a rack of unlike nodes is no cell at all: its nodes stand by themselves. A cell that
//! is part of no larger one is a *top* cell; the kinds below one kind of top cell are a *chain*.

mod forest;

pub(crate) use forest::{CellId, Forest};

use super::{Inventory, Node};
use crate::ids::{ModelId, NodeId};
use crate::topology::{Board, DomainId, Fabric};
use rustc_hash::FxHashMap;

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
        self.devices[self.forest.leaf_number(leaf)]
    }

    /// The top cells of a chain, in order.
    pub(crate) fn tops(&self, chain: usize) -> impl Iterator<Item = CellId> + '_ {
        let root = move |&id: &CellId| {
            let cell = &self.forest[id];
            cell.parent.is_none() && usize::from(cell.chain) == chain
        };
        (0..self.forest.len() as u32).map(CellId).filter(root)
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
