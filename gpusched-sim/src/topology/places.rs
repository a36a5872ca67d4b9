//! Places for nodes: what files of topology give, and which node takes which.
//!
//! When every machine with GPUs is named in the file, machines take the places of their names.
//! When none is, they take the places in rank order: the first machine the first place of the
//! file. Anything between is a slip and refused. Machines without GPUs may be missing; they stand
//! outside the tree then.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::Inventory;
use gpusched_core::topology::{Board, Fabric, FabricError, Level, Topology};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Where one node stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Name of the node.
    pub name: String,
    /// Its domains, far to near: one name per level.
    pub path: Vec<String>,
    /// Its board, where the file says so.
    pub board: Option<Arc<Board>>,
    /// Line of the file that names it; 0 = none.
    pub line: u64,
}

/// What a file of topology says.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// The file, for messages.
    pub file: String,
    /// The levels, far to near.
    pub levels: Vec<Level>,
    /// Switches side by side in each lowest domain.
    pub rails: u8,
    /// The places, in the order of the file.
    pub places: Vec<Place>,
}

/// Who takes which place: by rank of the machine.
enum Seats {
    Named(Vec<Option<usize>>),
    Ranked,
}

impl Places {
    /// A topology of the places themselves, each taken by the node of its name, in the order of
    /// the file. Places whose board is not said have none.
    ///
    /// # Errors
    /// As [`Places::seat`].
    pub fn alone(&self) -> Result<Topology> {
        let paths: Vec<_> = self
            .places
            .iter()
            .map(|place| Some(place.path.clone()))
            .collect();
        let boards = self.places.iter().map(|place| place.board.clone());
        Ok(assemble(self.fabric(&paths)?, boards))
    }

    /// The machines of `inventory`, wired as these places say, and what a reader of results should
    /// know. Boards the file says nothing of stay as they are. O(nodes × levels × log nodes).
    ///
    /// # Errors
    /// When only some machines are named, when there are fewer places than machines, or when the
    /// levels make no tree.
    pub fn seat(&self, inventory: Inventory) -> Result<(Inventory, Vec<String>)> {
        let mut notes = Vec::new();
        let seats = self.seats(&inventory, &mut notes)?;
        let seat = |rank: usize| match &seats {
            Seats::Named(seats) => seats[rank].map(|seat| &self.places[seat]),
            Seats::Ranked => self.places.get(rank),
        };
        let ranks = 0..inventory.nodes().len();
        let paths: Vec<_> = ranks
            .clone()
            .map(|rank| seat(rank).map(|place| place.path.clone()))
            .collect();
        let fabric = self.fabric(&paths)?;
        let known = inventory.topology().cloned();
        let boards = ranks.map(|rank| {
            let said = seat(rank).and_then(|place| place.board.clone());
            said.or_else(|| known.as_ref()?.board(rank.into()).cloned())
        });
        let topology = assemble(fabric, boards);
        Ok((inventory.with_topology(Arc::new(topology)), notes))
    }

    fn fabric(&self, paths: &[Option<Vec<String>>]) -> Result<Fabric> {
        let fabric = Fabric::new(self.levels.clone(), paths);
        let fabric = fabric.map_err(|error| {
            let help = match error {
                FabricError::Order { .. } => "write the farthest level first, the nearest last",
                FabricError::Oversubscription(_) => {
                    "it is bandwidth into a domain over bandwidth out of it: 1 = nothing is lost"
                }
                _ => "mend the levels",
            };
            Diagnostic::new(error.to_string())
                .in_file(&self.file)
                .help(help)
        })?;
        Ok(fabric.with_rails(self.rails))
    }

    fn seats(&self, inventory: &Inventory, notes: &mut Vec<String>) -> Result<Seats> {
        let mut by_name: FxHashMap<&str, usize> = FxHashMap::default();
        for (seat, place) in self.places.iter().enumerate() {
            by_name.entry(&place.name).or_insert(seat);
        }
        let seats: Vec<Option<usize>> = inventory
            .nodes()
            .iter()
            .map(|node| by_name.get(node.name.as_str()).copied())
            .collect();
        let machines = inventory.nodes().iter().zip(&seats);
        let missing = machines.filter(|(node, seat)| seat.is_none() && node.gpus > 0);
        let missing: Vec<&str> = missing.map(|(node, _)| node.name.as_str()).collect();
        let named = seats.iter().flatten().count();
        if let (Some(first), true) = (missing.first(), named > 0) {
            return Err(self.half_named(first, missing.len(), inventory.nodes().len()));
        }
        if named > 0 {
            if self.places.len() > named {
                let unused = self.places.len() - named;
                notes.push(format!(
                    "{unused} places are of nodes the cluster does not have"
                ));
            }
            return Ok(Seats::Named(seats));
        }
        let nodes = inventory.nodes().len();
        if self.places.len() < nodes {
            return Err(Diagnostic::new(format!(
                "the cluster has {nodes} nodes, and the topology places for {}",
                self.places.len()
            ))
            .in_file(&self.file)
            .help("name the nodes of the cluster in it, or take a topology that is large enough"));
        }
        notes.push("no node of the cluster is named in it: places are taken in rank order".into());
        Ok(Seats::Ranked)
    }

    fn half_named(&self, first: &str, missing: usize, nodes: usize) -> Box<Diagnostic> {
        let names = self.places.iter().map(|place| place.name.as_str());
        let near = did_you_mean(first, names);
        let help = match near {
            Some(near) => format!("did you mean `{near}`? name every node of the cluster, or none"),
            None => "name every node of the cluster in the topology, or none".to_owned(),
        };
        let line = near.and_then(|near| self.places.iter().find(|place| place.name == near));
        Diagnostic::new(format!(
            "node {first} is not in the topology, as {missing} of {nodes} nodes"
        ))
        .at(&self.file, line.map_or(0, |place| place.line), 0)
        .help(help)
    }
}

/// A topology of these boards, equal ones kept once.
pub(super) fn assemble(
    fabric: Fabric,
    boards: impl Iterator<Item = Option<Arc<Board>>>,
) -> Topology {
    let mut kept: Vec<Arc<Board>> = Vec::new();
    let mut place = |board: Arc<Board>| {
        // There are few different boards, and neighbours mostly share one.
        let known = kept
            .iter()
            .rposition(|other| Arc::ptr_eq(other, &board) || **other == *board);
        known.unwrap_or_else(|| {
            kept.push(board);
            kept.len() - 1
        }) as u32
    };
    let board_of = boards.map(|board| board.map(&mut place)).collect();
    Topology::new(fabric, kept, board_of)
}
