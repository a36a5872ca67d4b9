//! Several comparisons at once.

/// p values corrected by Holm's step-down method: below α with probability at most α if nothing
/// differs, however many comparisons were made and however they depend on each other. In the order
/// given. O(n log n).
///
/// ```
/// use gpusched_sim::stats::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let mut corrected = vec![0.0; values.len()];
    let mut least = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        let factor = (values.len() - rank) as f64;
        least = least.max((factor * values[index]).min(1.0));
        corrected[index] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrected_values_keep_the_order_and_never_exceed_one() {
        let corrected = holm(&[0.5, 0.001, 0.9, 0.012, 0.012]);
        // 5 × .001, 4 × .012, then at least what came before: 3 × .012 < .048.
        assert_eq!(corrected, [1.0, 0.005, 1.0, 0.048, 0.048]);
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }
}
