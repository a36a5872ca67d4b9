//! Topology: how devices are wired inside a node, and nodes to one another.
//!
//! | file | what |
//! |---|---|
//! | `fabric` | nodes in a tree of domains (NVLink domain, rack, block, zone), flattened |
//! | `fabrics` | fabrics as data: leaf/spine, fat trees, rails, NVLink domains |
//! | `counts` | what is free in each domain, kept up to date |
//! | `board` | the devices of one node: links, NUMA, NICs |
//! | `graph/` | the authored form: every device and cable; how it becomes flat, and back; its lint |
//! | `boards/` | boards as data: well-known machines, and which a GPU model is taken to be in |
//!
//! An [`Inventory`](crate::cluster::Inventory) may carry a [`Topology`]; placement policies and
//! performance models read it there.

mod board;
mod boards;
mod counts;
mod fabric;
mod fabrics;
pub mod graph;

pub use board::{Board, BoardError, Link, Nic, Path, Switch};
pub use boards::{BOARDS, BoardPreset, NvLink, Pcie, Wiring, board_for_model, board_preset, links};
pub use counts::{LevelCounts, LevelSums};
pub use fabric::{Domain, DomainId, Fabric, FabricError, Level, LevelId, Scope, Within};
pub use fabrics::{FABRICS, FabricPreset, FabricShape, ShapeError, fabric_preset};

use crate::ids::NodeId;
use std::sync::Arc;

/// The wiring of all nodes of an inventory.
#[derive(Clone, Debug)]
pub struct Topology {
    fabric: Fabric,
    boards: Vec<Arc<Board>>,
    board_of: Vec<Option<u32>>,
}

impl Topology {
    /// A fabric whose nodes have the boards given: one place in `boards` per node, in rank order;
    /// `None` = not known.
    ///
    /// # Panics
    /// When a node's board is not in `boards`, or the nodes are not those of the fabric.
    pub fn new(fabric: Fabric, boards: Vec<Arc<Board>>, board_of: Vec<Option<u32>>) -> Topology {
        assert_eq!(board_of.len(), fabric.nodes());
        let known = |place: &Option<u32>| place.is_none_or(|place| (place as usize) < boards.len());
        assert!(board_of.iter().all(known));
        Topology {
            fabric,
            boards,
            board_of,
        }
    }

    /// The same nodes with these boards, wired to one another in another way.
    ///
    /// # Panics
    /// When the fabric is one of other nodes.
    #[must_use]
    pub fn with_fabric(&self, fabric: Fabric) -> Topology {
        Topology::new(fabric, self.boards.clone(), self.board_of.clone())
    }

    /// How nodes are wired to one another.
    pub fn fabric(&self) -> &Fabric {
        &self.fabric
    }

    /// The different boards there are.
    pub fn boards(&self) -> &[Arc<Board>] {
        &self.boards
    }

    /// How the devices of a node are wired, if it is known.
    pub fn board(&self, node: NodeId) -> Option<&Arc<Board>> {
        let place = self.board_of.get(node.index()).copied().flatten()?;
        self.boards.get(place as usize)
    }
}
