//! The cluster as it is believed to be at the shadow time.
//!
//! The mirror is a second cluster state in which a prefix of the running jobs, in order of
//! believed end, is already released ("lifted"). The shadow time of a job is where the shortest
//! prefix ends in which it fits. Fitting is monotone in the prefix, so the boundary of the last
//! question is moved, forwards or backwards, to the boundary of the next: the cost is the
//! distance moved, not the number of running jobs.
//!
//! Invariant: the mirror is the cluster with exactly the jobs of the prefix released.

use super::Turn;
use crate::cluster::{Cluster, Spot};
use crate::ids::{JobId, ShapeId};
use crate::units::{Span, Time};
use crate::workload::{Spec, Workload};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Position in the order of believed ends: instant, then order of start.
type End = (Time, u64);

const BEFORE_ALL: End = (Time(i64::MIN), 0);

#[derive(Debug)]
pub(super) struct Mirror {
    /// Made when the first shadow is asked for.
    cluster: Option<Cluster>,
    running: FxHashMap<JobId, Running>,
    ends: BTreeMap<End, JobId>,
    /// Jobs whose end is at or before this are lifted.
    boundary: End,
    starts: u64,
    /// Emptied lists of places, to be filled again.
    spare: Vec<Vec<Spot>>,
}

#[derive(Debug)]
struct Running {
    start: Time,
    end: End,
    spots: Vec<Spot>,
    /// Its resources are back although its end has not been handled yet.
    returned: bool,
}

impl Default for Mirror {
    fn default() -> Mirror {
        Mirror {
            cluster: None,
            running: FxHashMap::default(),
            ends: BTreeMap::new(),
            boundary: BEFORE_ALL,
            starts: 0,
            spare: Vec::new(),
        }
    }
}

impl Mirror {
    /// Books the job started last.
    pub(super) fn started(&mut self, job: JobId, predicted: Span, turn: &Turn<'_>) {
        let mut spots = self.spare.pop().unwrap_or_default();
        spots.extend_from_slice(turn.last_spots());
        let end = (turn.now + predicted, self.starts);
        self.starts += 1;
        if let Some(mirror) = &mut self.cluster {
            mirror.follow_repartitions(turn.cluster());
        }
        if end > self.boundary {
            hold(self.cluster.as_mut(), turn.work, job, &spots);
        }
        self.ends.insert(end, job);
        let run = Running {
            start: turn.now,
            end,
            spots,
            returned: false,
        };
        self.running.insert(job, run);
    }

    /// A job has ended.
    pub(super) fn finished(&mut self, job: JobId, work: &Workload) {
        self.returned(job, work);
        if let Some(mut run) = self.running.remove(&job) {
            run.spots.clear();
            self.spare.push(run.spots);
        }
    }

    /// A job's resources are back.
    pub(super) fn returned(&mut self, job: JobId, work: &Workload) {
        let Some(run) = self.running.get_mut(&job) else {
            return;
        };
        if std::mem::replace(&mut run.returned, true) {
            return;
        }
        self.ends.remove(&run.end);
        if run.end > self.boundary {
            lift(self.cluster.as_mut(), work, job, &run.spots);
        }
    }

    /// Running jobs that outlived their prediction are believed to end at their estimate.
    /// Returns whether any belief changed.
    pub(super) fn expire(&mut self, now: Time, work: &Workload) -> bool {
        let passed: Vec<(End, JobId)> = self
            .ends
            .range(..=(now, u64::MAX))
            .map(|(&end, &job)| (end, job))
            .collect();
        let mut changed = false;
        for (end, job) in passed {
            let Some(run) = self.running.get_mut(&job) else {
                continue;
            };
            // A job whose prediction was right ends now; that is no expiry.
            let ends_now = end.0 == now && run.start + work.job(job).run <= now;
            let later = run.start + work.estimate(job);
            if ends_now || later <= end.0 {
                continue;
            }
            run.end = (later, end.1);
            if end <= self.boundary && run.end > self.boundary {
                hold(self.cluster.as_mut(), work, job, &run.spots);
            }
            self.ends.remove(&end);
            self.ends.insert(run.end, job);
            changed = true;
        }
        changed
    }

