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

mod change;
mod compile;
mod offer;
mod recut;
mod state;

pub(super) use offer::{Offer, smallest, survey};
pub(super) use state::MigState;

use super::{Inventory, Spot};
use crate::gpu::mig::repartition::costs::Costs;
use crate::gpu::mig::repartition::mode_change_span;
use crate::gpu::mig::{Board, Geometry, GpuLayout, Instance, Media, MigGpu, ProfileRow};
use crate::units::Span;

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
