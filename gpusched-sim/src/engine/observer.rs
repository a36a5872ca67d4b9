//! What may watch a replay. Observers see, they never decide.

use gpusched_core::cluster::{Cluster, Spot};
use gpusched_core::ids::JobId;
use gpusched_core::placement::Explanation;
use gpusched_core::queueing::Reason;
use gpusched_core::units::Time;

/// The state between two instants.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Nodes and what is free on them.
    pub cluster: &'a Cluster,
    /// Jobs waiting.
    pub waiting: usize,
    /// Jobs running.
    pub running: usize,
    /// Milli-GPU held by running jobs plus asked for by waiting ones.
    pub demand_milli: u64,
}

/// Watches a replay. Every method does nothing unless written, and a replay without an observer
/// (`()`) compiles to code without the calls.
pub trait Observer {
    /// Whether [`Observer::advance`] is wanted.
    const WATCHES_TIME: bool = false;

    /// Time is about to move to `to`; `situation` held since the instant before.
    fn advance(&mut self, _to: Time, _situation: &Situation<'_>) {}

    /// A job arrived.
    fn submitted(&mut self, _job: JobId, _now: Time) {}

    /// A job waited from `from` to `to` for one reason. The intervals of a job follow one another
    /// without a gap and add up to its wait.
    fn waited(&mut self, _job: JobId, _reason: Reason, _from: Time, _to: Time) {}

    /// A job started.
    fn started(&mut self, _job: JobId, _now: Time, _spots: &[Spot]) {}

    /// Whether [`Observer::explained`] is wanted. Asked once, before the replay.
    fn explains(&self) -> bool {
        false
    }

    /// How the places of a job that starts were found, where the placement policy says.
    fn explained(&mut self, _job: JobId, _record: &Explanation) {}

    /// A job ended.
    fn finished(&mut self, _job: JobId, _now: Time, _spots: &[Spot]) {}

    /// A job was evicted, and waits again.
    fn evicted(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        self.finished(job, now, spots);
    }

    /// The replay ended at `now`.
    fn ended(&mut self, _now: Time, _situation: &Situation<'_>) {}
}

impl Observer for () {}

macro_rules! both {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name(&mut self, $($arg: $type),*) {
            self.0.$name($($arg),*);
            self.1.$name($($arg),*);
        })*
    };
}

/// Two observers are one: the first sees everything first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const WATCHES_TIME: bool = A::WATCHES_TIME || B::WATCHES_TIME;

    fn explains(&self) -> bool {
        self.0.explains() || self.1.explains()
    }

    both! {
        advance(to: Time, situation: &Situation<'_>);
        submitted(job: JobId, now: Time);
        waited(job: JobId, reason: Reason, from: Time, to: Time);
        started(job: JobId, now: Time, spots: &[Spot]);
        explained(job: JobId, record: &Explanation);
        finished(job: JobId, now: Time, spots: &[Spot]);
        evicted(job: JobId, now: Time, spots: &[Spot]);
        ended(now: Time, situation: &Situation<'_>);
    }
}

/// A borrowed observer watches too.
impl<O: Observer> Observer for &mut O {
    const WATCHES_TIME: bool = O::WATCHES_TIME;

    fn advance(&mut self, to: Time, situation: &Situation<'_>) {
        (**self).advance(to, situation);
    }
    fn submitted(&mut self, job: JobId, now: Time) {
        (**self).submitted(job, now);
    }
    fn waited(&mut self, job: JobId, reason: Reason, from: Time, to: Time) {
        (**self).waited(job, reason, from, to);
    }
    fn started(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        (**self).started(job, now, spots);
    }
    fn explains(&self) -> bool {
        (**self).explains()
    }
    fn explained(&mut self, job: JobId, record: &Explanation) {
        (**self).explained(job, record);
    }
    fn finished(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        (**self).finished(job, now, spots);
    }
    fn evicted(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        (**self).evicted(job, now, spots);
    }
    fn ended(&mut self, now: Time, situation: &Situation<'_>) {
        (**self).ended(now, situation);
    }
}
