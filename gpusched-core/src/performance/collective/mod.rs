//! What talking to one another costs the GPUs of a job, by where they are.
//!
//! | file | what |
//! |---|---|
//! | `law` | time of a collective over a group: the level law, its parameters |
//! | `rings` | how fast rings over linked GPUs of one board are |
//! | `wiring` | from the places of a job to the groups the law is asked about |
//! | `profile` | what a job exchanges in one step, and how long a step takes |
//! | `presets` | profiles by name |
//! | `transformer` | the profile of a dense transformer from its shape and its parallelism |
//!
//! Two words of the field. *Algorithm bandwidth* is bytes over seconds, as a program sees them.
//! *Bus bandwidth* is that times [`Collective::factor`], which makes it comparable with the rate
//! of links whatever the collective and however many take part (`nccl-tests`, PERFORMANCE.md).
//! Bytes are bytes, GB/s are 10⁹ bytes per second in one direction.
//!
//! How far the law is from measurements is printed by `gpusched-bench reproduce collective`; which
//! of its parameters are fitted, and to what, is said in [`Law`].

mod law;
pub mod presets;
pub mod profile;
mod rings;
pub mod transformer;
mod wiring;

pub use law::{Algorithm, Generation, Group, Law, Wire};
pub use profile::{Exchange, JobProfile, Members};
pub use rings::{best_gpus, ring_gbps};
pub use wiring::{Seat, Wiring};

use serde::{Deserialize, Serialize};

/// What a group does together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collective {
    /// Everybody ends with the sum of all buffers.
    AllReduce,
    /// Everybody ends with all parts; the size is that of the whole.
    AllGather,
    /// Everybody ends with one part of the sum; the size is that of the whole.
    ReduceScatter,
    /// Everybody has a part for everybody; the size is what one rank holds.
    AllToAll,
    /// One has it, all end with it.
    Broadcast,
    /// One hands it to the next.
    PointToPoint,
}

impl Collective {
    /// Bus bandwidth over algorithm bandwidth in a group of `gpus`.
    ///
    /// ```
    /// use gpusched_core::performance::collective::Collective;
    /// assert_eq!(Collective::AllReduce.factor(8), 1.75);
    /// assert_eq!(Collective::AllGather.factor(8), 0.875);
    /// assert_eq!(Collective::Broadcast.factor(8), 1.0);
    /// ```
    pub fn factor(self, gpus: u32) -> f64 {
        let others = f64::from(gpus.saturating_sub(1)) / f64::from(gpus.max(1));
        match self {
            Collective::AllReduce => 2.0 * others,
            Collective::AllGather | Collective::ReduceScatter | Collective::AllToAll => others,
            Collective::Broadcast | Collective::PointToPoint => 1.0,
        }
    }
}
