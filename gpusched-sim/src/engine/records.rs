//! What became of each job: 21 bytes a job and 16 a pod.

use super::MigCounts;
use gpusched_core::cluster::Spot;
use gpusched_core::hazard::Mishap;
use gpusched_core::ids::{JobId, SpecId};
use gpusched_core::provisioning::Lifetime;
use gpusched_core::units::{Span, Time};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How far a job got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It had not arrived.
    Future,
    /// It can never run: it does not fit the empty cluster.
    Unschedulable,
    /// It waits.
    Waiting,
    /// It runs.
    Running,
    /// It ended.
    Done,
    /// It died before its end.
    Failed(Mishap),
}

/// A stretch for which a job ran until it was evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it started.
    pub start: Time,
    /// When it was evicted.
    pub end: Time,
    /// How much of the run it saved beyond what earlier attempts had saved.
    pub kept: Span,
    /// How much of the run it had done and has to do again.
    pub lost: Span,
    /// What preparing its places and going on after an earlier eviction took, as far as it got
    /// with that. The rest of the time, if any, is what neighbours or the network took.
    pub overhead: Span,
    first_spot: u32,
}

/// The attempts of a job that were cut short.
#[derive(Clone, Debug, Default)]
struct Lives {
    attempts: Vec<Attempt>,
    /// How much of the run is saved.
    saved: Span,
}

/// Start, end and place of every job.
#[derive(Clone, Debug)]
pub struct Records {
    /// Start; while a job waits, the instant its present reason began.
    starts: Vec<Time>,
    ends: Vec<Time>,
    first_spots: Vec<u32>,
    fates: Vec<Fate>,
    /// Places in order of start.
    spots: Vec<Spot>,
    /// By specification: whether it fits the empty cluster.
    possible: Vec<bool>,
    /// Setup of the jobs that had one.
    setups: FxHashMap<JobId, Span>,
    /// Jobs that were evicted.
    lives: BTreeMap<JobId, Lives>,
    mig: Option<MigCounts>,
    lifetimes: Option<Vec<Lifetime>>,
    closed: Time,
}

impl Records {
    pub(super) fn new(jobs: usize, possible: Vec<bool>) -> Records {
        Records {
            starts: vec![Time::NEVER; jobs],
            ends: vec![Time::NEVER; jobs],
            first_spots: vec![0; jobs],
            fates: vec![Fate::Future; jobs],
            spots: Vec::new(),
            possible,
            setups: FxHashMap::default(),
            lives: BTreeMap::new(),
            mig: None,
            lifetimes: None,
            closed: Time::NEVER,
        }
    }

    #[inline]
    pub(super) fn submit(&mut self, job: JobId, spec: SpecId, now: Time) -> bool {
        let possible = self.possible[spec.index()];
        self.starts[job.index()] = now;
        self.fates[job.index()] = if possible {
            Fate::Waiting
        } else {
            Fate::Unschedulable
        };
        possible
    }

    #[inline]
    pub(super) fn since(&self, job: JobId) -> Time {
        self.starts[job.index()]
    }

    pub(super) fn mark(&mut self, job: JobId, now: Time) {
        self.starts[job.index()] = now;
    }

    #[inline]
    pub(super) fn start_at(&mut self, job: JobId, now: Time, first_spot: u32) {
        self.starts[job.index()] = now;
        self.first_spots[job.index()] = first_spot;
        self.fates[job.index()] = Fate::Running;
    }

    pub(super) fn set_up(&mut self, job: JobId, setup: Span) {
        if setup > Span::ZERO {
            self.setups.insert(job, setup);
        }
    }

    pub(super) fn note_mig(&mut self, counts: MigCounts) {
        self.mig = Some(counts);
    }

    pub(super) fn note_lifetimes(&mut self, lifetimes: &[Lifetime]) {
        self.lifetimes = Some(lifetimes.to_vec());
    }

    #[inline]
    pub(super) fn first_spot(&self, job: JobId) -> usize {
        self.first_spots[job.index()] as usize
    }

    /// Notes the end and returns the start.
    #[inline]
    pub(super) fn end(&mut self, job: JobId, now: Time, fate: Fate) -> Time {
        self.ends[job.index()] = now;
        self.fates[job.index()] = fate;
        self.starts[job.index()]
    }

    #[inline]
    pub(crate) fn nobody_was_evicted(&self) -> bool {
        self.lives.is_empty()
    }

    /// How much of its run a job that was evicted has saved; `None` = it never was.
    pub(super) fn saved(&self, job: JobId) -> Option<Span> {
        self.lives.get(&job).map(|lives| lives.saved)
    }

