//! Other traces that could have been recorded: pieces of this one, drawn anew.
//!
//! One trace replayed once gives one number and no idea of how far it is by chance. Drawing its
//! days, its weeks or its users with replacement gives traces whose spread says it, as far as the
//! pieces are independent of each other (Feitelson, "Resampling with Feedback", 2016, does it by
//! users). All policies replay the same draws: what the draws have in common cancels in pairs.

use super::generate::{Purpose, Stream};
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::ids::JobId;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::{Arrival, Workload, WorkloadError};
use std::collections::BTreeMap;
use std::fmt;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days, counted from the first submission.
    Days,
    /// Weeks, likewise.
    Weeks,
    /// Users, each with all its jobs at their own times.
    Users,
}

impl Unit {
    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Days => "days",
            Unit::Weeks => "weeks",
            Unit::Users => "users",
        }
    }

    /// The unit of that name.
    pub fn named(name: &str) -> Option<Unit> {
        let all = [Unit::Days, Unit::Weeks, Unit::Users];
        all.into_iter().find(|one| one.name() == name)
    }

    fn span(self) -> Option<Span> {
        let day = 86_400 * MICROS;
        match self {
            Unit::Days => Some(Span(day)),
            Unit::Weeks => Some(Span(7 * day)),
            Unit::Users => None,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The piece each job of the trace belongs to, in order of arrival and counted from 0: the day or
/// week of its submission, or its user. O(jobs).
pub fn pieces(work: &Workload, unit: Unit) -> Vec<usize> {
    let first = work.jobs().first().map(|job| job.submit);
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    let of = |parts: std::ops::Range<u32>| {
        let id = JobId(parts.start);
        match (unit.span(), first) {
            (Some(span), Some(first)) => ((work.job(id).submit - first).0 / span.0) as usize,
            _ => {
                let next = users.len();
                let user = work.owner(id).user.as_str();
                *users.entry(user).or_insert(next)
            }
        }
    };
    work.in_arrival_order().into_iter().map(of).collect()
}

/// A trace cut into pieces that can be drawn.
///
/// ```
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// use gpusched_sim::trace::resample::{Resample, Unit};
/// let mut jobs = WorkloadBuilder::numbered();
/// for hour in 0..100 {
///     let submit = Time::from_secs(3600 * hour);
///     jobs.push(&JobDraft::new("", submit, Span::from_secs(60), Shape::whole_gpus(1))).unwrap();
/// }
/// let work = jobs.finish().unwrap();
/// // Four whole days, and four hours that are left out.
/// let days = Resample::new(&work, Unit::Days).unwrap();
/// let drawn = days.draw(&work, 7, 0).unwrap();
/// assert_eq!((days.len(), days.left_out(), drawn.len()), (4, 4, 96));
/// assert_eq!(days.draw(&work, 7, 0).unwrap().jobs(), drawn.jobs());
/// ```
#[derive(Clone, Debug)]
pub struct Resample {
    unit: Unit,
    /// Jobs of each by their places in order of arrival.
    pieces: Vec<Vec<u32>>,
    /// By job: when it arrived.
    submits: Vec<Time>,
    left_out: usize,
}

impl Resample {
    /// Cuts a trace. The last day or week is left out unless the last submission ends it.
    ///
    /// # Errors
    /// With fewer than two pieces there is nothing to draw.
    pub fn new(work: &Workload, unit: Unit) -> Result<Resample> {
        let of = pieces(work, unit);
        let whole = match (unit.span(), work.jobs()) {
            (Some(span), [first, .., last]) => ((last.submit - first.submit).0 + 1) / span.0,
            (Some(_), _) => 0,
            (None, _) => i64::MAX,
        };
        let mut pieces: Vec<Vec<u32>> = Vec::new();
        let mut left_out = 0;
        for (job, piece) in (0..).zip(of) {
            if piece as i64 >= whole {
                left_out += 1;
                continue;
            }
            if pieces.len() <= piece {
                pieces.resize_with(piece + 1, Vec::new);
            }
            pieces[piece].push(job);
        }
        if pieces.len() < 2 {
            return Err(Diagnostic::new(format!(
                "this trace has {} whole {unit}, and a draw needs at least 2",
                pieces.len()
            ))
            .help(match unit {
                Unit::Weeks => "draw `days`, or `users`",
                Unit::Days => "draw `users`, or give a longer trace",
                Unit::Users => "draw `days`: these jobs have no users of their own",
            }));
        }
        let submit = |parts: std::ops::Range<u32>| work.job(JobId(parts.start)).submit;
        Ok(Resample {
            unit,
            pieces,
            submits: work.in_arrival_order().into_iter().map(submit).collect(),
            left_out,
        })
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Never: there are at least two pieces.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Jobs of a last day or week that is not whole.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Every piece once: the trace without what is left out. `work` is the trace it was cut from.
    /// O(jobs log jobs).
    ///
    /// # Errors
    /// As [`Resample::draw`].
    pub fn whole(&self, work: &Workload) -> Result<Workload, WorkloadError> {
        self.arranged(work, (0..self.pieces.len()).collect())
    }

    /// As many pieces as there are, drawn with replacement. Days and weeks follow each other and
    /// keep their hours; users keep their times. `work` is the trace it was cut from. The draw is
    /// keyed by `seed` and `replicate`. O(jobs log jobs).
    ///
    /// # Errors
    /// [`WorkloadError::TooMany`] when so many jobs are drawn that a table outgrows its index.
    pub fn draw(
        &self,
        work: &Workload,
        seed: u64,
        replicate: u64,
    ) -> Result<Workload, WorkloadError> {
        let mut stream = Stream::new(seed, Purpose::Resample, replicate);
        let count = self.pieces.len();
        // Below 1, but the product may round up.
        let mut drawn = || ((stream.unit() * count as f64) as usize).min(count - 1);
        self.arranged(work, (0..count).map(|_| drawn()).collect())
    }

    /// These pieces, each in the place of the one it stands for.
    fn arranged(&self, work: &Workload, drawn: Vec<usize>) -> Result<Workload, WorkloadError> {
        let mut arrivals: Vec<Arrival> = Vec::new();
        for (slot, piece) in drawn.into_iter().enumerate() {
            let shift = |span: Span| Span((slot as i64 - piece as i64) * span.0);
            let moved = self.unit.span().map_or(Span::ZERO, shift);
            arrivals.extend(self.pieces[piece].iter().map(|job| Arrival {
                job: *job,
                submit: self.submits[*job as usize] + moved,
                run: None,
            }));
        }
        arrivals.sort_by_key(|one| one.submit);
        work.arranged(&arrivals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::workload::{JobDraft, Owner, Shape, WorkloadBuilder};

    /// A job every six hours, by five users in turn.
    fn work(jobs: i64) -> Workload {
        let mut builder = WorkloadBuilder::new();
        for index in 0..jobs {
            let name = index.to_string();
            let submit = Time::from_secs(1000 + 21_600 * index);
            let span = Span::from_secs(60);
            let mut draft = JobDraft::new(&name, submit, span, Shape::whole_gpus(1));
            draft.owner = Owner {
                user: format!("user-{}", index % 5),
                ..Owner::default()
            };
            builder.push(&draft).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn days_keep_their_hours_and_follow_each_other() {
        let work = work(42);
        let days = Resample::new(&work, Unit::Days).unwrap();
        assert_eq!((days.len(), days.left_out()), (10, 2));
        let drawn = days.draw(&work, 1, 3).unwrap();
        for (index, job) in drawn.jobs().iter().enumerate() {
            let (day, hour) = (index as i64 / 4, index as i64 % 4);
            assert_eq!(
                job.submit,
                Time::from_secs(1000 + 86_400 * day + 21_600 * hour)
            );
        }
        assert_ne!(
            drawn.name(JobId(0)),
            days.draw(&work, 2, 3).unwrap().name(JobId(0))
        );
        assert_ne!(
            drawn.name(JobId(0)),
            days.draw(&work, 1, 4).unwrap().name(JobId(0))
        );
    }

    #[test]
    fn users_bring_all_their_jobs_at_their_own_times() {
        let work = work(50);
        let users = Resample::new(&work, Unit::Users).unwrap();
        let drawn = users.draw(&work, 0, 0).unwrap();
        assert_eq!((users.len(), users.left_out(), drawn.len()), (5, 0, 50));
        let mut by_user: BTreeMap<&str, usize> = BTreeMap::new();
        for index in 0..drawn.len() {
            *by_user
                .entry(&drawn.owner(JobId::from(index)).user)
                .or_default() += 1;
        }
        assert!(by_user.values().all(|jobs| jobs % 10 == 0), "{by_user:?}");
    }

    #[test]
    fn a_mean_over_draws_is_the_mean_of_the_trace() {
        // Each day is drawn once on average.
        let work = work(41);
        let days = Resample::new(&work, Unit::Days).unwrap();
        let mut times = [0_u32; 40];
        for replicate in 0..2_000 {
            let drawn = days.draw(&work, 5, replicate).unwrap();
            for index in 0..drawn.len() {
                let name = drawn.name(JobId::from(index));
                let number = name.split('+').next().unwrap_or_default();
                times[number.parse::<usize>().unwrap()] += 1;
            }
        }
        // 2,000 expected, standard deviation √(2000 × 0.9) = 42.
        assert!(
            times
                .iter()
                .all(|times: &u32| (1_800..2_200).contains(times)),
            "{times:?}"
        );
    }

    #[test]
    fn one_piece_cannot_be_drawn_from() {
        let message = |unit| Resample::new(&work(6), unit).unwrap_err().message;
        assert!(message(Unit::Days).contains("1 whole days"));
        assert!(message(Unit::Weeks).contains("0 whole weeks"));
        assert!(Resample::new(&work(1), Unit::Users).is_err());
        assert!(Resample::new(&Workload::default(), Unit::Days).is_err());
    }
}
