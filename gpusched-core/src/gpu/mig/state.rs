//! One GPU in MIG mode: its instances, and which of them are in use.

use super::arrange::Held;
use super::geometry::{Geometry, Instance, Units};
use super::profiles::{Board, Profile, ProfileRow};
use crate::ids::NodeId;
use std::sync::Arc;

/// In [`MigGpu::at`]: no instance starts here.
const NONE: u8 = u8::MAX;

/// A GPU in MIG mode.
///
/// An instance is *created* before it is *used*: policies that repartition create and destroy
/// around requests, static ones only use what stands. An instance is known by its first unit.
///
/// ```
/// use gpusched_core::gpu::mig::{board, Geometry, MigGpu};
/// use gpusched_core::ids::NodeId;
/// use std::sync::Arc;
/// let geometry = Arc::new(Geometry::of(board("A100-40GB").unwrap()).unwrap());
/// let three = geometry.row("3g.20gb").unwrap();
///
/// let mut gpu = MigGpu::new(geometry, NodeId(0), 0);
/// gpu.allocate(three, 4).unwrap();
/// assert_eq!(gpu.occupancy(), 0b1111_0000);
/// assert!(gpu.allocate(three, 4).is_err());
/// gpu.free(4).unwrap();
/// assert_eq!(gpu.occupancy(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct MigGpu {
    geometry: Arc<Geometry>,
    node: NodeId,
    minor: u16,
    held: Held,
    /// First units of instances in use.
    used: u16,
    /// By first unit: the row of the instance that starts there.
    at: [u8; 16],
}

/// Why an instance cannot be created, used or destroyed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// Not a profile of the board.
    #[error("{board} has no profile {profile}")]
    Profile {
        /// The board.
        board: &'static str,
        /// The name given.
        profile: String,
    },
    /// Not a legal start of the profile.
    #[error("{profile} cannot start at {start} on {board}: legal starts are {legal:?}")]
    Start {
        /// The board.
        board: &'static str,
        /// The profile.
        profile: &'static str,
        /// The start.
        start: u8,
        /// The legal ones.
        legal: Vec<u8>,
    },
    /// Units are taken.
    #[error("{profile} at {start} overlaps an instance (units taken: {taken:#b})")]
    Overlap {
        /// The profile.
        profile: &'static str,
        /// The start.
        start: u8,
        /// Units taken, bit per unit.
        taken: Units,
    },
    /// A counter would overflow: engines, media extensions, or a driver's rule.
    #[error("{profile} does not go with the other instances of the GPU: engines, `+me` or driver")]
    Limit {
        /// The profile.
        profile: &'static str,
    },
    /// Nothing starts there.
    #[error("no instance starts at {0}")]
    Missing(u8),
    /// In use: it cannot be destroyed, moved or given to another.
    #[error("the instance at {0} is in use: it cannot be moved, resized or destroyed")]
    InUse(u8),
    /// Not in use.
    #[error("the instance at {0} is not in use")]
    NotInUse(u8),
}

impl MigGpu {
    /// An empty GPU, number `minor` of `node`.
    pub fn new(geometry: Arc<Geometry>, node: NodeId, minor: u16) -> MigGpu {
        MigGpu {
            geometry,
            node,
            minor,
            held: Held::default(),
            used: 0,
            at: [NONE; 16],
        }
    }

    /// Its geometry.
    #[inline]
    pub fn geometry(&self) -> &Arc<Geometry> {
        &self.geometry
    }

    /// Gives the GPU another geometry of the same board; what stands on it stays.
    pub(crate) fn set_geometry(&mut self, geometry: Arc<Geometry>) {
        debug_assert_eq!(geometry.board().name, self.board().name);
        self.geometry = geometry;
    }

