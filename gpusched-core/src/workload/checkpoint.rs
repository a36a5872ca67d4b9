//! What a job saves of its work, and what it takes to go on from there.

use crate::units::Span;
use serde::{Deserialize, Serialize};

/// How a job survives losing its machines.
///
/// A checkpoint is written after each `every` of work and takes `cost`; both are part of the run
/// time, as they are of a recorded one. A job that goes on after it was evicted first takes
/// `restart`, then does again what its last finished checkpoint had not saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Checkpointing {
    /// Work between checkpoints; zero = none is written, and an evicted job starts over.
    pub every: Span,
    /// How long writing one takes.
    pub cost: Span,
    /// How long it takes to go on after an eviction, before any work is done.
    pub restart: Span,
}

impl Checkpointing {
    /// Whether it says anything.
    pub fn is_default(&self) -> bool {
        *self == Checkpointing::default()
    }

    /// What is saved of a run that got as far as `reached` and started out from `saved`, a saved
    /// point itself. `warned` is how long the job knew: a job that writes checkpoints and knew for
    /// at least as long as one takes writes one as the last thing it does, and saves what it had
    /// reached before.
    ///
    /// ```
    /// use gpusched_core::units::Span;
    /// use gpusched_core::workload::Checkpointing;
    /// let job = Checkpointing {
    ///     every: Span::from_secs(600),
    ///     cost: Span::from_secs(60),
    ///     restart: Span::ZERO,
    /// };
    /// let saved = |reached, warned| {
    ///     let (reached, warned) = (Span::from_secs(reached), Span::from_secs(warned));
    ///     job.saved(Span::ZERO, reached, warned).as_secs_f64()
    /// };
    /// assert_eq!(saved(659, 0), 0.0);
    /// assert_eq!(saved(660, 0), 660.0);
    /// assert_eq!(saved(1_900, 0), 1_320.0);
    /// assert_eq!(saved(1_900, 120), 1_840.0);
    /// ```
    pub fn saved(&self, saved: Span, reached: Span, warned: Span) -> Span {
        if self.every <= Span::ZERO {
            return Span::ZERO;
        }
        let cycle = self.every.0.saturating_add(self.cost.0);
        let periodic = saved.0 + (reached.0 - saved.0) / cycle * cycle;
        let last = match warned >= self.cost {
            true => reached.0 - self.cost.0,
            false => 0,
        };
        Span(periodic.max(last).max(saved.0))
    }
}
