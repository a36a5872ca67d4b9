//! GPUs that MIG cuts: what their nodes offer, and who holds which instance.
//!
//! Every GPU that is cut, or may be, stands in two lists in order of node and number. In `shown`
//! only instances *in use* exist, on a geometry that has only the placements the GPU offers: all
//! legal ones where instances are created on demand, those of the layout where it stays. So one
//! rule, "a free legal start", says what fits under every mode, placement policies need not know
//! the mode, and what was taken is given back by one exact inverse. `standing` holds what really
//! stands there, free instances included: it decides what a start costs, never what fits.
//!
//! A device in use as a whole (or shared without MIG) holds the profile of the whole board in both
//! lists, so that no instance can stand beside it.

use super::state::NodeFree;
use super::{Ask, Inventory, InventoryError, Node, Spot};
use crate::gpu::mig::repartition::costs::Costs;
use crate::gpu::mig::repartition::{Change, Plan, Repartition, Wish, mode_change_span};
use crate::gpu::mig::{
    BOARDS, Board, Geometry, GpuLayout, Held, Instance, Media, MigGpu, ProfileRow, ProfileSet,
    StartOrder, board_of_model,
};
use crate::ids::{ModelId, NodeId};
use crate::units::{MILLI, Span, Time};
use crate::workload::{MigRequest, Shape};
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

/// GPUs a node with MIG may have: a place is eight bits per GPU.
pub(super) const MOST_GPUS: u32 = 8;

/// Starts told apart on a GPU.
const STARTS: u32 = 8;

/// How the GPUs of a node are cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MigMode {
    /// Not at all.
    #[default]
    Off,
    /// Into instances that stay as they are, by GPU; a GPU the list does not reach, or that is not
    /// in MIG mode, is a whole device.
    Layout(Vec<GpuLayout>),
    /// Instances are created when a pod is placed, free ones in the way are destroyed, and a GPU
    /// without an instance in use can be had as a whole device.
    OnDemand,
    /// Only what stands is used; a repartitioner changes it ([`super::Cluster::repartition`]). At
    /// first every GPU is one instance of the whole board.
    Batched,
}

/// What creating the instance of a start took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Instances created: 0 or 1.
    pub created: u8,
    /// Free instances destroyed to make room.
    pub destroyed: u8,
    /// Whether MIG mode was turned on or off.
    pub toggled: bool,
}

impl Setup {
    /// How long it takes on a board; the steps of one GPU follow one another.
    pub fn span(self, board: &Board, costs: &Costs) -> Span {
        let times = |count: u8, each: Span| Span(i64::from(count) * each.0);
        let steps = times(self.created, costs.create) + times(self.destroyed, costs.destroy);
        match self.toggled {
            true => steps + mode_change_span(board, costs),
            false => steps,
        }
    }
}

/// The profiles the nodes of one model can offer.
pub(super) type Offer = ProfileSet;

type Survey = (Vec<Option<Arc<Geometry>>>, Vec<Offer>);

/// Checks how the nodes are cut, and collects what each model offers.
pub(super) fn survey(
    nodes: &[Node],
    models: &[(String, u32)],
    model_of: &[ModelId],
) -> Result<Survey, InventoryError> {
    let mut geometries: Vec<Option<Arc<Geometry>>> = vec![None; models.len()];
    let mut offers = vec![ProfileSet::default(); models.len()];
    for (node, model) in nodes.iter().zip(model_of) {
        if node.mig == MigMode::Off {
            continue;
        }
        if node.gpus > MOST_GPUS {
            return Err(InventoryError::TooManyMig {
                node: node.name.clone(),
                gpus: node.gpus,
            });
        }
        let geometry = match &geometries[model.index()] {
            Some(known) => known.clone(),
            None => Arc::new(geometry_of(node)?),
        };
        let offered = match &node.mig {
            MigMode::Layout(layouts) => check_layouts(node, &geometry, layouts)?,
            MigMode::Batched => geometry.base(),
            _ => plain(&geometry),
        };
        offers[model.index()].0 |= offered.0;
        geometries[model.index()] = Some(geometry);
    }
    Ok((geometries, offers))
}

