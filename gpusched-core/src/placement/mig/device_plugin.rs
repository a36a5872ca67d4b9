//! `device-plugin-distributed` and `device-plugin-packed`: preferred allocation of the NVIDIA
//! Kubernetes device plugin over instances that stand already.
//!
//! The plugin sorts the free devices of a resource by how many devices of their *physical GPU* are
//! allocated: fewest first (distributed, the default) or most first (packed). In the released
//! plugin a MIG instance is its own physical GPU, so every free instance counts zero and both
//! policies come down to the order of ids; bucketing by the parent GPU is open as PR 2036, and is
//! what `…-parent` decides. Ties are undefined upstream (Go's unstable sort); here, lowest number
//! and start. The scheduler has chosen the node before; here, the first with a free instance.
//!
//! Source: NVIDIA/k8s-device-plugin 1b826ac, `--shared-devices-allocation-policy` (v0.20).

use super::{Choice, MigPlacement, Rows};
use crate::gpu::mig::{MigGpu, ProfileRow};

/// What the plugin is told to prefer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Fewest allocated first.
    Distributed,
    /// Most allocated first.
    Packed,
}

/// What counts as one physical GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Every MIG instance is one: the released plugin.
    Instance,
    /// The GPU an instance is cut from: PR 2036.
    Parent,
}

/// Uses a free instance on the first node that has one. O(GPUs).
#[derive(Clone, Copy, Debug)]
pub struct DevicePlugin {
    /// What is preferred.
    pub sharing: Sharing,
    /// What is counted.
    pub bucket: Bucket,
}

impl DevicePlugin {
    /// Allocated devices of the candidate's bucket, signed so that the least is preferred.
    fn key(&self, state: &MigGpu, row: ProfileRow) -> i64 {
        if self.bucket == Bucket::Instance {
            return 0;
        }
        let allocated = state
            .instances()
            .filter(|&(instance, used)| used && instance.profile == row)
            .count() as i64;
        match self.sharing {
            Sharing::Distributed => allocated,
            Sharing::Packed => -allocated,
        }
    }
}

impl MigPlacement for DevicePlugin {
    fn name(&self) -> &'static str {
        match (self.sharing, self.bucket) {
            (Sharing::Distributed, Bucket::Instance) => "device-plugin-distributed",
            (Sharing::Packed, Bucket::Instance) => "device-plugin-packed",
            (Sharing::Distributed, Bucket::Parent) => "device-plugin-distributed-parent",
            (Sharing::Packed, Bucket::Parent) => "device-plugin-packed-parent",
        }
    }

    fn creates(&self) -> bool {
        false
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        let mut rows = Rows::of(profile);
        let mut best: Option<(i64, Choice)> = None;
        let mut node = None;
        for (gpu, state) in gpus.iter().enumerate() {
            if node.is_some_and(|node| node != state.node()) {
                break;
            }
            let Some(row) = rows.on(state) else { continue };
            let Some(start) = state.free_instance(row) else {
                continue;
            };
            node = Some(state.node());
            let key = self.key(state, row);
            if best.is_none_or(|(least, _)| key < least) {
                best = Some((key, Choice { gpu, start }));
            }
        }
        best.map(|(_, choice)| choice)
    }
}
