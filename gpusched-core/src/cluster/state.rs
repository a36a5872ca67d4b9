//! What is free: the one mutable state of a replay.
//!
//! A node is 48 bytes. Fully free devices are bits of a mask, so taking whole GPUs touches no
//! per-device entry; only shared devices keep one. Resources are integers, so that undoing a
//! change restores the state exactly.

use super::ask::{ANYBODY, ON_SPOT, compile};
use super::changes::{ChangeLog, Changes};
use super::index::FitIndex;
use super::linked::{self, Links};
use super::mig::MigState;
use super::{Ask, Inventory, NodeView};
use crate::ids::{NodeId, ShapeId};
use crate::units::MILLI;
use crate::workload::Shape;

/// Where one pod sits: a node and the devices it holds there (bit *i* = device *i*).
///
/// For a pod that asked for MIG instances the bits are instances, eight to a GPU; see
/// [`Inventory::instances`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The node.
    pub node: NodeId,
    /// The devices; empty for a CPU pod.
    pub devices: u64,
}

impl Spot {
    /// The device numbers in ascending order.
    pub fn device_list(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |&device| self.devices >> device & 1 == 1)
    }
}

/// A proposal that the cluster cannot hold. It names what was proposed; the state is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// No such node.
    #[error("node {0} does not exist")]
    NoSuchNode(u32),
    /// The node takes no pods.
    #[error("node {0} is closed")]
    Closed(u32),
    /// Less of its network cards is left than is asked for.
    #[error("node {0} has no such share of its network cards left")]
    Nics(u32),
    /// Not enough CPU or memory.
    #[error("node {0} lacks CPU or memory")]
    Host(u32),
    /// The devices named are not the ones the request needs: wrong number, not there, not free.
    #[error("node {0} cannot give the devices named")]
    Devices(u32),
}

/// A point in the undo log to roll back to.
#[derive(Debug)]
#[must_use = "a transaction ends with `commit` or `rollback`"]
pub struct Mark(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeFree {
    pub(super) cpu: i64,
    pub(super) mem: i64,
    /// Fully free devices.
    pub(super) full: u64,
    /// First entry of this node in the per-device arrays.
    pub(super) base: u32,
    /// Milli-GPU left in all.
    pub(super) left: u32,
    /// Most milli-GPU left on a device that is partly used.
    pub(super) partial: u16,
    pub(super) gpus: u8,
    pub(super) model: u8,
    /// Percent of its network cards that no pod holds.
    pub(super) rdma: u8,
    pub(super) open: bool,
    /// Whose pods it takes while it is open.
    pub(super) takes: u8,
    /// Whether MIG may cut its devices on demand.
    pub(super) on_demand: bool,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    spot: Spot,
    shape: ShapeId,
    /// Where the undo log of MIG stood.
    mig: u32,
    taken: bool,
}

/// The machines and what is free on them.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
/// use gpusched_core::ids::{NodeId, ShapeId};
/// use gpusched_core::workload::Shape;
///
/// let inventory = Inventory::new(vec![Node::with_gpus("a", 8, "T4")]).unwrap();
/// let mut cluster = Cluster::new(inventory, &[Shape::whole_gpus(2)]);
/// let pair = ShapeId(0);
/// let mark = cluster.begin();
/// cluster.take(pair, Spot { node: NodeId(0), devices: 0b11 }).unwrap();
/// assert_eq!(cluster.node(NodeId(0)).free_devices(), 6);
/// cluster.rollback(mark);
/// assert_eq!(cluster.node(NodeId(0)).free_devices(), 8);
/// ```
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(super) inventory: Inventory,
    pub(super) asks: Vec<Ask>,
    pub(super) nodes: Vec<NodeFree>,
    /// Milli-GPU left per device that is partly used; 0 for whole ones, free or taken.
    pub(super) partial: Vec<u16>,
    /// Device memory left to shared pods, MiB.
    pub(super) vram: Vec<u32>,
    pub(super) residents: Vec<u32>,
    pub(super) classes: u16,
    pub(super) class_gpus: Vec<u32>,
    /// Milli-GPU left on open nodes, by model.
    pub(super) free_milli: Vec<i64>,
    /// Bumped on every change of a node, never turned back: equal version, equal state.
    pub(super) versions: Vec<u32>,
    pub(super) changes: ChangeLog,
    pub(super) index: FitIndex,
    /// The GPUs that MIG cuts; `None` where there are none.
    pub(super) mig: Option<Box<MigState>>,
    /// What requests ask of links between devices.
    pub(super) links: Vec<Links>,
    undo: Vec<Change>,
    pub(super) depth: u32,
    pub(super) releases: u64,
    pub(super) openings: u64,
}

