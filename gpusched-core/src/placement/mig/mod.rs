//! Placement of MIG instances: which GPU, and at which slot.
//!
//! A policy sees the GPUs of a cluster in order (by node, then by number) and proposes a place for
//! an instance of one profile, or for the several a pod asks for. [`Choice::apply`] checks the
//! proposal. Policies of one kind *create* the instance; the others *use* a free one that stands
//! already ([`MigPlacement::creates`]).
//!
//! All instances of a pod come from one node.
//!
//! Profiles are asked for by name, as in a Kubernetes resource; boards that do not have the name
//! are passed over.

mod best_fit_slots;
mod das_spread;
mod device_plugin;
mod dra_name_order;
mod driver_order;
mod hami;
mod lowest_start;
mod min_fragmentation;
mod nos_geometry;
mod parvagpu;
pub mod registry;

pub use best_fit_slots::BestFitSlots;
pub use das_spread::DasSpread;
pub use device_plugin::{Bucket, DevicePlugin, Sharing};
pub use dra_name_order::{DraNameOrder, dra_device_name};
pub use driver_order::DriverOrder;
pub use hami::Hami;
pub use lowest_start::LowestStart;
pub use min_fragmentation::MinFragmentation;
pub use nos_geometry::NosGeometry;
pub use parvagpu::Parvagpu;

use crate::gpu::mig::{Geometry, Instance, InstanceError, MigGpu, ProfileRow, StartOrder};
use std::ops::Range;
use std::sync::Arc;

/// A proposed place: the GPU's position in the slice, and the first unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Position of the GPU.
    pub gpu: usize,
    /// First unit of the instance.
    pub start: u8,
}

/// What carrying a proposal out changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Whether the instance was created; `false` when it stood already.
    pub created: bool,
    /// Free instances that stood in the way and were destroyed.
    pub destroyed: Vec<Instance>,
}

impl Choice {
    /// Carries the proposal out: uses the free instance of `profile` that stands there, or creates
    /// one. Free instances in the way are destroyed; used ones never are.
    ///
    /// # Errors
    /// [`InstanceError`] when the proposal is not legal; nothing is changed then.
    pub fn apply(self, gpus: &mut [MigGpu], profile: &str) -> Result<Applied, InstanceError> {
        let gpu = &mut gpus[self.gpu];
        let row = gpu
            .board()
            .by_name(profile)
            .ok_or_else(|| InstanceError::Profile {
                board: gpu.board().name,
                profile: profile.to_owned(),
            })?;
        let mut applied = Applied {
            created: false,
            destroyed: Vec::new(),
        };
        if gpu.profile_at(self.start) == Ok(row) {
            gpu.take(self.start)?;
            return Ok(applied);
        }
        applied.created = true;
        if !gpu.geometry().fits(row, self.start, gpu.occupancy()) {
            applied.destroyed = gpu.clear(row, self.start)?;
        }
        gpu.allocate(row, self.start)
            .inspect_err(|_| restore(gpu, &applied.destroyed))?;
        Ok(applied)
    }

    /// Takes back what [`Choice::apply`] did.
    ///
    /// # Panics
    /// When the GPU was changed in between.
    pub fn undo(self, gpus: &mut [MigGpu], applied: &Applied) {
        let gpu = &mut gpus[self.gpu];
        let done = if applied.created {
            gpu.free(self.start)
        } else {
            gpu.release(self.start)
        };
        done.expect("what was just taken can be given back");
        restore(gpu, &applied.destroyed);
    }
}

fn restore(gpu: &mut MigGpu, destroyed: &[Instance]) {
    for instance in destroyed {
        gpu.create(instance.profile, instance.start)
            .expect("what was just destroyed fits again");
    }
}

