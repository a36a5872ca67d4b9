//! Read access to one node: what policies look at.

use super::state::NodeFree;
use super::{Ask, Cluster, Node};
use crate::ids::{ModelId, NodeId};

/// Read access to one node.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a> {
    pub(super) cluster: &'a Cluster,
    /// The node.
    pub id: NodeId,
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

    /// Milli-GPU that no instance in use holds, of the devices that MIG cuts.
    pub fn mig_left(self) -> u32 {
        let mig = self.cluster.mig.as_deref();
        mig.map_or(0, |mig| mig.left(self.id, self.free().full))
    }

    /// Devices nobody uses, those that are cut included.
    pub fn idle_devices(self) -> u32 {
        let mig = self.cluster.mig.as_deref();
        let cut = mig.map_or(0, |mig| mig.idle_cut(self.id, self.free().full));
        self.free_devices() + cut
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
    pub fn residents(self) -> &'a [u32] {
        let classes = usize::from(self.cluster.classes);
        let start = classes * self.id.index();
        &self.cluster.residents[start..start + classes]
    }

    /// Whole devices per pod of each class, for naming classes.
    pub fn class_gpus(self) -> &'a [u32] {
        &self.cluster.class_gpus
    }

    /// The static description.
    pub fn describe(self) -> &'a Node {
        self.cluster.inventory.node(self.id)
    }

    /// The lowest-numbered devices that satisfy the request; for a shared pod the first device
    /// with room, for instances the lowest starts on the first GPUs. Meaningful where the request fits.
    #[inline]
    pub fn lowest_devices(self, ask: &Ask) -> u64 {
        if ask.gpus == 0 {
            return 0;
        }
        if ask.is_mig() {
            let mig = self.cluster.mig.as_deref();
            return mig.map_or(0, |mig| mig.lowest(ask, self.id, self.free().model));
        }
        if ask.is_share() {
            return (0..self.gpus())
                .find(|&device| self.device_fits(ask, device))
                .map_or(0, |device| 1 << device);
        }
        let full = self.free().full;
        if let Some(linked) = self.cluster.lowest_linked(ask, self.id, full) {
            return linked;
        }
        let mut rest = full;
        for _ in 0..ask.gpus {
            rest &= rest.wrapping_sub(1);
        }
        full & !rest
    }

    /// Whether these free devices are linked as the request wants, and taking them leaves room for
    /// as many more such pods as can be.
    pub fn links_well(self, ask: &Ask, devices: u64) -> bool {
        self.cluster
            .links_well(ask, self.id, self.free().full, devices)
    }

    /// Share of its network cards that no pod holds, percent.
    pub fn rdma_left(self) -> u32 {
        u32::from(self.free().rdma)
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