impl Cluster {
    /// An empty cluster; `shapes` are the requests it will be asked for, by [`ShapeId`].
    pub fn new(inventory: Inventory, shapes: &[Shape]) -> Cluster {
        let mut class_gpus: Vec<u32> = vec![0, 1];
        let mut asks: Vec<Ask> = shapes
            .iter()
            .map(|shape| compile(shape, &inventory, &mut class_gpus))
            .collect();
        let mig = MigState::new(&inventory, shapes, &mut asks);
        let links = linked::survey(&inventory, shapes, &mut asks);
        let classes = class_gpus.len() as u16;
        let mut nodes = Vec::with_capacity(inventory.nodes().len());
        let mut vram = Vec::new();
        let mut free_milli = vec![0; inventory.models().len()];
        for (index, node) in inventory.nodes().iter().enumerate() {
            let model = inventory.model_of(NodeId::from(index));
            let (cut, on_demand) = match &mig {
                Some(mig) => mig.cut_devices(NodeId::from(index)),
                None => (0, false),
            };
            let left = (node.gpus - cut.count_ones()) * MILLI;
            nodes.push(NodeFree {
                cpu: node.cpu_milli.min(Inventory::MOST) as i64,
                mem: node.mem_mib.min(Inventory::MOST) as i64,
                full: mask(node.gpus) & !cut,
                base: vram.len() as u32,
                left,
                partial: 0,
                gpus: node.gpus as u8,
                model: model.0,
                rdma: 100,
                takes: ANYBODY | ON_SPOT,
                open: true,
                on_demand,
            });
            free_milli[model.index()] += i64::from(left);
            let mem = if node.gpu_mem_mib == 0 {
                u32::MAX
            } else {
                node.gpu_mem_mib
            };
            vram.extend(std::iter::repeat_n(mem, node.gpus as usize));
        }
        Cluster {
            versions: vec![0; nodes.len()],
            changes: ChangeLog::new(nodes.len()),
            index: FitIndex::new(asks.len()),
            residents: vec![0; nodes.len() * usize::from(classes)],
            partial: vec![0; vram.len()],
            inventory,
            asks,
            nodes,
            vram,
            classes,
            class_gpus,
            free_milli,
            mig,
            links,
            undo: Vec::new(),
            depth: 0,
            releases: 0,
            openings: 0,
        }
    }

    /// The machines.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Always `false`: an inventory has at least one node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A compiled request.
    #[inline]
    pub fn ask(&self, shape: ShapeId) -> &Ask {
        &self.asks[shape.index()]
    }

