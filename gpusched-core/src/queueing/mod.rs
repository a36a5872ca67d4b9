//! Queueing: whose turn is it, and may they run.
//!
//! A policy is told what happens ([`Queueing::submit`], [`Queueing::finish`]) and decides in
//! [`Queueing::pass`], through a [`Turn`]: it may ask what fits, start jobs, and say why others
//! wait. Time, capacity and the list of what runs belong to the engine.
//!
//! Queue order is arrival order, ties in file order; that is the order of [`JobId`]s.

mod conservative;
mod easy;
mod fifo;
mod fifo_greedy;
pub mod kueue;
mod ljf;
mod mirror;
mod ordered;
mod predict;
mod priority;
mod profile;
pub mod registry;
mod sjf;
mod turn;

pub use conservative::Conservative;
pub use easy::{Easy, Scan};
pub use fifo::Fifo;
pub use fifo_greedy::FifoGreedy;
pub use ljf::Ljf;
pub use predict::Predict;
pub use priority::Priority;
pub use sjf::Sjf;
pub use turn::{Book, Started, Turn};

use crate::cluster::Spot;
use crate::ids::JobId;
use crate::units::Time;
use serde::{Deserialize, Serialize};

/// Why a job waits. Each instant of a wait has exactly one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Reason {
    /// Others are ahead in the queue and the policy lets nobody pass.
    Behind,
    /// Less is free in the whole cluster than the job needs.
    Capacity,
    /// Enough is free in all, but on no one node.
    Fragmentation,
    /// Some pods would fit, but not all of them.
    Gang,
    /// Enough is free, but not of an acceptable GPU model.
    Model,
    /// It would fit, but would delay a job with a reservation.
    Reservation,
    /// Enough is free, but not as near together as the job must be.
    Locality,
    /// What its queue is promised is in use by jobs of the queue.
    Quota,
}

impl Reason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Reason; 8] = [
        Reason::Behind,
        Reason::Capacity,
        Reason::Fragmentation,
        Reason::Gang,
        Reason::Model,
        Reason::Reservation,
        Reason::Locality,
        Reason::Quota,
    ];

    /// The name used in tables and files.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Behind => "behind",
            Reason::Capacity => "capacity",
            Reason::Fragmentation => "fragmentation",
            Reason::Gang => "gang",
            Reason::Model => "model",
            Reason::Reservation => "reservation",
            Reason::Locality => "locality",
            Reason::Quota => "quota",
        }
    }

    /// What it means, for people.
    pub const fn explain(self) -> &'static str {
        match self {
            Reason::Behind => "others were ahead in the queue and the policy lets nobody pass",
            Reason::Capacity => "less was free in the whole cluster than the job needs",
            Reason::Fragmentation => "enough was free in all, but on no single node",
            Reason::Gang => "some of its pods would have fitted, but not all of them together",
            Reason::Model => "enough was free, but not of an acceptable GPU model",
            Reason::Reservation => "it would have fitted, but would have delayed a reserved job",
            Reason::Locality => "enough was free, but not as near together as it must be",
            Reason::Quota => "what its queue is promised was in use by jobs of that queue",
        }
    }
}

/// A job that has just ended; its resources are free again.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// The job.
    pub job: JobId,
    /// When it had started.
    pub started: Time,
    /// What it held.
    pub spots: &'a [Spot],
}

/// Decides who starts.
pub trait Queueing: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// A job has arrived and waits.
    fn submit(&mut self, job: JobId, turn: &mut Turn<'_>);

    /// A job has ended.
    fn finish(&mut self, _done: Finished<'_>, _turn: &mut Turn<'_>) {}

    /// A job was evicted: what it held is free again. [`Queueing::submit`] follows, and gives the
    /// job its place in arrival order back.
    fn evicted(&mut self, gone: Finished<'_>, turn: &mut Turn<'_>) {
        self.finish(gone, turn);
    }

    /// The resources of a job believed to end now are free, although its end has not been
    /// handled yet: one-event-at-a-time disciplines handle submissions of an instant first.
    fn returned(&mut self, _job: JobId, _turn: &mut Turn<'_>) {}

    /// Starts whatever should start now.
    fn pass(&mut self, turn: &mut Turn<'_>);

    /// Whether the policy plans with totals of the cluster, which say nothing about MIG instances:
    /// enough slots may be free without a legal place.
    fn plans_on_totals(&self) -> bool {
        false
    }

    /// Whether the policy plans with the ends it expects of running jobs, so that nobody else may end
    /// them within a pass.
    fn plans_ahead(&self) -> bool {
        false
    }

    /// The next instant at which the policy wants a pass even if nothing happens.
    fn wake(&self) -> Option<Time> {
        None
    }
}
