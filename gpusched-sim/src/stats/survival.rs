//! Waits and completion times of jobs that the horizon cut off.

use super::Interval;
use statrs::distribution::{ContinuousCDF, Normal};

/// A time that was seen to its end, or as long as it was looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// How long.
    pub time: f64,
    /// Whether it ended then; `false` = it lasted longer (it is censored).
    pub ended: bool,
}

/// A Kaplan–Meier curve: the share of jobs whose time is longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    steps: Vec<Step>,
    /// The longest time that was looked at.
    longest: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    time: f64,
    /// Times that ended here, of those at risk.
    ended: f64,
    at_risk: f64,
    /// The share left from here on.
    left: f64,
}

/// A mean up to a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestrictedMean {
    /// The mean of min(time, bound), with its interval.
    pub mean: Interval,
    /// The bound.
    pub bound: f64,
}

impl Curve {
    /// The curve of these times. O(n log n).
    ///
    /// Stands on censoring that has nothing to do with how long a job would have taken, which holds
    /// for a horizon that is set beforehand.
    ///
    /// ```
    /// use gpusched_sim::stats::{Curve, Observed};
    /// let seen = [(1.0, true), (2.0, false), (3.0, true)];
    /// let curve = Curve::new(seen.map(|(time, ended)| Observed { time, ended }));
    /// assert_eq!(curve.quantile(0.5), Some(3.0));
    /// // To 1 all are there, to 3 two thirds.
    /// let mean = curve.restricted_mean(3.0, 0.95).unwrap().mean.estimate;
    /// assert!((mean - (1.0 + 2.0 * 2.0 / 3.0)).abs() < 1e-12);
    /// ```
    pub fn new(observed: impl IntoIterator<Item = Observed>) -> Curve {
        let mut all: Vec<Observed> = observed.into_iter().collect();
        all.sort_by(|a, b| a.time.total_cmp(&b.time));
        let (mut steps, mut left, mut at) = (Vec::new(), 1.0, 0);
        while at < all.len() {
            let time = all[at].time;
            let here = all[at..].iter().take_while(|one| one.time == time);
            let ended = here.clone().filter(|one| one.ended).count() as f64;
            let at_risk = (all.len() - at) as f64;
            if ended > 0.0 {
                left *= (at_risk - ended) / at_risk;
                steps.push(Step {
                    time,
                    ended,
                    at_risk,
                    left,
                });
            }
            at += here.count();
        }
        Curve {
            steps,
            longest: all.last().map_or(0.0, |one| one.time),
        }
    }

