//! The bias-corrected and accelerated bootstrap.

use super::Interval;
use super::t::t_quantile;
use rand::Rng;
use rand_pcg::Pcg64;
use statrs::distribution::{ContinuousCDF, Normal};

/// How a bootstrap draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// Replicates.
    pub replicates: u32,
    /// Seed of its draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 10,000 replicates.
    fn default() -> Bootstrap {
        Bootstrap {
            replicates: 10_000,
            seed: 0,
        }
    }
}

/// Tells these streams from those of other purposes under the same seed.
const PURPOSE: u128 = u128::from_be_bytes(*b"stats/bootstrap/");

impl Bootstrap {
    /// Calls `each` with how often each of `clusters` was drawn, once per replicate.
    pub(super) fn draw(self, clusters: usize, mut each: impl FnMut(&[u32])) {
        let mut stream = Pcg64::new(u128::from(self.seed), PURPOSE);
        let mut times = vec![0_u32; clusters];
        for _ in 0..self.replicates {
            times.fill(0);
            for _ in 0..clusters {
                // 64 random bits scaled to the range: a bias below 2^-32.
                let draw = (u128::from(stream.next_u64()) * clusters as u128) >> 64;
                times[draw as usize] += 1;
            }
            each(&times);
        }
    }
}

/// The BCa interval (Efron 1987) of a statistic of independent clusters. `statistic` is given how
/// often each cluster counts: 1 each for the estimate, drawn with replacement for a replicate, one
/// left out for the jackknife. `None` for fewer than two clusters, or where the statistic is not a
/// number for the whole sample.
///
/// The normal quantiles of the method are replaced by √(n / (n − 1)) · t(n − 1): a bootstrap of n
/// clusters is too narrow by about that much, which for ten of them costs five points of coverage
/// (the expanded percentile interval of Hesterberg, "What Teachers Should Know about the
/// Bootstrap", 2015, §3.3, here applied to BCa). Replicates in which the statistic is not a number
/// are left out.
///
/// O(replicates × (clusters + cost of the statistic)).
///
/// ```
/// use gpusched_sim::stats::{Bootstrap, bca};
/// let waits = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
/// let mean = |times: &[u32]| {
///     let total: f64 = waits.iter().zip(times).map(|(wait, n)| wait * f64::from(*n)).sum();
///     total / f64::from(times.iter().sum::<u32>())
/// };
/// let interval = bca(waits.len(), 0.95, Bootstrap::default(), mean).unwrap();
/// assert!(interval.low > 1.0 && interval.holds(3.875) && interval.high < 9.0);
/// ```
pub fn bca(
    clusters: usize,
    level: f64,
    bootstrap: Bootstrap,
    mut statistic: impl FnMut(&[u32]) -> f64,
) -> Option<Interval> {
    let mut times = vec![1_u32; clusters];
    let estimate = statistic(&times);
    if clusters < 2 || estimate.is_nan() || bootstrap.replicates == 0 {
        return None;
    }
    let without = |left_out: usize, statistic: &mut dyn FnMut(&[u32]) -> f64| {
        times[left_out] = 0;
        let value = statistic(&times);
        times[left_out] = 1;
        value
    };
    let acceleration = acceleration(clusters, without, &mut statistic);
    let mut replicates = Vec::with_capacity(bootstrap.replicates as usize);
    bootstrap.draw(clusters, |times| {
        let value = statistic(times);
        if !value.is_nan() {
            replicates.push(value);
        }
    });
    replicates.sort_by(f64::total_cmp);
    let normal = Normal::standard();
    let bias = bias(&replicates, estimate, &normal);
    let freedom = clusters as f64 - 1.0;
    let widened = (1.0 + 1.0 / freedom).sqrt() * t_quantile(freedom, 0.5 + level / 2.0);
    let end = |quantile: f64| {
        let shifted = bias + quantile;
        let moved = bias + shifted / (1.0 - acceleration * shifted);
        at(&replicates, normal.cdf(moved))
    };
    Some(Interval {
        estimate,
        low: end(-widened),
        high: end(widened),
    })
}

