//! What drivers have published, with names turned into numbers.
//!
//! A device is known in two ways. A [`UnitId`] is one entry of one slice. A [`DeviceId`] is what
//! allocations name: driver, pool and device. Several units can be the same device, while a driver
//! replaces a generation or when a pool is broken.
//!
//! Units and devices are numbered pool by pool, so that what is kept of them by number is together
//! for a node however slices were listed.

use super::alike::{LayoutId, Layouts, ListId, Lists};
use super::dense::dense;
use super::objects::{Device, NodeScope, ResourceSlice, TaintEffect};
use crate::kube::Quantity;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
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
    /// What it draws from counters.
    pub(super) takes: ListId,
}

/// A pool, whatever its slices and generations.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) driver: String,
    pub(super) name: String,
    pub(super) name_id: PoolName,
    /// All its slices, in the order they were listed.
    pub(super) slices: Vec<u32>,
    /// What its devices are called; their ids are this far from `first`.
    layout: LayoutId,
    first: u32,
}

/// Numbers for the counters of all pools of one name. Pools of several drivers share the numbers,
/// so that limits of one driver can be held against devices of another (B4).
#[derive(Clone, Debug, Default)]
struct CounterNames {
    numbers: FxHashMap<String, FxHashMap<String, u32>>,
    len: u32,
}

impl CounterNames {
    /// Calls `then` with the number of each of a set's counters and its amount. O(counters).
    fn number(
        &mut self,
        set: &str,
        counters: &BTreeMap<String, Quantity>,
        mut then: impl FnMut(u32, i128),
    ) {
        if !self.numbers.contains_key(set) {
            self.numbers.insert(set.to_owned(), FxHashMap::default());
        }
        let numbers = self.numbers.get_mut(set).expect("just inserted");
        for (counter, amount) in counters {
            let number = numbers.get(counter).copied().unwrap_or_else(|| {
                numbers.insert(counter.clone(), self.len);
                self.len += 1;
                self.len - 1
            });
            then(number, amount.nanos());
        }
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
    takes: Lists<(u32, i128)>,
    layouts: Layouts,
    /// The pool of each device.
    pool_of: Vec<PoolId>,
    /// Device slices of one node.
    on_node: FxHashMap<String, Vec<u32>>,
    /// Other device slices.
    elsewhere: Vec<u32>,
    /// Whether a device takes less than nothing from a counter.
    gives: bool,
}

impl Inventory {
    /// Numbers everything. O(devices and what they draw).
    pub(super) fn new(slices: Vec<ResourceSlice>) -> Inventory {
        let mut inventory = Inventory::default();
        let mut pool_names = FxHashMap::default();
        for (at, slice) in slices.iter().enumerate() {
            let pool = inventory.pool_of(&slice.driver, &slice.pool, &mut pool_names);
            inventory.pools[pool.index()].slices.push(at as u32);
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
        inventory.first_unit = vec![0; inventory.slices.len()];
        for pool in 0..inventory.pools.len() {
            inventory.number(PoolId::from(pool));
        }
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
            layout: LayoutId::default(),
            first: 0,
        });
        let of_driver = self.by_driver.entry(driver.to_owned()).or_default();
        of_driver.insert(pool.to_owned(), id);
        id
    }

    /// Numbers the counters, devices and units of a pool.
    fn number(&mut self, id: PoolId) {
        let pool = &mut self.pools[id.index()];
        let contents = pool.slices.iter();
        let contents = contents.map(|&at| (at, &self.slices[at as usize].content));
        let space = &mut self.counters[pool.name_id.index()];
        let mut names = Vec::new();
        for (_, content) in contents.clone() {
            for set in &content.shared_counters {
                space.number(&set.name, &set.counters, |_, _| {});
            }
            names.extend(content.devices.iter().map(|device| device.name.as_str()));
        }
        pool.layout = self.layouts.of(&names);
        pool.first = self.pool_of.len() as u32;
        let layout = self.layouts.get(pool.layout);
        self.pool_of.resize(self.pool_of.len() + layout.len(), id);
        let mut numbers = layout.devices().iter();
        let mut takes = Vec::new();
        for (slice, content) in contents {
            self.first_unit[slice as usize] = UnitId::from(self.units.len()).0;
            for ((at, device), number) in content.devices.iter().enumerate().zip(&mut numbers) {
                takes.clear();
                for take in &device.consumes {
                    space.number(&take.counter_set, &take.counters, |number, amount| {
                        self.gives |= amount < 0;
                        takes.push((number, amount));
                    });
                }
                self.units.push(Unit {
                    slice,
                    at: at as u32,
                    device: DeviceId(pool.first + number),
                    pool: id,
                    shared: device.allow_multiple_allocations == Some(true),
                    binds: !device.binding_conditions.is_empty(),
                    tainted: repels(device),
                    rationed: device.capacity.values().any(|one| one.policy.is_some()),
                    takes: self.takes.of(&takes),
                });
            }
        }
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
        self.taken(unit.takes)
    }

    /// The same, by the list of a unit.
    #[inline]
    pub(super) fn taken(&self, takes: ListId) -> &[(u32, i128)] {
        self.takes.get(takes)
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
        let pool = &self.pools[self.pool(driver, pool)?.index()];
        let number = self.layouts.get(pool.layout).number(device)?;
        Some(DeviceId(pool.first + number))
    }

    /// The pool a device is in.
    pub(super) fn pool_of_device(&self, device: DeviceId) -> PoolId {
        self.pool_of[device.index()]
    }

    /// Driver, pool and name of a device.
    pub(super) fn names(&self, device: DeviceId) -> (&str, &str, &str) {
        let pool = &self.pools[self.pool_of_device(device).index()];
        let name = self.layouts.get(pool.layout).name(device.0 - pool.first);
        (&pool.driver, &pool.name, name)
    }

    /// How many devices there are.
    pub(super) fn device_count(&self) -> usize {
        self.pool_of.len()
    }

    /// The first device of a pool: others of it follow.
    pub(super) fn first_device(&self, pool: PoolId) -> DeviceId {
        DeviceId(self.pools[pool.index()].first)
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
