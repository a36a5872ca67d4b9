//! `conservative`: every job has a reservation from the moment it is submitted, and nobody may
//! delay it (Mu'alem and Feitelson, IEEE TPDS 2001).
//!
//! A job is reserved at the earliest instant at which the planned free capacity covers it for its
//! predicted run time. It starts when its reservation falls due. When a job ends, the rest of its
//! plan is returned, and waiting jobs are *compressed* once: in queue order, each is lifted and
//! put back at the earliest instant, never later than it was.
//!
//! The plan counts totals of the cluster (GPU, CPU, memory). On one pool it is exact. On nodes a
//! due job can be held up by fragmentation or its GPU model; it then stays due, its plan sliding
//! with the clock, and starts ahead of later reservations as soon as it fits.

use super::fifo_greedy::Refusals;
use super::predict::Predictor;
use super::profile::{Profile, Totals};
use super::{Finished, Predict, Queueing, Reason, Turn};
use crate::ids::JobId;
use crate::units::{Span, Time};
use crate::workload::Workload;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Conservative backfilling with a rule of prediction. A submission costs O(steps of the plan), a
/// finish O(queue × steps).
pub struct Conservative {
    name: &'static str,
    predictor: Predictor,
    plan: Option<Profile>,
    waiting: FxHashMap<JobId, Reservation>,
    /// Waiting jobs in queue order.
    queue: BTreeSet<JobId>,
    /// Reservations by instant, then order in which they were made.
    due: BTreeSet<(Time, u64, JobId)>,
    made: u64,
    new: Vec<JobId>,
    /// Believed end of each running job.
    running: FxHashMap<JobId, Time>,
    compress: bool,
    refused: Refusals,
    /// Release count at which due jobs were last found stuck.
    stuck_at: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Reservation {
    at: Time,
    order: u64,
    span: Span,
}

impl Conservative {
    /// A member of the family, under `name`.
    pub fn new(name: &'static str, predict: Predict) -> Conservative {
        Conservative {
            name,
            predictor: Predictor::new(predict),
            plan: None,
            waiting: FxHashMap::default(),
            queue: BTreeSet::new(),
            due: BTreeSet::new(),
            made: 0,
            new: Vec::new(),
            running: FxHashMap::default(),
            compress: false,
            refused: Refusals::default(),
            stuck_at: None,
        }
    }

    fn plan(&mut self, turn: &Turn<'_>) -> &mut Profile {
        self.plan
            .get_or_insert_with(|| Profile::new(capacity(turn)))
    }

    fn reserve(&mut self, job: JobId, span: Span, turn: &Turn<'_>) {
        let need = demand(job, turn.work);
        let plan = self.plan(turn);
        let at = plan.earliest(turn.now, span, need);
        plan.hold(at, span, need);
        let order = self.made;
        self.made += 1;
        self.due.insert((at, order, job));
        self.waiting.insert(job, Reservation { at, order, span });
    }

    fn lift(&mut self, job: JobId, turn: &Turn<'_>) -> Option<Reservation> {
        let held = self.waiting.remove(&job)?;
        self.due.remove(&(held.at, held.order, job));
        let need = demand(job, turn.work);
        self.plan(turn).give(held.at, held.at + held.span, need);
        Some(held)
    }

    fn compress(&mut self, turn: &mut Turn<'_>) {
        let queue: Vec<JobId> = self.queue.iter().copied().collect();
        for job in queue {
            let later = |held: &Reservation| held.at > turn.now;
            if self.waiting.get(&job).is_some_and(later)
                && let Some(held) = self.lift(job, turn)
            {
                self.reserve(job, held.span, turn);
            }
        }
    }

    /// Says why a job with a reservation in the future does not run now.
    fn explain(&mut self, job: JobId, turn: &mut Turn<'_>) {
        if self
            .waiting
            .get(&job)
            .is_none_or(|held| held.at <= turn.now)
        {
            return;
        }
        let kind = turn.kind(job);
        let releases = turn.releases();
        let reason = self.refused.get(kind, releases).unwrap_or_else(|| {
            if turn.fits(job) {
                return Reason::Reservation;
            }
            let reason = turn.why_not(job);
            self.refused.put(kind, releases, reason);
            reason
        });
        turn.wait(job, reason);
    }

