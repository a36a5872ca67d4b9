//! Repartitioning: when instances are created and destroyed, what may never happen, and what it
//! costs.
//!
//! A policy looks at the GPUs and at the requests nobody could place, and proposes a [`Plan`].
//! [`Plan::apply`] carries it out whole or not at all; [`MigGpu`] refuses whatever hardware does.
//! Nothing here knows an engine: time comes in as an argument and costs go out as spans.

mod batched;
pub mod costs;
mod miso;
mod nos;
mod on_demand;
mod rules;

pub use batched::Batched;
pub use miso::{Partition, best_partition};
pub use nos::{nos_geometries, nos_plan};
pub use on_demand::OnDemand;
pub use rules::{ModeChange, ModeError, RULES, Rule, mode_change, mode_change_span};

use self::costs::Costs;
use super::geometry::Instance;
use super::state::{InstanceError, MigGpu};
use crate::policy::{PolicyError, PolicyInfo};
use crate::units::{Span, Time};

/// A request nobody could place: one instance of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Profile name.
    pub profile: String,
    /// Since when it waits.
    pub since: Time,
}

/// One step of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Destroy the free instance that starts at `start`.
    Destroy {
        /// Position of the GPU.
        gpu: usize,
        /// Its first unit.
        start: u8,
    },
    /// Create an instance.
    Create {
        /// Position of the GPU.
        gpu: usize,
        /// What and where.
        instance: Instance,
    },
}

/// What to create and destroy, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub changes: Vec<Change>,
}

impl Plan {
    /// Carries all steps out, or none.
    ///
    /// # Errors
    /// [`InstanceError`] of the first step that is not legal; the GPUs are then as before.
    pub fn apply(&self, gpus: &mut [MigGpu]) -> Result<(), InstanceError> {
        let mut done: Vec<Change> = Vec::with_capacity(self.changes.len());
        for &change in &self.changes {
            match step(change, gpus) {
                Ok(inverse) => done.push(inverse),
                Err(error) => {
                    for &inverse in done.iter().rev() {
                        step(inverse, gpus).expect("what was just done can be undone");
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// How long the steps take on the GPU at position `gpu`: one after the other, and beside the
    /// steps of other GPUs.
    pub fn cost(&self, gpu: usize, costs: &Costs) -> Span {
        let mut total = Span::ZERO;
        for change in &self.changes {
            match change {
                Change::Destroy { gpu: at, .. } if *at == gpu => total += costs.destroy,
                Change::Create { gpu: at, .. } if *at == gpu => total += costs.create,
                _ => {}
            }
        }
        total
    }
}

/// Does one step and says what would undo it.
fn step(change: Change, gpus: &mut [MigGpu]) -> Result<Change, InstanceError> {
    match change {
        Change::Destroy { gpu, start } => {
            let profile = gpus[gpu].profile_at(start)?;
            gpus[gpu].destroy(start)?;
            let instance = Instance { profile, start };
            Ok(Change::Create { gpu, instance })
        }
        Change::Create { gpu, instance } => {
            gpus[gpu].create(instance.profile, instance.start)?;
            let start = instance.start;
            Ok(Change::Destroy { gpu, start })
        }
    }
}

/// Decides when and how GPUs are cut anew.
pub trait Repartition: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> &'static str;

    /// What to change for the requests that wait, in order of waiting; an empty plan for nothing.
    fn plan(&mut self, gpus: &[MigGpu], waiting: &[Wish], now: Time) -> Plan;

    /// When to ask again although nothing else happens.
    fn next(&self, waiting: &[Wish]) -> Option<Time> {
        let _ = waiting;
        None
    }
}

/// `static`: the layout an administrator chose stays.
///
/// ```
/// use gpusched_core::gpu::mig::repartition::{Repartition, Static, Wish};
/// use gpusched_core::units::Time;
/// let wish = Wish { profile: "1g.5gb".into(), since: Time::ZERO };
/// assert!(Static.plan(&[], &[wish], Time::ZERO).changes.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Static;

impl Repartition for Static {
    fn name(&self) -> &'static str {
        "static"
    }

    fn plan(&mut self, _: &[MigGpu], _: &[Wish], _: Time) -> Plan {
        Plan::default()
    }
}

struct Entry {
    info: PolicyInfo,
    make: fn(&Costs) -> Box<dyn Repartition>,
}

#[rustfmt::skip]
static TABLE: &[Entry] = &[
    Entry {
        info: PolicyInfo {
            name: "static",
            summary: "instances stay as they are",
            rule: "Nothing is created or destroyed.",
            source: "mig-parted layouts changed by hand",
        },
        make: |_| Box::new(Static),
    },
    Entry {
        info: PolicyInfo {
            name: "on-demand",
            summary: "create what is asked for as soon as a legal start is free",
            rule: "Per waiting request in order: a free instance of the profile is left for it; otherwise the first GPU with a free start, in the driver's order; otherwise the first GPU where destroying free instances makes room, at the start that destroys fewest, ties in the driver's order.",
            source: "how HAMi and the dynamic DRA driver behave; k8s-device-plugin#992",
        },
        make: |_| Box::<OnDemand>::default(),
    },
    Entry {
        info: PolicyInfo {
            name: "batched",
            summary: "nos: collect requests for a window, then choose known geometries",
            rule: "A batch closes 60 s after its first request or 10 s after its last. GPUs in order change to the known geometry that offers most of what is still missing; used instances stay.",
            source: "nebuly-ai/nos 12e0a72",
        },
        make: |costs| Box::new(Batched::new(costs.nos_window, costs.nos_idle)),
    },
];

/// All repartitioning policies, in the order they are listed to users.
pub fn repartitions() -> impl Iterator<Item = &'static PolicyInfo> {
    TABLE.iter().map(|entry| &entry.info)
}

/// Makes a repartitioning policy by name; windows come from `costs`.
///
/// # Errors
/// [`PolicyError::Unknown`] when there is no policy of that name.
pub fn repartition(name: &str, costs: &Costs) -> Result<Box<dyn Repartition>, PolicyError> {
    TABLE
        .iter()
        .find(|entry| entry.info.name == name)
        .map(|entry| (entry.make)(costs))
        .ok_or_else(|| PolicyError::Unknown {
            role: "repartition",
            name: name.to_owned(),
        })
}
