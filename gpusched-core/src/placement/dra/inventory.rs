//! What drivers have published, with names turned into numbers.
//!
//! A device is known in two ways. A [`UnitId`] is one entry of one slice. A [`DeviceId`] is what
//! allocations name: driver, pool and device. Several units can be the same device, while a driver
//! replaces a generation or when a pool is broken.

use super::dense::dense;
use super::objects::{Device, NodeScope, ResourceSlice, TaintEffect};
use rustc_hash::FxHashMap;
use std::ops::Range;

dense!(
    /// A published device, by its position among the devices of all slices.
    UnitId
);
dense!(
    /// A device by driver, pool and name.
    DeviceId
);
dense!(
    /// A pool by driver and name.
    PoolId
);
dense!(
    /// The name of a pool, whoever the driver is.
    PoolName
);

/// A published device.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Its slice.
    pub(super) slice: u32,
    /// Its position in the slice.
    at: u32,
    /// What allocations call it.
    pub(super) device: DeviceId,
    /// Its pool.
    pub(super) pool: PoolId,
    /// `allowMultipleAllocations`.
    pub(super) shared: bool,
    /// It has binding conditions.
    pub(super) binds: bool,
    /// It has a taint that keeps claims away unless tolerated.
    pub(super) tainted: bool,
    /// A capacity of it has a request policy.
    pub(super) rationed: bool,
    /// What it draws from counters, in the table of takes.
    takes: (u32, u32),
}

/// A pool, whatever its slices and generations.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) driver: String,
    pub(super) name: String,
    pub(super) name_id: PoolName,
    /// All its slices, in the order they were listed.
    pub(super) slices: Vec<u32>,
    devices: FxHashMap<String, DeviceId>,
}

/// Numbers for the counters of all pools of one name. Pools of several drivers share the numbers,
/// so that limits of one driver can be held against devices of another (B4).
#[derive(Clone, Debug, Default)]
struct CounterNames {
    numbers: FxHashMap<String, FxHashMap<String, u32>>,
    len: u32,
}

impl CounterNames {
    fn number(&mut self, set: &str, counter: &str) -> u32 {
        if let Some(&number) = self.get(set, counter) {
            return number;
        }
        let set = self.numbers.entry(set.to_owned()).or_default();
        set.insert(counter.to_owned(), self.len);
        self.len += 1;
        self.len - 1
    }

    fn get(&self, set: &str, counter: &str) -> Option<&u32> {
        self.numbers.get(set)?.get(counter)
    }
}

/// All slices.
#[derive(Clone, Debug, Default)]
pub(super) struct Inventory {
    slices: Vec<ResourceSlice>,
    first_unit: Vec<u32>,
    units: Vec<Unit>,
    pools: Vec<Pool>,
    by_driver: FxHashMap<String, FxHashMap<String, PoolId>>,
    counters: Vec<CounterNames>,
    takes: Vec<(u32, i128)>,
    /// The device of each id: its pool and name.
    names: Vec<(PoolId, String)>,
    /// Device slices of one node.
    on_node: FxHashMap<String, Vec<u32>>,
    /// Other device slices.
    elsewhere: Vec<u32>,
    /// Whether a device takes less than nothing from a counter.
    gives: bool,
}

impl Inventory {
    /// Numbers everything. O(devices).
    pub(super) fn new(slices: Vec<ResourceSlice>) -> Inventory {
        let mut inventory = Inventory::default();
        let mut pool_names = FxHashMap::default();
        for (at, slice) in slices.iter().enumerate() {
            let pool = inventory.pool_of(&slice.driver, &slice.pool, &mut pool_names);
            inventory.pools[pool.index()].slices.push(at as u32);
            let space = &mut inventory.counters[inventory.pools[pool.index()].name_id.index()];
            for set in &slice.content.shared_counters {
                for counter in set.counters.keys() {
                    space.number(&set.name, counter);
                }
            }
            inventory
                .first_unit
                .push(UnitId::from(inventory.units.len()).0);
            for (position, device) in slice.content.devices.iter().enumerate() {
                inventory.add(at as u32, position as u32, pool, device);
            }
            match &slice.scope {
                _ if !slice.content.shared_counters.is_empty() => {}
                Some(NodeScope::Node(node)) => match inventory.on_node.get_mut(node) {
                    Some(list) => list.push(at as u32),
                    None => {
                        inventory.on_node.insert(node.clone(), vec![at as u32]);
                    }
                },
                _ => inventory.elsewhere.push(at as u32),
            }
        }
        inventory.slices = slices;
        inventory
    }

    fn pool_of(
        &mut self,
        driver: &str,
        pool: &str,
        names: &mut FxHashMap<String, PoolName>,
    ) -> PoolId {
        if let Some(known) = self.pool(driver, pool) {
            return known;
        }
        let fresh = PoolName::from(names.len());
        let name_id = *names.entry(pool.to_owned()).or_insert(fresh);
        self.counters.resize_with(names.len(), Default::default);
        let id = PoolId::from(self.pools.len());
        self.pools.push(Pool {
            driver: driver.to_owned(),
            name: pool.to_owned(),
            name_id,
            slices: Vec::new(),
            devices: FxHashMap::default(),
        });
        let of_driver = self.by_driver.entry(driver.to_owned()).or_default();
        of_driver.insert(pool.to_owned(), id);
        id
    }

