//! How long a job will wait, as a distribution: sampled futures of a cluster, replayed.
//!
//! A dump says who runs and who waits now; a trace says what comes on such a cluster, and how long
//! jobs run there. A *future* is one draw of all that is not known, and one replay with the rules
//! of Kueue ([`replay`](mod@super::replay)) until the job is admitted:
//!
//! * those who run end after a run time of the trace that is longer than what they have run
//!   already, of jobs like them; those who wait run as long as jobs like them ([`RunTimes`]). What
//!   `maximumExecutionTimeSeconds` says is a limit to either;
//! * others come as they came in the trace ([`Arrivals`]).
//!
//! Draws have keys of seed, future and entity: a future is the same whatever the number of others,
//! of threads, and however far it is followed. The wait lasts until the first admission; what
//! happens after that is not looked at, so the job's own run time does not matter.
//!
//! The result says what follows if the future is like the trace. It knows nothing of maintenance,
//! of deadlines, or of people who see the queue and come another day.
//!
//! | file | what |
//! |---|---|
//! | `history` | which part of the trace, and where it stands on the calendar |
//! | `arrivals` | who comes |
//! | `run_times` | how long it takes |
//! | `distribution` | quantiles, and what is beyond the horizon |
//! | `ahead` | who was admitted before |
//! | `report`, `table` | the result for programs and for people |

mod ahead;
mod arrivals;
mod distribution;
mod history;
mod report;
mod run_times;
mod table;

pub use ahead::{Ahead, AheadOfQueue, AheadWorkload};
pub use arrivals::Arrivals;
pub use distribution::{CONFIDENCE, Quantile, Waits, Within};
pub use history::History;
pub use report::{Report, write_csv};
pub use run_times::{Like, Pool, RunTimes};
pub use table::table;

use super::replay::{Fidelity, Job, Options, ReadyDelay, replay};
use crate::trace::generate::{Purpose, Stream};
use ahead::Before;
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::diagnose::{Answer, Waiting, as_head};
use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::queueing::kueue::{Configuration, Gates, Objects};
use gpusched_core::units::{Span, Time};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How far a future is followed at first; if that is not enough, four times as far, and so on.
const FIRST_REACH: Span = Span::from_secs(6 * 3600);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'q> {
    /// The cluster as it is now.
    pub objects: &'q Objects,
    /// Kueue's configuration.
    pub configuration: &'q Configuration,
    /// Its feature gates.
    pub gates: Gates,
    /// The job. One of this namespace and name among the objects is meant itself; any other is
    /// submitted now.
    pub job: &'q Workload,
    /// Now: not before the latest time the objects speak of.
    pub now: Time,
    /// Whether that is a time of the calendar; else no object speaks of any.
    pub dated: bool,
    /// What the trace tells.
    pub history: &'q History,
    /// Futures, at least 1.
    pub samples: u32,
    /// Seed of all draws.
    pub seed: u64,
    /// How far futures are followed.
    pub horizon: Span,
    /// What takes time besides the work.
    pub fidelity: Fidelity,
    /// From admission until all pods are ready.
    pub ready: ReadyDelay,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The wait in each future, in the order they were drawn; `None` = not over at the horizon.
    pub samples: Vec<Option<Span>>,
    /// The same as a distribution.
    pub waits: Waits,
    /// Futures that were given up because workloads preempted each other without end. Counted as
    /// not over at the horizon.
    pub given_up: usize,
    /// Who was admitted first.
    pub ahead: Ahead,
    /// How many of those who run have their run time from where.
    pub running: BTreeMap<Like, usize>,
    /// How many of those who wait have.
    pub waiting: BTreeMap<Like, usize>,
}

/// One future.
struct Future {
    wait: Option<Span>,
    given_up: bool,
    before: Before,
}

/// Follows futures, as many at a time as the current rayon pool has threads. The same question has
/// the same answer, whatever their number.
///
/// O(futures · (objects + replay)).
pub fn estimate(question: &Question<'_>) -> Estimate {
    let objects = question.objects;
    let pools: Vec<Option<Pool<'_>>> = objects
        .workloads
        .iter()
        .map(|one| question.pool(one))
        .collect();
    let futures: Vec<Future> = (0..question.samples)
        .into_par_iter()
        .map(|sample| question.follow(sample, &pools))
        .collect();
    let samples: Vec<Option<Span>> = futures.iter().map(|future| future.wait).collect();
    let likes = |runs: bool| {
        let mut count: BTreeMap<Like, usize> = BTreeMap::new();
        for (workload, pool) in objects.workloads.iter().zip(&pools) {
            let Some(pool) = pool else { continue };
            if began(workload).is_some() == runs && !question.is_asked(workload) {
                *count.entry(pool.like).or_default() += 1;
            }
        }
        count
    };
    Estimate {
        waits: Waits::new(&samples, question.horizon),
        given_up: futures.iter().filter(|future| future.given_up).count(),
        ahead: Ahead::of(question, futures.into_iter().map(|future| future.before)),
        samples,
        running: likes(true),
        waiting: likes(false),
    }
}

