//! What is free: the one mutable state of a replay.
//!
//! A node is 48 bytes. Fully free devices are bits of a mask, so taking whole GPUs touches no
//! per-device entry; only shared devices keep one. Resources are integers, so that undoing a
//! change restores the state exactly.

use super::changes::{ChangeLog, Changes};
use super::index::FitIndex;
use super::{Inventory, NodeSet};
use crate::ids::{ModelId, NodeId, ShapeId};
use crate::queueing::Reason;
use crate::units::MILLI;
use crate::workload::{Shape, Spec};

/// Where one pod sits: a node and the devices it holds there (bit *i* = device *i*).
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

/// A request compiled against one inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// CPU, milli-cores.
    pub cpu: i64,
    /// Memory, MiB.
    pub mem: i64,
    /// Devices.
    pub gpus: u32,
    /// Milli-GPU of each.
    pub milli: u32,
    /// Device memory a *shared* pod reserves on its device, MiB. Whole devices are matched by
    /// model instead.
    pub vram: u32,
    /// Acceptable models, bit per [`ModelId`].
    pub models: u64,
    /// Most pods of one pod set on a node (`u32::MAX` = no limit).
    pub max_per_node: u32,
    /// Resident class: 0 = CPU pod, 1 = shared GPU, then one per distinct number of whole GPUs.
    pub class: u16,
}

impl Ask {
    /// Milli-GPU in all.
    #[inline]
    pub fn total_milli(&self) -> i64 {
        i64::from(self.gpus) * i64::from(self.milli)
    }

