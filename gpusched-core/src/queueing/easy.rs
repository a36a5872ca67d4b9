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
//! The future at S lives in a *mirror* ([`super::mirror`]): a second cluster state, made once, in
//! which jobs believed to end by S are already released.

use super::fifo_greedy::Refusals;
use super::mirror::Mirror;
use super::predict::Predictor;
use super::{Finished, Predict, Queueing, Reason, Turn};
use crate::ids::JobId;
use crate::units::Time;
use crate::workload::Workload;
use std::collections::BTreeSet;

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
/// Cost of a pass: O(queue) after a release plus the jobs by which the shadow moved, O(arrivals)
/// otherwise.
pub struct Easy {
    name: &'static str,
    scan: Scan,
    predictor: Predictor,
    /// Waiting jobs by (scan key, arrival).
    queue: Vec<(i64, JobId)>,
    /// Waiting jobs in arrival order, kept where the scan order is another one.
    arrivals: BTreeSet<JobId>,
    /// Arrivals not tried yet.
    fresh: Vec<JobId>,
    mirror: Mirror,
    shadow: Option<Shadow>,
    /// Kinds that do not fit, until a release.
    refused: Refusals,
    /// Kinds that would delay the head, until the next start or shadow: the same question about
    /// the same state has the same answer.
    held_back: Refusals,
    states: u64,
    keys_version: u64,
}

#[derive(Clone, Copy, Debug)]
struct Shadow {
    head: JobId,
    at: Time,
    releases: u64,
    openings: u64,
}

impl Easy {
    /// A member of the family, under `name`.
    pub fn new(name: &'static str, scan: Scan, predict: Predict) -> Easy {
        Easy {
            name,
            scan,
            predictor: Predictor::new(predict),
            queue: Vec::new(),
            arrivals: BTreeSet::new(),
            fresh: Vec::new(),
            mirror: Mirror::default(),
            shadow: None,
            refused: Refusals::default(),
            held_back: Refusals::default(),
            states: 0,
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
            _ => self.arrivals.first().copied(),
        }
    }

    fn enqueue(&mut self, job: JobId, work: &Workload) {
        let entry = (self.key(job, work), job);
        let at = self.queue.partition_point(|&other| other < entry);
        self.queue.insert(at, entry);
        if self.scan != Scan::Queue {
            self.arrivals.insert(job);
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

    fn expire(&mut self, now: Time, work: &Workload) {
        if self.mirror.expire(now, work) {
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
            self.mirror.started(head, predicted, turn);
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
                self.states += 1;
                self.mirror.started(job, predicted, turn);
                return true;
            }
        } else if self.held_back.get(kind, self.states).is_some() {
            turn.wait(job, Reason::Reservation);
            return false;
        } else {
            let head = work.spec(work.job(shadow.head).spec);
            let mirror = &mut self.mirror;
            let leaves_room = |spots: &[_]| mirror.fits_beside(work, job, spots, head);
            match turn.try_start_if(job, predicted, leaves_room) {
                Ok(true) => {
                    self.states += 1;
                    self.mirror.started(job, predicted, turn);
                    return true;
                }
                Ok(false) => {
                    self.held_back.put(kind, self.states, Reason::Reservation);
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
        let mut queue = std::mem::take(&mut self.queue);
        queue.retain(|&(_, job)| {
            let starts = job != shadow.head && self.backfill(job, shadow, turn);
            if starts {
                self.arrivals.remove(&job);
            }
            !starts
        });
        self.queue = queue;
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
        self.mirror.finished(done.job, turn.work);
        self.shadow = None;
        self.predictor
            .finished(done.job, turn.now - done.started, turn.work);
    }

    fn returned(&mut self, job: JobId, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        self.mirror.returned(job, turn.work);
        self.shadow = None;
    }

    fn pass(&mut self, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        self.rekey(turn.work);
        self.start_heads(turn);
        let Some(head) = self.head() else {
            self.fresh.clear();
            return;
        };
        let reason = self.refuse(head, turn);
        turn.wait(head, reason);
        let known = self.shadow.filter(|shadow| {
            shadow.head == head
                && shadow.releases == turn.releases()
                && shadow.openings == turn.cluster().openings()
                && turn.now < shadow.at
        });
        match known {
            Some(shadow) => self.scan_fresh(shadow, turn),
            None => {
                let spec = turn.work.spec(turn.work.job(head).spec);
                let shadow = Shadow {
                    head,
                    at: self.mirror.shadow(spec, turn),
                    releases: turn.releases(),
                    openings: turn.cluster().openings(),
                };
                self.shadow = Some(shadow);
                self.states += 1;
                self.fresh.clear();
                self.scan_all(shadow, turn);
            }
        }
    }
}