    /// The earliest believed end at which `head` would fit, counting every release at it.
    pub(super) fn shadow(&mut self, head: &Spec, turn: &Turn<'_>) -> Time {
        let mirror = self.cluster.get_or_insert_with(|| turn.cluster().clone());
        mirror.follow_openings(turn.cluster());
        mirror.follow_repartitions(turn.cluster());
        // A job still running past its believed end is expected any moment: one group at `soon`.
        let soon = turn.now + Span(1);
        while !self.fits(head) && self.forwards(soon, turn.work) {}
        loop {
            if !self.backwards(soon, turn.work) {
                self.boundary = BEFORE_ALL;
                break;
            }
            if !self.fits(head) {
                self.forwards(soon, turn.work);
                break;
            }
        }
        self.boundary.0.max(soon)
    }

    fn fits(&mut self, spec: &Spec) -> bool {
        self.cluster
            .as_mut()
            .is_some_and(|cluster| cluster.fits(spec))
    }

    /// Lifts the next group of jobs that end together. `false` = none left.
    fn forwards(&mut self, soon: Time, work: &Workload) -> bool {
        let after = (Bound::Excluded(self.boundary), Bound::Unbounded);
        let Some((&(first, _), _)) = self.ends.range(after).next() else {
            return false;
        };
        let group = first.max(soon);
        for (&end, job) in self.ends.range(after) {
            if end.0 > group {
                break;
            }
            lift(self.cluster.as_mut(), work, *job, &self.running[job].spots);
        }
        self.boundary = (group, u64::MAX);
        true
    }

    /// Puts the last lifted group back. `false` = none is lifted.
    fn backwards(&mut self, soon: Time, work: &Workload) -> bool {
        let Some((&(last, _), _)) = self.ends.range(..=self.boundary).next_back() else {
            return false;
        };
        let from = if last <= soon { Time(i64::MIN) } else { last };
        for job in self
            .ends
            .range((from, 0)..=self.boundary)
            .map(|(_, job)| job)
        {
            hold(self.cluster.as_mut(), work, *job, &self.running[job].spots);
        }
        let before = self.ends.range(..(from, 0)).next_back();
        self.boundary = before.map_or(BEFORE_ALL, |(&(end, _), _)| (end.max(soon), u64::MAX));
        true
    }

    /// Whether `head` still fits at the shadow time with `job` in place beside it.
    pub(super) fn fits_beside(
        &mut self,
        work: &Workload,
        job: JobId,
        spots: &[Spot],
        head: &Spec,
    ) -> bool {
        hold(self.cluster.as_mut(), work, job, spots);
        let fits = self.fits(head);
        lift(self.cluster.as_mut(), work, job, spots);
        fits
    }
}

/// Takes a job's places in the mirror.
fn hold(mirror: Option<&mut Cluster>, work: &Workload, job: JobId, spots: &[Spot]) {
    let Some(mirror) = mirror else { return };
    for (shape, &spot) in shapes(work, job).zip(spots) {
        mirror.occupy(shape, spot);
    }
}

/// Releases a job's places in the mirror.
fn lift(mirror: Option<&mut Cluster>, work: &Workload, job: JobId, spots: &[Spot]) {
    let Some(mirror) = mirror else { return };
    for (shape, &spot) in shapes(work, job).zip(spots) {
        mirror.release(shape, spot);
    }
}

/// The request of each pod of a job, in the order of its places.
fn shapes(work: &Workload, job: JobId) -> impl Iterator<Item = ShapeId> + '_ {
    work.spec(work.job(job).spec)
        .pod_sets
        .iter()
        .flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize))
}
