//! Exact distributions: means from integer sums, quantiles by nearest rank.
//!
//! The *p*-th quantile of *n* values is the value of rank ⌈p·n/100⌉ in ascending order: always a
//! value that occurred, never an interpolation. One buffer of `u64` is reordered in place by
//! selection, O(n); values are non-negative, so floats keep their order as bits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Mean and quantiles (nearest rank) of a number over jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// Jobs counted.
    pub jobs: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
    /// Mean with each job weighted by the GPU-hours it held; absent when the jobs held none.
    pub gpu_hour_weighted_mean: Option<f64>,
}

/// 0-based position of the `percent`-th quantile of `len` values; `len` must not be 0.
pub fn nearest_rank(len: usize, percent: usize) -> usize {
    (len * percent).div_ceil(100).max(1) - 1
}

/// The `percent`-th quantile; reorders the values. `None` when there are none. O(n).
///
/// ```
/// use gpusched_sim::metrics::quantiles::quantile;
/// let mut waits = [5, 1, 4, 2, 3];
/// assert_eq!(quantile(&mut waits, 50), Some(3));
/// assert_eq!(quantile(&mut waits, 95), Some(5));
/// assert_eq!(quantile(&mut [], 50), None);
/// ```
pub fn quantile(values: &mut [u64], percent: usize) -> Option<u64> {
    if values.is_empty() {
        return None;
    }
    let rank = nearest_rank(values.len(), percent);
    Some(*values.select_nth_unstable(rank).1)
}

/// Median, 95th, 99th percentile and maximum; reorders the values. `None` when there are none.
/// Each selection works on what the one before left above it, so all four cost O(n).
pub fn four_quantiles(values: &mut [u64]) -> Option<[u64; 4]> {
    let len = values.len();
    if len == 0 {
        return None;
    }
    let mut done = 0;
    Some([50, 95, 99, 100].map(|percent| {
        let rank = nearest_rank(len, percent);
        let rest = &mut values[done..];
        let value = *rest.select_nth_unstable(rank - done).1;
        done = rank;
        value
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rank_is_the_least_that_covers_the_share() {
        // Of 20 values the 95th percentile is the 19th, the 99th the 20th.
        assert_eq!(nearest_rank(20, 95), 18);
        assert_eq!(nearest_rank(20, 99), 19);
        assert_eq!(nearest_rank(1, 50), 0);
        assert_eq!(nearest_rank(2, 50), 0);
        assert_eq!(nearest_rank(3, 100), 2);
    }

    proptest! {
        /// The twin sorts.
        #[test]
        fn selection_agrees_with_sorting(mut values in prop::collection::vec(0u64..50, 1..300)) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let twin = [50, 95, 99, 100].map(|percent| sorted[nearest_rank(sorted.len(), percent)]);
            prop_assert_eq!(four_quantiles(&mut values), Some(twin));
        }
    }
}
