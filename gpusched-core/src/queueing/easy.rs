//! `easy` and its family: aggressive backfilling. The head of the queue has a reservation, and
//! others may pass it as long as they do not delay that reservation.
//!
//! One pass, at `now` (Lifka 1995; Mu'alem and Feitelson, IEEE TPDS 2001):
//! 1. start heads while they fit;
//! 2. the first that does not, H, gets the *shadow time* S: the earliest believed end at which H
//!    would fit, counting every release at that instant;
//! 3. the others are tried once, in scan order: a job that fits now starts if it is believed to
//!    end by S, or if H still fits at S with the job in place.
//!
//! The reservation is computed anew whenever anything was released or a belief changed, and is
//! otherwise what it was: within such a period starts only take away what the shadow had counted
//! as left over, so a job once refused is refused until the next release, and only arrivals need
//! to be tried. On one pool of identical processors this is exactly the rule of the textbooks
//! (`extra = free at S - H`); on nodes it is the same rule with "fits" meaning nodes and devices.
//!
//! The future at S lives in a *mirror*: a second cluster state, made once, in which jobs believed
//! to end by S are already released ("lifted").

use super::fifo_greedy::Refusals;
use super::predict::Predictor;
use super::{Finished, Predict, Queueing, Reason, Turn};
use crate::cluster::{Cluster, Spot};
use crate::ids::{JobId, ShapeId};
use crate::units::{Span, Time};
use crate::workload::Workload;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// The order in which jobs behind the head are tried. Ties go to arrival order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Arrival.
    Queue,
    /// Shortest prediction first.
    ShortestFirst,
    /// Latest submission first (of one instant: in order of number).
    LatestFirst,
}

/// EASY backfilling with a scan order and a rule of prediction.
///
/// Cost of a pass: O(running jobs lifted + queue) after a release, O(arrivals) otherwise.
pub struct Easy {
    name: &'static str,
    scan: Scan,
    predictor: Predictor,
    /// Waiting jobs by (scan key, arrival).
    queue: Vec<(i64, JobId)>,
    /// Waiting jobs in arrival order where the scan order is another one.
    arrivals: BTreeMap<JobId, ()>,
    /// Arrivals not tried yet.
    fresh: Vec<JobId>,
    running: FxHashMap<JobId, Running>,
    /// Running jobs by believed end, then order of start.
    ends: BTreeMap<(Time, u64), JobId>,
    starts: u64,
    mirror: Option<Cluster>,
    /// Jobs lifted in the mirror; some may have ended since.
    lifted: Vec<JobId>,
    shadow: Option<Shadow>,
    refused: Refusals,
    keys_version: u64,
}

#[derive(Debug)]
struct Running {
    start: Time,
    end: Time,
    order: u64,
    spots: Vec<Spot>,
    /// Released in the mirror because it is believed to end by the shadow time.
    lifted: bool,
    /// Its resources are back although its end has not been handled yet.
    returned: bool,
}

#[derive(Clone, Copy, Debug)]
struct Shadow {
    head: JobId,
    at: Time,
    releases: u64,
}

impl Easy {
    /// A member of the family, under `name`.
    pub fn new(name: &'static str, scan: Scan, predict: Predict) -> Easy {
        Easy {
            name,
            scan,
            predictor: Predictor::new(predict),
            queue: Vec::new(),
            arrivals: BTreeMap::new(),
            fresh: Vec::new(),
            running: FxHashMap::default(),
            ends: BTreeMap::new(),
            starts: 0,
            mirror: None,
            lifted: Vec::new(),
            shadow: None,
            refused: Refusals::default(),
            keys_version: 0,
        }
    }

    fn key(&mut self, job: JobId, work: &Workload) -> i64 {
        match self.scan {
            Scan::Queue => 0,
            Scan::ShortestFirst => self.predictor.candidate(job, work).0,
            Scan::LatestFirst => -work.job(job).submit.0,
        }
    }

    fn head(&self) -> Option<JobId> {
        match self.scan {
            Scan::Queue => self.queue.first().map(|&(_, job)| job),
            _ => self.arrivals.first_key_value().map(|(&job, ())| job),
        }
    }

    fn enqueue(&mut self, job: JobId, work: &Workload) {
        let entry = (self.key(job, work), job);
        let at = self.queue.partition_point(|&other| other < entry);
        self.queue.insert(at, entry);
        if self.scan != Scan::Queue {
            self.arrivals.insert(job, ());
        }
    }

    fn dequeue(&mut self, job: JobId, work: &Workload) {
        let entry = (self.key(job, work), job);
        if let Ok(at) = self.queue.binary_search(&entry) {
            self.queue.remove(at);
        }
        self.arrivals.remove(&job);
    }

