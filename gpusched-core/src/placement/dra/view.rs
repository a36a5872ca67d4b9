//! What a node sees of the pools (upstream: `GatherPools`).
//!
//! The devices of all usable pools are one list, in the order in which they are tried: pools by
//! driver and name, those with binding conditions last; slices of a pool by name; devices as
//! published. What upstream addresses by pool, slice and device is then one position.
//!
//! Slices with counter sets concern every node. Upstream therefore looks at all pools of the
//! cluster on every node, which makes it slow on partitionable devices. A pool of which a node
//! sees only counters has no devices for it, so here such a pool is looked at once for all nodes
//! ([`Afar`]) and counts only when it is incomplete or invalid.

use super::counters::{CounterSource, CounterSources};
use super::features::Features;
use super::inventory::{Inventory, PoolId, UnitId};
use super::objects::{NodeScope, ResourceSlice};
use crate::kube::Node;
use rustc_hash::FxHashSet;

/// A device as one node sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Which one.
    pub(super) unit: UnitId,
    /// What bounds its counters; `None` = it draws on none.
    pub(super) counters: Option<CounterSource>,
    /// It can be used on the node. Others are of slices whose devices say for themselves, and
    /// their selectors are evaluated before that is looked at.
    pub(super) here: bool,
}

/// Why devices of a pool cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Not all slices of the generation are there.
    Incomplete,
    /// It contradicts itself.
    Invalid(String),
}

/// What a node sees.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Devices, in the order they are tried.
    pub(super) candidates: Vec<Candidate>,
    /// Pools that cannot be used, each with the position in `candidates` before which it stands.
    pub(super) broken: Vec<(usize, PoolId, Broken)>,
}

impl View {
    /// Whether a pool contradicts itself.
    pub(super) fn has_invalid_pools(&self) -> bool {
        let mut broken = self.broken.iter();
        broken.any(|(_, _, why)| matches!(why, Broken::Invalid(_)))
    }
}

/// Pools that are broken when only their counters are looked at, which is what nodes see that none
/// of their devices are for.
#[derive(Clone, Debug, Default)]
pub(super) struct Afar(Vec<(PoolId, Broken)>);

impl Afar {
    /// O(slices).
    pub(super) fn new(
        inventory: &Inventory,
        features: Features,
        sources: &mut CounterSources,
    ) -> Afar {
        if !features.partitionable_devices {
            return Afar::default();
        }
        let mut afar = Vec::new();
        for (at, pool) in inventory.pools().iter().enumerate() {
            let counters: Vec<u32> = with_counters(inventory, &pool.slices).collect();
            if counters.is_empty() {
                continue;
            }
            let id = PoolId::from(at);
            if let Some(Seen::Broken(why)) = look(inventory, features, id, &counters, sources) {
                afar.push((id, why));
            }
        }
        Afar(afar)
    }
}

/// What one pool is to a node.
enum Seen {
    Broken(Broken),
    Usable {
        slices: Vec<u32>,
        counters: Option<CounterSource>,
    },
}

/// Gathers the pools of a node. O(slices of the node, of their pools, and of no single node).
pub(super) fn gather(
    inventory: &Inventory,
    features: Features,
    node: &Node,
    afar: &Afar,
    sources: &mut CounterSources,
) -> View {
    let own = inventory.on_node(&node.name).iter();
    let shared = inventory.elsewhere().iter();
    let shared = shared.filter(|&&at| concerns(inventory.slice(at), node, features));
    // By pool, the slices in the order they are looked at: those of the node, then the others.
    let mut relevant: Vec<(PoolId, bool, u32)> = own
        .map(|at| (false, at))
        .chain(shared.map(|at| (true, at)))
        .map(|(shared, &at)| {
            let slice = inventory.slice(at);
            let pool = inventory.pool(&slice.driver, &slice.pool);
            (pool.unwrap_or_default(), shared, at)
        })
        .collect();
    let mut mine: Vec<PoolId> = relevant.iter().map(|&(pool, ..)| pool).collect();
    mine.sort_unstable();
    mine.dedup();
    if features.partitionable_devices {
        for &pool in &mine {
            let slices = &inventory.pools()[pool.index()].slices;
            relevant.extend(with_counters(inventory, slices).map(|at| (pool, true, at)));
        }
    }
    relevant.sort_unstable();
    let pools = relevant.chunk_by(|a, b| a.0 == b.0).filter_map(|group| {
        let slices: Vec<u32> = group.iter().map(|&(_, _, at)| at).collect();
        let pool = group[0].0;
        look(inventory, features, pool, &slices, sources).map(|seen| (pool, seen))
    });
    let mut pools: Vec<(PoolId, Seen)> = pools.collect();
    let others = afar
        .0
        .iter()
        .filter(|(id, _)| mine.binary_search(id).is_err());
    pools.extend(others.map(|(id, why)| (*id, Seen::Broken(why.clone()))));
    pools.sort_by_cached_key(|(id, seen)| {
        let pool = &inventory.pools()[id.index()];
        (
            binds(inventory, seen),
            pool.driver.clone(),
            pool.name.clone(),
        )
    });
    let mut view = View::default();
    for (pool, seen) in pools {
        match seen {
            Seen::Broken(why) => view.broken.push((view.candidates.len(), pool, why)),
            Seen::Usable { slices, counters } => {
                for &at in &slices {
                    add_candidates(inventory, node, at, counters, &mut view.candidates);
                }
            }
        }
    }
    view
}

