//! Jobs that have to leave before their end, and wait again.

use super::pace::RunningJob;
use super::records::Fate;
use super::{Discipline, Engine, Observer, turn};
use gpusched_core::ids::JobId;
use gpusched_core::performance::sharing::Speed;
use gpusched_core::queueing::Finished;
use gpusched_core::units::{Span, Time};

impl<O: Observer> Engine<'_, O> {
    /// Takes a running job off its nodes. It waits again at its place in arrival order, and when
    /// it starts, it goes on from what it had saved. Jobs that do not run are left alone.
    #[cold]
    pub(super) fn evict(&mut self, job: JobId, warned: Span) {
        if self.records.fate(job) != Fate::Running {
            return;
        }
        self.give_back(job);
        self.leave(job, warned);
    }

    /// Makes way for the job that stands at `start` in the book: whoever the placement policy evicted
    /// for it is off its nodes already, and is told so.
    #[inline]
    pub(super) fn make_way(&mut self, start: usize) {
        let mut next = 0;
        while let Some(&(before, job)) = self.book.evicted.get(next) {
            next += 1;
            if before == start {
                self.released();
                self.leave(job, Span::ZERO);
            }
        }
    }

    /// Ends the present attempt of a job whose resources are free.
    fn leave(&mut self, job: JobId, warned: Span) {
        let (started, span) = (self.records.since(job), self.span(job));
        let gone = self.paces.gone(job, started, span, self.now);
        self.paces.abandon(job, started + span);
        self.running -= 1;
        self.waiting += 1;
        if self.discipline == Discipline::PerEvent {
            self.believed.remove(&job);
        }
        let pods = self.work.spec(self.work.job(job).spec).pods as usize;
        let first = self.records.first_spot(job);
        let spots = &self.book.spots[first..first + pods];
        self.observer.evicted(job, self.now, spots);
        self.vacate(job, first..first + pods);
        let checkpoints = self.work.checkpoints(job);
        let save = |saved, reached| checkpoints.saved(saved, reached, warned);
        self.records
            .evict(job, self.now, gone, checkpoints.restart, save);
        self.change_speeds();
        self.paces.purge(&mut self.finishes, &self.records);
        self.book.requeue(job);
        if self.provisioner_follows {
            self.roles.provisioning.waits(self.work, job, self.now);
        }
        let lent = std::mem::take(&mut self.book.spots);
        let gone = Finished {
            job,
            started,
            spots: &lent[first..first + pods],
        };
        let (queueing, mut turn) = turn(self);
        queueing.evicted(gone, &mut turn);
        queueing.submit(job, &mut turn);
        self.book.spots = lent;
    }

    /// A job that was evicted has just been started, to end at `at` at full speed: what earlier
    /// attempts left in the heap must not be taken for its end.
    #[cold]
    pub(super) fn starts_again(&mut self, job: JobId, at: Time) {
        let running = RunningJob {
            job,
            started: self.now,
            run: at - self.now,
            order: self.starts,
        };
        self.paces
            .set(running, self.now, Speed::FULL, &mut self.finishes);
    }

    /// See [`Engine::span`]: where places are prepared, or somebody was evicted.
    #[cold]
    pub(super) fn long_span(&self, job: JobId, run: Span) -> Span {
        let setup = self.records.setup(job);
        let again = self.records.saved(job).map_or(Span::ZERO, |saved| {
            let restart = self.work.checkpoints(job).restart;
            Span(restart.0 - saved.0)
        });
        Span(run.0.saturating_add(setup.0).saturating_add(again.0))
    }
}
