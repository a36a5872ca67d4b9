//! Jobs of the trace as they went: parts joined again, instants turned into spans.

use crate::engine::{Fate, Records};
use gpusched_core::ids::JobId;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::Workload;
use std::ops::Range;

/// Run times below this count as this much in [`JobFacts::bounded_slowdown`].
pub const SLOWDOWN_BOUND: Span = Span(10 * MICROS);

/// One job of the trace, as it went.
#[derive(Clone, Debug)]
pub struct JobFacts {
    /// Its schedulable parts: one, unless the job had no gang. Parts follow one another.
    pub parts: Range<u32>,
    /// Arrival.
    pub submit: Time,
    /// How far it got: unschedulable if a part is, failed if a part did, done if all parts
    /// are, running if any started.
    pub fate: Fate,
    /// Its part that started first (of equals the first in queue order) and when.
    pub started: Option<(JobId, Time)>,
    /// When the last part ended, if all did.
    pub finish: Option<Time>,
    /// GPU time held up to the close, in milli-GPU × µs.
    pub held: i128,
    /// How long the part that started first waited again after evictions, up to its last start or
    /// the close.
    pub waited_again: Span,
    /// How long the places of the part that started first were prepared before its work began.
    pub setup: Span,
    /// What a part takes at full speed, without waiting: the recorded run time.
    pub alone: Span,
}

impl JobFacts {
    /// The first part, which stands for the job in the workload's tables.
    pub fn job(&self) -> JobId {
        JobId(self.parts.start)
    }

    /// All parts.
    pub fn part_ids(&self) -> impl Iterator<Item = JobId> + use<> {
        self.parts.clone().map(JobId)
    }

    /// Submission to first start and what it waited again after evictions, if it started.
    pub fn wait(&self) -> Option<Span> {
        self.started
            .map(|(_, start)| start - self.submit + self.waited_again)
    }

    /// First start to last finish without what it waited between, if it finished.
    pub fn run(&self) -> Option<Span> {
        let (_, start) = self.started?;
        self.finish.map(|finish| finish - start - self.waited_again)
    }

    /// Job completion time: submission to last finish, if it finished.
    pub fn jct(&self) -> Option<Span> {
        self.finish.map(|finish| finish - self.submit)
    }

    /// `max(1, JCT / max(10 s, run))`, if it finished (Feitelson et al., JSSPP 1997), with the run
    /// time at full speed: where neighbours slow a job down, that counts as waiting does.
    pub fn bounded_slowdown(&self) -> Option<f64> {
        let run = self.alone.max(SLOWDOWN_BOUND);
        Some((self.jct()?.0 as f64 / run.0 as f64).max(1.0))
    }
}

/// All jobs of the trace in arrival order. Streams; keeps nothing.
pub fn facts<'a>(
    work: &'a Workload,
    records: &'a Records,
) -> impl Iterator<Item = JobFacts> + use<'a> {
    let whole = work.trace_jobs() == work.len();
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = next;
        if first as usize == work.len() {
            return None;
        }
        next += 1;
        if whole {
            return Some(single(work, records, JobId(first)));
        }
        let source = work.source(JobId(first));
        while (next as usize) < work.len() && work.source(JobId(next)) == source {
            next += 1;
        }
        Some(joined(work, records, first..next))
    })
}

/// GPU time a schedulable job held up to the close, in milli-GPU × µs.
#[inline]
pub(super) fn held(work: &Workload, records: &Records, job: JobId) -> i128 {
    let mut span = match records.start(job) {
        Some(start) => records.end_of(job).unwrap_or(records.closed_at()) - start,
        None => Span::ZERO,
    };
    for attempt in records.attempts(job) {
        span += attempt.end - attempt.start;
    }
    i128::from(work.gpu_milli(job)) * i128::from(span.0)
}

/// From when to when a schedulable job ran, the last stretch last.
#[inline]
pub(super) fn stretches(
    records: &Records,
    job: JobId,
) -> impl Iterator<Item = (Time, Time)> + use<'_> {
    let attempts = records.attempts(job).iter();
    let earlier = attempts.map(|attempt| (attempt.start, attempt.end));
    let end = records.end_of(job).unwrap_or(records.closed_at());
    earlier.chain(records.start(job).map(|start| (start, end)))
}

/// When a schedulable job first started, and how long it has waited since.
#[inline]
fn first_start(records: &Records, job: JobId) -> Option<(Time, Span)> {
    let last = records.start(job);
    match records.nobody_was_evicted() {
        true => last.map(|start| (start, Span::ZERO)),
        false => first_of_several(records, job, last),
    }
}

#[cold]
fn first_of_several(records: &Records, job: JobId, last: Option<Time>) -> Option<(Time, Span)> {
    let attempts = records.attempts(job);
    let Some(first) = attempts.first() else {
        return last.map(|start| (start, Span::ZERO));
    };
    let next = attempts[1..].iter().map(|attempt| attempt.start);
    // A job that waits at the close has waited up to then.
    let starts = next.chain([last.unwrap_or(records.closed_at())]);
    let again = starts.zip(attempts).map(|(start, ran)| start - ran.end);
    Some((first.start, Span(again.map(|span| span.0).sum())))
}

#[inline]
fn single(work: &Workload, records: &Records, job: JobId) -> JobFacts {
    let first = first_start(records, job);
    JobFacts {
        parts: job.0..job.0 + 1,
        submit: work.job(job).submit,
        fate: records.fate(job),
        started: first.map(|(start, _)| (job, start)),
        waited_again: first.map_or(Span::ZERO, |(_, again)| again),
        finish: records
            .end_of(job)
            .filter(|_| records.fate(job) == Fate::Done),
        held: held(work, records, job),
        setup: records.setup(job),
        alone: work.job(job).run,
    }
}

fn joined(work: &Workload, records: &Records, parts: Range<u32>) -> JobFacts {
    let ids = || parts.clone().map(JobId);
    let any = |fate| ids().any(|job| records.fate(job) == fate);
    let all = |fate| ids().all(|job| records.fate(job) == fate);
    let fate = if any(Fate::Unschedulable) {
        Fate::Unschedulable
    } else if let Some(failed) = ids()
        .map(|job| records.fate(job))
        .find(|fate| matches!(fate, Fate::Failed(_)))
    {
        failed
    } else if all(Fate::Done) {
        Fate::Done
    } else if any(Fate::Done) || any(Fate::Running) {
        Fate::Running
    } else if all(Fate::Future) {
        Fate::Future
    } else {
        Fate::Waiting
    };
    let ends = ids().filter_map(|job| records.end_of(job));
    let first = ids()
        .filter_map(|job| first_start(records, job).map(|(start, again)| (start, job, again)))
        .min();
    let started = first.map(|(start, job, _)| (job, start));
    JobFacts {
        submit: work.job(JobId(parts.start)).submit,
        fate,
        started,
        waited_again: first.map_or(Span::ZERO, |(_, _, again)| again),
        setup: started.map_or(Span::ZERO, |(job, _)| records.setup(job)),
        finish: ends.max().filter(|_| fate == Fate::Done),
        held: ids().map(|job| held(work, records, job)).sum(),
        alone: work.job(JobId(parts.start)).run,
        parts,
    }
}
