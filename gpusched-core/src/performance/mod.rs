//! Performance: how fast a job runs where it was put, and next to whom.
//!
//! A job runs at full speed, the pace at which its run time was recorded, unless its performance
//! model says otherwise. A model is told of every start and end, and names the jobs whose speed
//! is another one from then on. Remaining work and finishing instants are integers
//! ([`sharing::Progress`]): no number of speed changes loses or invents work.
//!
//! | model | a job slows down by |
//! |---|---|
//! | [`Ideal`] | nothing |
//! | [`Neighbours`], [`Slices`] | who shares its devices, and which part of them it has |
//! | [`LevelLaw`] | the level at which its GPUs meet ([`collective`]) |
//! | [`flow::Flow`] | that, and who is on the same links ([`flow`]) |
//! | [`Locality`] | being on several nodes, by a table |
//! | [`Variability`] | the slowest GPU it has |
//! | [`Both`] | two of these |

mod both;
pub mod collective;
pub mod flow;
mod gangs;
mod ideal;
mod known;
mod level;
mod locality;
mod neighbours;
pub mod sharing;
mod slices;
mod variability;

pub use both::Both;
pub use gangs::{Gang, Gangs, Profiles};
pub use ideal::Ideal;
pub use known::{Known, Origins};
pub use level::LevelLaw;
pub use locality::{Locality, LocalityTable};
pub use neighbours::{NeighbourLaw, Neighbours};
pub use slices::Slices;
pub use variability::Variability;

use crate::cluster::Spot;
use crate::ids::JobId;
use crate::workload::Workload;
use sharing::Speed;

/// A job at its place.
#[derive(Clone, Copy, Debug)]
pub struct Residence<'a> {
    /// All jobs.
    pub work: &'a Workload,
    /// The job.
    pub job: JobId,
    /// Its places, one per pod.
    pub spots: &'a [Spot],
}

/// Tells how fast jobs run.
pub trait Performance: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// A job has started. Appends every job, itself included, whose speed is another one now. A
    /// job whose speed may change later must be named here, if only at full speed.
    fn started(&mut self, _at: Residence<'_>, _speeds: &mut Vec<(JobId, Speed)>) {}

    /// A job has ended. Appends every job whose speed is another one now.
    fn ended(&mut self, _at: Residence<'_>, _speeds: &mut Vec<(JobId, Speed)>) {}

    /// Where the speeds came from, for a model that uses measurements.
    fn origins(&self) -> Option<Origins> {
        None
    }
}