    /// One node.
    #[inline]
    pub fn node(&self, id: NodeId) -> NodeView<'_> {
        NodeView { cluster: self, id }
    }

    /// Milli-GPU left on open nodes.
    pub fn free_milli(&self) -> i64 {
        self.free_milli.iter().sum()
    }

    /// Counts releases; what did not fit stays unfit until this number changes.
    #[inline]
    pub fn releases(&self) -> u64 {
        self.releases
    }

    /// Opens or closes a node for new pods. What runs on it is not touched.
    pub fn set_open(&mut self, id: NodeId, open: bool) {
        if open {
            self.admit(id, ANYBODY | ON_SPOT);
        }
        self.hide(id, !open);
        self.releases += u64::from(open);
        self.openings += 1;
    }

    /// Opens a node for new pods that may be on spot machines, and no others.
    ///
    /// ```
    /// use gpusched_core::cluster::{Cluster, Inventory, Node};
    /// use gpusched_core::ids::{NodeId, ShapeId};
    /// use gpusched_core::workload::Shape;
    /// let inventory = Inventory::new(vec![Node::with_gpus("a", 8, "T4")]).unwrap();
    /// let steady = Shape::whole_gpus(1);
    /// let spot = Shape { on_spot: true, ..steady.clone() };
    /// let mut cluster = Cluster::new(inventory, &[steady, spot]);
    /// cluster.open_to_spot(NodeId(0));
    /// assert!(cluster.feasible(ShapeId(0)).is_empty());
    /// assert!(!cluster.feasible(ShapeId(1)).is_empty());
    /// ```
    pub fn open_to_spot(&mut self, id: NodeId) {
        self.admit(id, ON_SPOT);
        self.hide(id, false);
        self.releases += 1;
        self.openings += 1;
    }

    fn admit(&mut self, id: NodeId, takes: u8) {
        let node = &mut self.nodes[id.index()];
        if node.takes != takes {
            node.takes = takes;
            self.touch(id);
        }
    }

    /// Counts openings and closings of nodes.
    #[inline]
    pub fn openings(&self) -> u64 {
        self.openings
    }

    /// Opens and closes nodes as in `other`, a state of the same machines. O(1) when nothing was
    /// opened or closed there since the last call.
    pub(crate) fn follow_openings(&mut self, other: &Cluster) {
        if self.openings == other.openings {
            return;
        }
        for index in 0..self.nodes.len() {
            let id = NodeId::from(index);
            self.admit(id, other.nodes[index].takes);
            self.hide(id, !other.nodes[index].open);
        }
        self.openings = other.openings;
    }

    /// Takes a place another state of the same machines has granted, on a closed node too.
    #[inline]
    pub(crate) fn occupy(&mut self, shape: ShapeId, spot: Spot) {
        let ask = self.asks[shape.index()];
        self.apply_take(&ask, spot);
    }

    /// Closes a node for the length of one decision, or opens it again: capacity did not change,
    /// so nobody who was refused needs to be asked again.
    pub(crate) fn hide(&mut self, id: NodeId, hidden: bool) {
        let node = &mut self.nodes[id.index()];
        if node.open != hidden {
            return;
        }
        node.open = !hidden;
        let sign = if hidden { -1 } else { 1 };
        self.free_milli[usize::from(node.model)] += sign * i64::from(node.left);
        self.touch(id);
    }

    #[inline]
    pub(super) fn touch(&mut self, id: NodeId) {
        self.versions[id.index()] += 1;
        self.changes.push(id);
    }

    /// Gives a pod its place.
    ///
    /// # Errors
    /// [`CapacityError`] when the place cannot hold it; the state is then unchanged.
    #[inline]
    pub fn take(&mut self, shape: ShapeId, spot: Spot) -> Result<(), CapacityError> {
        let ask = self.asks[shape.index()];
        self.check(&ask, spot)?;
        let mig = self.mig_mark();
        self.apply_take(&ask, spot);
        if self.depth > 0 {
            self.undo.push(Change {
                spot,
                shape,
                mig,
                taken: true,
            });
        }
        Ok(())
    }

    /// Returns a pod's place. The caller vouches that the pod holds it (the engine keeps the list
    /// of what runs); debug builds check.
    #[inline]
    pub fn release(&mut self, shape: ShapeId, spot: Spot) {
        let ask = self.asks[shape.index()];
        let mig = self.mig_mark();
        self.apply_release(&ask, spot);
        self.releases += 1;
        if self.depth > 0 {
            self.undo.push(Change {
                spot,
                shape,
                mig,
                taken: false,
            });
        }
    }

    #[inline]
    fn mig_mark(&self) -> u32 {
        match &self.mig {
            _ if self.depth == 0 => 0,
            Some(mig) => mig.mark(),
            None => 0,
        }
    }

    /// Starts a transaction. Transactions nest.
    pub fn begin(&mut self) -> Mark {
        self.depth += 1;
        Mark(self.undo.len())
    }

    /// Keeps everything since `mark`.
    pub fn commit(&mut self, mark: Mark) {
        self.depth -= 1;
        if self.depth == 0 {
            self.undo.clear();
            if let Some(mig) = &mut self.mig {
                mig.forget();
            }
        } else {
            debug_assert!(self.undo.len() >= mark.0);
        }
    }

    /// Takes back everything since `mark`, newest first.
    pub fn rollback(&mut self, mark: Mark) {
        while self.undo.len() > mark.0 {
            let Some(change) = self.undo.pop() else { break };
            let ask = self.asks[change.shape.index()];
            if change.taken {
                self.apply_release(&ask, change.spot);
            } else {
                self.apply_take(&ask, change.spot);
            }
            if let Some(mig) = &mut self.mig {
                mig.restore(change.mig);
            }
        }
        self.depth -= 1;
    }

    /// Whether [`Cluster::take`] would give a pod this place.
    pub fn grants(&self, shape: ShapeId, spot: Spot) -> bool {
        self.check(&self.asks[shape.index()], spot).is_ok()
    }

    /// What changed since `cursor`; pass 0 the first time, then what [`Cluster::cursor`] said.
    pub fn changes_since(&self, cursor: u64) -> Changes<'_> {
        self.changes.since(cursor)
    }

    /// Where the change log stands now.
    pub fn cursor(&self) -> u64 {
        self.changes.head()
    }

    /// Whether the free capacity of every node is the same as in `other`.
    pub fn same_free(&self, other: &Cluster) -> bool {
        self.nodes == other.nodes
            && self.partial == other.partial
            && self.vram == other.vram
            && self.residents == other.residents
            && self.free_milli == other.free_milli
            && self.mig == other.mig
    }
}

