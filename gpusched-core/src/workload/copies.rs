//! A workload made of pieces of another one.

use super::{Job, Names, Workload};
use crate::ids::JobId;
use crate::units::Span;
use rustc_hash::FxHashMap;

/// Jobs that are copied together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The jobs; parts of one trace job stay parts of one.
    pub jobs: Vec<JobId>,
    /// By how much they arrive later than they did (negative: earlier).
    pub moved: Span,
}

impl Workload {
    /// The jobs of these pieces, in order of arrival (ties in the order of the pieces). A job may
    /// stand in several: its later copies are named `name~2`, `name~3`, …
    ///
    /// O(copies × log copies).
    ///
    /// ```
    /// use gpusched_core::ids::JobId;
    /// use gpusched_core::units::{Span, Time};
    /// use gpusched_core::workload::{JobDraft, Piece, Shape, WorkloadBuilder};
    /// let mut jobs = WorkloadBuilder::new();
    /// let shape = Shape::whole_gpus(1);
    /// jobs.push(&JobDraft::new("a", Time::from_secs(5), Span::from_secs(9), shape)).unwrap();
    /// let once = Piece { jobs: vec![JobId(0)], moved: Span::ZERO };
    /// let again = Piece { moved: Span::from_secs(60), ..once.clone() };
    /// let work = jobs.finish().unwrap().copies(&[once, again]);
    /// assert_eq!(work.job(JobId(1)).submit, Time::from_secs(65));
    /// assert_eq!(work.name(JobId(1)), "a~2");
    /// ```
    pub fn copies(&self, pieces: &[Piece]) -> Workload {
        // (the copy, whom it is of, the trace job it is a part of), in the order of the pieces.
        let mut copies: Vec<(Job, JobId, u32)> = Vec::new();
        let mut names = match self.names {
            Names::Numbered => Names::Numbered,
            Names::Listed { .. } => Names::default(),
        };
        let mut times: FxHashMap<u32, u32> = FxHashMap::default();
        let mut sources = 0_u32;
        for piece in pieces {
            let mut here: FxHashMap<u32, u32> = FxHashMap::default();
            for &id in &piece.jobs {
                let old = self.source(id);
                let source = *here.entry(old).or_insert_with(|| {
                    let time = times.entry(old).or_insert(0);
                    *time += 1;
                    let name = self.names.get(old as usize);
                    // An arena of 4 GiB of names is full: what does not fit has none.
                    let _ = match *time {
                        1 => names.push(&name),
                        time => names.push(&format!("{name}~{time}")),
                    } || names.push("");
                    sources += 1;
                    sources - 1
                });
                let mut job = *self.job(id);
                job.submit = job.submit + piece.moved;
                copies.push((job, id, source));
            }
        }
        copies.sort_by_key(|(job, ..)| job.submit);
        let of = |list: bool| copies.iter().filter(move |_| list);
        let estimates: Vec<Span> = of(!self.estimates.is_empty())
            .map(|(_, id, _)| self.estimate(*id))
            .collect();
        let estimated = match self.estimated == self.estimates.len() as u64 {
            true => estimates.len() as u64,
            // Which ones were given is not kept where only some were.
            false => copies
                .iter()
                .filter(|(job, id, _)| self.estimate(*id) != job.run)
                .count() as u64,
        };
        Workload {
            jobs: copies.iter().map(|(job, ..)| *job).collect(),
            estimates,
            estimated,
            outcomes: of(!self.outcomes.is_empty())
                .map(|(_, id, _)| self.outcome(*id))
                .collect(),
            behaviours: self.behaviours.clone(),
            behaves: of(!self.behaves.is_empty())
                .map(|(_, id, _)| self.behaves[id.index()])
                .collect(),
            sources: copies.iter().map(|(.., source)| *source).collect(),
            names,
            specs: self.specs.clone(),
            shapes: self.shapes.clone(),
            owners: self.owners.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Time;
    use crate::workload::{Gang, JobDraft, Outcome, Owner, Shape, WorkloadBuilder};

    fn work() -> Workload {
        let mut jobs = WorkloadBuilder::new();
        for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
            let submit = Time::from_secs(10 * at as i64);
            let mut draft = JobDraft::new(name, submit, Span::from_secs(5), Shape::whole_gpus(1));
            draft.count = 2;
            draft.gang = if name == "b" { Gang::None } else { Gang::All };
            draft.estimate = (name == "c").then_some(Span::from_secs(60));
            draft.outcome = if name == "a" {
                Outcome::Killed
            } else {
                Outcome::Completed
            };
            draft.owner = Owner {
                user: name.into(),
                ..Owner::default()
            };
            jobs.push(&draft).unwrap();
        }
        jobs.finish().unwrap()
    }

    fn piece(jobs: &[u32], moved: i64) -> Piece {
        Piece {
            jobs: jobs.iter().copied().map(JobId).collect(),
            moved: Span::from_secs(moved),
        }
    }

    #[test]
    fn everything_known_of_a_job_comes_along() {
        let work = work();
        // `b` is scheduled pod by pod: jobs 1 and 2.
        let copies = work.copies(&[piece(&[3], -20), piece(&[0, 1, 2], 0)]);
        let ids: Vec<JobId> = (0..4).map(JobId).collect();
        let names: Vec<String> = ids.iter().map(|id| copies.name(*id)).collect();
        assert_eq!(names, ["c", "a", "b", "b"]);
        assert_eq!(copies.estimate(ids[0]), Span::from_secs(60));
        assert_eq!(copies.estimated(), 1);
        assert_eq!(copies.outcome(ids[1]), Outcome::Killed);
        assert_eq!(copies.owner(ids[2]).user, "b");
        assert_eq!(copies.source(ids[2]), copies.source(ids[3]));
        assert_eq!(copies.trace_jobs(), 3);
    }

    #[test]
    fn a_whole_workload_once_is_itself() {
        let work = work();
        let copies = work.copies(&[piece(&[0, 1, 2, 3], 0)]);
        assert_eq!(copies.jobs(), work.jobs());
        assert_eq!(copies.name(JobId(2)), work.name(JobId(2)));
        assert_eq!(copies.pods(), work.pods());
    }

    #[test]
    fn a_job_drawn_twice_is_two_jobs() {
        let work = work();
        let copies = work.copies(&[piece(&[1, 2], 0), piece(&[1, 2], 1)]);
        let names: Vec<String> = (0..4).map(|id| copies.name(JobId(id))).collect();
        assert_eq!(names, ["b", "b", "b~2", "b~2"]);
        assert_eq!(copies.trace_jobs(), 2);
    }
}