impl<'q> Question<'q> {
    /// Why the job could not even be admitted if all others were gone, `None` if it could: then
    /// there is no future worth looking at. O(objects).
    pub fn hopeless(&self) -> Option<Waiting> {
        let mut job = self.job.clone();
        // That it may not come back yet passes by itself.
        job.requeue = None;
        job.conditions.retain(|one| one.kind != "Requeued");
        let alone = Objects {
            workloads: Vec::new(),
            ..self.objects.clone()
        };
        let mut kueue = Kueue::new(alone, self.configuration, self.gates, self.now);
        let id = kueue.arrive(job, self.now);
        match as_head(&kueue, id, self.now) {
            Answer::Pending(waiting) => Some(waiting),
            Answer::Admitted(_) | Answer::Preempting(_) => None,
        }
    }

    /// Where the run time of a workload is drawn from; `None` for one that runs no more.
    fn pool(&self, workload: &Workload) -> Option<Pool<'q>> {
        if workload.is("Finished") || workload.inactive {
            return None;
        }
        let age = began(workload).map(|began| (self.now - began).max(Span::ZERO));
        Some(self.history.run_times.pool(workload, age))
    }

    /// Whether a workload of the objects is the one that is asked about.
    fn is_asked(&self, workload: &Workload) -> bool {
        workload.namespace == self.job.namespace && workload.name == self.job.name
    }

    /// The calendar, where it is known.
    fn calendar(&self) -> Option<Time> {
        self.dated.then_some(self.now)
    }

    fn follow(&self, sample: u32, pools: &[Option<Pool<'_>>]) -> Future {
        let resident = self.objects.workloads.iter().find(|one| self.is_asked(one));
        if resident.is_some_and(|one| began(one).is_some()) {
            return Future {
                wait: Some(Span::ZERO),
                given_up: false,
                before: Before::default(),
            };
        }
        let runs = pools.iter().zip(0u64..).map(|(pool, at)| {
            let mut stream = Stream::new(self.seed, Purpose::WaitRun, u64::from(sample) << 32 | at);
            pool.and_then(|pool| pool.draw(stream.unit()))
        });
        let mut options = Options {
            fidelity: self.fidelity,
            start: self.now,
            runs: runs.collect(),
            until_admitted: Some((self.job.namespace.clone(), self.job.name.clone())),
            ready: self.ready.clone(),
            seed: self.seed.wrapping_add(u64::from(sample) << 32),
            ..Options::default()
        };
        // What comes later changes nothing about what happens before, so most futures need not be
        // drawn to their end.
        let mut reach = FIRST_REACH.min(self.horizon);
        loop {
            options.horizon = Some(Time::ZERO + reach);
            let future = self.replay(sample, reach, resident.is_some(), &options);
            if future.wait.is_some() || future.given_up || reach >= self.horizon {
                return future;
            }
            reach = Span(reach.0.saturating_mul(4)).min(self.horizon);
        }
    }

    fn replay(&self, sample: u32, reach: Span, resident: bool, options: &Options) -> Future {
        let asked = (!resident).then(|| Job {
            workload: self.job.clone(),
            arrival: Time::ZERO,
            run: None,
        });
        let arrivals = &self.history.arrivals;
        let come = arrivals.sample(self.seed, sample, self.calendar(), reach);
        let jobs = asked.into_iter().chain(come).collect();
        let outcome = replay(self.objects, self.configuration, self.gates, jobs, options);
        let mut all = outcome.workloads.iter();
        let asked =
            all.find(|one| one.name == self.job.name && one.namespace == self.job.namespace);
        let admitted = asked.and_then(|one| one.first_admitted);
        Future {
            wait: admitted.map(|at| (at - Time::ZERO).max(Span::ZERO)),
            given_up: outcome.circling.is_some(),
            before: Before::of(&outcome, self),
        }
    }
}

/// When a workload that runs was admitted.
fn began(workload: &Workload) -> Option<Time> {
    let since = |kind: &str| workload.condition(kind).filter(|one| one.status);
    let runs = since("QuotaReserved").is_some() && since("Evicted").is_none();
    since("Admitted").filter(|_| runs).map(|one| one.at)
}