/// Chooses GPUs and starts for MIG instances.
///
/// ```
/// use gpusched_core::gpu::mig::{board, Geometry, MigGpu};
/// use gpusched_core::ids::NodeId;
/// use gpusched_core::placement::mig::{registry::mig_placement, MigPlacement};
/// use std::sync::Arc;
///
/// let geometry = Arc::new(Geometry::of(board("A100-40GB").unwrap()).unwrap());
/// let mut gpus: Vec<_> = (0..2).map(|minor| MigGpu::new(geometry.clone(), NodeId(0), minor)).collect();
/// let mut policy = mig_placement("best-fit-slots").unwrap();
/// let first = policy.choose(&gpus, "3g.20gb").unwrap();
/// first.apply(&mut gpus, "3g.20gb").unwrap();
/// // The fuller GPU is preferred while it fits.
/// assert_eq!(policy.choose(&gpus, "2g.10gb").unwrap().gpu, first.gpu);
/// assert_eq!(policy.choose(&gpus, "7g.40gb").unwrap().gpu, 1);
/// ```
pub trait MigPlacement: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> &'static str;

    /// Whether the policy creates instances; `false` when it uses those that stand.
    fn creates(&self) -> bool {
        true
    }

    /// Whether the policy looks at free instances that stand. The others decide as if there were
    /// none: free ones in the way can be destroyed.
    fn sees_standing(&self) -> bool {
        !self.creates()
    }

    /// The place for one instance of `profile`, or `None` when there is none.
    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice>;

    /// Places for all instances a pod asks for, in the order of `profiles` and on one node, or
    /// `None` (also when nothing is asked). `gpus` is left as it was. By default one after the
    /// other without a second try, on the node of the first instance's choice, then on the others
    /// in order.
    fn choose_all(&mut self, gpus: &mut [MigGpu], profiles: &[&str]) -> Option<Vec<Choice>> {
        let first = self.choose(gpus, profiles.first()?)?;
        on_one_node(gpus, first, |gpus| {
            one_by_one(profiles, gpus, |gpus, profile| self.choose(gpus, profile))
        })
    }
}

/// The first node that takes everything, the node of `preferred` before all others.
fn on_one_node(
    gpus: &mut [MigGpu],
    preferred: Choice,
    mut attempt: impl FnMut(&mut [MigGpu]) -> Option<Vec<Choice>>,
) -> Option<Vec<Choice>> {
    let mut nodes = node_ranges(gpus);
    let at = nodes
        .iter()
        .position(|node| node.contains(&preferred.gpu))?;
    nodes[..=at].rotate_right(1);
    nodes.into_iter().find_map(|node| {
        let first = node.start;
        let mut choices = attempt(&mut gpus[node])?;
        choices.iter_mut().for_each(|choice| choice.gpu += first);
        Some(choices)
    })
}

/// Where the GPUs of each node stand in the slice.
fn node_ranges(gpus: &[MigGpu]) -> Vec<Range<usize>> {
    let mut first = 0;
    gpus.chunk_by(|a, b| a.node() == b.node())
        .map(|node| {
            first += node.len();
            first - node.len()..first
        })
        .collect()
}

/// Chooses for each profile in turn on the real state, and takes everything back at the end.
fn one_by_one(
    profiles: &[&str],
    gpus: &mut [MigGpu],
    mut choose: impl FnMut(&[MigGpu], &str) -> Option<Choice>,
) -> Option<Vec<Choice>> {
    let mut done: Vec<(Choice, Applied)> = Vec::with_capacity(profiles.len());
    for profile in profiles {
        let made = choose(gpus, profile)
            .and_then(|choice| Some((choice, choice.apply(gpus, profile).ok()?)));
        let Some(made) = made else { break };
        done.push(made);
    }
    for (choice, applied) in done.iter().rev() {
        choice.undo(gpus, applied);
    }
    (done.len() == profiles.len()).then(|| done.into_iter().map(|(choice, _)| choice).collect())
}

/// The row of a profile name on one board after another; GPUs of one kind stand together, so the
/// name is looked up once per kind.
struct Rows<'n> {
    profile: &'n str,
    last: *const Geometry,
    row: Option<ProfileRow>,
}

impl<'n> Rows<'n> {
    fn of(profile: &'n str) -> Rows<'n> {
        Rows {
            profile,
            last: std::ptr::null(),
            row: None,
        }
    }

    #[inline]
    fn on(&mut self, gpu: &MigGpu) -> Option<ProfileRow> {
        let geometry = Arc::as_ptr(gpu.geometry());
        if geometry != self.last {
            self.last = geometry;
            self.row = gpu.board().by_name(self.profile);
        }
        self.row
    }
}

/// Where `order` puts an instance of `row` on this GPU.
fn start_on(gpu: &MigGpu, row: ProfileRow, order: StartOrder) -> Option<u8> {
    let allowed = gpu.geometry().limits().allows(gpu.held().counters, row);
    allowed
        .then(|| gpu.geometry().start(order, row, gpu.occupancy()))
        .flatten()
}

/// The first GPU with room, at the start `order` chooses. O(GPUs).
fn first_fit(gpus: &[MigGpu], profile: &str, order: StartOrder) -> Option<Choice> {
    let mut rows = Rows::of(profile);
    gpus.iter().enumerate().find_map(|(gpu, state)| {
        let row = rows.on(state)?;
        start_on(state, row, order).map(|start| Choice { gpu, start })
    })
}
