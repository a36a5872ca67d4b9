//! Futures made of the past: blocks of a trace, put one after the other.
//!
//! The *circular block bootstrap* (Politis and Romano, 1992), with blocks of a day. The window of
//! the trace is bent to a ring of whole days; every day of a future is a piece of that ring, a day
//! long, drawn with replacement. Within it arrivals keep their gaps, bursts and users; between
//! days nothing is kept. So that the daily rhythm is kept, a piece begins at the time of day its
//! day of the future begins at, give or take half an hour (else few days would make few futures).
//! From a ring of 14 days on, days that begin on a Saturday or Sunday are drawn for such days, and
//! others for others.
//!
//! Where the calendar of the trace or of the dump is not known, each future begins at a time of
//! day that is drawn. A window of less than a day is a ring of its own length and one block.

use crate::kueue::replay::Job;
use crate::trace::generate::{Purpose, Stream};
use gpusched_core::units::{Span, Time};

/// A day.
pub(super) const DAY: Span = Span::from_secs(86_400);
/// How far from the wanted time of day a block may begin.
const GIVE: Span = Span::from_secs(30 * 60);
/// Days from which on working days and weekends are told apart.
const TWO_WEEKS: i64 = 14;
/// Monday 1970-01-05.
const A_MONDAY: i64 = 4 * DAY.0;

/// The arrivals of a window of a trace, to draw futures from.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// By arrival, which counts from the beginning of the ring.
    jobs: Vec<Job>,
    ring: Span,
    /// The beginning of the ring on the calendar.
    origin: Option<Time>,
}

impl Arrivals {
    /// Of jobs whose arrivals count from the beginning of the window. A window of a day or more is
    /// cut to whole days; jobs after that are left out. `origin` is when the window begins on the
    /// calendar.
    pub fn new(mut jobs: Vec<Job>, window: Span, origin: Option<Time>) -> Arrivals {
        let ring = match window.0 / DAY.0 {
            0 => window.max(Span(1)),
            days => Span(days * DAY.0),
        };
        jobs.retain(|job| job.arrival < Time::ZERO + ring);
        jobs.sort_by_key(|job| job.arrival);
        Arrivals { jobs, ring, origin }
    }

    /// Jobs that are drawn from.
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// Length of the ring.
    pub fn ring(&self) -> Span {
        self.ring
    }

    /// Length of a block.
    pub fn block(&self) -> Span {
        self.ring.min(DAY)
    }

    /// When the ring begins on the calendar, if that is known.
    pub fn origin(&self) -> Option<Time> {
        self.origin
    }

    /// Whether blocks begin at the time of day they stand for, in a future that begins at `now`.
    pub fn keeps_time_of_day(&self, now: Option<Time>) -> bool {
        self.ring >= DAY && self.origin.is_some() && now.is_some()
    }

    /// Whether weekends stand for weekends.
    pub fn keeps_weekends(&self, now: Option<Time>) -> bool {
        self.keeps_time_of_day(now) && self.ring.0 >= TWO_WEEKS * DAY.0
    }

    /// The jobs of future number `sample` until `reach` from now, by arrival from now. A longer
    /// reach only adds to them. Names are those of the trace with a number behind.
    ///
    /// O(log jobs) per block, and the jobs.
    pub fn sample(&self, seed: u64, sample: u32, now: Option<Time>, reach: Span) -> Vec<Job> {
        let mut jobs = Vec::new();
        let block = self.block();
        let mut begins = Span::ZERO;
        let mut number = 0;
        while begins < reach {
            let from = self.draw(seed, sample, number, now);
            for (offset, job) in self.piece(from, block) {
                let arrival = begins + offset;
                if arrival >= reach {
                    return jobs;
                }
                let mut job = job.clone();
                job.arrival = Time::ZERO + arrival;
                job.workload.name += &format!("~{}", jobs.len());
                job.workload.uid.clone_from(&job.workload.name);
                jobs.push(job);
            }
            begins += block;
            number += 1;
        }
        jobs
    }

    /// Where block `number` of a future begins on the ring.
    fn draw(&self, seed: u64, sample: u32, number: u32, now: Option<Time>) -> Span {
        let entity = u64::from(sample) << 32 | u64::from(number);
        let mut stream = Stream::new(seed, Purpose::WaitBlock, entity);
        let days = self.ring.0 / DAY.0;
        if days == 0 {
            return part(self.ring, stream.unit());
        }
        let calendar = now.zip(self.origin);
        let phase = match calendar {
            Some((now, origin)) => Span((now - origin).0.rem_euclid(DAY.0)),
            None => part(
                DAY,
                Stream::new(seed, Purpose::WaitPhase, sample.into()).unit(),
            ),
        };
        let begin = |day: i64| Span(day * DAY.0) + phase;
        let mut candidates: Vec<Span> = (0..days).map(begin).collect();
        if let Some((now, origin)) = calendar.filter(|_| days >= TWO_WEEKS) {
            let wanted = is_weekend(now + Span(i64::from(number) * DAY.0));
            candidates.retain(|begin| is_weekend(origin + *begin) == wanted);
        }
        let at = (stream.unit() * candidates.len() as f64) as usize;
        let give = part(Span(2 * GIVE.0), stream.unit()) - GIVE;
        let from = candidates[at.min(candidates.len() - 1)] + give;
        Span(from.0.rem_euclid(self.ring.0))
    }

    /// The jobs of a piece of the ring, with the time since its beginning.
    fn piece(&self, from: Span, length: Span) -> impl Iterator<Item = (Span, &Job)> {
        let first = self
            .jobs
            .partition_point(|job| job.arrival < Time::ZERO + from);
        let (before, after) = self.jobs.split_at(first);
        let after = after
            .iter()
            .map(move |job| (job.arrival - (Time::ZERO + from), job));
        let around = self.ring - from;
        let before = before
            .iter()
            .map(move |job| (job.arrival - Time::ZERO + around, job));
        after
            .chain(before)
            .take_while(move |(offset, _)| *offset < length)
    }
}

