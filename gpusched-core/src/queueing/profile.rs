//! Free capacity over time: what conservative backfilling plans on.

use crate::units::{Span, Time};

/// Totals of a set of resources: milli-GPU, milli-CPU, MiB.
pub(super) type Totals = [i64; 3];

/// A step function of free totals. The first step starts at or before the earliest question; the
/// last one lasts for ever.
#[derive(Debug)]
pub(super) struct Profile {
    steps: Vec<(Time, Totals)>,
}

impl Profile {
    pub(super) fn new(free: Totals) -> Profile {
        Profile {
            steps: vec![(Time(i64::MIN), free)],
        }
    }

    /// Forgets what lies before `now`. O(steps).
    pub(super) fn advance(&mut self, now: Time) {
        let current = self.at(now);
        self.steps.drain(..current);
        self.steps[0].0 = now;
    }

    /// Takes `need` from `from` for `span`.
    pub(super) fn hold(&mut self, from: Time, span: Span, need: Totals) {
        self.add(from, from + span, need, -1);
    }

    /// Gives `need` back in `[from, to)`.
    pub(super) fn give(&mut self, from: Time, to: Time, need: Totals) {
        self.add(from, to, need, 1);
    }

    /// The earliest instant from `now` on at which `need` is free for `span`. O(steps).
    pub(super) fn earliest(&self, now: Time, span: Span, need: Totals) -> Time {
        let mut start = now;
        let mut at = self.at(now);
        loop {
            let end = start + span;
            let blocked = (at..self.steps.len())
                .take_while(|&step| self.steps[step].0 < end || step == at)
                .find(|&step| !covers(self.steps[step].1, need));
            match blocked {
                None => return start,
                Some(step) if step + 1 == self.steps.len() => return Time::NEVER,
                Some(step) => {
                    at = step + 1;
                    start = self.steps[at].0;
                }
            }
        }
    }

    /// The step that holds at `time`.
    fn at(&self, time: Time) -> usize {
        self.steps
            .partition_point(|&(start, _)| start <= time)
            .saturating_sub(1)
    }

    /// Makes a step begin at `time` and returns its position.
    fn split(&mut self, time: Time) -> usize {
        let at = self.at(time);
        if self.steps[at].0 >= time {
            return at;
        }
        let free = self.steps[at].1;
        self.steps.insert(at + 1, (time, free));
        at + 1
    }

    fn add(&mut self, from: Time, to: Time, need: Totals, sign: i64) {
        if from >= to {
            // A job without length holds nothing for any time.
            return;
        }
        let first = self.split(from);
        let last = if to == Time::NEVER {
            self.steps.len()
        } else {
            self.split(to)
        };
        for (_, free) in &mut self.steps[first..last] {
            for (have, need) in free.iter_mut().zip(need) {
                *have += sign * need;
            }
        }
        // Steps that no longer differ from their neighbour are merged, or the profile would grow
        // with every reservation ever made.
        if last < self.steps.len() && self.steps[last].1 == self.steps[last - 1].1 {
            self.steps.remove(last);
        }
        if first > 0 && self.steps[first].1 == self.steps[first - 1].1 {
            self.steps.remove(first);
        }
    }
}

fn covers(free: Totals, need: Totals) -> bool {
    free.iter()
        .zip(need)
        .all(|(&free, need)| free >= need || need == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn t(secs: i64) -> Time {
        Time(secs)
    }

    #[test]
    fn a_hole_is_used_only_if_it_is_long_enough() {
        let mut profile = Profile::new([4, 0, 0]);
        profile.advance(t(0));
        profile.hold(t(5), Span(5), [3, 0, 0]);
        assert_eq!(profile.earliest(t(0), Span(5), [2, 0, 0]), t(0));
        assert_eq!(profile.earliest(t(0), Span(6), [2, 0, 0]), t(10));
        assert_eq!(profile.earliest(t(0), Span(6), [1, 0, 0]), t(0));
        assert_eq!(profile.earliest(t(0), Span(1), [5, 0, 0]), Time::NEVER);
    }

    #[test]
    fn no_time_holds_nothing() {
        let mut profile = Profile::new([4, 0, 0]);
        profile.advance(t(0));
        profile.hold(t(0), Span(0), [3, 0, 0]);
        profile.hold(t(5), Span(0), [3, 0, 0]);
        assert_eq!(profile.steps, [(t(0), [4, 0, 0])]);
    }

    proptest! {
        /// The twin asks every instant.
        #[test]
        fn earliest_is_the_first_instant_at_which_every_instant_is_free(
            holds in prop::collection::vec((0i64..30, 1i64..9, 1i64..4), 0..12),
            span in 1i64..9, need in 1i64..9,
        ) {
            let mut profile = Profile::new([8, 0, 0]);
            profile.advance(t(0));
            let mut free = [8i64; 80];
            for (from, span, need) in holds {
                if (from..from + span).all(|i| free[i as usize] >= need) {
                    profile.hold(t(from), Span(span), [need, 0, 0]);
                    (from..from + span).for_each(|i| free[i as usize] -= need);
                }
            }
            let naive = (0..60)
                .find(|&start| (start..start + span).all(|i| free[i as usize] >= need));
            prop_assert_eq!(profile.earliest(t(0), Span(span), [need, 0, 0]).0, naive.unwrap());
        }
    }
}
