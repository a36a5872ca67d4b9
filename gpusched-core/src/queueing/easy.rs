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
//! as left over, so what a pass refused stays refused until the next release, and only arrivals
//! need to be tried. On one pool of identical processors this is exactly the rule of the textbooks
//! (`extra = free at S - H`); on nodes it is the same rule with "fits" meaning nodes and devices.
//!
//! "Fits" asks whether there is room at all. A placement policy that asks for more (`consolidate`
//! wants whole nodes) can find the head without a place at its shadow time; it then stays head,
//! and its shadow is cast anew.
//!
//! The future at S lives in a *mirror* ([`super::mirror`]): a second cluster state, made once, in
//! which jobs believed to end by S are already released.

use super::fifo_greedy::Refusals;
use super::mirror::Mirror;
use super::predict::Predictor;
use super::{Finished, Predict, Queueing, Reason, Turn};
use crate::ids::{JobId, SpecId};
use crate::units::{Span, Time};
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
    /// Waiting jobs by scan key, then arrival.
    queue: Vec<Waiting>,
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

/// A waiting job with all that a scan needs to pass it over: long queues are read, not looked up.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    key: i64,
    job: JobId,
    kind: SpecId,
    predicted: Span,
    /// The reason it was last given.
    told: Option<Reason>,
}

impl Waiting {
    fn order(&self) -> (i64, JobId) {
        (self.key, self.job)
    }

    fn wait(&mut self, reason: Reason, turn: &mut Turn<'_>) {
        if self.told != Some(reason) {
            self.told = Some(reason);
            turn.wait(self.job, reason);
        }
    }
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

    fn waiting(&mut self, job: JobId, work: &Workload) -> Waiting {
        let predicted = self.predictor.candidate(job, work);
        Waiting {
            key: self.key(job, predicted, work),
            job,
            kind: work.job(job).spec,
            predicted,
            told: None,
        }
    }

    fn key(&self, job: JobId, predicted: Span, work: &Workload) -> i64 {
        match self.scan {
            Scan::Queue => 0,
            Scan::ShortestFirst => predicted.0,
            Scan::LatestFirst => -work.job(job).submit.0,
        }
    }

    fn head(&self) -> Option<JobId> {
        match self.scan {
            Scan::Queue => self.queue.first().map(|waiting| waiting.job),
            _ => self.arrivals.first().copied(),
        }
    }

    fn enqueue(&mut self, job: JobId, work: &Workload) {
        let entry = self.waiting(job, work);
        let before = |other: &Waiting| other.order() < entry.order();
        let at = self.queue.partition_point(before);
        self.queue.insert(at, entry);
        if self.scan != Scan::Queue {
            self.arrivals.insert(job);
        }
    }

    /// Where a waiting job stands in the queue.
    fn position(&mut self, job: JobId, work: &Workload) -> Option<usize> {
        let order = self.waiting(job, work).order();
        self.queue.binary_search_by_key(&order, Waiting::order).ok()
    }

    fn dequeue(&mut self, job: JobId, work: &Workload) {
        if let Some(at) = self.position(job, work) {
            self.queue.remove(at);
        }
        self.arrivals.remove(&job);
    }

    /// Predictions changed: keep the queue by what is believed now.
    fn rekey(&mut self, work: &Workload) {
        if self.keys_version == self.predictor.version {
            return;
        }
        self.keys_version = self.predictor.version;
        let mut queue = std::mem::take(&mut self.queue);
        for entry in &mut queue {
            entry.predicted = self.predictor.candidate(entry.job, work);
            entry.key = self.key(entry.job, entry.predicted, work);
        }
        queue.sort_unstable_by_key(Waiting::order);
        self.queue = queue;
    }

    fn expire(&mut self, now: Time, work: &Workload) {
        if self.mirror.expire(now, work) {
            self.shadow = None;
        }
    }

    fn start_heads(&mut self, turn: &mut Turn<'_>) {
        while let Some(head) = self.head() {
            if self.refused.get(turn.kind(head), turn.releases()).is_some() {
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
        let kind = turn.kind(job);
        let releases = turn.releases();
        self.refused.get(kind, releases).unwrap_or_else(|| {
            let reason = turn.why_not(job);
            self.refused.put(kind, releases, reason);
            reason
        })
    }

    /// Tries one job behind the head. Returns whether it started.
    fn backfill(&mut self, entry: &mut Waiting, shadow: Shadow, turn: &mut Turn<'_>) -> bool {
        if let Some(reason) = self.refused.get(entry.kind.0, turn.releases()) {
            entry.wait(reason, turn);
            return false;
        }
        let (job, predicted) = (entry.job, entry.predicted);
        if turn.now + predicted <= shadow.at {
            if turn.try_start(job, predicted) {
                self.enter(job, predicted, turn);
                return true;
            }
        } else if self.held_back.get(entry.kind.0, self.states).is_some() {
            entry.wait(Reason::Reservation, turn);
            return false;
        } else {
            let work = turn.work;
            let head = work.spec(work.job(shadow.head).spec);
            let mirror = &mut self.mirror;
            let leaves_room = |spots: &[_]| mirror.fits_beside(work, job, spots, head);
            match turn.try_start_if(job, predicted, leaves_room) {
                Ok(true) => {
                    self.enter(job, predicted, turn);
                    return true;
                }
                Ok(false) => {
                    let reason = Reason::Reservation;
                    self.held_back.put(entry.kind.0, self.states, reason);
                    entry.wait(reason, turn);
                    return false;
                }
                Err(()) => {}
            }
        }
        let reason = self.refuse(job, turn);
        entry.wait(reason, turn);
        false
    }

    fn enter(&mut self, job: JobId, predicted: Span, turn: &Turn<'_>) {
        self.states += 1;
        self.mirror.started(job, predicted, turn);
    }

    fn scan_all(&mut self, shadow: Shadow, turn: &mut Turn<'_>) {
        let mut queue = std::mem::take(&mut self.queue);
        queue.retain_mut(|entry| {
            let starts = entry.job != shadow.head && self.backfill(entry, shadow, turn);
            if starts {
                self.arrivals.remove(&entry.job);
            }
            !starts
        });
        self.queue = queue;
    }

    fn scan_fresh(&mut self, shadow: Shadow, turn: &mut Turn<'_>) {
        let mut fresh = std::mem::take(&mut self.fresh);
        if self.scan != Scan::Queue {
            fresh.sort_by_cached_key(|&job| self.waiting(job, turn.work).order());
        }
        for &job in &fresh {
            if job == shadow.head {
                continue;
            }
            let Some(at) = self.position(job, turn.work) else {
                continue;
            };
            let mut entry = self.queue[at];
            if self.backfill(&mut entry, shadow, turn) {
                self.queue.remove(at);
                self.arrivals.remove(&job);
            } else {
                self.queue[at] = entry;
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

    fn evicted(&mut self, gone: Finished<'_>, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        self.mirror.finished(gone.job, turn.work);
        self.shadow = None;
    }

    fn returned(&mut self, job: JobId, turn: &mut Turn<'_>) {
        self.expire(turn.now, turn.work);
        self.mirror.returned(job, turn.work);
        self.shadow = None;
    }

    fn plans_ahead(&self) -> bool {
        true
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
        if let Some(at) = self.position(head, turn.work) {
            self.queue[at].wait(reason, turn);
        }
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
