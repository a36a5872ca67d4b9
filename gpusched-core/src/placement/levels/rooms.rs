//! How many pods of a kind every node and every domain has room for, kept up to date by looking
//! again only at nodes that changed.

use crate::cluster::{Ask, Changes, Cluster, Inventory};
use crate::ids::{NodeId, ShapeId};
use crate::topology::{DomainId, Fabric, LevelId, Topology, Within};
use std::sync::Arc;

/// Room by kind of request. O(nodes) the first time a kind is asked for, then O(nodes changed ×
/// levels); memory 8 bytes per kind and node.
#[derive(Clone, Debug)]
pub struct Rooms {
    topology: Arc<Topology>,
    counts: Vec<Option<Counts>>,
}

/// Room for one kind of request.
#[derive(Clone, Debug)]
struct Counts {
    cursor: u64,
    nodes: Vec<u32>,
    versions: Vec<u32>,
    domains: Vec<u64>,
    /// By domain: nodes with room for a pod.
    able: Vec<u32>,
    total: u64,
}

/// No node gets this old.
const NEVER_LOOKED: u32 = u32::MAX;

impl Rooms {
    /// For the machines of an inventory, as they are wired; without wiring there are no domains.
    pub fn new(inventory: &Inventory) -> Rooms {
        let topology = inventory.topology().cloned().unwrap_or_else(|| {
            let nodes = inventory.nodes().len();
            Arc::new(Topology::new(
                Fabric::flat(nodes),
                Vec::new(),
                vec![None; nodes],
            ))
        });
        Rooms {
            topology,
            counts: Vec::new(),
        }
    }

    /// How nodes are wired to one another.
    pub fn fabric(&self) -> &Fabric {
        self.topology.fabric()
    }

    /// The room for a kind of request, as of now.
    pub fn levels<'a>(&'a mut self, cluster: &'a Cluster, shape: ShapeId) -> Levels<'a> {
        let fabric = self.topology.fabric();
        if self.counts.len() <= shape.index() {
            self.counts.resize(shape.index() + 1, None);
        }
        let counts = self.counts[shape.index()].get_or_insert_with(|| Counts {
            cursor: 0,
            nodes: vec![0; cluster.len()],
            versions: vec![NEVER_LOOKED; cluster.len()],
            domains: vec![0; fabric.domains().len()],
            able: vec![0; fabric.domains().len()],
            total: 0,
        });
        let ask = cluster.ask(shape);
        match cluster.changes_since(counts.cursor) {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    counts.look(fabric, cluster, ask, NodeId(node));
                }
            }
            Changes::All => {
                for node in 0..cluster.len() {
                    counts.look(fabric, cluster, ask, NodeId(node as u32));
                }
            }
        }
        counts.cursor = cluster.cursor();
        Levels {
            fabric,
            cluster,
            counts,
            shape,
        }
    }
}

impl Counts {
    #[inline]
    fn look(&mut self, fabric: &Fabric, cluster: &Cluster, ask: &Ask, node: NodeId) {
        let at = node.index();
        let version = cluster.node(node).version();
        if self.versions[at] == version {
            return;
        }
        self.versions[at] = version;
        let (old, new) = (self.nodes[at], cluster.room_on(ask, node));
        if old == new {
            return;
        }
        self.nodes[at] = new;
        self.total = self.total + u64::from(new) - u64::from(old);
        for domain in fabric.path(node) {
            let room = &mut self.domains[domain.index()];
            *room = *room + u64::from(new) - u64::from(old);
            let able = &mut self.able[domain.index()];
            *able = *able + u32::from(new > 0) - u32::from(old > 0);
        }
    }
}

/// What a policy sees: domains, and the room in them for one kind of request.
#[derive(Clone, Copy, Debug)]
pub struct Levels<'a> {
    fabric: &'a Fabric,
    cluster: &'a Cluster,
    counts: &'a Counts,
    shape: ShapeId,
}

impl<'a> Levels<'a> {
    /// How nodes are wired to one another.
    pub fn fabric(&self) -> &'a Fabric {
        self.fabric
    }

    /// The machines.
    pub fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// The kind of request.
    pub fn shape(&self) -> ShapeId {
        self.shape
    }

    /// Pods a node has room for.
    #[inline]
    pub fn room(&self, node: NodeId) -> u32 {
        self.counts.nodes[node.index()]
    }

    /// Pods a domain has room for.
    #[inline]
    pub fn room_in(&self, domain: DomainId) -> u64 {
        self.counts.domains[domain.index()]
    }

    /// Nodes of a domain with room for a pod.
    #[inline]
    pub fn able_in(&self, domain: DomainId) -> u32 {
        self.counts.able[domain.index()]
    }

    /// Pods all nodes have room for, those outside every domain included.
    pub fn total(&self) -> u64 {
        self.counts.total
    }

    /// The lowest level; `None` where nothing is known of the fabric.
    pub fn lowest(&self) -> Option<LevelId> {
        (self.fabric.levels().len() as u8)
            .checked_sub(1)
            .map(LevelId)
    }

    /// The domains of a level.
    pub fn domains(&self, level: LevelId) -> impl Iterator<Item = DomainId> + Clone + use<'a> {
        self.fabric.domains_of(level).map(DomainId)
    }

    /// The nodes with room, by rank.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<'a> {
        let counts = self.counts;
        let able = counts
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, room)| **room > 0);
        able.map(|(node, _)| NodeId(node as u32))
    }

    /// Where a job that asks for `within` is looked for, the nearest first: there, and unless it is
    /// required at every wider level. `None` last = all machines together.
    pub fn widening(&self, within: Within, required: bool) -> Vec<Option<Within>> {
        if required {
            return vec![Some(within)];
        }
        let above = match within {
            Within::Node => self.fabric.levels().len() as u8,
            Within::Level(level) => level.0,
        };
        let wider = (0..above)
            .rev()
            .map(|level| Some(Within::Level(LevelId(level))));
        [Some(within)]
            .into_iter()
            .chain(wider)
            .chain([None])
            .collect()
    }
}