    /// Its board.
    pub fn board(&self) -> &'static Board {
        self.geometry.board()
    }

    /// Its node.
    #[inline]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Its number on the node (`/dev/nvidia<minor>`).
    #[inline]
    pub fn minor(&self) -> u16 {
        self.minor
    }

    /// Units of created instances.
    #[inline]
    pub fn occupancy(&self) -> Units {
        self.held.units
    }

    /// Units and counters of created instances.
    #[inline]
    pub fn held(&self) -> Held {
        self.held
    }

    /// Units and counters of the instances in use: what cannot be taken away.
    pub fn held_by_used(&self) -> Held {
        let used = self.instances().filter(|(_, used)| *used);
        used.fold(Held::default(), |held, (instance, _)| {
            held.with(&self.geometry, instance)
                .expect("what stands together fits together")
        })
    }

    /// Created instances by start, and whether each is in use.
    pub fn instances(&self) -> impl Iterator<Item = (Instance, bool)> + '_ {
        (0..16u8).filter_map(|start| {
            let row = self.at[usize::from(start)];
            let instance = Instance {
                profile: ProfileRow(row),
                start,
            };
            (row != NONE).then_some((instance, self.used >> start & 1 == 1))
        })
    }

    /// Instances in use. O(1).
    #[inline]
    pub fn used_count(&self) -> u32 {
        self.used.count_ones()
    }

    /// First units of the instances in use, bit per unit. O(1).
    #[inline]
    pub fn used_starts(&self) -> u16 {
        self.used
    }

    /// The free instance of `profile` with the lowest start.
    pub fn free_instance(&self, profile: ProfileRow) -> Option<u8> {
        self.instances()
            .find(|&(instance, used)| instance.profile == profile && !used)
            .map(|(instance, _)| instance.start)
    }

    /// Whether an instance can be created. O(1).
    #[inline]
    pub fn can_create(&self, profile: ProfileRow, start: u8) -> bool {
        self.held
            .with(&self.geometry, Instance { profile, start })
            .is_some()
    }

    /// Whether some start would do. O(1).
    #[inline]
    pub fn has_room(&self, profile: ProfileRow) -> bool {
        self.geometry.placeable(self.held.units).contains(profile)
            && self.geometry.limits().allows(self.held.counters, profile)
    }

    /// Creates an instance beside what is there. O(1).
    ///
    /// # Errors
    /// [`InstanceError`]: an illegal start, units or counters taken. Nothing is changed then.
    #[inline]
    pub fn create(&mut self, profile: ProfileRow, start: u8) -> Result<(), InstanceError> {
        let instance = Instance { profile, start };
        match self.held.with(&self.geometry, instance) {
            Some(held) => {
                self.held = held;
                self.at[usize::from(start)] = profile.0;
                Ok(())
            }
            None => Err(self.refusal(profile, start)),
        }
    }

    #[cold]
    fn refusal(&self, profile: ProfileRow, start: u8) -> InstanceError {
        let name = self.geometry.profile(profile).name;
        let legal = self.geometry.starts(profile);
        if !legal.contains(&start) {
            return InstanceError::Start {
                board: self.board().name,
                profile: name,
                start,
                legal: legal.to_vec(),
            };
        }
        if !self.geometry.fits(profile, start, self.held.units) {
            return InstanceError::Overlap {
                profile: name,
                start,
                taken: self.held.units,
            };
        }
        InstanceError::Limit { profile: name }
    }

    /// Destroys a free instance. O(1).
    ///
    /// # Errors
    /// [`InstanceError::Missing`], or [`InstanceError::InUse`].
    #[inline]
    pub fn destroy(&mut self, start: u8) -> Result<(), InstanceError> {
        let profile = self.profile_at(start)?;
        if self.used >> start & 1 == 1 {
            return Err(InstanceError::InUse(start));
        }
        self.held.units &= !self.geometry.mask(profile, start);
        self.held.counters = self.geometry.limits().remove(self.held.counters, profile);
        self.at[usize::from(start)] = NONE;
        Ok(())
    }

    /// Destroys the free instances that overlap an instance of `profile` at `start`, and says which.
    ///
    /// # Errors
    /// [`InstanceError::InUse`] when one of them is in use, [`InstanceError::Start`] when the start
    /// is not legal; nothing is changed then.
    pub fn clear(
        &mut self,
        profile: ProfileRow,
        start: u8,
    ) -> Result<Vec<Instance>, InstanceError> {
        if !self.geometry.starts(profile).contains(&start) {
            return Err(self.refusal(profile, start));
        }
        let mask = self.geometry.mask(profile, start);
        let mut in_the_way = Vec::new();
        for (instance, used) in self.instances() {
            if self.geometry.mask(instance.profile, instance.start) & mask == 0 {
                continue;
            }
            if used {
                return Err(InstanceError::InUse(instance.start));
            }
            in_the_way.push(instance);
        }
        for instance in &in_the_way {
            self.destroy(instance.start)?;
        }
        Ok(in_the_way)
    }

    /// Gives a free instance to a request. O(1).
    ///
    /// # Errors
    /// [`InstanceError::Missing`], or [`InstanceError::InUse`].
    #[inline]
    pub fn take(&mut self, start: u8) -> Result<(), InstanceError> {
        self.profile_at(start)?;
        if self.used >> start & 1 == 1 {
            return Err(InstanceError::InUse(start));
        }
        self.used |= 1 << start;
        Ok(())
    }

    /// Ends the use of an instance; it stays created. O(1).
    ///
    /// # Errors
    /// [`InstanceError::Missing`], or [`InstanceError::NotInUse`].
    #[inline]
    pub fn release(&mut self, start: u8) -> Result<(), InstanceError> {
        self.profile_at(start)?;
        if self.used >> start & 1 == 0 {
            return Err(InstanceError::NotInUse(start));
        }
        self.used &= !(1 << start);
        Ok(())
    }

    /// Creates an instance and gives it to a request. O(1).
    ///
    /// # Errors
    /// As [`MigGpu::create`].
    #[inline]
    pub fn allocate(&mut self, profile: ProfileRow, start: u8) -> Result<(), InstanceError> {
        self.create(profile, start)?;
        self.used |= 1 << start;
        Ok(())
    }

    /// Ends the use of an instance and destroys it. O(1).
    ///
    /// # Errors
    /// As [`MigGpu::release`].
    #[inline]
    pub fn free(&mut self, start: u8) -> Result<(), InstanceError> {
        self.release(start)?;
        self.destroy(start)
    }

    /// The row of the instance that starts at `start`.
    ///
    /// # Errors
    /// [`InstanceError::Missing`] when none does.
    #[inline]
    pub fn profile_at(&self, start: u8) -> Result<ProfileRow, InstanceError> {
        match self.at.get(usize::from(start)) {
            Some(&row) if row != NONE => Ok(ProfileRow(row)),
            _ => Err(InstanceError::Missing(start)),
        }
    }

    /// The `GPU_I_ID` seen in listings: 0 for 7g, 1 and 2 for 3g, 3 to 5 for 2g, 7 + start for 1g.
    /// Seen on A100 and H100 SXM only; the driver guarantees no relation, so `None` elsewhere.
    pub fn instance_id(&self, instance: Instance) -> Option<u8> {
        let profile: &Profile = self.geometry.profile(instance.profile);
        if self.board().slices() != 7 {
            return None;
        }
        match profile.slices {
            7 => Some(0),
            3 => Some(1 + instance.start / 4),
            2 => Some(3 + instance.start / 2),
            1 if profile.size == Some(1) => Some(7 + instance.start),
            _ => None,
        }
    }
}

/// Same board, same place, same instances. Geometries are compared by their board and rules.
impl PartialEq for MigGpu {
    fn eq(&self, other: &MigGpu) -> bool {
        (self.node, self.minor, self.held, self.used, self.at)
            == (other.node, other.minor, other.held, other.used, other.at)
            && self.board().name == other.board().name
            && self.geometry.rules() == other.geometry.rules()
    }
}
