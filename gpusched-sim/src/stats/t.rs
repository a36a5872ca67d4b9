//! Student's t on paired differences.

use super::{Interval, deviation, mean};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The quantile of Student's t with `freedom` degrees of freedom, 1 or more.
pub(super) fn t_quantile(freedom: f64, probability: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(law) => law.inverse_cdf(probability),
        Err(_) => f64::NAN,
    }
}

/// The interval of the mean of `differences` at a confidence `level` (0.95). `None` for fewer than
/// two: one pair says nothing of how pairs vary.
///
/// Stands on pairs that are independent of each other, and on a mean that is about normal.
///
/// ```
/// use gpusched_sim::stats::paired_t;
/// let interval = paired_t(&[1.0, 2.0, 3.0], 0.95).unwrap();
/// assert!((interval.high - (2.0 + 4.302_653 / 3f64.sqrt())).abs() < 1e-5);
/// assert_eq!(paired_t(&[1.0], 0.95), None);
/// ```
pub fn paired_t(differences: &[f64], level: f64) -> Option<Interval> {
    if differences.len() < 2 {
        return None;
    }
    let count = differences.len() as f64;
    let estimate = mean(differences);
    let half = t_quantile(count - 1.0, 0.5 + level / 2.0) * deviation(differences) / count.sqrt();
    Some(Interval {
        estimate,
        low: estimate - half,
        high: estimate + half,
    })
}

/// The smallest true mean difference that so many pairs, varying like these, would show at the
/// `level` with probability `power` (0.8): (t(1 − α/2) + t(power)) · s / √n. `None` for fewer than
/// two.
///
/// The usual approximation of the non-central t by a shifted one; within a few percent from five
/// pairs on.
pub fn minimal_effect(differences: &[f64], level: f64, power: f64) -> Option<f64> {
    if differences.len() < 2 {
        return None;
    }
    let count = differences.len() as f64;
    let at = |probability| t_quantile(count - 1.0, probability);
    Some((at(0.5 + level / 2.0) + at(power)) * deviation(differences) / count.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_printed_tables() {
        for (freedom, probability, printed) in [
            (1.0, 0.975, 12.706),
            (4.0, 0.975, 2.776),
            (9.0, 0.975, 2.262),
            (9.0, 0.8, 0.883),
            (30.0, 0.995, 2.750),
            (1000.0, 0.975, 1.962),
        ] {
            let quantile = t_quantile(freedom, probability);
            assert!((quantile - printed).abs() < 6e-4, "{quantile} {printed}");
        }
    }

    #[test]
    fn pairs_that_do_not_vary_leave_no_doubt() {
        let interval = paired_t(&[2.0, 2.0, 2.0], 0.95).unwrap();
        assert_eq!((interval.low, interval.high), (2.0, 2.0));
        assert_eq!(minimal_effect(&[2.0, 2.0], 0.95, 0.8), Some(0.0));
    }

    #[test]
    fn the_smallest_effect_of_ten_pairs_is_about_a_deviation() {
        // (2.262 + 0.883) / √10 = 0.9945 of the deviation of 0..10, 3.0277.
        let pairs: Vec<f64> = (0..10).map(f64::from).collect();
        let effect = minimal_effect(&pairs, 0.95, 0.8).unwrap();
        assert!((effect - 0.9945 * 3.0277).abs() < 2e-3, "{effect}");
    }
}