    /// Predictions changed: sort the queue by what is believed now.
    fn rekey(&mut self, work: &Workload) {
        if self.scan != Scan::ShortestFirst || self.keys_version == self.predictor.version {
            return;
        }
        self.keys_version = self.predictor.version;
        for (key, job) in &mut self.queue {
            *key = self.predictor.candidate(*job, work).0;
        }
        self.queue.sort_unstable();
    }

    /// Running jobs that outlived their prediction are believed to end at their estimate.
    fn expire(&mut self, now: Time, work: &Workload) {
        while let Some((&(end, order), &job)) = self.ends.first_key_value() {
            if end > now {
                return;
            }
            let Some(run) = self.running.get_mut(&job) else {
                return;
            };
            let later = run.start + work.estimate(job);
            // A job whose prediction was right ends now; that is no expiry.
            let outlived = run.start + work.job(job).run > end;
            if !outlived || later <= end {
                return;
            }
            run.end = later;
            self.ends.remove(&(end, order));
            self.ends.insert((later, order), job);
            self.shadow = None;
        }
    }

    /// Books a job just started. In the mirror it holds its place only if it outlasts the shadow.
    fn enter(&mut self, job: JobId, predicted: Span, turn: &Turn<'_>, lifted: bool) {
        let run = Running {
            start: turn.now,
            end: turn.now + predicted,
            order: self.starts,
            spots: turn.last_spots().to_vec(),
            lifted,
            returned: false,
        };
        self.starts += 1;
        if lifted {
            self.lifted.push(job);
        }
        self.ends.insert((run.end, run.order), job);
        self.running.insert(job, run);
    }

    /// Nodes that opened or closed do so in the mirror, and the reservation is cast anew.
    fn follow_openings(&mut self, turn: &Turn<'_>) {
        if let Some(mirror) = &mut self.mirror
            && mirror.openings() != turn.cluster().openings()
        {
            mirror.follow_openings(turn.cluster());
            self.shadow = None;
        }
    }

    fn start_heads(&mut self, turn: &mut Turn<'_>) {
        while let Some(head) = self.head() {
            if self
                .refused
                .get(turn.work.job(head).spec, turn.releases())
                .is_some()
            {
                return;
            }
            let predicted = self.predictor.head(head, turn.work);
            if !turn.try_start(head, predicted) {
                return;
            }
            self.dequeue(head, turn.work);
            self.enter(head, predicted, turn, false);
            hold(self.mirror.as_mut(), turn.work, head, turn.last_spots());
            self.shadow = None;
        }
    }

    /// Why the job does not fit, remembered for its kind until something is released.
    fn refuse(&mut self, job: JobId, turn: &mut Turn<'_>) -> Reason {
        let kind = turn.work.job(job).spec;
        let releases = turn.releases();
        self.refused.get(kind, releases).unwrap_or_else(|| {
            let reason = turn.why_not(job);
            self.refused.put(kind, releases, reason);
            reason
        })
    }

    /// Finds the shadow time of `head` by lifting running jobs in order of believed end.
    fn cast_shadow(&mut self, head: JobId, turn: &Turn<'_>) -> Shadow {
        let work = turn.work;
        let mirror = self.mirror.get_or_insert_with(|| turn.cluster().clone());
        for job in self.lifted.drain(..) {
            if let Some(run) = self.running.get_mut(&job)
                && std::mem::take(&mut run.lifted)
            {
                put_back(mirror, work, job, &run.spots);
            }
        }
        let spec = work.spec(work.job(head).spec);
        // A job still running past its believed end is expected any moment.
        let soon = turn.now + Span(1);
        let mut at = soon;
        let mut ends = self.ends.iter().peekable();
        while let Some((&(end, _), job)) = ends.next() {
            at = end.max(soon);
            if let Some(run) = self.running.get_mut(job) {
                run.lifted = true;
                self.lifted.push(*job);
                lift(Some(mirror), work, *job, &run.spots);
            }
            let next = ends.peek().map(|&(&(next, _), _)| next.max(soon));
            let last_of_instant = next.is_none_or(|next| next > at);
            if last_of_instant && mirror.fits(spec) {
                break;
            }
        }
        Shadow {
            head,
            at,
            releases: turn.releases(),
        }
    }