fn geometry_of(node: &Node) -> Result<Geometry, InventoryError> {
    let board = board_of_model(&node.gpu_model, node.gpu_mem_mib);
    let board = board.ok_or_else(|| {
        let names: Vec<_> = BOARDS.iter().map(|board| board.name).collect();
        InventoryError::NotMig {
            node: node.name.clone(),
            model: match node.gpu_model.as_str() {
                "" => "a GPU without a model".into(),
                model => model.into(),
            },
            known: format!("the boards are {}", names.join(", ")),
        }
    })?;
    Geometry::of(board).map_err(|cause| InventoryError::Geometry {
        node: node.name.clone(),
        cause,
    })
}

/// Profiles without media attributes that have a legal start.
fn plain(geometry: &Geometry) -> ProfileSet {
    let rows = geometry.board().rows();
    ProfileSet::of(rows.filter(|&row| {
        geometry.profile(row).media == Media::Plain && !geometry.starts(row).is_empty()
    }))
}

fn check_layouts(
    node: &Node,
    geometry: &Geometry,
    layouts: &[GpuLayout],
) -> Result<ProfileSet, InventoryError> {
    let problem = |gpu: usize, problem: String| InventoryError::Layout {
        node: node.name.clone(),
        gpu,
        problem,
    };
    if layouts.len() > node.gpus as usize {
        return Err(problem(
            layouts.len() - 1,
            format!(
                "there is a layout for it, but the node has {} GPUs",
                node.gpus
            ),
        ));
    }
    let mut offered = ProfileSet::default();
    for (gpu, layout) in layouts.iter().enumerate() {
        if Held::of(geometry, layout.instances()).is_none() {
            return Err(problem(
                gpu,
                format!(
                    "the instances of its layout cannot stand together on {}",
                    geometry.board().name
                ),
            ));
        }
        let rows = layout.instances().iter().map(|instance| instance.profile);
        offered.0 |= ProfileSet::of(rows).0;
    }
    Ok(offered)
}

/// See [`Inventory::smallest_profile`].
pub(super) fn smallest(
    geometry: &Geometry,
    offer: Offer,
    device_mib: u32,
    shape: &Shape,
) -> Option<ProfileRow> {
    let board = geometry.board();
    let enough = |row: &ProfileRow| {
        let profile = board.profile(*row);
        let nominal = || match device_mib {
            0 => u32::MAX,
            mib => mib / u32::from(board.mem_slices()) * u32::from(profile.mem_slices),
        };
        u32::from(profile.slices) * MILLI >= shape.gpu_milli * u32::from(board.slices())
            && profile.memory_mib.unwrap_or_else(nominal) >= shape.gpu_mem_mib
    };
    offer.iter().filter(enough).min_by_key(|&row| {
        let profile = board.profile(row);
        let attributes = profile.media != Media::Plain;
        (geometry.size(row), profile.slices, attributes, row)
    })
}

/// A request for instances, compiled against one inventory.
#[derive(Clone, Debug)]
struct Compiled {
    /// By model: the row on its board.
    rows: Vec<Option<ProfileRow>>,
    /// The profile names asked for, each with the models it is asked of.
    names: Vec<(&'static str, u64)>,
}

fn compile(shape: &Shape, request: &MigRequest, inventory: &Inventory) -> Compiled {
    let mut names: Vec<(&'static str, u64)> = Vec::new();
    let rows = inventory
        .models()
        .iter()
        .enumerate()
        .map(|(at, (model, _))| {
            let id = ModelId::from(at);
            let geometry = inventory.geometry(id)?;
            let row = match request {
                MigRequest::Profile(name) => geometry.board().by_name(name),
                MigRequest::AtLeast => inventory.smallest_profile(id, shape),
            };
            let row = row.filter(|_| shape.accepts(model))?;
            let name = geometry.profile(row).name;
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, models)) => *models |= 1 << at,
                None => names.push((name, 1 << at)),
            }
            Some(row)
        });
    let rows = rows.collect();
    Compiled { rows, names }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Layout,
    OnDemand,
    Batched,
}

