//! Work that is left, under changing speed.

use super::Speed;
use crate::units::{Span, Time};

/// An amount of work: microseconds at full speed, times the parts of [`Speed::FULL`].
///
/// 2^53 µs of work are less than 2^91 units, so sums and products below never overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(u128);

impl Work {
    /// What full speed does in `span`; nothing for a negative one.
    pub fn at_full_speed(span: Span) -> Work {
        Work::done(Speed::FULL, span)
    }

    /// What `speed` does in `span`, exactly; nothing in a negative one.
    pub fn done(speed: Speed, span: Span) -> Work {
        Work(u128::from(speed.parts()) * span.0.max(0) as u128)
    }

    /// The shortest whole number of microseconds in which `speed` does this much: rounded up.
    /// `None` when it never does.
    pub fn time_at(self, speed: Speed) -> Option<Span> {
        match (self.0, speed.parts()) {
            (0, _) => Some(Span::ZERO),
            (_, 0) => None,
            (left, parts) => i64::try_from(left.div_ceil(u128::from(parts)))
                .ok()
                .map(Span),
        }
    }

    /// Units.
    pub fn units(self) -> u128 {
        self.0
    }
}

/// A running job: what it has left, how fast it goes, since when.
///
/// All integers. The rule for the end: **a job ends at the first microsecond at which the work
/// done reaches its work.** Between, work done is exactly the sum of speed times time, however
/// often the speed changes; calling [`set_speed`](Progress::set_speed) with the speed it has
/// changes nothing, so an engine may or may not do so.
///
/// ```
/// use gpusched_core::performance::sharing::{Progress, Speed};
/// use gpusched_core::units::{Span, Time};
/// let mut job = Progress::new(Span::from_secs(100), Time::ZERO);
/// job.set_speed(Time::ZERO, Speed::FULL);
/// assert_eq!(job.finish(), Time::from_secs(100));
/// job.set_speed(Time::from_secs(40), Speed::ratio(1, 3).unwrap());
/// assert_eq!(job.finish(), Time::from_secs(40 + 180));
/// job.set_speed(Time::from_secs(70), Speed::STOPPED);
/// assert_eq!(job.finish(), Time::NEVER);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    left: Work,
    speed: Speed,
    since: Time,
}

impl Progress {
    /// A job that takes `run` at full speed and has not been given a speed yet.
    pub fn new(run: Span, now: Time) -> Progress {
        Progress {
            left: Work::at_full_speed(run),
            speed: Speed::STOPPED,
            since: now,
        }
    }

    /// From `now` on the job goes at `speed`. A finished job stays finished when it was.
    ///
    /// `now` must not lie before the last change.
    pub fn set_speed(&mut self, now: Time, speed: Speed) {
        debug_assert!(now >= self.since, "speed changed in the past");
        let finish = self.finish();
        if finish <= now {
            self.left = Work::default();
            self.since = finish;
        } else {
            self.left = self.left_at(now);
            self.since = now;
            self.speed = speed;
        }
    }

    /// What is left at `now`.
    #[inline]
    pub fn left_at(&self, now: Time) -> Work {
        // Saturating: `Time::NEVER` is a fair question too.
        let span = Span(now.0.saturating_sub(self.since.0));
        let done = Work::done(self.speed, span);
        Work(self.left.0.saturating_sub(done.0))
    }

    /// The instant it ends if nothing changes; [`Time::NEVER`] when stopped.
    #[inline]
    pub fn finish(&self) -> Time {
        self.left
            .time_at(self.speed)
            .map_or(Time::NEVER, |span| self.since + span)
    }

    /// The speed it goes at.
    pub fn speed(&self) -> Speed {
        self.speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_end_is_the_first_microsecond_that_suffices() {
        let mut job = Progress::new(Span(10), Time(0));
        job.set_speed(Time(0), Speed::ratio(3, 4).unwrap());
        // 13 µs do 9.75, 14 µs do 10.5.
        assert_eq!(job.finish(), Time(14));
        assert!(job.left_at(Time(13)).units() > 0);
        assert_eq!(job.left_at(Time(14)).units(), 0);
    }

    #[test]
    fn a_finished_job_stays_finished() {
        let mut job = Progress::new(Span(10), Time(0));
        job.set_speed(Time(0), Speed::FULL);
        job.set_speed(Time(50), Speed::STOPPED);
        assert_eq!(job.finish(), Time(10));
        job.set_speed(Time(60), Speed::FULL);
        assert_eq!(job.finish(), Time(10));
        assert_eq!(Progress::new(Span::ZERO, Time(3)).finish(), Time(3));
    }

    #[test]
    fn never_is_a_fair_question() {
        let mut job = Progress::new(Span::from_secs(1), Time(-5));
        assert!(job.left_at(Time::NEVER).units() > 0);
        job.set_speed(Time(-5), Speed::MAX);
        assert_eq!(job.left_at(Time::NEVER).units(), 0);
    }

    #[test]
    fn turns_of_a_seventh_add_up() {
        let mut job = Progress::new(Span::from_secs(1), Time(0));
        for turn in 0..6 {
            job.set_speed(Time::from_secs(turn), Speed::ratio(1, 7).unwrap());
        }
        assert_eq!(job.finish(), Time::from_secs(7));
    }

    proptest! {
        /// Work done plus work left is the work there was, after any history; and the end obeys
        /// its rule, judged with sums taken apart from `Progress`.
        #[test]
        fn work_is_conserved(
            run in 0i64..1 << 53,
            changes in prop::collection::vec((0i64..1 << 40, 0u64..4 * Speed::FULL.parts()), 0..50),
        ) {
            let mut job = Progress::new(Span(run), Time::ZERO);
            let total = Work::at_full_speed(Span(run)).units();
            let (mut now, mut done, mut speed) = (Time::ZERO, 0u128, Speed::STOPPED);
            for (wait, parts) in changes {
                let next = now + Span(wait);
                done += Work::done(speed, Span(wait)).units();
                prop_assert_eq!(job.left_at(next).units(), total.saturating_sub(done));
                if done >= total {
                    prop_assert!(job.finish() <= next);
                    return Ok(());
                }
                now = next;
                speed = Speed::from_factor(parts as f64 / Speed::FULL.parts() as f64).unwrap();
                job.set_speed(now, speed);
            }
            let finish = job.finish();
            if finish != Time::NEVER {
                prop_assert!(done + Work::done(speed, finish - now).units() >= total);
                if finish > now {
                    let before = Span((finish - now).0 - 1);
                    prop_assert!(done + Work::done(speed, before).units() < total);
                }
            }
        }

        /// Telling a job the speed it already has, at any instants, moves its end nowhere.
        #[test]
        fn repeating_a_speed_changes_nothing(
            run in 1i64..1 << 40,
            num in 1u32..1000,
            den in 1u32..1000,
            mut instants in prop::collection::vec(0i64..1 << 42, 0..20),
        ) {
            let speed = Speed::ratio(num, den).unwrap();
            let mut plain = Progress::new(Span(run), Time::ZERO);
            plain.set_speed(Time::ZERO, speed);
            let mut nagged = plain;
            instants.sort_unstable();
            for now in instants {
                nagged.set_speed(Time(now), speed);
            }
            prop_assert_eq!(plain.finish(), nagged.finish());
        }
    }
}