    /// Tries one job behind the head. Returns whether it started.
    fn backfill(&mut self, job: JobId, shadow: Shadow, turn: &mut Turn<'_>) -> bool {
        let work = turn.work;
        let kind = work.job(job).spec;
        if let Some(reason) = self.refused.get(kind, turn.releases()) {
            turn.wait(job, reason);
            return false;
        }
        let predicted = self.predictor.candidate(job, work);
        if turn.now + predicted <= shadow.at {
            if turn.try_start(job, predicted) {
                self.enter(job, predicted, turn, true);
                return true;
            }
        } else {
            let mirror = &mut self.mirror;
            let head = work.spec(work.job(shadow.head).spec);
            match turn.try_start_if(job, predicted, |spots| {
                hold(mirror.as_mut(), work, job, spots);
                let head_fits = mirror.as_mut().is_some_and(|mirror| mirror.fits(head));
                if !head_fits {
                    lift(mirror.as_mut(), work, job, spots);
                }
                head_fits
            }) {
                Ok(true) => {
                    self.enter(job, predicted, turn, false);
                    return true;
                }
                Ok(false) => {
                    turn.wait(job, Reason::Reservation);
                    return false;
                }
                Err(()) => {}
            }
        }
        let reason = self.refuse(job, turn);
        turn.wait(job, reason);
        false
    }

    fn scan_all(&mut self, shadow: Shadow, turn: &mut Turn<'_>) {
        let queue = std::mem::take(&mut self.queue);
        let mut left = Vec::with_capacity(queue.len());
        for (key, job) in queue {
            if job != shadow.head && self.backfill(job, shadow, turn) {
                self.arrivals.remove(&job);
            } else {
                left.push((key, job));
            }
        }
        self.queue = left;
    }

    fn scan_fresh(&mut self, shadow: Shadow, turn: &mut Turn<'_>) {
        let mut fresh = std::mem::take(&mut self.fresh);
        if self.scan != Scan::Queue {
            fresh.sort_by_cached_key(|&job| (self.key(job, turn.work), job));
        }
        for &job in &fresh {
            if job != shadow.head && self.backfill(job, shadow, turn) {
                self.dequeue(job, turn.work);
            }
        }
        fresh.clear();
        self.fresh = fresh;
    }
}

/// Takes a job's places in the mirror.
fn hold(mirror: Option<&mut Cluster>, work: &Workload, job: JobId, spots: &[Spot]) {
    let Some(mirror) = mirror else { return };
    for (shape, &spot) in shapes(work, job).zip(spots) {
        let held = mirror.take(shape, spot);
        debug_assert!(
            held.is_ok(),
            "the mirror has what the cluster has: {held:?}"
        );
    }
}

/// Takes again the places of a job that was lifted; its nodes may have closed since it started.
fn put_back(mirror: &mut Cluster, work: &Workload, job: JobId, spots: &[Spot]) {
    for (shape, &spot) in shapes(work, job).zip(spots) {
        let held = mirror.retake(shape, spot);
        debug_assert!(held.is_ok(), "nobody took what was lifted: {held:?}");
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

impl Queueing for Easy {
    fn name(&self) -> String {
        self.name.into()
    }

    fn submit(&mut self, job: JobId, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        self.rekey(turn.work);
        self.enqueue(job, turn.work);
        self.fresh.push(job);
    }

    fn finish(&mut self, done: Finished<'_>, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        let Some(run) = self.running.remove(&done.job) else {
            return;
        };
        self.ends.remove(&(run.end, run.order));
        if !run.lifted && !run.returned {
            lift(self.mirror.as_mut(), turn.work, done.job, &run.spots);
        }
        self.shadow = None;
        self.predictor
            .finished(done.job, turn.now - done.started, turn.work);
    }

    fn returned(&mut self, job: JobId, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        let Some(run) = self.running.get_mut(&job) else {
            return;
        };
        self.ends.remove(&(run.end, run.order));
        run.returned = true;
        if !std::mem::take(&mut run.lifted) {
            lift(self.mirror.as_mut(), turn.work, job, &run.spots);
        }
        self.shadow = None;
    }

    fn pass(&mut self, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        self.rekey(turn.work);
        self.follow_openings(turn);
        self.start_heads(turn);
        let Some(head) = self.head() else {
            self.fresh.clear();
            return;
        };
        let reason = self.refuse(head, turn);
        turn.wait(head, reason);
        let known = self.shadow.filter(|shadow| {
            shadow.head == head && shadow.releases == turn.releases() && turn.now < shadow.at
        });
        match known {
            Some(shadow) => self.scan_fresh(shadow, turn),
            None => {
                let shadow = self.cast_shadow(head, turn);
                self.shadow = Some(shadow);
                self.fresh.clear();
                self.scan_all(shadow, turn);
            }
        }
    }
}
