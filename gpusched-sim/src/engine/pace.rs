//! Jobs whose speed changes while they run.
//!
//! A job that never heard of a speed, and was never evicted, is not listed here. For the others
//! the finish that counts is the one queued last; earlier ones stay in the heap as *stale*
//! entries and are passed over when they come up. The number of stale entries is known, so that
//! a replay without speed changes never looks.

use super::event_queue::{EventQueue, Finish};
use super::records::{Fate, Records};
use gpusched_core::ids::JobId;
use gpusched_core::performance::sharing::{Progress, Speed};
use gpusched_core::units::{Span, Time};
use rustc_hash::FxHashMap;

/// A job with a speed of its own.
#[derive(Clone, Copy, Debug)]
struct Pace {
    progress: Progress,
    /// Order of the decision that started it.
    order: u32,
    /// The finish that counts; [`Time::NEVER`] = none is queued.
    queued: Time,
}

/// The jobs with a speed of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Paces {
    jobs: FxHashMap<JobId, Pace>,
    stale: usize,
}

/// A running job, as the engine knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunningJob {
    pub(super) job: JobId,
    pub(super) started: Time,
    /// What it takes at full speed.
    pub(super) run: Span,
    pub(super) order: u32,
}

impl Paces {
    /// From `now` on the job goes at `speed`.
    pub(super) fn set(
        &mut self,
        running: RunningJob,
        now: Time,
        speed: Speed,
        queue: &mut EventQueue,
    ) {
        let RunningJob {
            job,
            started,
            run,
            order,
        } = running;
        let pace = self.jobs.entry(job).or_insert_with(|| {
            let mut progress = Progress::new(run, started);
            progress.set_speed(started, Speed::FULL);
            Pace {
                progress,
                order,
                // Every job starts out with its finish at full speed in the queue.
                queued: started + run,
            }
        });
        pace.progress.set_speed(now, speed);
        let finish = pace.progress.finish();
        if finish == pace.queued {
            return;
        }
        self.stale += usize::from(pace.queued != Time::NEVER);
        pace.queued = finish;
        if finish != Time::NEVER {
            queue.push(Finish {
                at: finish,
                order: pace.order,
                job,
            });
        }
    }

    /// The job ends before its finish, which would be at `at_full_speed` if it never heard of a
    /// speed: the entry in the queue counts no more.
    pub(super) fn abandon(&mut self, job: JobId, at_full_speed: Time) {
        let queued = self
            .jobs
            .get(&job)
            .map_or(at_full_speed, |pace| pace.queued);
        self.stale += usize::from(queued != Time::NEVER);
    }

    /// How far the job has got by `now` on its way of `span` at full speed, whole microseconds.
    pub(super) fn gone(&self, job: JobId, started: Time, span: Span, now: Time) -> Span {
        let Some(pace) = self.jobs.get(&job) else {
            return now - started;
        };
        let left = pace.progress.left_at(now).time_at(Speed::FULL);
        Span(span.0 - left.map_or(span.0, |left| left.0.min(span.0)))
    }

    /// The job has ended.
    pub(super) fn forget(&mut self, job: JobId) {
        self.jobs.remove(&job);
    }

    /// Takes the next finish that counts, if it is at `now`.
    #[inline]
    pub(super) fn next_finish(
        &mut self,
        now: Time,
        queue: &mut EventQueue,
        records: &Records,
    ) -> Option<Finish> {
        self.purge(queue, records);
        let finish = queue.pop_at(now)?;
        // A job that slowed down and sped up again may stand there twice with the same finish.
        while self.stale > 0 && queue.peek() == Some(finish) {
            queue.pop_at(now);
            self.stale -= 1;
        }
        Some(finish)
    }

    /// Removes stale finishes from the front of the queue, so that its head is an event.
    #[inline]
    pub(super) fn purge(&mut self, queue: &mut EventQueue, records: &Records) {
        while self.stale > 0
            && queue
                .peek()
                .is_some_and(|next| self.is_stale(next, records))
        {
            queue.pop_at(Time::NEVER);
            self.stale -= 1;
        }
    }

    fn is_stale(&self, finish: Finish, records: &Records) -> bool {
        let superseded = |pace: &Pace| pace.queued != finish.at || pace.order != finish.order;
        records.fate(finish.job) != Fate::Running
            || self.jobs.get(&finish.job).is_some_and(superseded)
    }
}