fn add_candidates(
    inventory: &Inventory,
    node: &Node,
    slice: u32,
    counters: Option<CounterSource>,
    candidates: &mut Vec<Candidate>,
) {
    let each_says = inventory.slice(slice).scope == Some(NodeScope::PerDevice);
    candidates.extend(inventory.units_of(slice).map(|unit| {
        let unit = UnitId(unit);
        let published = inventory.published(unit);
        Candidate {
            unit,
            counters: counters.filter(|_| !published.consumes.is_empty()),
            here: !each_says || reaches(published.scope.as_ref(), node),
        }
    }));
}

/// Slices that hold counter sets.
fn with_counters<'a>(
    inventory: &'a Inventory,
    slices: &'a [u32],
) -> impl Iterator<Item = u32> + 'a {
    let holds = |at: &u32| !inventory.slice(*at).content.shared_counters.is_empty();
    slices.iter().copied().filter(holds)
}

/// Whether a pool has a device with binding conditions for the node.
fn binds(inventory: &Inventory, seen: &Seen) -> bool {
    let Seen::Usable { slices, .. } = seen else {
        return false;
    };
    let mut units = slices.iter().flat_map(|&at| inventory.units_of(at));
    units.any(|unit| inventory.unit(UnitId(unit)).binds)
}

/// Whether something of this scope can be used on the node.
fn reaches(scope: Option<&NodeScope>, node: &Node) -> bool {
    match scope {
        Some(NodeScope::Node(name)) => *name == node.name,
        Some(NodeScope::Selector(term)) => term.matches(&node.labels, &node.name),
        Some(NodeScope::All) => true,
        Some(NodeScope::PerDevice) | None => false,
    }
}

/// Whether a device slice that is not of one node concerns the node.
fn concerns(slice: &ResourceSlice, node: &Node, features: Features) -> bool {
    match &slice.scope {
        Some(NodeScope::PerDevice) => {
            let mut devices = slice.content.devices.iter();
            features.partitionable_devices
                && devices.any(|device| reaches(device.scope.as_ref(), node))
        }
        scope => reaches(scope.as_ref(), node),
    }
}

/// What the slices of a pool amount to; `None` when a newer generation replaces them.
fn look(
    inventory: &Inventory,
    features: Features,
    pool: PoolId,
    relevant: &[u32],
    sources: &mut CounterSources,
) -> Option<Seen> {
    let generation = |at: u32| inventory.slice(at).generation;
    let newest = relevant.iter().map(|&at| generation(at)).max()?;
    let mut kept: Vec<u32> = relevant.to_vec();
    kept.retain(|&at| generation(at) == newest);
    // Slices can disagree on how many there are; the first is believed.
    let complete = |count: usize| count as i64 == inventory.slice(kept[0]).slice_count;
    let mut unseen = Vec::new();
    if !complete(kept.len()) {
        let all = &inventory.pools()[pool.index()].slices;
        if all.iter().any(|&at| generation(at) > newest) {
            return None;
        }
        let current = || all.iter().copied().filter(|&at| generation(at) == newest);
        if !complete(current().count()) {
            return Some(Seen::Broken(Broken::Incomplete));
        }
        let names = kept.iter().map(|&at| inventory.slice(at).name.as_str());
        let names: FxHashSet<&str> = names.collect();
        unseen.extend(current().filter(|&at| !names.contains(inventory.slice(at).name.as_str())));
    }
    kept.sort_by_key(|&at| &inventory.slice(at).name);
    let (sets, devices): (Vec<u32>, Vec<u32>) = kept.into_iter().partition(|&at| {
        let slice = inventory.slice(at);
        features.partitionable_devices && !slice.content.shared_counters.is_empty()
    });
    if let Some(name) = duplicate_device(inventory, &devices) {
        let why = format!("two devices are named {name}");
        return Some(Seen::Broken(Broken::Invalid(why)));
    }
    if !features.partitionable_devices {
        let counters = None;
        return Some(Seen::Usable {
            slices: devices,
            counters,
        });
    }
    Some(
        match sources.add(inventory, pool, &sets, &devices, &unseen) {
            Ok(counters) => Seen::Usable {
                slices: devices,
                counters,
            },
            Err(why) => Seen::Broken(Broken::Invalid(why)),
        },
    )
}

fn duplicate_device<'a>(inventory: &'a Inventory, slices: &[u32]) -> Option<&'a str> {
    let units = slices.iter().flat_map(|&at| inventory.units_of(at));
    let mut devices: Vec<_> = units
        .map(|unit| inventory.unit(UnitId(unit)).device)
        .collect();
    devices.sort_unstable();
    let pair = devices.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(inventory.names(pair[0]).2)
}