    /// A running job waits again. It had got `gone` far on its way, of which going on after an
    /// earlier eviction took `restart`; `save` says what is saved of a run by what was saved of it
    /// before and how far it got.
    pub(super) fn evict(
        &mut self,
        job: JobId,
        now: Time,
        gone: Span,
        restart: Span,
        save: impl Fn(Span, Span) -> Span,
    ) {
        let setup = self.setups.remove(&job).unwrap_or_default();
        let lives = self.lives.entry(job).or_default();
        let again = match lives.attempts.is_empty() {
            true => Span::ZERO,
            false => restart,
        };
        let overhead = Span(gone.0.min(setup.0 + again.0));
        let before = lives.saved;
        let reached = before + (gone - overhead);
        lives.saved = save(before, reached);
        lives.attempts.push(Attempt {
            start: self.starts[job.index()],
            end: now,
            kept: lives.saved - before,
            lost: reached - lives.saved,
            overhead,
            first_spot: self.first_spots[job.index()],
        });
        self.starts[job.index()] = now;
        self.fates[job.index()] = Fate::Waiting;
    }

    pub(super) fn close(&mut self, now: Time, spots: Vec<Spot>) {
        self.spots = spots;
        self.closed = now;
    }

    /// How far the job got.
    #[inline]
    pub fn fate(&self, job: JobId) -> Fate {
        self.fates[job.index()]
    }

    /// The stretches for which it ran until it was evicted, in their order.
    #[inline]
    pub fn attempts(&self, job: JobId) -> &[Attempt] {
        match self.lives.is_empty() {
            true => &[],
            false => self.lives.get(&job).map_or(&[], |lives| &lives.attempts),
        }
    }

    /// Jobs that were evicted, in the order of their numbers.
    pub fn evicted(&self) -> impl Iterator<Item = JobId> + '_ {
        self.lives.keys().copied()
    }

    /// Where it ran in one of [`Records::attempts`]: one place per pod. Empty until the replay has
    /// been closed.
    pub fn places_of(&self, attempt: &Attempt, pods: u32) -> &[Spot] {
        let first = attempt.first_spot as usize;
        self.spots.get(first..first + pods as usize).unwrap_or(&[])
    }

    /// When it started, for the last time if it was evicted, and runs or ended then.
    #[inline]
    pub fn start(&self, job: JobId) -> Option<Time> {
        let started = matches!(self.fate(job), Fate::Running | Fate::Done | Fate::Failed(_));
        started.then(|| self.starts[job.index()])
    }

    /// How long it has held its places until it ended, or until the replay was closed.
    pub fn held(&self, job: JobId) -> Span {
        let cut = self.attempts(job).iter().map(|one| (one.end - one.start).0);
        let last = self.start(job).map_or(Span::ZERO, |start| {
            self.end_of(job).unwrap_or(self.closed) - start
        });
        Span(cut.sum::<i64>() + last.0)
    }

    /// When it ended or died, if it did.
    #[inline]
    pub fn end_of(&self, job: JobId) -> Option<Time> {
        matches!(self.fate(job), Fate::Done | Fate::Failed(_)).then(|| self.ends[job.index()])
    }

    /// How long its places were prepared (MIG instances created) before its work began, counted
    /// from its start.
    #[inline]
    pub fn setup(&self, job: JobId) -> Span {
        self.setups.get(&job).copied().unwrap_or(Span::ZERO)
    }

    /// What was done to the GPUs that MIG cuts, once the replay has been closed; `None` where none
    /// is cut.
    pub fn mig(&self) -> Option<&MigCounts> {
        self.mig.as_ref()
    }

    /// The machines there were, once the replay has been closed, in order of launch; `None` = those
    /// of the inventory, as it says.
    pub fn lifetimes(&self) -> Option<&[Lifetime]> {
        self.lifetimes.as_deref()
    }

    /// Where it ran: one place per pod. Empty for jobs that did not start, and until the replay
    /// has been closed with [`super::Engine::finish`].
    pub fn places(&self, job: JobId, pods: u32) -> &[Spot] {
        if self.start(job).is_none() || self.spots.is_empty() {
            return &[];
        }
        let first = self.first_spot(job);
        &self.spots[first..first + pods as usize]
    }

    /// The instant the replay was closed.
    pub fn closed_at(&self) -> Time {
        self.closed
    }

    /// Number of jobs, arrived or not.
    pub fn len(&self) -> usize {
        self.fates.len()
    }

    /// Whether there are no jobs.
    pub fn is_empty(&self) -> bool {
        self.fates.is_empty()
    }
}
