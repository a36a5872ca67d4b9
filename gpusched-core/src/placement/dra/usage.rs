//! Which devices are in use.

use super::consumable::Taken;
use super::inventory::{DeviceId, Inventory, PoolId};
use super::objects::AllocationResult;
use crate::kube::Quantity;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What is given out of a device that several claims may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shares {
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
    /// Claims that have a device as a whole.
    claims: Vec<u32>,
    /// Devices of which there are shares: few.
    shares: FxHashMap<DeviceId, Shares>,
    /// Devices in use as a whole.
    whole: Bits,
    /// Devices of which a claim has anything.
    allocated: Bits,
    /// Changed with every device of the pool that is given out or taken back.
    versions: Vec<u64>,
}

/// A bit for each device.
#[derive(Clone, Debug)]
struct Bits(Vec<u64>);

impl Bits {
    #[inline]
    fn get(&self, device: DeviceId) -> bool {
        self.0[device.index() / 64] >> (device.index() % 64) & 1 == 1
    }

    fn set(&mut self, device: DeviceId, to: bool) {
        let (word, bit) = (device.index() / 64, 1u64 << (device.index() % 64));
        match to {
            true => self.0[word] |= bit,
            false => self.0[word] &= !bit,
        }
    }
}

impl Usage {
    pub(super) fn new(inventory: &Inventory) -> Usage {
        let devices = inventory.device_count();
        let none = Bits(vec![0; devices.div_ceil(64)]);
        Usage {
            claims: vec![0; devices],
            shares: FxHashMap::default(),
            whole: none.clone(),
            allocated: none,
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
        self.whole.get(device)
    }

    /// Whether any claim has anything of the device.
    #[inline]
    pub(super) fn is_allocated(&self, device: DeviceId) -> bool {
        self.allocated.get(device)
    }

    /// What is taken of the capacities of the device; `None` when nothing was ever said.
    #[inline]
    pub(super) fn consumed(&self, device: DeviceId) -> Option<&Taken> {
        let shares = self.shares.get(&device)?;
        (shares.entries > 0).then_some(&shares.consumed)
    }

    /// Enters one use of a device.
    pub(super) fn take(&mut self, inventory: &Inventory, device: DeviceId, what: &UseOf) {
        match what {
            UseOf::Whole => self.claims[device.index()] += 1,
            UseOf::Share => self.shares.entry(device).or_default().shares += 1,
            UseOf::Consumed(amounts) => {
                let shares = self.shares.entry(device).or_default();
                shares.entries += 1;
                shares.consumed.add(amounts);
            }
        }
        self.changed(inventory, device);
    }

    /// Takes one use of a device back.
    pub(super) fn give_back(&mut self, inventory: &Inventory, device: DeviceId, what: &UseOf) {
        if *what == UseOf::Whole {
            let claims = &mut self.claims[device.index()];
            *claims = claims.saturating_sub(1);
        } else if let Some(shares) = self.shares.get_mut(&device) {
            match what {
                UseOf::Consumed(amounts) => {
                    shares.entries = shares.entries.saturating_sub(1);
                    shares.consumed.remove(amounts);
                }
                _ => shares.shares = shares.shares.saturating_sub(1),
            }
            if *shares == Shares::default() {
                self.shares.remove(&device);
            }
        }
        self.changed(inventory, device);
    }

    fn changed(&mut self, inventory: &Inventory, device: DeviceId) {
        let whole = self.claims[device.index()] > 0;
        let shares = self.shares.get(&device);
        let shared = shares.is_some_and(|one| one.shares > 0 || one.entries > 0);
        self.whole.set(device, whole);
        self.allocated.set(device, whole || shared);
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