    fn start_due(&mut self, turn: &mut Turn<'_>) {
        let due: Vec<(Time, u64, JobId)> = self
            .due
            .range(..=(turn.now, u64::MAX, JobId(u32::MAX)))
            .copied()
            .collect();
        let stuck_since_release = self.stuck_at.take() == Some(turn.releases());
        for (at, _, job) in due {
            let overdue = at < turn.now;
            let Some(&held) = self.waiting.get(&job) else {
                continue;
            };
            if !(overdue && stuck_since_release) && turn.try_start(job, held.span) {
                self.waiting.remove(&job);
                self.due.remove(&(held.at, held.order, job));
                self.queue.remove(&job);
                self.running.insert(job, turn.now + held.span);
                let need = demand(job, turn.work);
                // An overdue plan covers [at, at + span): shift it to what really happens.
                let (now, span) = (turn.now, held.span);
                let plan = self.plan(turn);
                plan.give(held.at.max(now), held.at + span, need);
                plan.hold(now, span, need);
            } else {
                self.slide(job, held, turn);
                self.stuck_at = Some(turn.releases());
                let reason = turn.why_not(job);
                turn.wait(job, reason);
            }
        }
    }

    /// Keeps a due job's plan in front of it: `[now, now + span)`.
    fn slide(&mut self, job: JobId, held: Reservation, turn: &Turn<'_>) {
        let need = demand(job, turn.work);
        let now = turn.now;
        let plan = self.plan(turn);
        plan.give(held.at.max(now), held.at + held.span, need);
        plan.hold(now, held.span, need);
        self.due.remove(&(held.at, held.order, job));
        self.due.insert((now, held.order, job));
        self.waiting.insert(job, Reservation { at: now, ..held });
    }
}

fn capacity(turn: &Turn<'_>) -> Totals {
    let mut totals = [0i64; 3];
    for node in turn.cluster().inventory().nodes() {
        let gpu = i64::from(node.gpus) * i64::from(crate::units::MILLI);
        let host = [gpu, node.cpu_milli as i64, node.mem_mib as i64];
        for (total, more) in totals.iter_mut().zip(host) {
            *total = total.saturating_add(more).min(i64::MAX / 4);
        }
    }
    totals
}

fn demand(job: JobId, work: &Workload) -> Totals {
    let mut totals = [0i64; 3];
    for set in &work.spec(work.job(job).spec).pod_sets {
        let shape = work.shape(set.shape);
        let count = i64::from(set.count);
        totals[0] += count * shape.total_milli() as i64;
        totals[1] = totals[1].saturating_add(count.saturating_mul(shape.cpu_milli as i64));
        totals[2] = totals[2].saturating_add(count.saturating_mul(shape.mem_mib as i64));
    }
    totals
}

impl Queueing for Conservative {
    fn name(&self) -> String {
        self.name.into()
    }

    fn submit(&mut self, job: JobId, _turn: &mut Turn<'_>) {
        self.queue.insert(job);
        self.new.push(job);
    }

    fn finish(&mut self, done: Finished<'_>, turn: &mut Turn<'_>) {
        if let Some(end) = self.running.remove(&done.job) {
            let need = demand(done.job, turn.work);
            let now = turn.now;
            self.plan(turn).give(now, end, need);
        }
        self.compress = true;
    }

    fn pass(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        self.plan(turn).advance(now);
        let compressed = std::mem::take(&mut self.compress);
        if compressed {
            self.compress(turn);
        }
        let mut unexplained = std::mem::take(&mut self.new);
        for &job in &unexplained {
            let span = self.predictor.candidate(job, turn.work);
            self.reserve(job, span, turn);
        }
        self.start_due(turn);
        // Reasons come last: what is free is known only once those whose turn it is have started.
        if compressed {
            unexplained = self.queue.iter().copied().collect();
        }
        for job in unexplained {
            self.explain(job, turn);
        }
    }

    fn plans_ahead(&self) -> bool {
        true
    }

    fn plans_on_totals(&self) -> bool {
        true
    }

    fn wake(&self) -> Option<Time> {
        let &(at, _, _) = self.due.first()?;
        // Jobs already overdue wait for a release, not for the clock.
        if self.stuck_at.is_none() {
            return Some(at);
        }
        let after = self.due.iter().find(|&&(other, _, _)| other > at);
        after.map(|&(at, _, _)| at)
    }
}
