//! Who holds what: the two lists, and what is read off them.

use super::compile::{Compiled, compile};
use super::{MigMode, STARTS, Setup, bit, granule, places, whole};
use crate::cluster::state::NodeFree;
use crate::cluster::{Ask, Inventory, Spot};
use crate::gpu::mig::{Geometry, GpuLayout, Held, Instance, MigGpu, ProfileRow, StartOrder};
use crate::ids::{ModelId, NodeId};
use crate::units::MILLI;
use crate::workload::Shape;
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Layout,
    OnDemand,
    Batched,
}

/// Geometries that offer only what stands, one for each layout met.
type Offered = FxHashMap<(ModelId, Vec<(u8, u8)>), Arc<Geometry>>;

/// What was there before a change inside a transaction.
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub(super) gpu: u32,
    pub(super) standing: MigGpu,
    pub(super) mode: bool,
}

/// The GPUs that are cut, or may be.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct MigState {
    pub(super) requests: Vec<Compiled>,
    /// First GPU of each node, and one more.
    pub(super) first: Vec<u32>,
    pub(super) kinds: Vec<Kind>,
    /// What the board allows, whatever is offered.
    pub(super) boards: Vec<Arc<Geometry>>,
    pub(super) shown: Vec<MigGpu>,
    pub(super) standing: Vec<MigGpu>,
    /// Whether MIG mode is on.
    pub(super) modes: Vec<bool>,
    pub(super) setups: Vec<[Setup; STARTS as usize]>,
    offered: Offered,
    pub(super) undo: Vec<Before>,
    /// Counts changes by a repartitioner.
    pub(in crate::cluster) repartitions: u64,
}

/// Two states are the same when the same instances are in use.
impl PartialEq for MigState {
    fn eq(&self, other: &MigState) -> bool {
        self.shown == other.shown
    }
}

impl MigState {
    /// The table of an empty cluster, with the requests compiled; `None` without MIG.
    pub(in crate::cluster) fn new(
        inventory: &Inventory,
        shapes: &[Shape],
        asks: &mut [Ask],
    ) -> Option<Box<MigState>> {
        let mut requests = Vec::new();
        for (shape, ask) in shapes.iter().zip(asks) {
            let Some(request) = &shape.mig else { continue };
            let compiled = compile(shape, request, inventory);
            let served = |mask: u64, (at, row): (usize, &Option<ProfileRow>)| {
                mask | u64::from(row.is_some()) << at
            };
            ask.models &= compiled.rows.iter().enumerate().fold(0, served);
            ask.mig = requests.len() as u32;
            requests.push(compiled);
        }
        if !inventory.has_mig() {
            return None;
        }
        let mut state = Box::new(MigState {
            requests,
            first: Vec::with_capacity(inventory.nodes().len() + 1),
            kinds: Vec::new(),
            boards: Vec::new(),
            shown: Vec::new(),
            standing: Vec::new(),
            modes: Vec::new(),
            setups: Vec::new(),
            offered: Offered::default(),
            undo: Vec::new(),
            repartitions: 0,
        });
        for index in 0..inventory.nodes().len() {
            state.add_node(inventory, NodeId::from(index));
        }
        state.first.push(state.shown.len() as u32);
        Some(state)
    }

    fn add_node(&mut self, inventory: &Inventory, id: NodeId) {
        self.first.push(self.shown.len() as u32);
        let (node, model) = (inventory.node(id), inventory.model_of(id));
        let Some(geometry) = inventory.geometry(model) else {
            return;
        };
        let whole = [whole(geometry)];
        for minor in 0..node.gpus {
            let (kind, instances): (Kind, &[Instance]) = match &node.mig {
                MigMode::Off => return,
                MigMode::Layout(layouts) => match layouts.get(minor as usize) {
                    Some(GpuLayout::Mig(instances)) => (Kind::Layout, instances),
                    _ => continue,
                },
                MigMode::OnDemand => (Kind::OnDemand, &[]),
                MigMode::Batched => (Kind::Batched, &whole),
            };
            let mut gpu = MigGpu::new(geometry.clone(), id, minor as u16);
            for instance in instances {
                gpu.create(instance.profile, instance.start)
                    .expect("the inventory has checked its layouts");
            }
            self.shown
                .push(MigGpu::new(geometry.clone(), id, minor as u16));
            self.modes.push(kind != Kind::OnDemand);
            self.standing.push(gpu);
            self.kinds.push(kind);
            self.boards.push(geometry.clone());
            self.setups.push(Default::default());
            if kind != Kind::OnDemand {
                self.offer_what_stands(self.shown.len() - 1, model);
            }
        }
    }

