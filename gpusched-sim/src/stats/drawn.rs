//! Policies that replayed traces drawn from one trace.
//!
//! Draws are no new observations: a thousand of them say no more of the world than the days of the
//! one trace do. Their spread is the uncertainty, and it does not shrink with their number.

use super::ranking::agreement;
use super::t::t_quantile;
use super::{Interval, deviation, mean};

/// In how many cases a difference is to be seen.
const POWER: f64 = 0.8;

/// A policy by one metric, on a trace and on draws from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Its value on the trace.
    pub on_trace: f64,
    /// The mean over draws; far from `on_trace` where the order of the pieces matters.
    pub drawn: f64,
    /// Share of draws in which it is the best; ties share.
    pub best: f64,
    /// What may be said of its difference from the baseline; `None` for the baseline.
    pub difference: Option<Difference>,
}

/// A difference between two policies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// On the trace, with the interval that the spread of the draws gives: t · s · √(n / (n − 1)),
    /// n being the number of pieces, of which t has n − 1 degrees of freedom (or one less than
    /// draws, if that is less).
    pub interval: Interval,
    /// Share of draws in which it has the same sign as on the trace.
    pub same_sign: f64,
    /// The smallest true difference that so many pieces would tell from 0 in 80 % of cases: the
    /// same error times the sum of the quantiles of t for the level and for the power.
    pub minimal_effect: f64,
}

/// The mean of Kendall's τ between the order of the policies on the trace and on a draw: 1 = every
/// draw tells the same order. `None` with fewer than two policies.
pub fn order_kept(trace: &[f64], draws: &[Vec<f64>]) -> Option<f64> {
    let count = draws.first().map_or(0, Vec::len);
    let of_draw = |draw: usize| draws.iter().map(|of| of[draw]).collect();
    agreement(trace, (0..count).map(of_draw))
}

/// What draws say: `trace[policy]` and `draws[policy][draw]`, from a trace of `pieces`; the smaller
/// the better. Empty with fewer than two draws or pieces.
///
/// ```
/// use gpusched_sim::stats::drawn::drawn;
/// let trace = [10.0, 8.0];
/// let draws = [vec![9.0, 12.0, 10.0], vec![8.0, 9.0, 8.0]];
/// let found = drawn(&trace, &draws, 10, 0, 0.95);
/// let difference = found[1].difference.unwrap();
/// assert_eq!((difference.interval.estimate, difference.same_sign), (-2.0, 1.0));
/// assert_eq!((found[0].best, found[1].best), (0.0, 1.0));
/// ```
pub fn drawn(
    trace: &[f64],
    draws: &[Vec<f64>],
    pieces: usize,
    baseline: usize,
    level: f64,
) -> Vec<Drawn> {
    let count = draws.first().map_or(0, Vec::len);
    let (Some(base), true) = (draws.get(baseline), count >= 2 && pieces >= 2) else {
        return Vec::new();
    };
    let best = best_shares(draws, count);
    let freedom = (pieces.min(count) - 1) as f64;
    let pieces = pieces as f64;
    let widening = (pieces / (pieces - 1.0)).sqrt();
    let (sure, powerful) = (
        t_quantile(freedom, 0.5 + level / 2.0),
        t_quantile(freedom, POWER),
    );
    let of = |policy: usize| {
        let differences: Vec<f64> = draws[policy].iter().zip(base).map(|(a, b)| a - b).collect();
        let estimate = trace[policy] - trace[baseline];
        let error = widening * deviation(&differences);
        let half = sure * error;
        let same = differences
            .iter()
            .filter(|one| **one * estimate > 0.0 || **one == estimate);
        Drawn {
            on_trace: trace[policy],
            drawn: mean(&draws[policy]),
            best: best[policy],
            difference: (policy != baseline).then(|| Difference {
                interval: Interval {
                    estimate,
                    low: estimate - half,
                    high: estimate + half,
                },
                same_sign: same.count() as f64 / count as f64,
                minimal_effect: (sure + powerful) * error,
            }),
        }
    };
    (0..draws.len()).map(of).collect()
}

fn best_shares(draws: &[Vec<f64>], count: usize) -> Vec<f64> {
    let mut shares = vec![0.0; draws.len()];
    for draw in 0..count {
        let least = draws
            .iter()
            .map(|of| of[draw])
            .fold(f64::INFINITY, f64::min);
        let winners = draws.iter().filter(|of| of[draw] == least).count() as f64;
        for (share, of) in shares.iter_mut().zip(draws) {
            if of[draw] == least {
                *share += 1.0 / winners / count as f64;
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_draws_do_not_narrow_the_interval() {
        let few: Vec<f64> = (0..50).map(|at| f64::from(at % 5)).collect();
        let many: Vec<f64> = (0..5_000).map(|at| f64::from(at % 5)).collect();
        let width = |of: &Vec<f64>| {
            let draws = [vec![0.0; of.len()], of.clone()];
            let interval = drawn(&[0.0, 2.0], &draws, 30, 0, 0.95)[1]
                .difference
                .unwrap()
                .interval;
            interval.high - interval.low
        };
        assert!((width(&few) / width(&many) - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_difference_of_the_smallest_effect_is_seen_in_four_of_five_cases() {
        // s = 1 over very many pieces: 1.96 + 0.84 errors, that is √(n / (n − 1)) s.
        let of: Vec<f64> = (0..20_000).map(|at| [-1.0, 1.0][at % 2]).collect();
        let draws = [vec![0.0; of.len()], of];
        let found = drawn(&[0.0, 0.0], &draws, 20_000, 0, 0.95);
        let effect = found[1].difference.unwrap().minimal_effect;
        assert!((effect - (1.960 + 0.842)).abs() < 0.002, "{effect}");
    }

    #[test]
    fn the_order_on_the_trace_is_compared_with_that_of_each_draw() {
        // The first draw tells the same order of three, the second the other way round.
        let draws = [vec![1.0, 3.0], vec![2.0, 2.0], vec![3.0, 1.0]];
        assert_eq!(order_kept(&[5.0, 6.0, 7.0], &draws), Some(0.0));
        assert_eq!(order_kept(&[5.0], &[vec![1.0]]), None);
    }

    #[test]
    fn one_draw_says_nothing() {
        assert!(drawn(&[1.0, 2.0], &[vec![1.0], vec![2.0]], 9, 0, 0.95).is_empty());
        assert!(drawn(&[], &[], 9, 0, 0.95).is_empty());
    }

    #[test]
    fn a_tie_in_every_draw_shares_the_first_place() {
        let found = drawn(&[1.0, 1.0], &[vec![1.0, 3.0], vec![1.0, 3.0]], 9, 0, 0.95);
        assert_eq!((found[0].best, found[1].best), (0.5, 0.5));
        assert_eq!(found[1].difference.unwrap().same_sign, 1.0);
    }
}
