//! A request compiled against one inventory, so that a fit is a few integer compares.

use super::{Inventory, Node};
use crate::units::MILLI;
use crate::workload::Shape;

/// In [`Ask::mig`]: devices, no instances.
pub(super) const NO_MIG: u32 = u32::MAX;

/// In [`Ask::links`]: nothing is asked of the links.
pub(super) const ANY_LINK: u32 = u32::MAX;

/// In [`Ask::who`]: pods that must not be on spot machines.
pub(super) const ANYBODY: u8 = 0b01;

/// In [`Ask::who`]: pods that may.
pub(super) const ON_SPOT: u8 = 0b10;

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
    /// Acceptable models, bit per [`crate::ids::ModelId`].
    pub models: u64,
    /// Most pods of one pod set on a node (`u32::MAX` = no limit).
    pub max_per_node: u32,
    /// Which entry of the cluster's MIG requests; [`NO_MIG`] for a pod that asks for devices.
    pub(super) mig: u32,
    /// Which of the cluster's [`Links`](super::linked::Links); [`ANY_LINK`] where any will do.
    pub(super) links: u32,
    /// Share of the node's network cards, percent.
    pub rdma: u32,
    /// Which nodes are open to it: one of [`ANYBODY`] and [`ON_SPOT`].
    pub(super) who: u8,
    /// Resident class: 0 = CPU pod, 1 = shared GPU or
    /// MIG instances, then one per distinct number of whole GPUs.
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
        self.gpus == 1 && self.milli < MILLI && self.mig == NO_MIG
    }

    /// Whether it asks for MIG instances.
    #[inline]
    pub fn is_mig(&self) -> bool {
        self.mig != NO_MIG
    }

    /// Whether it asks for whole devices.
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.gpus > 0 && self.milli == MILLI && self.mig == NO_MIG
    }

    /// What it asks of links and network cards, and which nodes are open to it, as a key: equal
    /// values ask alike.
    #[inline]
    pub(crate) fn wiring_key(&self) -> (u32, u32, u8) {
        (self.links, self.rdma, self.who)
    }
}

impl Inventory {
    /// Capacities are clamped here so that sums of free capacity cannot overflow.
    pub(super) const MOST: u64 = Node::UNLIMITED;
}

/// Compiles a request. Whole-GPU classes not seen before are added to `class_gpus`.
pub(super) fn compile(shape: &Shape, inventory: &Inventory, class_gpus: &mut Vec<u32>) -> Ask {
    let models = inventory
        .models()
        .iter()
        .enumerate()
        .filter(|(_, (name, mem))| shape.accepts(name) && (*mem == 0 || *mem >= shape.gpu_mem_mib))
        .fold(0u64, |mask, (model, _)| mask | 1 << model);
    let class = if shape.gpus == 0 {
        0
    } else if shape.is_share() || shape.mig.is_some() {
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
        vram: if shape.is_share() && shape.reserves_gpu_mem {
            shape.gpu_mem_mib
        } else {
            0
        },
        models,
        mig: NO_MIG,
        links: ANY_LINK,
        rdma: shape.rdma_percent,
        who: if shape.on_spot { ON_SPOT } else { ANYBODY },
        max_per_node: match shape.max_per_node {
            0 => u32::MAX,
            limit => limit,
        },
        class: class as u16,
    }
}