/// How the statistic's spread changes with its value: from the skewness of the jackknife.
fn acceleration(
    clusters: usize,
    mut without: impl FnMut(usize, &mut dyn FnMut(&[u32]) -> f64) -> f64,
    statistic: &mut dyn FnMut(&[u32]) -> f64,
) -> f64 {
    let values: Vec<f64> = (0..clusters)
        .map(|left_out| without(left_out, statistic))
        .filter(|value| !value.is_nan())
        .collect();
    let centre = super::mean(&values);
    let moment = |power| -> f64 {
        values
            .iter()
            .map(|value| (centre - value).powi(power))
            .sum()
    };
    let spread = moment(2);
    if spread > 0.0 {
        moment(3) / (6.0 * spread.powf(1.5))
    } else {
        0.0
    }
}

/// How far the middle of the replicates is from the estimate, as a normal quantile. Replicates
/// equal to it count half.
fn bias(replicates: &[f64], estimate: f64, normal: &Normal) -> f64 {
    let below = replicates.partition_point(|value| *value < estimate);
    let upto = replicates.partition_point(|value| *value <= estimate);
    let count = replicates.len() as f64;
    let share = (below + upto) as f64 / 2.0 / count;
    normal.inverse_cdf(share.clamp(0.5 / count, 1.0 - 0.5 / count))
}

/// The quantile of sorted values at a probability, interpolated between ranks (n + 1) p.
pub(super) fn at(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let rank = (probability * (last + 2) as f64 - 1.0).clamp(0.0, last as f64);
    let below = rank as usize;
    let above = (below + 1).min(last);
    sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(values: &[f64]) -> impl FnMut(&[u32]) -> f64 + '_ {
        |times| {
            let sum: f64 = values
                .iter()
                .zip(times)
                .map(|(v, n)| v * f64::from(*n))
                .sum();
            sum / f64::from(times.iter().sum::<u32>())
        }
    }

    #[test]
    fn one_cluster_has_no_interval() {
        assert_eq!(bca(1, 0.95, Bootstrap::default(), mean_of(&[3.0])), None);
        assert_eq!(bca(0, 0.95, Bootstrap::default(), mean_of(&[])), None);
    }

    #[test]
    fn clusters_that_agree_leave_no_doubt() {
        let same = bca(5, 0.95, Bootstrap::default(), mean_of(&[3.0; 5])).unwrap();
        assert_eq!((same.low, same.high), (3.0, 3.0));
    }

    #[test]
    fn an_interval_of_a_symmetric_sample_is_that_of_t() {
        // For the mean of many values the two methods agree to a few percent of the width.
        let values: Vec<f64> = (0..200).map(|i| f64::from(i) - 99.5).collect();
        let boot = bca(200, 0.95, Bootstrap::default(), mean_of(&values)).unwrap();
        let t = super::super::paired_t(&values, 0.95).unwrap();
        assert!((boot.low / t.low - 1.0).abs() < 0.03, "{boot:?} {t:?}");
        assert!((boot.high / t.high - 1.0).abs() < 0.03, "{boot:?} {t:?}");
    }

    #[test]
    fn a_long_right_tail_moves_the_interval_to_the_right() {
        let values: Vec<f64> = (1..=30).map(|i| f64::from(i).powi(4)).collect();
        let interval = bca(30, 0.95, Bootstrap::default(), mean_of(&values)).unwrap();
        let (left, right) = (
            interval.estimate - interval.low,
            interval.high - interval.estimate,
        );
        assert!(right > 1.15 * left, "{interval:?}");
    }

    #[test]
    fn the_seed_decides_the_draws() {
        let values = [1.0, 5.0, 2.0, 8.0, 3.0];
        let with = |seed| {
            let bootstrap = Bootstrap {
                replicates: 500,
                seed,
            };
            bca(5, 0.9, bootstrap, mean_of(&values))
        };
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }
}
