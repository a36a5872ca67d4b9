//! Hazards: what ends a job before its time.
//!
//! A hazard is told of every start and end, and names the jobs that die and why. The engine ends
//! them, at that very instant, and gives back what they held.

mod shared_device;

pub use shared_device::SharedDevice;

use crate::ids::JobId;
use crate::performance::Residence;
use crate::units::Time;
use serde::Serialize;

/// Why a job died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mishap {
    /// The device had less memory left than it needs.
    OutOfMemory,
    /// A fatal fault of its own.
    Fault,
    /// A fatal fault of a neighbour that no wall keeps off (MPS).
    NeighbourFault,
}

impl Mishap {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Mishap::OutOfMemory => "out-of-memory",
            Mishap::Fault => "fault",
            Mishap::NeighbourFault => "neighbour-fault",
        }
    }
}

/// Names jobs that die.
pub trait Hazard: Send {
    /// A job has started. Appends the jobs that die of it.
    fn started(&mut self, at: Residence<'_>, now: Time, dead: &mut Vec<(JobId, Mishap)>);

    /// A job has ended, by itself or dead.
    fn ended(&mut self, at: Residence<'_>);

    /// When somebody dies next without a start; never before it is due.
    fn wake(&self) -> Option<Time>;

    /// Appends the jobs that die at `now`.
    fn strike(&mut self, now: Time, dead: &mut Vec<(JobId, Mishap)>);
}