/// Geometries that offer only what stands, one for each layout met.
type Offered = FxHashMap<(ModelId, Vec<(u8, u8)>), Arc<Geometry>>;

/// What was there before a change inside a transaction.
#[derive(Clone, Debug)]
struct Before {
    gpu: u32,
    standing: MigGpu,
    mode: bool,
}

/// The GPUs that are cut, or may be.
#[derive(Clone, Debug)]
pub(super) struct MigState {
    requests: Vec<Compiled>,
    /// First GPU of each node, and one more.
    first: Vec<u32>,
    kinds: Vec<Kind>,
    /// What the board allows, whatever is offered.
    boards: Vec<Arc<Geometry>>,
    shown: Vec<MigGpu>,
    standing: Vec<MigGpu>,
    /// Whether MIG mode is on.
    modes: Vec<bool>,
    setups: Vec<[Setup; STARTS as usize]>,
    offered: Offered,
    undo: Vec<Before>,
    /// Counts changes by a repartitioner.
    pub(super) repartitions: u64,
}

/// Two states are the same when the same instances are in use.
impl PartialEq for MigState {
    fn eq(&self, other: &MigState) -> bool {
        self.shown == other.shown
    }
}

impl MigState {
    /// The table of an empty cluster, with the requests compiled; `None` without MIG.
    pub(super) fn new(
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
    fn offer_what_stands(&mut self, gpu: usize, model: ModelId) {
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
    pub(super) fn range(&self, node: NodeId) -> Range<usize> {
        self.first[node.index()] as usize..self.first[node.index() + 1] as usize
    }

    pub(super) fn shown(&self) -> &[MigGpu] {
        &self.shown
    }

    pub(super) fn shown_mut(&mut self) -> &mut [MigGpu] {
        &mut self.shown
    }

    pub(super) fn standing(&self) -> &[MigGpu] {
        &self.standing
    }

    pub(super) fn standing_mut(&mut self) -> &mut [MigGpu] {
        &mut self.standing
    }

    pub(super) fn is_whole(&self, gpu: usize) -> bool {
        !self.modes[gpu] && self.shown[gpu].used_count() > 0
    }

    /// The devices of a node that are cut for good, and whether others may be cut on demand.
    pub(super) fn cut_devices(&self, node: NodeId) -> (u64, bool) {
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

    pub(super) fn names(&self, ask: &Ask) -> &[(&'static str, u64)] {
        &self.requests[ask.mig as usize].names
    }

    fn row(&self, ask: &Ask, model: u8) -> Option<ProfileRow> {
        self.requests[ask.mig as usize].rows[usize::from(model)]
    }

    /// Whether a node of the model has the instances of one pod. Kept out of the way of those who
    /// ask for devices.
    #[inline(never)]
    pub(super) fn fits(&self, ask: &Ask, node: NodeId, model: u8) -> bool {
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
    pub(super) fn room(&self, ask: &Ask, node: NodeId, model: u8) -> u32 {
        let Some(row) = self.row(ask, model) else {
            return 0;
        };
        let gpus = self.shown[self.range(node)].iter();
        let most: u32 = gpus.map(|gpu| gpu.geometry().most(row, gpu.held())).sum();
        most / ask.gpus
    }

    /// The lowest starts on the lowest GPUs that serve one pod, as in [`Spot::devices`].
    pub(super) fn lowest(&self, ask: &Ask, node: NodeId, model: u8) -> u64 {
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
    pub(super) fn check(&self, ask: &Ask, spot: Spot, model: u8) -> bool {
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

    fn position(&self, node: NodeId, minor: u32) -> Option<usize> {
        self.range(node)
            .find(|&gpu| u32::from(self.shown[gpu].minor()) == minor)
    }

    /// Positions and starts of the places of a pod.
    fn located(&self, spot: Spot) -> impl Iterator<Item = (usize, u8)> + use<> {
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

    /// Gives a pod its instances. Returns the devices that were wholly free before.
    pub(super) fn take(&mut self, ask: &Ask, spot: Spot, model: u8, logged: bool) -> u64 {
        let Some(row) = self.row(ask, model) else {
            return 0;
        };
        let mut parted = 0;
        for (gpu, start) in self.located(spot) {
            if self.kinds[gpu] == Kind::OnDemand && self.shown[gpu].used_count() == 0 {
                parted |= 1 << self.shown[gpu].minor();
            }
            self.note(gpu, logged);
            self.shown[gpu]
                .allocate(row, start)
                .expect("what is granted was checked");
            let setup = self.stand(gpu, row, start);
            self.setups[gpu][usize::from(start / granule(&self.shown[gpu]))] = setup;
        }
        parted
    }

    /// Takes a pod's instances back. Returns the devices that are wholly free now.
    pub(super) fn release(&mut self, spot: Spot, logged: bool) -> u64 {
        let mut freed = 0;
        for (gpu, start) in self.located(spot) {
            self.note(gpu, logged);
            self.shown[gpu].free(start).expect("what is held is there");
            self.standing[gpu]
                .release(start)
                .expect("what is held is there");
            if self.kinds[gpu] == Kind::OnDemand && self.shown[gpu].used_count() == 0 {
                freed |= 1 << self.shown[gpu].minor();
            }
        }
        freed
    }

    /// Puts the instance where it was granted, and says what that took.
    fn stand(&mut self, gpu: usize, row: ProfileRow, start: u8) -> Setup {
        let standing = &mut self.standing[gpu];
        let mut setup = Setup {
            toggled: !std::mem::replace(&mut self.modes[gpu], true),
            ..Setup::default()
        };
        if standing.profile_at(start) == Ok(row) {
            standing.take(start).expect("what is granted is free");
            return setup;
        }
        let cleared = standing.clear(row, start);
        setup.destroyed = cleared.expect("what is in the way is free").len() as u8;
        setup.created = 1;
        while standing.allocate(row, start).is_err() {
            // A free instance elsewhere holds an engine that this one needs.
            let free = standing.instances().find(|(_, used)| !used);
            let (instance, _) = free.expect("the instances in use leave room");
            standing.destroy(instance.start).expect("it is not in use");
            setup.destroyed += 1;
        }
        setup
    }

    /// Devices of a node that may be cut were given to a pod without MIG: what stood on those that
    /// were wholly free (`parted`) goes.
    pub(super) fn take_devices(&mut self, spot: Spot, parted: u64, logged: bool) {
        for gpu in self.range(spot.node) {
            let minor = self.shown[gpu].minor();
            if spot.devices >> minor & 1 == 0 || self.kinds[gpu] != Kind::OnDemand {
                continue;
            }
            self.setups[gpu][0] = Setup::default();
            if parted >> minor & 1 == 0 {
                continue;
            }
            self.note(gpu, logged);
            let Instance { profile, start } = whole(self.shown[gpu].geometry());
            let free: Vec<u8> = self.standing[gpu]
                .instances()
                .map(|(instance, _)| instance.start)
                .collect();
            for &start in &free {
                self.standing[gpu]
                    .destroy(start)
                    .expect("the device was wholly free");
            }
            for list in [&mut self.shown, &mut self.standing] {
                list[gpu]
                    .allocate(profile, start)
                    .expect("the device was wholly free");
            }
            self.setups[gpu][0] = Setup {
                created: 0,
                destroyed: free.len() as u8,
                toggled: std::mem::replace(&mut self.modes[gpu], false),
            };
        }
    }

    /// Devices of a node are wholly free again.
    pub(super) fn release_devices(&mut self, node: NodeId, freed: u64, logged: bool) {
        for gpu in self.range(node) {
            if freed >> self.shown[gpu].minor() & 1 == 0 || self.kinds[gpu] != Kind::OnDemand {
                continue;
            }
            self.note(gpu, logged);
            for list in [&mut self.shown, &mut self.standing] {
                list[gpu].free(0).expect("the device was in use");
            }
        }
    }

    fn note(&mut self, gpu: usize, logged: bool) {
        if logged {
            self.undo.push(Before {
                gpu: gpu as u32,
                standing: self.standing[gpu].clone(),
                mode: self.modes[gpu],
            });
        }
    }

    pub(super) fn mark(&self) -> u32 {
        self.undo.len() as u32
    }

    /// Restores what stood at `mark`; the instances in use must be those of then already.
    pub(super) fn restore(&mut self, mark: u32) {
        while self.undo.len() > mark as usize {
            let Some(before) = self.undo.pop() else { break };
            self.standing[before.gpu as usize] = before.standing;
            self.modes[before.gpu as usize] = before.mode;
        }
    }

    pub(super) fn forget(&mut self) {
        self.undo.clear();
    }

    /// What giving the pod its places took, by device.
    pub(super) fn setups(&self, ask: &Ask, spot: Spot) -> Vec<(u32, Setup)> {
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
    pub(super) fn usable(&self, nodes: &[NodeFree], models: u64) -> u32 {
        let mine = |gpu: &&MigGpu| {
            let node = &nodes[gpu.node().index()];
            node.open && models >> node.model & 1 == 1
        };
        let gpus = self.shown.iter().filter(mine);
        gpus.map(|gpu| gpu.geometry().usable_units(gpu.occupancy()))
            .sum()
    }

    /// The fewest units the instances of one pod take.
    pub(super) fn need(&self, ask: &Ask, inventory: &Inventory) -> u32 {
        let rows = self.requests[ask.mig as usize].rows.iter().enumerate();
        let sizes = rows.filter_map(|(model, row)| {
            let geometry = inventory.geometry(ModelId::from(model))?;
            Some(u32::from(geometry.size((*row)?)))
        });
        sizes.min().unwrap_or(0) * ask.gpus
    }

    /// Milli-GPU of a node's cut GPUs that no instance in use holds; devices that are wholly free
    /// (`full`) are not cut.
    pub(super) fn left(&self, node: NodeId, full: u64) -> u32 {
        let cut = |gpu: &&MigGpu| full >> gpu.minor() & 1 == 0;
        let gpus = self.shown[self.range(node)].iter().filter(cut);
        gpus.map(|gpu| {
            let units = u32::from(gpu.geometry().units());
            MILLI - MILLI * gpu.occupancy().count_ones() / units
        })
        .sum()
    }

    /// A node's GPUs that are cut and not used.
    pub(super) fn idle_cut(&self, node: NodeId, full: u64) -> u32 {
        let idle = |gpu: &&MigGpu| full >> gpu.minor() & 1 == 0 && gpu.used_count() == 0;
        self.shown[self.range(node)].iter().filter(idle).count() as u32
    }

    /// Asks a repartitioner about the GPUs of open nodes that only it changes, and does as it says.
    /// Returns its plan, by the position of each GPU among all.
    pub(super) fn repartition(
        &mut self,
        policy: &mut dyn Repartition,
        waiting: &[Wish],
        now: Time,
        nodes: &[NodeFree],
    ) -> Plan {
        let open = |&gpu: &usize| {
            self.kinds[gpu] == Kind::Batched && nodes[self.shown[gpu].node().index()].open
        };
        let asked: Vec<usize> = (0..self.shown.len()).filter(open).collect();
        let on_board = |&gpu: &usize| {
            let mut standing = self.standing[gpu].clone();
            standing.set_geometry(self.boards[gpu].clone());
            standing
        };
        let mut gpus: Vec<MigGpu> = asked.iter().map(on_board).collect();
        let mut plan = policy.plan(&gpus, waiting, now);
        if plan.changes.is_empty() || plan.apply(&mut gpus).is_err() {
            return Plan::default();
        }
        for change in &mut plan.changes {
            let (Change::Create { gpu, .. } | Change::Destroy { gpu, .. }) = change;
            *gpu = asked[*gpu];
        }
        for (&gpu, after) in asked.iter().zip(gpus) {
            if self.standing[gpu] != after {
                let model = nodes[after.node().index()].model;
                self.standing[gpu] = after;
                self.offer_what_stands(gpu, ModelId(model));
            }
        }
        self.repartitions += 1;
        plan
    }

    /// Lets stand what stands in `other`, a state of the same machines in which at least the same
    /// instances are in use.
    pub(super) fn follow(&mut self, other: &MigState) {
        for gpu in 0..self.shown.len() {
            if self.kinds[gpu] != Kind::Batched {
                continue;
            }
            let geometry = other.shown[gpu].geometry();
            self.shown[gpu].set_geometry(geometry.clone());
            let mut standing = other.standing[gpu].clone();
            let gone = standing.used_starts() & !self.shown[gpu].used_starts();
            for start in (0..16).filter(|start| gone >> start & 1 == 1) {
                standing.release(start).expect("it is in use there");
            }
            self.standing[gpu] = standing;
        }
        self.repartitions = other.repartitions;
    }

    /// Offers whatever a repartitioner could make.
    pub(super) fn loosen(&mut self) {
        let mut loose: Vec<(*const Geometry, Arc<Geometry>)> = Vec::new();
        for gpu in 0..self.shown.len() {
            if self.kinds[gpu] != Kind::Batched {
                continue;
            }
            let full = &self.boards[gpu];
            let known = loose.iter().find(|(of, _)| *of == Arc::as_ptr(full));
            let geometry = known.map(|(_, known)| known.clone()).unwrap_or_else(|| {
                let base = full.base();
                let made = Arc::new(full.restricted(|row, _| base.contains(row)));
                loose.push((Arc::as_ptr(full), made.clone()));
                made
            });
            self.shown[gpu].set_geometry(geometry);
        }
    }

    /// Whether some GPU waits for a repartitioner.
    pub(super) fn is_batched(&self) -> bool {
        self.kinds.contains(&Kind::Batched)
    }
}

/// The instance that is the whole board.
fn whole(geometry: &Geometry) -> Instance {
    let board = geometry.board();
    let plain = |row: &ProfileRow| board.profile(*row).media == Media::Plain;
    let profile = board.rows().filter(plain).last();
    Instance {
        profile: profile.expect("every board has a profile of its own size"),
        start: 0,
    }
}

/// Units between two starts that a place tells apart.
fn granule(gpu: &MigGpu) -> u8 {
    granule_of(gpu.geometry().units())
}

fn granule_of(units: u8) -> u8 {
    // A board of twelve units has starts at multiples of three only.
    if u32::from(units) > STARTS { 3 } else { 1 }
}

/// Writes an instance down as a bit of [`Spot::devices`].
pub(super) fn bit(gpu: &MigGpu, start: u8) -> u64 {
    1 << (u32::from(gpu.minor()) * STARTS + u32::from(start / granule(gpu)))
}

/// GPU numbers and places on them, ascending.
fn places(devices: u64) -> impl Iterator<Item = (u32, u8)> {
    let set = (0..u64::BITS).filter(move |place| devices >> place & 1 == 1);
    set.map(|place| (place / STARTS, (place % STARTS) as u8))
}

impl Inventory {
    /// The instances a pod that asked for MIG holds: GPU number and first unit, ascending. This is
    /// what the bits of [`Spot::devices`] mean for such a pod.
    ///
    /// ```
    /// use gpusched_core::cluster::{Cluster, Inventory, MigMode, Node};
    /// use gpusched_core::ids::{NodeId, ShapeId};
    /// use gpusched_core::cluster::Spot;
    /// use gpusched_core::workload::Shape;
    /// let node = Node { mig: MigMode::OnDemand, ..Node::with_gpus("a", 2, "A100-SXM4-40GB") };
    /// let inventory = Inventory::new(vec![node]).unwrap();
    /// let pair = Shape::mig_instances("4g.20gb", 2, 571);
    /// let cluster = Cluster::new(inventory.clone(), &[pair]);
    /// let devices = cluster.node(NodeId(0)).lowest_devices(cluster.ask(ShapeId(0)));
    /// let held: Vec<_> = inventory.instances(Spot { node: NodeId(0), devices }).collect();
    /// assert_eq!(held, [(0, 0), (1, 0)]);
    /// ```
    pub fn instances(&self, spot: Spot) -> impl Iterator<Item = (u32, u8)> + use<> {
        let geometry = self.geometry(self.model_of(spot.node));
        let granule = geometry.map_or(1, |geometry| granule_of(geometry.units()));
        places(spot.devices).map(move |(gpu, place)| (gpu, place * granule))
    }
}
