//! Wilcoxon's signed-rank test.

use statrs::distribution::{ContinuousCDF, Normal};

/// Up to so many pairs the distribution is computed exactly; 2^60 sign patterns fit a counter.
const EXACT: usize = 60;

/// What the test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedRank {
    /// Sum of the ranks of positive differences.
    pub positive: f64,
    /// Pairs that differ; the others were left out.
    pub pairs: usize,
    /// Probability, if signs are fair coins, of a sum at least so far from its middle.
    pub p: f64,
}

/// Tests whether paired differences are as often, and as far, above 0 as below. Zeros are left out
/// (Wilcoxon's rule), ties share the mean of their ranks. Two-sided, exact up to 60 pairs (ties
/// included: the distribution is that of the ranks there are), above by the normal approximation
/// with corrections for ties and continuity. `None` if no pair differs. O(n³) up to 60 pairs.
///
/// ```
/// use gpusched_sim::stats::signed_rank;
/// // All of five pairs on one side: 2 of 32 sign patterns are as extreme.
/// assert_eq!(signed_rank(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap().p, 2.0 / 32.0);
/// ```
pub fn signed_rank(differences: &[f64]) -> Option<SignedRank> {
    let mut sorted: Vec<f64> = differences
        .iter()
        .copied()
        .filter(|value| *value != 0.0 && !value.is_nan())
        .collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let ranks = doubled_ranks(&sorted);
    let positive: u64 = sorted
        .iter()
        .zip(&ranks)
        .filter(|(value, _)| **value > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    let pairs = sorted.len();
    let p = match pairs {
        0..=EXACT => exact(&ranks, positive),
        _ => approximate(&ranks, positive),
    };
    Some(SignedRank {
        positive: positive as f64 / 2.0,
        pairs,
        p,
    })
}

/// Twice the ranks of values sorted by size: the mean rank of ties is then a whole number.
fn doubled_ranks(sorted: &[f64]) -> Vec<u64> {
    let mut ranks = Vec::with_capacity(sorted.len());
    while ranks.len() < sorted.len() {
        let first = ranks.len();
        let size = sorted[first].abs();
        let tied = sorted[first..].iter().take_while(|one| one.abs() == size);
        let last = first + tied.count();
        ranks.resize(last, (first + 1 + last) as u64);
    }
    ranks
}

/// Counts sign patterns by their sum of positive ranks.
fn exact(ranks: &[u64], positive: u64) -> f64 {
    let total: u64 = ranks.iter().sum();
    let mut patterns = vec![0_u64; total as usize + 1];
    patterns[0] = 1;
    for rank in ranks {
        for sum in (*rank as usize..patterns.len()).rev() {
            patterns[sum] += patterns[sum - *rank as usize];
        }
    }
    // The distribution is symmetric about total / 2.
    let less = positive.min(total - positive) as usize;
    let tail: u64 = patterns[..=less].iter().sum();
    let share = tail as f64 / (1_u64 << ranks.len()) as f64;
    (2.0 * share).min(1.0)
}

fn approximate(ranks: &[u64], positive: u64) -> f64 {
    let total: u64 = ranks.iter().sum();
    // The variance of the sum of positive ranks is the sum of squares over 4, whatever the ties.
    let squares: f64 = ranks.iter().map(|rank| (*rank as f64).powi(2)).sum();
    let off = (positive as f64 - total as f64 / 2.0).abs();
    // One step of the doubled sum is 1 with ties, 2 without; half of the larger is kept off.
    let z = (off - 1.0).max(0.0) / (squares / 4.0).sqrt();
    (2.0 * Normal::standard().sf(z)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By trying all sign patterns.
    fn tried(differences: &[f64]) -> f64 {
        let sizes: Vec<f64> = differences.iter().map(|value| value.abs()).collect();
        let rank = |size: f64| {
            let below = sizes.iter().filter(|one| **one < size).count() as f64;
            let equal = sizes.iter().filter(|one| **one == size).count() as f64;
            below + (equal + 1.0) / 2.0
        };
        let sum = |positive: &dyn Fn(usize) -> bool| -> f64 {
            let there = (0..sizes.len()).filter(|index| positive(*index));
            there.map(|index| rank(sizes[index])).sum()
        };
        let middle = sum(&|_| true) / 2.0;
        let seen = (sum(&|index| differences[index] > 0.0) - middle).abs();
        let patterns = 1_u32 << sizes.len();
        let extreme = (0..patterns)
            .filter(|bits| (sum(&|index| bits >> index & 1 == 1) - middle).abs() >= seen - 1e-9);
        extreme.count() as f64 / f64::from(patterns)
    }

    #[test]
    fn the_exact_test_is_that_of_all_sign_patterns() {
        for case in [
            &[1.0, -2.0, 3.0, 4.0, -5.0, 6.0, 7.0][..],
            &[1.0, 1.0, -1.0, 2.0, 2.0, -3.0, 3.0, 3.0],
            &[-0.5, 0.5],
            &[4.0],
        ] {
            assert!((signed_rank(case).unwrap().p - tried(case)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_table_of_critical_values_is_met() {
        // n = 10: a sum of 8 is significant at 5 % two-sided, 9 is not (0.0488, 0.0645).
        let with = |negatives: &[u32]| {
            let sign = |rank: u32| if negatives.contains(&rank) { -1.0 } else { 1.0 };
            let all: Vec<f64> = (1..=10).map(|rank| sign(rank) * f64::from(rank)).collect();
            signed_rank(&all).unwrap().p
        };
        assert!((with(&[8]) - 0.0488).abs() < 1e-4);
        assert!((with(&[9]) - 0.0645).abs() < 1e-4);
    }

    #[test]
    fn the_approximation_meets_the_exact_test() {
        let signs = |index: u32| if index.is_multiple_of(3) { -1.0 } else { 1.0 };
        let all: Vec<f64> = (1..=60).map(|one| signs(one) * f64::from(one)).collect();
        let ranks = doubled_ranks(&all);
        let positive = 2 * (1..=60).filter(|one| one % 3 != 0).sum::<u64>();
        let (exactly, about) = (exact(&ranks, positive), approximate(&ranks, positive));
        assert!((exactly - about).abs() < 1e-3, "{exactly} {about}");
    }

    #[test]
    fn pairs_without_a_difference_are_left_out() {
        assert_eq!(signed_rank(&[0.0, 0.0]), None);
        let found = signed_rank(&[0.0, 1.0, 2.0]).unwrap();
        assert_eq!((found.pairs, found.positive), (2, 3.0));
    }
}
