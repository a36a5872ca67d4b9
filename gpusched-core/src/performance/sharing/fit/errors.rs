//! How far predictions are from measurements.

use serde::{Deserialize, Serialize};

/// Errors of predicted speeds, over points that were not used for the fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Points.
    pub points: usize,
    /// Mean of |predicted − measured| / measured, in percent.
    pub mape: f64,
    /// Median of the same.
    pub median: f64,
    /// Mean of |predicted − measured|.
    pub mae: f64,
}

impl Errors {
    /// Of pairs (predicted, measured). All zero without pairs.
    ///
    /// ```
    /// use gpusched_core::performance::sharing::fit::Errors;
    /// let errors = Errors::of(&[(0.5, 0.4), (1.0, 1.0), (0.9, 1.0)]);
    /// assert_eq!(errors.points, 3);
    /// assert!((errors.mape - 35.0 / 3.0).abs() < 1e-9);
    /// assert!((errors.median - 10.0).abs() < 1e-9);
    /// ```
    pub fn of(pairs: &[(f64, f64)]) -> Errors {
        let points = pairs.len();
        if points == 0 {
            return Errors::default();
        }
        let absolute = |&(predicted, measured): &(f64, f64)| (predicted - measured).abs();
        let mut relative: Vec<f64> = pairs
            .iter()
            .map(|pair| 100.0 * absolute(pair) / pair.1)
            .collect();
        relative.sort_by(f64::total_cmp);
        let middle = points / 2;
        Errors {
            points,
            mape: relative.iter().sum::<f64>() / points as f64,
            median: if points.is_multiple_of(2) {
                (relative[middle - 1] + relative[middle]) / 2.0
            } else {
                relative[middle]
            },
            mae: pairs.iter().map(absolute).sum::<f64>() / points as f64,
        }
    }
}
