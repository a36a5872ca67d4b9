//! A pass of the queueing policy, and making its decisions happen.

use super::{Discipline, Engine, EngineError, Finish, Observer, mig, turn};
use gpusched_core::ids::JobId;
use gpusched_core::performance::Residence;
use gpusched_core::units::Time;

impl<O: Observer> Engine<'_, O> {
    #[inline]
    pub(super) fn pass(&mut self) -> Result<(), EngineError> {
        if self.roles.repartition.is_some() {
            self.repartition();
        }
        loop {
            let openings = self.roles.placement.openings();
            let (queueing, mut turn) = turn(self);
            queueing.pass(&mut turn);
            let evicted = !self.book.evicted.is_empty();
            self.carry_out();
            // Whoever was evicted waits again, and not all of what it held need be in use.
            if !evicted && openings == self.roles.placement.openings() {
                break;
            }
        }
        if self.roles.repartition.is_some() {
            self.ask_repartitioner();
        }
        match self.book.fault.take() {
            None => Ok(()),
            Some((job, cause)) => Err(EngineError::Placement {
                policy: self.roles.placement.name(),
                job: self.work.name(job),
                cause,
            }),
        }
    }

    /// Lets the repartitioner act, if its time has come.
    #[cold]
    fn repartition(&mut self) {
        if let (Some(desk), Some(policy)) = (&mut self.mig, &mut self.roles.repartition) {
            let at = (self.now, &self.roles.costs);
            desk.act(policy.as_mut(), self.work, &mut self.cluster, at);
        }
    }

    /// Asks the repartitioner when its time comes.
    #[cold]
    fn ask_repartitioner(&mut self) {
        if let (Some(desk), Some(policy)) = (&mut self.mig, &self.roles.repartition) {
            desk.refresh(policy.as_ref(), self.work, &self.cluster);
        }
    }

    /// Tells the desk whose reason to wait is another one now.
    #[cold]
    fn note_refusals(&mut self) {
        let Some(desk) = &mut self.mig else { return };
        for &(job, _) in &self.book.changed {
            let spec = self.work.spec(self.work.job(job).spec);
            let asks = mig::asks_mig(spec, &self.cluster);
            desk.waits(job, self.book.reason(job), self.now, asks);
        }
    }

    /// What preparing the places of a job that starts takes.
    #[cold]
    fn set_up(&mut self, job: JobId, spots: std::ops::Range<usize>) {
        let Some(desk) = &mut self.mig else { return };
        let spec = self.work.spec(self.work.job(job).spec);
        let at = (self.now, &self.roles.costs);
        let setup = desk.started(job, spec, &self.book.spots[spots], &self.cluster, at);
        self.records.set_up(job, setup);
    }

    /// Makes the decisions of a pass happen.
    #[inline]
    fn carry_out(&mut self) {
        if self.roles.repartition.is_some() {
            self.note_refusals();
        }
        for (job, before) in self.book.changed.drain(..) {
            let since = self.records.since(job);
            if since < self.now {
                self.observer.waited(job, before, since, self.now);
                self.records.mark(job, self.now);
            }
        }
        for at in 0..self.book.started.len() {
            let start = self.book.started[at];
            let job = start.job;
            self.make_way(at);
            let since = self.records.since(job);
            if since < self.now {
                self.observer
                    .waited(job, self.book.reason(job), since, self.now);
            }
            let first = start.first_spot as usize;
            let pods = self.work.spec(self.work.job(job).spec).pods as usize;
            self.records.start_at(job, self.now, start.first_spot);
            if self.mig.is_some() {
                self.set_up(job, first..first + pods);
            }
            let at = self.now + self.span(job);
            let spots = &self.book.spots[first..first + pods];
            self.observer.started(job, self.now, spots);
            // A job without an end has no finish to wait for.
            if at < Time::NEVER {
                self.finishes.push(Finish {
                    at,
                    order: self.starts,
                    job,
                });
            }
            let residence = Residence {
                work: self.work,
                job,
                spots,
            };
            self.roles.performance.started(residence, &mut self.speeds);
            if let Some(hazard) = &mut self.roles.hazard {
                hazard.started(residence, self.now, &mut self.dead);
            }
            if self.provisioner_follows {
                self.roles.provisioning.started(residence, self.now);
            }
            if !self.records.attempts(job).is_empty() {
                self.starts_again(job, at);
            }
            self.change_speeds();
            self.starts += 1;
            self.waiting -= 1;
            self.running += 1;
            if self.discipline == Discipline::PerEvent {
                self.believed.insert(job, start.predicted);
            }
        }
        self.book.started.clear();
        self.book.evicted.clear();
        for (job, record) in self.book.explained.drain(..) {
            self.observer.explained(job, &record);
        }
        self.paces.purge(&mut self.finishes, &self.records);
    }
}