    fn add(&mut self, slice: u32, at: u32, pool: PoolId, device: &Device) {
        let first = self.takes.len() as u32;
        let space = &mut self.counters[self.pools[pool.index()].name_id.index()];
        for take in &device.consumes {
            for (counter, amount) in &take.counters {
                let number = space.number(&take.counter_set, counter);
                self.gives |= amount.nanos() < 0;
                self.takes.push((number, amount.nanos()));
            }
        }
        let known = self.pools[pool.index()].devices.get(&device.name);
        let id = known.copied().unwrap_or_else(|| {
            let id = DeviceId::from(self.names.len());
            self.names.push((pool, device.name.clone()));
            let devices = &mut self.pools[pool.index()].devices;
            devices.insert(device.name.clone(), id);
            id
        });
        self.units.push(Unit {
            slice,
            at,
            device: id,
            pool,
            shared: device.allow_multiple_allocations == Some(true),
            binds: !device.binding_conditions.is_empty(),
            tainted: repels(device),
            rationed: device.capacity.values().any(|one| one.policy.is_some()),
            takes: (first, self.takes.len() as u32),
        });
    }

    /// All slices, in the order they were listed.
    pub(super) fn slices(&self) -> &[ResourceSlice] {
        &self.slices
    }

    /// A slice.
    pub(super) fn slice(&self, at: u32) -> &ResourceSlice {
        &self.slices[at as usize]
    }

    /// The units of a slice.
    pub(super) fn units_of(&self, slice: u32) -> Range<u32> {
        let first = self.first_unit[slice as usize];
        first..first + self.slice(slice).content.devices.len() as u32
    }

    /// A unit.
    #[inline]
    pub(super) fn unit(&self, id: UnitId) -> &Unit {
        &self.units[id.index()]
    }

    /// How many units there are.
    pub(super) fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// What was published of a unit.
    pub(super) fn published(&self, id: UnitId) -> &Device {
        let unit = self.unit(id);
        &self.slice(unit.slice).content.devices[unit.at as usize]
    }

    /// What a unit draws from counters: numbers within its pool name, nano-units.
    #[inline]
    pub(super) fn takes(&self, unit: &Unit) -> &[(u32, i128)] {
        &self.takes[unit.takes.0 as usize..unit.takes.1 as usize]
    }

    /// Whether a device takes less than nothing from a counter, so that giving it back can exhaust
    /// the counter.
    pub(super) fn gives(&self) -> bool {
        self.gives
    }

    /// How many counters the pools of a name have.
    pub(super) fn counter_count(&self, name: PoolName) -> usize {
        self.counters[name.index()].len as usize
    }

    /// The number of a counter.
    pub(super) fn counter(&self, name: PoolName, set: &str, counter: &str) -> Option<u32> {
        self.counters[name.index()].get(set, counter).copied()
    }

    /// All pools.
    pub(super) fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// A pool by its names.
    pub(super) fn pool(&self, driver: &str, pool: &str) -> Option<PoolId> {
        self.by_driver.get(driver)?.get(pool).copied()
    }

    /// A device by its names.
    pub(super) fn device(&self, driver: &str, pool: &str, device: &str) -> Option<DeviceId> {
        let pool = self.pool(driver, pool)?;
        self.pools[pool.index()].devices.get(device).copied()
    }

    /// The pool a device is in.
    pub(super) fn pool_of_device(&self, device: DeviceId) -> PoolId {
        self.names[device.index()].0
    }

    /// Driver, pool and name of a device.
    pub(super) fn names(&self, device: DeviceId) -> (&str, &str, &str) {
        let (pool, name) = &self.names[device.index()];
        let pool = &self.pools[pool.index()];
        (&pool.driver, &pool.name, name)
    }

    /// How many devices there are.
    pub(super) fn device_count(&self) -> usize {
        self.names.len()
    }

    /// Device slices of one node, by its name.
    pub(super) fn on_node(&self, node: &str) -> &[u32] {
        self.on_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// Device slices that are not of one node.
    pub(super) fn elsewhere(&self) -> &[u32] {
        &self.elsewhere
    }

    /// Replaces the taints of the first unit of this name; `false` when there is none.
    pub(super) fn set_taints(
        &mut self,
        device: DeviceId,
        taints: Vec<super::objects::DeviceTaint>,
    ) -> bool {
        let pool = &self.pools[self.pool_of_device(device).index()];
        let mut units = pool.slices.iter().flat_map(|&at| self.units_of(at));
        let Some(unit) = units.find(|&at| self.units[at as usize].device == device) else {
            return false;
        };
        let (slice, at) = (
            self.units[unit as usize].slice,
            self.units[unit as usize].at,
        );
        let published = &mut self.slices[slice as usize].content.devices[at as usize];
        published.taints = taints;
        self.units[unit as usize].tainted = repels(published);
        true
    }
}

/// Whether a taint of the device keeps claims away.
fn repels(device: &Device) -> bool {
    device.taints.iter().any(|taint| keeps_away(&taint.effect))
}

/// Whether a taint of this effect keeps claims away.
pub(super) fn keeps_away(effect: &TaintEffect) -> bool {
    matches!(effect, TaintEffect::NoSchedule | TaintEffect::NoExecute)
}
