//! Which devices are in use.

use super::consumable::Taken;
use super::inventory::{DeviceId, Inventory, PoolId};
use super::objects::AllocationResult;
use crate::kube::Quantity;
use std::collections::BTreeMap;

/// How a device is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Use {
    /// Claims that have the device as a whole.
    whole: u32,
    /// Claims that have a share.
    shares: u32,
    /// Entries behind `consumed`.
    entries: u32,
    /// What shares take of its capacities.
    consumed: Taken,
}

/// One use of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseOf {
    /// The device as a whole.
    Whole,
    /// A share.
    Share,
    /// Amounts of its capacities.
    Consumed(BTreeMap<String, Quantity>),
}

/// Which devices are in use, by all claims.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    devices: Vec<Use>,
    /// Devices in use as a whole.
    whole: Vec<u64>,
    /// Changed with every device of the pool that is given out or taken back.
    versions: Vec<u64>,
}

impl Usage {
    pub(super) fn new(inventory: &Inventory) -> Usage {
        Usage {
            devices: vec![Use::default(); inventory.device_count()],
            whole: vec![0; inventory.device_count().div_ceil(64)],
            versions: vec![0; inventory.pools().len()],
        }
    }

    /// A number that changes whenever the use of the pool does.
    pub(super) fn version(&self, pool: PoolId) -> u64 {
        self.versions[pool.index()]
    }

    /// Whether a claim has the device as a whole.
    #[inline]
    pub(super) fn is_whole(&self, device: DeviceId) -> bool {
        self.whole[device.index() / 64] >> (device.index() % 64) & 1 == 1
    }

    /// Whether any claim has anything of the device.
    pub(super) fn is_allocated(&self, device: DeviceId) -> bool {
        let used = &self.devices[device.index()];
        used.whole > 0 || used.shares > 0 || used.entries > 0
    }

    /// What is taken of the capacities of the device; `None` when nothing was ever said.
    pub(super) fn consumed(&self, device: DeviceId) -> Option<&Taken> {
        let used = &self.devices[device.index()];
        (used.entries > 0).then_some(&used.consumed)
    }

    /// Enters one use of a device.
    pub(super) fn take(&mut self, inventory: &Inventory, device: DeviceId, what: &UseOf) {
        let used = &mut self.devices[device.index()];
        match what {
            UseOf::Whole => used.whole += 1,
            UseOf::Share => used.shares += 1,
            UseOf::Consumed(amounts) => {
                used.entries += 1;
                used.consumed.add(amounts);
            }
        }
        self.changed(inventory, device);
    }

    /// Takes one use of a device back.
    pub(super) fn give_back(&mut self, inventory: &Inventory, device: DeviceId, what: &UseOf) {
        let used = &mut self.devices[device.index()];
        match what {
            UseOf::Whole => used.whole = used.whole.saturating_sub(1),
            UseOf::Share => used.shares = used.shares.saturating_sub(1),
            UseOf::Consumed(amounts) => {
                used.entries = used.entries.saturating_sub(1);
                used.consumed.remove(amounts);
            }
        }
        self.changed(inventory, device);
    }

    fn changed(&mut self, inventory: &Inventory, device: DeviceId) {
        let (word, bit) = (device.index() / 64, 1u64 << (device.index() % 64));
        match self.devices[device.index()].whole {
            0 => self.whole[word] &= !bit,
            _ => self.whole[word] |= bit,
        }
        self.versions[inventory.pool_of_device(device).index()] += 1;
    }
}

/// What the results of a claim use. Access for monitoring uses nothing.
pub(super) fn uses(inventory: &Inventory, allocation: &AllocationResult) -> Vec<(DeviceId, UseOf)> {
    let mut all = Vec::with_capacity(allocation.devices.len());
    for result in &allocation.devices {
        let device = inventory.device(&result.driver, &result.pool, &result.device);
        let Some(device) = device.filter(|_| result.admin_access != Some(true)) else {
            continue;
        };
        if result.share_id.is_none() {
            all.push((device, UseOf::Whole));
            continue;
        }
        all.push((device, UseOf::Share));
        if !result.consumed_capacity.is_empty() {
            all.push((device, UseOf::Consumed(result.consumed_capacity.clone())));
        }
    }
    all
}