    /// Whether it shares one device.
    #[inline]
    pub fn is_share(&self) -> bool {
        self.gpus == 1 && self.milli < MILLI
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
struct NodeFree {
    cpu: i64,
    mem: i64,
    /// Fully free devices.
    full: u64,
    /// First entry of this node in the per-device arrays.
    base: u32,
    /// Milli-GPU left in all.
    left: u32,
    /// Most milli-GPU left on a device that is partly used.
    partial: u16,
    gpus: u8,
    model: u8,
    open: bool,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    spot: Spot,
    shape: ShapeId,
    taken: bool,
}

/// Read access to one node.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a> {
    cluster: &'a Cluster,
    /// The node.
    pub id: NodeId,
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
    inventory: Inventory,
    asks: Vec<Ask>,
    nodes: Vec<NodeFree>,
    /// Milli-GPU left per device that is partly used; 0 for whole ones, free or taken.
    partial: Vec<u16>,
    /// Device memory left to shared pods, MiB.
    vram: Vec<u32>,
    residents: Vec<u16>,
    classes: u16,
    class_gpus: Vec<u32>,
    /// Milli-GPU left on open nodes, by model.
    free_milli: Vec<i64>,
    /// Bumped on every change of a node, never turned back: equal version, equal state.
    versions: Vec<u32>,
    changes: ChangeLog,
    index: FitIndex,
    undo: Vec<Change>,
    depth: u32,
    releases: u64,
    openings: u64,
}

impl Cluster {
    /// An empty cluster; `shapes` are the requests it will be asked for, by [`ShapeId`].
    pub fn new(inventory: Inventory, shapes: &[Shape]) -> Cluster {
        let mut class_gpus: Vec<u32> = vec![0, 1];
        let asks: Vec<Ask> = shapes
            .iter()
            .map(|shape| compile(shape, &inventory, &mut class_gpus))
            .collect();
        let classes = class_gpus.len() as u16;
        let mut nodes = Vec::with_capacity(inventory.nodes().len());
        let mut vram = Vec::new();
        let mut free_milli = vec![0; inventory.models().len()];
        for (index, node) in inventory.nodes().iter().enumerate() {
            let model = inventory.model_of(NodeId::from(index));
            let left = node.gpus * MILLI;
            nodes.push(NodeFree {
                cpu: node.cpu_milli.min(Inventory::MOST) as i64,
                mem: node.mem_mib.min(Inventory::MOST) as i64,
                full: mask(node.gpus),
                base: vram.len() as u32,
                left,
                partial: 0,
                gpus: node.gpus as u8,
                model: model.0,
                open: true,
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
        self.hide(id, !open);
        self.releases += u64::from(open);
        self.openings += 1;
    }

    /// Opens and closes nodes as in `other`, a state of the same machines. O(1) when nothing was
    /// opened or closed there since the last call.
    pub(crate) fn follow_openings(&mut self, other: &Cluster) {
        if self.openings == other.openings {
            return;
        }
        for index in 0..self.nodes.len() {
            self.hide(NodeId::from(index), !other.nodes[index].open);
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
    fn touch(&mut self, id: NodeId) {
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
        self.apply_take(&ask, spot);
        if self.depth > 0 {
            self.undo.push(Change {
                spot,
                shape,
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
        self.apply_release(&ask, spot);
        self.releases += 1;
        if self.depth > 0 {
            self.undo.push(Change {
                spot,
                shape,
                taken: false,
            });
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
        }
        self.depth -= 1;
    }

    #[inline]
    fn check(&self, ask: &Ask, spot: Spot) -> Result<(), CapacityError> {
        let id = spot.node.0;
        let Some(node) = self.nodes.get(spot.node.index()) else {
            return Err(CapacityError::NoSuchNode(id));
        };
        if !node.open {
            return Err(CapacityError::Closed(id));
        }
        if node.cpu < ask.cpu || node.mem < ask.mem {
            return Err(CapacityError::Host(id));
        }
        let right_devices = if ask.gpus == 0 {
            spot.devices == 0
        } else if ask.models >> node.model & 1 == 0 || spot.devices.count_ones() != ask.gpus {
            false
        } else if ask.is_share() {
            self.share_fits(node, ask, spot.devices.trailing_zeros())
        } else {
            spot.devices & !node.full == 0
        };
        if right_devices {
            Ok(())
        } else {
            Err(CapacityError::Devices(id))
        }
    }

    #[inline]
    fn share_fits(&self, node: &NodeFree, ask: &Ask, device: u32) -> bool {
        device < u32::from(node.gpus)
            && self.left_of(node, device) >= ask.milli
            && self.vram[(node.base + device) as usize] >= ask.vram
    }

    #[inline]
    fn left_of(&self, node: &NodeFree, device: u32) -> u32 {
        if node.full >> device & 1 == 1 {
            MILLI
        } else {
            u32::from(self.partial[(node.base + device) as usize])
        }
    }

    #[inline]
    fn apply_take(&mut self, ask: &Ask, spot: Spot) {
        let node = &mut self.nodes[spot.node.index()];
        node.cpu -= ask.cpu;
        node.mem -= ask.mem;
        let milli = ask.gpus * ask.milli;
        node.left -= milli;
        if node.open {
            self.free_milli[usize::from(node.model)] -= i64::from(milli);
        }
        if ask.is_share() {
            let device = spot.devices.trailing_zeros();
            let slot = (node.base + device) as usize;
            let left = if node.full & spot.devices != 0 {
                MILLI
            } else {
                u32::from(self.partial[slot])
            };
            node.full &= !spot.devices;
            self.partial[slot] = (left - ask.milli) as u16;
            self.vram[slot] -= ask.vram;
            self.refresh_partial(spot.node);
        } else {
            node.full &= !spot.devices;
        }
        self.residents[self.classes as usize * spot.node.index() + usize::from(ask.class)] += 1;
        self.touch(spot.node);
    }

    #[inline]
    fn apply_release(&mut self, ask: &Ask, spot: Spot) {
        let node = &mut self.nodes[spot.node.index()];
        node.cpu += ask.cpu;
        node.mem += ask.mem;
        let milli = ask.gpus * ask.milli;
        node.left += milli;
        if node.open {
            self.free_milli[usize::from(node.model)] += i64::from(milli);
        }
        if ask.is_share() {
            let device = spot.devices.trailing_zeros();
            let slot = (node.base + device) as usize;
            debug_assert_eq!(
                node.full & spot.devices,
                0,
                "released a device that is free"
            );
            let left = u32::from(self.partial[slot]) + ask.milli;
            if left == MILLI {
                node.full |= spot.devices;
                self.partial[slot] = 0;
            } else {
                self.partial[slot] = left as u16;
            }
            self.vram[slot] += ask.vram;
            self.refresh_partial(spot.node);
        } else {
            debug_assert_eq!(
                node.full & spot.devices,
                0,
                "released a device that is free"
            );
            node.full |= spot.devices;
        }
        self.residents[self.classes as usize * spot.node.index() + usize::from(ask.class)] -= 1;
        self.touch(spot.node);
    }

    fn refresh_partial(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.index()];
        let devices = node.base as usize..node.base as usize + usize::from(node.gpus);
        node.partial = self.partial[devices].iter().copied().max().unwrap_or(0);
    }

    /// Whether one pod fits the node now. A few integer compares.
    #[inline]
    pub fn fits_on(&self, ask: &Ask, id: NodeId) -> bool {
        let node = &self.nodes[id.index()];
        if node.cpu < ask.cpu || node.mem < ask.mem || !node.open {
            return false;
        }
        if ask.gpus == 0 {
            return true;
        }
        if ask.models >> node.model & 1 == 0 {
            return false;
        }
        if !ask.is_share() {
            return node.full.count_ones() >= ask.gpus;
        }
        let milli_fits = node.full != 0 || u32::from(node.partial) >= ask.milli;
        if ask.vram == 0 {
            return milli_fits;
        }
        milli_fits && (0..u32::from(node.gpus)).any(|device| self.share_fits(node, ask, device))
    }

    /// How many such pods fit the node now. O(devices).
    pub fn room_on(&self, ask: &Ask, id: NodeId) -> u32 {
        if !self.fits_on(ask, id) {
            return 0;
        }
        let node = &self.nodes[id.index()];
        let by = |have: i64, need: i64| {
            if need == 0 { i64::MAX } else { have / need }
        };
        let devices = if ask.gpus == 0 {
            i64::MAX
        } else if ask.is_share() {
            (0..u32::from(node.gpus))
                .map(|device| {
                    let vram = self.vram[(node.base + device) as usize];
                    by(i64::from(self.left_of(node, device)), i64::from(ask.milli))
                        .min(by(i64::from(vram), i64::from(ask.vram)))
                })
                .sum()
        } else {
            i64::from(node.full.count_ones() / ask.gpus)
        };
        let room = by(node.cpu, ask.cpu)
            .min(by(node.mem, ask.mem))
            .min(devices);
        room.min(i64::from(ask.max_per_node)) as u32
    }

    /// The nodes one such pod fits now. Amortised O(nodes changed since the last question).
    pub fn feasible(&mut self, shape: ShapeId) -> &NodeSet {
        let mut index = std::mem::take(&mut self.index);
        index.refresh(self, shape);
        self.index = index;
        self.index.fits(shape)
    }

    /// The node of lowest rank one such pod fits now.
    #[inline]
    pub fn first_fit(&mut self, shape: ShapeId) -> Option<NodeId> {
        self.feasible(shape).first()
    }

    /// How many such pods fit the cluster now. Amortised as [`Cluster::feasible`].
    pub fn room(&mut self, shape: ShapeId) -> u64 {
        let mut index = std::mem::take(&mut self.index);
        let room = index.room(self, shape);
        self.index = index;
        room
    }

    /// Whether the whole job fits now, wherever its pods may go. Exact for one pod set; several
    /// pod sets are tried first-fit in their order and taken back.
    pub fn fits(&mut self, spec: &Spec) -> bool {
        match spec.pod_sets.as_slice() {
            [set] if set.count == 1 => !self.feasible(set.shape).is_empty(),
            [set] => self.room(set.shape) >= u64::from(set.count),
            sets => {
                let each_fits = sets.iter().all(|set| {
                    let room = if set.count == 1 {
                        u64::from(self.feasible(set.shape).len())
                    } else {
                        self.room(set.shape)
                    };
                    room >= u64::from(set.count)
                });
                each_fits && self.try_first_fit(spec)
            }
        }
    }

    fn try_first_fit(&mut self, spec: &Spec) -> bool {
        let mark = self.begin();
        let fits = spec.pod_sets.iter().all(|set| {
            (0..set.count).all(|_| {
                self.first_fit(set.shape).is_some_and(|node| {
                    let devices = self.node(node).lowest_devices(self.ask(set.shape));
                    self.take(set.shape, Spot { node, devices }).is_ok()
                })
            })
        });
        self.rollback(mark);
        fits
    }

    /// Why a job that does not fit now does not.
    pub fn why_not(&mut self, spec: &Spec) -> Reason {
        let mut free_anywhere = 0;
        let mut need_anywhere = 0;
        let mut some_pod_fits = false;
        for set in &spec.pod_sets {
            let ask = self.asks[set.shape.index()];
            let need = ask.total_milli() * i64::from(set.count);
            let free: i64 = self
                .free_milli
                .iter()
                .enumerate()
                .filter(|(model, _)| ask.models >> model & 1 == 1)
                .map(|(_, free)| free)
                .sum();
            free_anywhere = self.free_milli();
            need_anywhere += need;
            if ask.gpus > 0 && free < need {
                return if self.free_milli() >= need {
                    Reason::Model
                } else {
                    Reason::Capacity
                };
            }
            some_pod_fits |= !self.feasible(set.shape).is_empty();
        }
        if need_anywhere > free_anywhere || need_anywhere == 0 {
            Reason::Capacity
        } else if spec.pods > 1 && some_pod_fits {
            Reason::Gang
        } else {
            Reason::Fragmentation
        }
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
    }
}

impl Inventory {
    /// Capacities are clamped here so that sums of free capacity cannot overflow.
    const MOST: u64 = super::Node::UNLIMITED;
}

fn mask(devices: u32) -> u64 {
    if devices == 64 {
        u64::MAX
    } else {
        (1 << devices) - 1
    }
}

fn compile(shape: &Shape, inventory: &Inventory, class_gpus: &mut Vec<u32>) -> Ask {
    let models = inventory
        .models()
        .iter()
        .enumerate()
        .filter(|(_, (name, mem))| shape.accepts(name) && (*mem == 0 || *mem >= shape.gpu_mem_mib))
        .fold(0u64, |mask, (model, _)| mask | 1 << model);
    let class = if shape.gpus == 0 {
        0
    } else if shape.is_share() {
        1
    } else {
        let known = class_gpus[2..].iter().position(|&gpus| gpus == shape.gpus);
        2 + known.unwrap_or_else(|| {
            class_gpus.push(shape.gpus);
            class_gpus.len() - 3
        })
    };
    Ask {
        cpu: shape.cpu_milli.min(Inventory::MOST) as i64,
        mem: shape.mem_mib.min(Inventory::MOST) as i64,
        gpus: shape.gpus,
        milli: shape.gpu_milli,
        vram: if shape.is_share() {
            shape.gpu_mem_mib
        } else {
            0
        },
        models,
        max_per_node: match shape.max_per_node {
            0 => u32::MAX,
            limit => limit,
        },
        class: class as u16,
    }
}

impl<'a> NodeView<'a> {
    #[inline]
    fn free(self) -> &'a NodeFree {
        &self.cluster.nodes[self.id.index()]
    }

    /// Bumped on every change of the node; equal versions mean equal state.
    #[inline]
    pub fn version(self) -> u32 {
        self.cluster.versions[self.id.index()]
    }

    /// Devices nobody uses, as a mask.
    #[inline]
    pub fn free_mask(self) -> u64 {
        self.free().full
    }

    /// CPU left, milli-cores.
    #[inline]
    pub fn cpu(self) -> i64 {
        self.free().cpu
    }

    /// Memory left, MiB.
    #[inline]
    pub fn mem(self) -> i64 {
        self.free().mem
    }

    /// Devices in the node, used or not.
    #[inline]
    pub fn gpus(self) -> u32 {
        u32::from(self.free().gpus)
    }

    /// Devices nobody uses.
    #[inline]
    pub fn free_devices(self) -> u32 {
        self.free().full.count_ones()
    }

    /// Milli-GPU left in all.
    #[inline]
    pub fn gpu_left(self) -> u32 {
        self.free().left
    }

    /// Milli-GPU left on one device.
    #[inline]
    pub fn left(self, device: u32) -> u32 {
        self.cluster.left_of(self.free(), device)
    }

    /// The devices that are partly used, with the milli-GPU left on each, in order of number.
    #[inline]
    pub fn shared_devices(self) -> impl Iterator<Item = (u32, u32)> + 'a {
        let free = self.free();
        // Nothing left on any partly used device is the common case: no entry is read then.
        let devices = match free.partial {
            0 => 0,
            _ => usize::from(free.gpus),
        };
        let base = free.base as usize;
        self.cluster.partial[base..base + devices]
            .iter()
            .enumerate()
            .filter(|(_, left)| **left != 0)
            .map(|(device, left)| (device as u32, u32::from(*left)))
    }

    /// GPU model.
    #[inline]
    pub fn model(self) -> ModelId {
        ModelId(self.free().model)
    }

    /// Whether the node takes new pods.
    pub fn is_open(self) -> bool {
        self.free().open
    }

    /// Whether device `device` can take a shared pod.
    #[inline]
    pub fn device_fits(self, ask: &Ask, device: u32) -> bool {
        self.cluster.share_fits(self.free(), ask, device)
    }

    /// Whether one such pod fits here.
    #[inline]
    pub fn fits(self, ask: &Ask) -> bool {
        self.cluster.fits_on(ask, self.id)
    }

    /// How many such pods fit here.
    pub fn room(self, ask: &Ask) -> u32 {
        self.cluster.room_on(ask, self.id)
    }

    /// Whether nothing at all runs here.
    pub fn is_idle(self) -> bool {
        self.residents().iter().all(|&pods| pods == 0)
    }

    /// Resident pods by class (see [`Ask::class`]).
    #[inline]
    pub fn residents(self) -> &'a [u16] {
        let classes = usize::from(self.cluster.classes);
        let start = classes * self.id.index();
        &self.cluster.residents[start..start + classes]
    }

    /// Whole devices per pod of each class, for naming classes.
    pub fn class_gpus(self) -> &'a [u32] {
        &self.cluster.class_gpus
    }

    /// The static description.
    pub fn describe(self) -> &'a super::Node {
        self.cluster.inventory.node(self.id)
    }

    /// The lowest-numbered devices that satisfy the request; for a shared pod the first device
    /// with room. Meaningful where the request fits.
    #[inline]
    pub fn lowest_devices(self, ask: &Ask) -> u64 {
        if ask.gpus == 0 {
            return 0;
        }
        if ask.is_share() {
            return (0..self.gpus())
                .find(|&device| self.device_fits(ask, device))
                .map_or(0, |device| 1 << device);
        }
        let full = self.free().full;
        let mut rest = full;
        for _ in 0..ask.gpus {
            rest &= rest.wrapping_sub(1);
        }
        full & !rest
    }

    /// As [`NodeView::lowest_devices`], but a shared pod goes where it leaves least: the device
    /// with the least left that still fits, lowest number on ties.
    #[inline]
    pub fn tightest_devices(self, ask: &Ask) -> u64 {
        if !ask.is_share() {
            return self.lowest_devices(ask);
        }
        (0..self.gpus())
            .filter(|&device| self.device_fits(ask, device))
            .min_by_key(|&device| self.left(device))
            .map_or(0, |device| 1 << device)
    }
}
