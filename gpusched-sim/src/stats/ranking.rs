//! How sure the order of policies is.

use super::Bootstrap;

/// How policies rank when seeds are drawn anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Stability {
    /// By policy: the share of replicates in which it is best; ties share.
    pub best: Vec<f64>,
    /// The mean of Kendall's τ between the order of a single seed and the order of the means: 1 =
    /// every seed tells the same order. `None` with fewer than two policies.
    pub tau: Option<f64>,
}

/// How stable a ranking is: `values[policy][seed]`, the smaller the better; all policies ran the
/// same seeds. `None` with fewer than two seeds. O(replicates × policies × seeds).
///
/// ```
/// use gpusched_sim::stats::{Bootstrap, stability};
/// let waits = [vec![1.0, 2.0, 3.0], vec![2.0, 3.0, 4.0]];
/// let found = stability(&waits, Bootstrap::default()).unwrap();
/// assert_eq!((found.best, found.tau), (vec![1.0, 0.0], Some(1.0)));
/// ```
pub fn stability(values: &[Vec<f64>], bootstrap: Bootstrap) -> Option<Stability> {
    let seeds = values.first().map_or(0, Vec::len);
    if seeds < 2 {
        return None;
    }
    let mut wins = vec![0.0; values.len()];
    let mut sums = vec![0.0; values.len()];
    bootstrap.draw(seeds, |times| {
        for (sum, of) in sums.iter_mut().zip(values) {
            *sum = of.iter().zip(times).map(|(v, n)| v * f64::from(*n)).sum();
        }
        let least = sums.iter().copied().fold(f64::INFINITY, f64::min);
        let winners = sums.iter().filter(|sum| **sum == least).count() as f64;
        for (win, sum) in wins.iter_mut().zip(&sums) {
            if *sum == least {
                *win += 1.0 / winners;
            }
        }
    });
    let means: Vec<f64> = values.iter().map(|of| super::mean(of)).collect();
    let of_seed = |seed: usize| -> Vec<f64> { values.iter().map(|of| of[seed]).collect() };
    Some(Stability {
        best: wins
            .into_iter()
            .map(|win| win / f64::from(bootstrap.replicates.max(1)))
            .collect(),
        tau: agreement(&means, (0..seeds).map(of_seed)),
    })
}

/// The mean of Kendall's τ between one order and several others, values of the same policies; the
/// smaller the better. `None` with fewer than two policies.
pub(super) fn agreement(of: &[f64], others: impl Iterator<Item = Vec<f64>>) -> Option<f64> {
    let taus: Vec<f64> = others.filter_map(|other| kendall(&other, of)).collect();
    (!taus.is_empty()).then(|| super::mean(&taus))
}

/// Kendall's τ-a: pairs in the same order less pairs in the other, over all pairs; a pair tied in
/// one of them counts 0.
fn kendall(a: &[f64], b: &[f64]) -> Option<f64> {
    let mut sum = 0.0;
    let mut pairs = 0.0;
    for i in 0..a.len() {
        for j in 0..i {
            let order = |of: &[f64]| f64::from(of[i].total_cmp(&of[j]) as i8);
            sum += order(a) * order(b);
            pairs += 1.0;
        }
    }
    (pairs > 0.0).then(|| sum / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_are_turned_round_are_minus_one() {
        assert_eq!(kendall(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        // One of three pairs is in the other order.
        assert_eq!(kendall(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]), Some(1.0 / 3.0));
        assert_eq!(kendall(&[1.0], &[1.0]), None);
    }

    #[test]
    fn policies_that_do_the_same_share_the_first_place() {
        let found = stability(&[vec![1.0, 2.0], vec![1.0, 2.0]], Bootstrap::default()).unwrap();
        assert_eq!(found.best, [0.5, 0.5]);
        assert_eq!(stability(&[vec![1.0]], Bootstrap::default()), None);
    }

    #[test]
    fn a_policy_that_wins_by_one_lucky_seed_is_not_sure_to_be_best() {
        let steady = vec![10.0; 8];
        let lucky = vec![11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 1.0];
        let found = stability(&[steady, lucky], Bootstrap::default()).unwrap();
        // The lucky seed has to be drawn at all: probability 1 − (7/8)^8 = 0.656.
        assert!((found.best[1] - 0.656).abs() < 0.02, "{found:?}");
    }
}