/// A part of a length, for a uniform `u` of (0, 1).
fn part(length: Span, u: f64) -> Span {
    Span((length.0 as f64 * u) as i64)
}

/// Whether it is Saturday or Sunday, in UTC.
fn is_weekend(at: Time) -> bool {
    (at.0 - A_MONDAY).rem_euclid(7 * DAY.0) >= 5 * DAY.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::queueing::kueue::objects::Workload;

    const HOUR: i64 = 3600;

    /// One job at each of these seconds, named after it.
    fn arrivals(
        seconds: impl IntoIterator<Item = i64>,
        window: i64,
        origin: Option<i64>,
    ) -> Arrivals {
        let jobs = seconds.into_iter().map(|at| Job {
            workload: Workload {
                name: at.to_string(),
                ..Workload::default()
            },
            arrival: Time::from_secs(at),
            run: None,
        });
        let origin = origin.map(Time::from_secs);
        Arrivals::new(jobs.collect(), Span::from_secs(window), origin)
    }

    /// Seconds of the trace that the jobs of a future came at, and those of the future.
    fn sample(arrivals: &Arrivals, seed: u64, now: Option<i64>, reach: i64) -> Vec<(i64, i64)> {
        let now = now.map(Time::from_secs);
        let jobs = arrivals.sample(seed, 0, now, Span::from_secs(reach));
        let came = |job: &Job| {
            job.workload
                .name
                .split('~')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        };
        let jobs = jobs
            .iter()
            .map(|job| (came(job), job.arrival.0 / 1_000_000));
        jobs.collect()
    }

    /// Five days with a job every hour at the full hour. At 15:00 the jobs of the future come
    /// where the trace has the same time of day, give or take half an hour.
    #[test]
    fn blocks_keep_the_time_of_day() {
        let trace = arrivals((0..120).map(|hour| hour * HOUR), 5 * 24 * HOUR, Some(0));
        for seed in 0..50 {
            let future = sample(&trace, seed, Some(1_000 * 24 * HOUR + 15 * HOUR), 72 * HOUR);
            // A piece that begins early ends early: 71 to 73 jobs.
            assert!((71..=73).contains(&future.len()), "{future:?}");
            for (came, at) in future {
                let off = (came - (15 * HOUR + at)).rem_euclid(24 * HOUR);
                assert!(
                    off <= HOUR / 2 || off >= 24 * HOUR - HOUR / 2,
                    "{came} {at}"
                );
            }
        }
    }

    /// Fourteen days from Thursday 1970-01-01 on; now is a Saturday (1970-01-10) at noon, and the
    /// third day of the future a Monday.
    #[test]
    fn from_two_weeks_on_weekends_stand_for_weekends() {
        let noon = (9 * 24 + 12) * HOUR;
        let trace = arrivals(
            (0..14).map(|day| (day * 24 + 13) * HOUR),
            14 * 24 * HOUR,
            Some(0),
        );
        for seed in 0..50 {
            let future = sample(&trace, seed, Some(noon), 72 * HOUR);
            let days: Vec<i64> = future
                .iter()
                .map(|(came, _)| came / (24 * HOUR) % 7)
                .collect();
            // 1970-01-01 is a Thursday, so Saturday and Sunday are 2 and 3.
            assert_eq!(days.len(), 3);
            assert!(
                (2..=3).contains(&days[0]) && (2..=3).contains(&days[1]),
                "{days:?}"
            );
            assert!(!(2..=3).contains(&days[2]), "{days:?}");
        }
    }

    /// Over many futures every job of the trace comes equally often, first and last included.
    #[test]
    fn no_job_of_the_ring_is_favoured() {
        let day = 24 * HOUR;
        for now in [None, Some(7 * HOUR)] {
            let trace = arrivals([0, day, 2 * day, 3 * day - 1], 3 * day, Some(0));
            let mut times = std::collections::BTreeMap::<i64, u32>::new();
            for seed in 0..3000 {
                for (came, _) in sample(&trace, seed, now, day) {
                    *times.entry(came).or_default() += 1;
                }
            }
            // One in three days: 1000 of 3000, with a standard deviation of 26.
            let counts: Vec<u32> = times.into_values().collect();
            assert_eq!(counts.len(), 4);
            assert!(counts.iter().all(|n| (900..1100).contains(n)), "{counts:?}");
        }
    }

    #[test]
    fn a_window_of_less_than_a_day_is_one_ring() {
        let trace = arrivals([0, 10, 25], 40, Some(0));
        assert_eq!(
            (trace.ring(), trace.block()),
            (Span::from_secs(40), Span::from_secs(40))
        );
        for seed in 0..20 {
            // In 80 s each comes twice, in the order of the ring.
            let future = sample(&trace, seed, Some(0), 80);
            assert_eq!(future.len(), 6, "{future:?}");
        }
    }

    #[test]
    fn a_last_day_that_is_not_whole_is_left_out() {
        let trace = arrivals([0, 86_400 + 5], 86_400 + 10, None);
        assert_eq!((trace.ring(), trace.jobs()), (DAY, 1));
    }

    #[test]
    fn a_longer_reach_only_adds() {
        let trace = arrivals((0..200).map(|n| n * 1717), 4 * 86_400, None);
        let long = sample(&trace, 3, None, 400_000);
        let short = sample(&trace, 3, None, 123_456);
        assert!(!short.is_empty() && long.len() > short.len());
        assert_eq!(long[..short.len()], short);
    }
}