    /// Makes a GPU offer exactly the instances that stand on it.
    pub(super) fn offer_what_stands(&mut self, gpu: usize, model: ModelId) {
        let (standing, board) = (&self.standing[gpu], &self.boards[gpu]);
        let key = standing
            .instances()
            .map(|(instance, _)| (instance.profile.0, instance.start));
        let key = (model, key.collect());
        let offered = self.offered.entry(key).or_insert_with_key(|(_, key)| {
            let stands = |row: ProfileRow, start: u8| key.contains(&(row.0, start));
            Arc::new(board.restricted(stands))
        });
        for list in [&mut self.shown, &mut self.standing] {
            list[gpu].set_geometry(offered.clone());
        }
    }

    #[inline]
    pub(in crate::cluster) fn range(&self, node: NodeId) -> Range<usize> {
        self.first[node.index()] as usize..self.first[node.index() + 1] as usize
    }

    pub(in crate::cluster) fn shown(&self) -> &[MigGpu] {
        &self.shown
    }

    pub(in crate::cluster) fn shown_mut(&mut self) -> &mut [MigGpu] {
        &mut self.shown
    }

    pub(in crate::cluster) fn standing(&self) -> &[MigGpu] {
        &self.standing
    }

    pub(in crate::cluster) fn standing_mut(&mut self) -> &mut [MigGpu] {
        &mut self.standing
    }

    pub(in crate::cluster) fn is_whole(&self, gpu: usize) -> bool {
        !self.modes[gpu] && self.shown[gpu].used_count() > 0
    }

    /// The devices of a node that are cut for good, and whether others may be cut on demand.
    pub(in crate::cluster) fn cut_devices(&self, node: NodeId) -> (u64, bool) {
        let gpus = self.range(node);
        let cut = gpus
            .clone()
            .filter(|&gpu| self.kinds[gpu] != Kind::OnDemand);
        let cut = cut.fold(0, |mask, gpu| mask | 1 << self.shown[gpu].minor());
        (
            cut,
            gpus.into_iter()
                .any(|gpu| self.kinds[gpu] == Kind::OnDemand),
        )
    }

