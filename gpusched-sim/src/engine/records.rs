//! What became of each job: 21 bytes a job and 16 a pod.

use super::MigCounts;
use gpusched_core::cluster::Spot;
use gpusched_core::hazard::Mishap;
use gpusched_core::ids::{JobId, SpecId};
use gpusched_core::units::{Span, Time};
use rustc_hash::FxHashMap;

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
    mig: Option<MigCounts>,
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
            mig: None,
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

    pub(super) fn close(&mut self, now: Time, spots: Vec<Spot>) {
        self.spots = spots;
        self.closed = now;
    }

    /// How far the job got.
    #[inline]
    pub fn fate(&self, job: JobId) -> Fate {
        self.fates[job.index()]
    }

    /// When it started, if it did.
    #[inline]
    pub fn start(&self, job: JobId) -> Option<Time> {
        let started = matches!(self.fate(job), Fate::Running | Fate::Done | Fate::Failed(_));
        started.then(|| self.starts[job.index()])
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
