//! When the next scheduling cycle is due.

use super::fidelity::ControlPlane;
use gpusched_core::queueing::kueue::cycle::Cycle;
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::units::{Span, Time};

/// The loop of the scheduler: cycles follow each other while they change something, with pauses
/// while they do not. Once cycles repeat themselves, further ones are left out until something
/// happens: they would all end alike.
#[derive(Clone, Debug)]
pub(super) struct Pacing {
    first: Span,
    most: Span,
    /// Cycles that may look alike while searches for flavors go on.
    patience: usize,
    awake: bool,
    /// Heads wait for something to happen.
    blocked: bool,
    /// When the scheduler has done with its last cycle.
    free_at: Time,
    pause: Span,
    heads: Vec<WorkloadId>,
    alike: usize,
}

impl Pacing {
    /// `flavors` = the most flavors a head may have to try one by one.
    pub(super) fn new(constants: &ControlPlane, flavors: usize) -> Pacing {
        Pacing {
            first: constants.pause_first,
            most: constants.pause_most,
            patience: flavors,
            awake: true,
            blocked: false,
            free_at: Time(i64::MIN),
            pause: Span::ZERO,
            heads: Vec::new(),
            alike: 0,
        }
    }

    /// When the next cycle may begin, if there is anything to do.
    pub(super) fn due(&self) -> Option<Time> {
        self.awake.then_some(self.free_at)
    }

    /// Workloads became active.
    pub(super) fn wake(&mut self) {
        self.awake = true;
        self.alike = 0;
    }

    /// Quota became free: heads that wait for it are worth a look, should there be any.
    pub(super) fn nudge(&mut self) {
        if self.blocked {
            self.wake();
        }
    }

    /// There were no heads.
    pub(super) fn rest(&mut self) {
        self.awake = false;
        self.blocked = false;
        self.pause = Span::ZERO;
    }

    /// A cycle is over at `end`.
    pub(super) fn done(&mut self, cycle: &Cycle, changed: bool, end: Time) {
        if changed {
            self.pause = Span::ZERO;
            self.heads.clear();
            self.alike = 0;
            self.free_at = end;
            return;
        }
        self.pause = match self.pause {
            Span::ZERO => self.first,
            pause => Span(pause.0 * 2).min(self.most),
        };
        self.free_at = end + self.pause;
        let heads = cycle.requeued.iter().map(|one| one.workload);
        if self.heads.iter().copied().eq(heads.clone()) {
            self.alike += 1;
        } else {
            self.alike = 0;
            self.heads.clear();
            self.heads.extend(heads);
        }
        if self.alike > self.patience {
            self.awake = false;
            self.blocked = true;
            self.alike = 0;
        }
    }
}
