//! Time-slicing: processes take turns on the whole GPU, and share its memory without any wall.
//!
//! Sources: `nvidia/k8s-device-plugin` at 1b826ac; `nvidia-smi compute-policy`.

use super::mps::OutOfMemory;
use super::{Evidence, Sourced};
use serde::Serialize;

/// Length of a turn, as the driver names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// `--set-timeslice=0`.
    #[default]
    Default,
    /// `--set-timeslice=1`.
    Short,
    /// `--set-timeslice=2`.
    Medium,
    /// `--set-timeslice=3`.
    Long,
}

impl Interval {
    /// Microseconds. NVIDIA documents no number; the throughput law does not depend on it.
    pub const fn micros(self) -> Sourced<u32> {
        let micros = match self {
            Interval::Short => 500,
            Interval::Default | Interval::Medium => 2_000,
            Interval::Long => 30_000,
        };
        Sourced::new(micros, Evidence::Assumed, "undocumented by NVIDIA")
    }
}

/// What happens to a pod whose footprint does not fit beside the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overcommit {
    /// As in reality: it starts, and whoever allocates last runs out of memory.
    #[default]
    Admit,
    /// It is not let in while the footprints together exceed the memory.
    Refuse,
}

/// A device that several processes take turns on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeSlicing {
    /// Handles of the device the node advertises.
    pub replicas: u32,
    /// Usable memory, MiB.
    pub device_mib: u32,
    /// What happens to one footprint too many.
    pub overcommit: Overcommit,
    /// `failRequestsGreaterThanOne` of the device plugin.
    pub fail_more_than_one: bool,
}

/// Why a pod does not get onto a time-sliced device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// All replicas are taken.
    #[error("all {0} replicas are taken")]
    Full(u32),
    /// `failRequestsGreaterThanOne` is set.
    #[error("{0} replicas asked: a request for more than one shared device is refused")]
    MoreThanOne(u32),
    /// [`Overcommit::Refuse`] and no room.
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
}

/// The processes on one time-sliced device. Memory they hold is a plain sum.
///
/// ```
/// use gpusched_core::gpu::sharing::timeslice::{Overcommit, Shared, TimeSlicing};
/// let policy = TimeSlicing {
///     replicas: 4, device_mib: 16_000, overcommit: Overcommit::Admit, fail_more_than_one: false,
/// };
/// let mut device = Shared::new(policy);
/// device.admit(1, 10_000).unwrap();
/// device.admit(1, 10_000).unwrap(); // nobody checks
/// device.allocate(10_000).unwrap();
/// assert_eq!(device.allocate(10_000).unwrap_err().left, 6_000); // the last one pays
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    policy: TimeSlicing,
    taken: u32,
    declared: u64,
    held: u64,
}

impl Shared {
    /// An empty device.
    pub fn new(policy: TimeSlicing) -> Shared {
        Shared {
            policy,
            taken: 0,
            declared: 0,
            held: 0,
        }
    }

    /// Lets a pod in that asks for `replicas` handles and will use `footprint_mib`. Two handles
    /// take two places, but bring no larger share of time or memory.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing changed.
    pub fn admit(&mut self, replicas: u32, footprint_mib: u32) -> Result<(), Refusal> {
        if replicas > 1 && self.policy.fail_more_than_one {
            return Err(Refusal::MoreThanOne(replicas));
        }
        if self.policy.replicas - self.taken < replicas {
            return Err(Refusal::Full(self.policy.replicas));
        }
        if self.policy.overcommit == Overcommit::Refuse {
            room(self.policy.device_mib, self.declared, footprint_mib)?;
        }
        self.taken += replicas;
        self.declared += u64::from(footprint_mib);
        Ok(())
    }

    /// A process allocates. Over the capacity, it is this process, the last one, that dies.
    ///
    /// # Errors
    /// [`OutOfMemory`]; then nothing changed.
    pub fn allocate(&mut self, mib: u32) -> Result<(), OutOfMemory> {
        room(self.policy.device_mib, self.held, mib)?;
        self.held += u64::from(mib);
        Ok(())
    }

    /// A pod leaves with what it asked for, declared and really held.
    pub fn leave(&mut self, replicas: u32, footprint_mib: u32, held_mib: u32) {
        self.taken -= replicas;
        self.declared -= u64::from(footprint_mib);
        self.held -= u64::from(held_mib);
    }

    /// Replicas taken.
    pub fn taken(&self) -> u32 {
        self.taken
    }
}

fn room(device: u32, used: u64, asked: u32) -> Result<(), OutOfMemory> {
    let left = u64::from(device).saturating_sub(used) as u32;
    if asked > left {
        Err(OutOfMemory { asked, left })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(overcommit: Overcommit) -> Shared {
        Shared::new(TimeSlicing {
            replicas: 3,
            device_mib: 100,
            overcommit,
            fail_more_than_one: false,
        })
    }

    #[test]
    fn refuse_checks_what_pods_declare() {
        let mut shared = device(Overcommit::Refuse);
        shared.admit(1, 60).unwrap();
        let over = OutOfMemory {
            asked: 41,
            left: 40,
        };
        assert_eq!(shared.admit(1, 41), Err(Refusal::Memory(over)));
        assert_eq!(shared.admit(1, 40), Ok(()));
        shared.leave(1, 60, 0);
        assert_eq!(shared.admit(1, 60), Ok(()));
    }

    #[test]
    fn admit_checks_what_processes_hold() {
        let mut shared = device(Overcommit::Admit);
        for _ in 0..3 {
            shared.admit(1, 60).unwrap();
        }
        shared.allocate(60).unwrap();
        shared.allocate(40).unwrap();
        let full = OutOfMemory { asked: 1, left: 0 };
        assert_eq!(shared.allocate(1), Err(full));
        shared.leave(1, 60, 40);
        assert_eq!(shared.allocate(1), Ok(()), "the others were not touched");
    }

    #[test]
    fn replicas_are_counted_and_may_be_limited_to_one() {
        let mut shared = device(Overcommit::Admit);
        shared.admit(2, 0).unwrap();
        assert_eq!(shared.admit(2, 0), Err(Refusal::Full(3)));
        assert_eq!(shared.taken(), 2);
        let mut strict = shared.clone();
        strict.policy.fail_more_than_one = true;
        assert_eq!(strict.admit(2, 0), Err(Refusal::MoreThanOne(2)));
        assert_eq!(strict.admit(1, 0), Ok(()));
    }
}