    pub(in crate::cluster) fn names(&self, ask: &Ask) -> &[(&'static str, u64)] {
        &self.requests[ask.mig as usize].names
    }

    pub(super) fn row(&self, ask: &Ask, model: u8) -> Option<ProfileRow> {
        self.requests[ask.mig as usize].rows[usize::from(model)]
    }

    /// Whether a node of the model has the instances of one pod. Kept out of the way of those who
    /// ask for devices.
    #[inline(never)]
    pub(in crate::cluster) fn fits(&self, ask: &Ask, node: NodeId, model: u8) -> bool {
        let Some(row) = self.row(ask, model) else {
            return false;
        };
        let mut gpus = self.shown[self.range(node)].iter();
        if ask.gpus == 1 {
            return gpus.any(|gpu| gpu.has_room(row));
        }
        let mut missing = ask.gpus;
        gpus.any(|gpu| {
            missing = missing.saturating_sub(gpu.geometry().most(row, gpu.held()));
            missing == 0
        })
    }

    /// How many more pods the instances of a node suffice for.
    pub(in crate::cluster) fn room(&self, ask: &Ask, node: NodeId, model: u8) -> u32 {
        let Some(row) = self.row(ask, model) else {
            return 0;
        };
        let gpus = self.shown[self.range(node)].iter();
        let most: u32 = gpus.map(|gpu| gpu.geometry().most(row, gpu.held())).sum();
        most / ask.gpus
    }

    /// The lowest starts on the lowest GPUs that serve one pod, as in [`Spot::devices`].
    pub(in crate::cluster) fn lowest(&self, ask: &Ask, node: NodeId, model: u8) -> u64 {
        let Some(row) = self.row(ask, model) else {
            return 0;
        };
        let (mut bits, mut missing) = (0, ask.gpus);
        for gpu in &self.shown[self.range(node)] {
            let mut gpu = gpu.clone();
            while missing > 0 {
                let lowest = StartOrder::Lowest;
                let Some(start) = gpu.geometry().start(lowest, row, gpu.occupancy()) else {
                    break;
                };
                if gpu.allocate(row, start).is_err() {
                    break;
                }
                bits |= bit(&gpu, start);
                missing -= 1;
            }
        }
        bits
    }

    /// Whether the instances named are free, and as many as asked for.
    pub(in crate::cluster) fn check(&self, ask: &Ask, spot: Spot, model: u8) -> bool {
        let Some(row) = self.row(ask, model) else {
            return false;
        };
        let mut held: Option<(usize, Held)> = None;
        spot.devices.count_ones() == ask.gpus
            && places(spot.devices).all(|(minor, place)| {
                let Some(gpu) = self.position(spot.node, minor) else {
                    return false;
                };
                let shown = &self.shown[gpu];
                let before = match held {
                    Some((same, held)) if same == gpu => held,
                    _ => shown.held(),
                };
                let instance = Instance {
                    profile: row,
                    start: place * granule(shown),
                };
                let after = before.with(shown.geometry(), instance);
                held = after.map(|after| (gpu, after));
                held.is_some()
            })
    }

    pub(super) fn position(&self, node: NodeId, minor: u32) -> Option<usize> {
        self.range(node)
            .find(|&gpu| u32::from(self.shown[gpu].minor()) == minor)
    }

    /// Positions and starts of the places of a pod.
    pub(super) fn located(&self, spot: Spot) -> impl Iterator<Item = (usize, u8)> + use<> {
        let range = self.range(spot.node);
        let known: Vec<(usize, u8)> = places(spot.devices)
            .filter_map(|(minor, place)| {
                let gpu = range
                    .clone()
                    .find(|&gpu| u32::from(self.shown[gpu].minor()) == minor)?;
                Some((gpu, place * granule(&self.shown[gpu])))
            })
            .collect();
        known.into_iter()
    }

    /// What giving the pod its places took, by device.
    pub(in crate::cluster) fn setups(&self, ask: &Ask, spot: Spot) -> Vec<(u32, Setup)> {
        let of = |gpu: usize, start: u8| {
            let place = usize::from(start / granule(&self.shown[gpu]));
            (u32::from(self.shown[gpu].minor()), self.setups[gpu][place])
        };
        if ask.is_mig() {
            return self
                .located(spot)
                .map(|(gpu, start)| of(gpu, start))
                .collect();
        }
        self.range(spot.node)
            .filter(|&gpu| spot.devices >> self.shown[gpu].minor() & 1 == 1)
            .map(|gpu| of(gpu, 0))
            .collect()
    }

    /// Free units that a legal placement can use, on the open nodes of the models in `models`.
    pub(in crate::cluster) fn usable(&self, nodes: &[NodeFree], models: u64) -> u32 {
        let mine = |gpu: &&MigGpu| {
            let node = &nodes[gpu.node().index()];
            node.open && models >> node.model & 1 == 1
        };
        let gpus = self.shown.iter().filter(mine);
        gpus.map(|gpu| gpu.geometry().usable_units(gpu.occupancy()))
            .sum()
    }

    /// The fewest units the instances of one pod take.
    pub(in crate::cluster) fn need(&self, ask: &Ask, inventory: &Inventory) -> u32 {
        let rows = self.requests[ask.mig as usize].rows.iter().enumerate();
        let sizes = rows.filter_map(|(model, row)| {
            let geometry = inventory.geometry(ModelId::from(model))?;
            Some(u32::from(geometry.size((*row)?)))
        });
        sizes.min().unwrap_or(0) * ask.gpus
    }

    /// Milli-GPU of a node's cut GPUs that no instance in use holds; devices that are wholly free
    /// (`full`) are not cut.
    pub(in crate::cluster) fn left(&self, node: NodeId, full: u64) -> u32 {
        let cut = |gpu: &&MigGpu| full >> gpu.minor() & 1 == 0;
        let gpus = self.shown[self.range(node)].iter().filter(cut);
        gpus.map(|gpu| {
            let units = u32::from(gpu.geometry().units());
            MILLI - MILLI * gpu.occupancy().count_ones() / units
        })
        .sum()
    }

    /// A node's GPUs that are cut and not used.
    pub(in crate::cluster) fn idle_cut(&self, node: NodeId, full: u64) -> u32 {
        let idle = |gpu: &&MigGpu| full >> gpu.minor() & 1 == 0 && gpu.used_count() == 0;
        self.shown[self.range(node)].iter().filter(idle).count() as u32
    }
}
