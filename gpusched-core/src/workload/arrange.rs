//! The same jobs in another order of arrival.

use super::{Job, Names, Workload, WorkloadError};
use crate::ids::JobId;
use crate::units::{Span, Time};
use std::ops::Range;

/// When a job of the trace comes, in a workload that is [arranged](Workload::arranged) anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The job, by its place in [`Workload::in_arrival_order`].
    pub job: u32,
    /// When it comes.
    pub submit: Time,
    /// How long it runs, where that is not as recorded.
    pub run: Option<Span>,
}

impl Workload {
    /// The parts of each job of the trace, in order of arrival: what starts on its own of a job
    /// without a gang, and the job itself of any other. O(jobs).
    pub fn in_arrival_order(&self) -> Vec<Range<u32>> {
        let mut jobs: Vec<Range<u32>> = Vec::new();
        for id in (0..self.len() as u32).map(JobId) {
            match jobs.last_mut() {
                Some(last) if self.source(JobId(last.start)) == self.source(id) => last.end += 1,
                _ => jobs.push(id.0..id.0 + 1),
            }
        }
        jobs
    }

    /// The jobs that `arrivals` lists, in that order, which has to be one of time. A job may be
    /// there several times; each time is then a job of its own, the second named `NAME+1`, the
    /// third `NAME+2`. O(jobs + arrivals).
    ///
    /// # Errors
    /// [`WorkloadError::TooMany`] when a table outgrows its index.
    ///
    /// # Panics
    /// When a job is named that is not there, or times go back.
    ///
    /// ```
    /// use gpusched_core::ids::JobId;
    /// use gpusched_core::units::{Span, Time};
    /// use gpusched_core::workload::{Arrival, JobDraft, Shape, WorkloadBuilder};
    /// let mut jobs = WorkloadBuilder::new();
    /// for name in ["a", "b"] {
    ///     let shape = Shape::whole_gpus(1);
    ///     jobs.push(&JobDraft::new(name, Time::ZERO, Span::from_secs(60), shape)).unwrap();
    /// }
    /// let at = |job, seconds| Arrival { job, submit: Time::from_secs(seconds), run: None };
    /// let work = jobs.finish().unwrap().arranged(&[at(1, 0), at(0, 5), at(1, 9)]).unwrap();
    /// let names: Vec<String> = (0..3).map(|id| work.name(JobId(id))).collect();
    /// assert_eq!(names, ["b", "a", "b+1"]);
    /// assert_eq!(work.job(JobId(1)).submit, Time::from_secs(5));
    /// ```
    pub fn arranged(&self, arrivals: &[Arrival]) -> Result<Workload, WorkloadError> {
        let jobs = self.in_arrival_order();
        let parted = jobs.len() < self.len();
        let mut times_seen = vec![0u32; jobs.len()];
        let mut work = Workload {
            names: Names::default(),
            specs: self.specs.clone(),
            shapes: self.shapes.clone(),
            owners: self.owners.clone(),
            behaviours: self.behaviours.clone(),
            population: self.population(),
            ..Workload::default()
        };
        let mut last = Time(i64::MIN);
        for (place, arrival) in (0u32..).zip(arrivals) {
            assert!(last <= arrival.submit, "arrivals are in order of time");
            last = arrival.submit;
            let seen = &mut times_seen[arrival.job as usize];
            let parts = jobs[arrival.job as usize].clone();
            let name = self.name(JobId(parts.start));
            let stored = match *seen {
                0 => work.names.push(&name),
                copy => work.names.push(&format!("{name}+{copy}")),
            };
            *seen += 1;
            let too_many = |what| WorkloadError::TooMany { what };
            if !stored {
                return Err(too_many("bytes of job names"));
            }
            if work.len() + parts.len() >= u32::MAX as usize {
                return Err(too_many("jobs"));
            }
            for part in parts.map(JobId) {
                work.append_as(self, part, arrival);
                if parted {
                    work.sources.push(place);
                }
            }
        }
        Ok(work)
    }

    /// How many jobs of each spec there are, by spec: in a workload that was arranged, those of the
    /// trace it was arranged from, which come once each however often they were drawn. O(jobs).
    pub fn population(&self) -> Vec<u64> {
        if !self.population.is_empty() {
            return self.population.clone();
        }
        let mut jobs = vec![0; self.specs.len()];
        for job in &self.jobs {
            jobs[job.spec.index()] += 1;
        }
        jobs
    }

    /// Appends a job of another workload that shares all tables with this one.
    fn append_as(&mut self, from: &Workload, id: JobId, arrival: &Arrival) {
        let job = from.jobs[id.index()];
        self.jobs.push(Job {
            submit: arrival.submit,
            run: arrival.run.unwrap_or(job.run),
            ..job
        });
        self.estimates.extend(from.estimates.get(id.index()));
        self.outcomes.extend(from.outcomes.get(id.index()));
        self.behaves.extend(from.behaves.get(id.index()));
        // Where only some jobs have an estimate, one that equals the run time counts as none.
        let all = from.estimated == from.len() as u64;
        let differs = |estimate: &Span| *estimate != job.run;
        if all || from.estimates.get(id.index()).is_some_and(differs) {
            self.estimated += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Gang, JobDraft, Shape, WorkloadBuilder};

    fn jobs(gangs: &[(&'static str, u32, Gang)]) -> Workload {
        let mut builder = WorkloadBuilder::new();
        for (at, &(name, count, gang)) in (0..).zip(gangs) {
            let run = Span::from_secs(10);
            let draft = JobDraft {
                count,
                gang,
                ..JobDraft::new(name, Time::from_secs(at), run, Shape::whole_gpus(1))
            };
            builder.push(&draft).unwrap();
        }
        builder.finish().unwrap()
    }

    fn at(job: u32, seconds: i64) -> Arrival {
        Arrival {
            job,
            submit: Time::from_secs(seconds),
            run: None,
        }
    }

    fn names(work: &Workload) -> Vec<String> {
        (0..work.len() as u32)
            .map(|id| work.name(JobId(id)))
            .collect()
    }

    #[test]
    fn the_order_it_has_changes_nothing() {
        let work = jobs(&[
            ("a", 1, Gang::All),
            ("b", 3, Gang::None),
            ("c", 2, Gang::All),
        ]);
        let again = work.arranged(&[at(0, 0), at(1, 1), at(2, 2)]).unwrap();
        assert_eq!(again.jobs(), work.jobs());
        assert_eq!(names(&again), names(&work));
        assert_eq!(again.trace_jobs(), 3);
    }

    #[test]
    fn parts_of_a_job_come_together_and_copies_are_jobs_of_their_own() {
        let work = jobs(&[("a", 1, Gang::All), ("b", 2, Gang::None)]);
        let again = work.arranged(&[at(1, 0), at(0, 7), at(1, 7)]).unwrap();
        assert_eq!(names(&again), ["b", "b", "a", "b+1", "b+1"]);
        assert_eq!((again.len(), again.trace_jobs()), (5, 3));
        assert_eq!(again.in_arrival_order(), [0..2, 2..3, 3..5]);
    }

    #[test]
    fn a_run_time_of_its_own_goes_before_the_recorded_one() {
        let work = jobs(&[("a", 1, Gang::All)]);
        let stays = Arrival {
            run: Some(Span::FOREVER),
            ..at(0, 3)
        };
        let again = work.arranged(&[stays]).unwrap();
        assert_eq!(again.job(JobId(0)).run, Span::FOREVER);
        assert_eq!(again.job(JobId(0)).submit, Time::from_secs(3));
    }
}
