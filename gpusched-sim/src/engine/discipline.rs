//! What happens at one instant, and in which order: see [`Discipline`](super::Discipline).

use super::{Engine, EngineError, Fate, Finish, Observer, turn};
use gpusched_core::ids::JobId;
use gpusched_core::units::{Span, Time};

impl<O: Observer> Engine<'_, O> {
    pub(super) fn batched(&mut self) -> Result<(), EngineError> {
        while let Some(finish) = self.next_finish() {
            self.give_back(finish.job);
            self.end(finish.job, Fate::Done);
        }
        while let Some(job) = self.arrival() {
            self.submit(job);
        }
        self.pass()
    }

    /// The next job that ends at this instant.
    #[inline]
    fn next_finish(&mut self) -> Option<Finish> {
        self.paces
            .next_finish(self.now, &mut self.finishes, &self.records)
    }

    pub(super) fn per_event(&mut self) -> Result<(), EngineError> {
        let mut due = std::mem::take(&mut self.due);
        while let Some(finish) = self.next_finish() {
            due.push(finish);
        }
        // Whether a job was expected to end now is decided here and asked again below: nothing
        // that happens in between changes the answer.
        for finish in &due {
            if self.ends_as_believed(finish.job) {
                self.give_back(finish.job);
            }
        }
        for finish in &due {
            if self.ends_as_believed(finish.job) {
                let (queueing, mut turn) = turn(self);
                queueing.returned(finish.job, &mut turn);
            }
        }
        let mut happened = false;
        while let Some(job) = self.arrival() {
            self.submit(job);
            self.pass()?;
            happened = true;
        }
        for finish in due.drain(..) {
            if !self.ends_as_believed(finish.job) {
                self.give_back(finish.job);
            }
            self.end(finish.job, Fate::Done);
            self.pass()?;
            happened = true;
        }
        self.due = due;
        if !happened {
            self.pass()?;
        }
        Ok(())
    }

    fn ends_as_believed(&self, job: JobId) -> bool {
        self.believed_end(job) == self.now
    }

    /// When the scheduler believed a job that ends now would end. Predictions shorter than the
    /// run were replaced by the estimate when they passed.
    fn believed_end(&self, job: JobId) -> Time {
        let start = self.records.since(job);
        let predicted = self.believed.get(&job).copied().unwrap_or(Span::ZERO);
        if start + predicted >= self.now {
            start + predicted
        } else {
            start + self.work.estimate(job)
        }
    }

    fn arrival(&mut self) -> Option<JobId> {
        let job = self.work.jobs().get(self.next_arrival)?;
        if job.submit > self.now {
            return None;
        }
        let id = JobId(self.next_arrival as u32);
        self.next_arrival += 1;
        Some(id)
    }
}