fn mask(devices: u32) -> u64 {
    if devices == 64 {
        u64::MAX
    } else {
        (1 << devices) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Node;

    #[test]
    fn a_node_counts_more_pods_than_a_short_integer() {
        let inventory = Inventory::new(vec![Node::with_gpus("a", 0, "")]).unwrap();
        let mut cluster = Cluster::new(inventory, &[Shape::default()]);
        let spot = Spot {
            node: NodeId(0),
            devices: 0,
        };
        for _ in 0..70_000 {
            cluster.take(ShapeId(0), spot).unwrap();
        }
        assert_eq!(cluster.node(NodeId(0)).residents()[0], 70_000);
    }

    #[test]
    fn a_copy_follows_openings_and_keeps_what_runs_on_closed_nodes() {
        let nodes = ["a", "b"].map(|name| Node::with_gpus(name, 1, "T4"));
        let inventory = Inventory::new(nodes.to_vec()).unwrap();
        let mut cluster = Cluster::new(inventory, &[Shape::whole_gpus(1)]);
        let (gpu, spot) = (ShapeId(0), |node| Spot {
            node: NodeId(node),
            devices: 1,
        });
        cluster.set_open(NodeId(1), false);
        cluster.take(gpu, spot(0)).unwrap();
        let mut copy = cluster.clone();
        cluster.set_open(NodeId(0), false);
        cluster.set_open(NodeId(1), true);
        assert_ne!(copy.openings(), cluster.openings());
        copy.release(gpu, spot(0));
        copy.follow_openings(&cluster);
        assert_eq!(copy.take(gpu, spot(0)), Err(CapacityError::Closed(0)));
        assert_eq!(copy.first_fit(gpu), Some(NodeId(1)));
        copy.occupy(gpu, spot(0));
        assert!(copy.same_free(&cluster));
    }
}