    /// The time by which this share of jobs has ended; `None` where the curve does not go that
    /// far down.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        // The share left is a product of fractions: it misses round numbers by a rounding error.
        let reached = |step: &&Step| step.left <= 1.0 - share + 1e-12;
        self.steps.iter().find(reached).map(|step| step.time)
    }

    /// The longest time that was looked at: beyond it the curve says nothing.
    pub fn longest(&self) -> f64 {
        self.longest
    }

    /// The mean of min(time, `bound`), the curve being taken to stay where it is beyond the longest
    /// time that was looked at (Gill 1980): whatever is unknown counts as lasting to the bound,
    /// which is the most it can be. O(n).
    ///
    /// ```
    /// use gpusched_sim::stats::{Curve, Observed};
    /// let seen = [(1.0, true), (3.0, false)];
    /// let curve = Curve::new(seen.map(|(time, ended)| Observed { time, ended }));
    /// // One to 1, and half of them from there to 10.
    /// assert_eq!(curve.mean_at_most(10.0), 1.0 + 0.5 * 9.0);
    /// ```
    pub fn mean_at_most(&self, bound: f64) -> f64 {
        let (mut area, mut from, mut left) = (0.0, 0.0, 1.0);
        for step in self.steps.iter().filter(|step| step.time < bound) {
            area += left * (step.time - from);
            (from, left) = (step.time, step.left);
        }
        area + left * (bound - from)
    }

    /// The mean of min(time, `bound`) with Greenwood's variance, normal quantiles. `None` without
    /// observations, or for a bound beyond the longest time while jobs are left there. O(n).
    pub fn restricted_mean(&self, bound: f64, level: f64) -> Option<RestrictedMean> {
        let open = self.steps.last().map_or(1.0, |step| step.left) > 0.0;
        if open && bound > self.longest || bound <= 0.0 || bound.is_nan() {
            return None;
        }
        let inside = self.steps.iter().filter(|step| step.time < bound);
        let steps: Vec<&Step> = inside.collect();
        // Areas under the curve, from the bound back to 0.
        let (mut area, mut variance, mut until) = (0.0, 0.0, bound);
        for step in steps.into_iter().rev() {
            area += step.left * (until - step.time);
            until = step.time;
            let survivors = step.at_risk - step.ended;
            if survivors > 0.0 {
                variance += area * area * step.ended / (step.at_risk * survivors);
            }
        }
        area += until;
        let half = Normal::standard().inverse_cdf(0.5 + level / 2.0) * variance.sqrt();
        Some(RestrictedMean {
            mean: Interval {
                estimate: area,
                low: area - half,
                high: area + half,
            },
            bound,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(all: &[(f64, bool)]) -> Curve {
        Curve::new(all.iter().map(|&(time, ended)| Observed { time, ended }))
    }

    #[test]
    fn without_censoring_it_is_the_empirical_distribution() {
        let times = [4.0, 1.0, 3.0, 3.0, 9.0];
        let all = curve(&times.map(|time| (time, true)));
        assert_eq!(all.quantile(0.2), Some(1.0));
        assert_eq!(all.quantile(0.6), Some(3.0));
        assert_eq!(all.quantile(0.61), Some(4.0));
        let mean = all.restricted_mean(9.0, 0.95).unwrap().mean;
        assert!((mean.estimate - 4.0).abs() < 1e-12);
        // Greenwood's variance is that of the empirical distribution over n.
        let squares: f64 = times.iter().map(|time| (time - 4.0_f64).powi(2)).sum();
        let half = 1.959_964 * (squares / 25.0).sqrt();
        assert!((mean.high - mean.estimate - half).abs() < 1e-4);
    }

    #[test]
    fn the_worked_example_of_a_textbook() {
        // Six-mercaptopurine arm of Freireich et al. 1963: S(6) = 0.857, S(10) = 0.753,
        // S(23) = 0.448.
        let ended = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let open = [
            6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0,
        ];
        let all = ended.iter().map(|time| (*time, true));
        let all: Vec<(f64, bool)> = all.chain(open.iter().map(|time| (*time, false))).collect();
        let curve = curve(&all);
        let left = |time: f64| {
            let before = curve.steps.iter().rfind(|step| step.time <= time);
            before.map_or(1.0, |step| step.left)
        };
        for (time, printed) in [(6.0, 0.857), (10.0, 0.753), (13.0, 0.690), (23.0, 0.448)] {
            assert!(
                (left(time) - printed).abs() < 6e-4,
                "{time}: {}",
                left(time)
            );
        }
        assert_eq!(curve.quantile(0.5), Some(23.0));
        assert_eq!(curve.quantile(0.6), None);
        assert_eq!(curve.longest(), 35.0);
    }

    #[test]
    fn where_the_curve_reaches_the_bound_both_means_agree() {
        let times = [
            (0.0, true),
            (2.0, true),
            (2.0, false),
            (5.0, true),
            (9.0, false),
        ];
        let curve = curve(&times);
        for bound in [0.5, 2.0, 4.0, 9.0] {
            let known = curve.restricted_mean(bound, 0.95).unwrap().mean.estimate;
            assert!((curve.mean_at_most(bound) - known).abs() < 1e-12, "{bound}");
        }
        // 3/10 of them are unknown beyond 9.
        let beyond = curve.mean_at_most(19.0) - curve.mean_at_most(9.0);
        assert!((beyond - 10.0 * 0.3).abs() < 1e-12, "{beyond}");
    }

    #[test]
    fn nothing_is_said_beyond_what_was_looked_at() {
        let all = curve(&[(1.0, true), (5.0, false)]);
        assert!(all.restricted_mean(5.0, 0.95).is_some());
        assert_eq!(all.restricted_mean(5.1, 0.95), None);
        assert_eq!(all.restricted_mean(0.0, 0.95), None);
        assert_eq!(curve(&[]).restricted_mean(1.0, 0.95), None);
    }
}
