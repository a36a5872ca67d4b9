//! Where the steady state begins.

/// Observations per batch.
pub const BATCH: usize = 5;

/// What MSER-5 says of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warmup {
    /// So many observations from the start belong to the warm-up.
    Cut(usize),
    /// The best cut lies in the second half: no steady state is seen, more would have to be
    /// observed.
    Unsettled,
    /// Too few observations: fewer than ten batches.
    TooShort,
}

/// MSER-5 (White, Cobb and Spratt 2000): cuts off the first batches of five such that the standard
/// error of the mean of the rest is least. Of equal cuts the shortest. O(n).
///
/// ```
/// use gpusched_sim::stats::{Warmup, mser5};
/// let series: Vec<f64> = (0..200).map(|i| if i < 20 { 100.0 } else { f64::from(i % 5) }).collect();
/// assert_eq!(mser5(&series), Warmup::Cut(20));
/// ```
pub fn mser5(series: &[f64]) -> Warmup {
    let batches: Vec<f64> = series.chunks_exact(BATCH).map(super::mean).collect();
    if batches.len() < 10 {
        return Warmup::TooShort;
    }
    // Mean and squares of what is left are gathered from the end (Welford).
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for (cut, batch) in batches.iter().enumerate().rev() {
        count += 1.0;
        let off = batch - mean;
        mean += off / count;
        squares += off * (batch - mean);
        // Fewer than five batches say nothing of their spread.
        if count >= 5.0 && squares / (count * count) <= best.0 {
            best = (squares / (count * count), cut);
        }
    }
    match best.1 {
        cut if 2 * cut > batches.len() => Warmup::Unsettled,
        cut => Warmup::Cut(cut * BATCH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_series_is_not_cut() {
        let series: Vec<f64> = (0..100).map(|i| f64::from(i % 5)).collect();
        assert_eq!(mser5(&series), Warmup::Cut(0));
    }

    #[test]
    fn a_series_that_only_grows_never_settles() {
        let series: Vec<f64> = (0..300).map(|i| f64::from(i) * f64::from(i)).collect();
        assert_eq!(mser5(&series), Warmup::Unsettled);
    }

    #[test]
    fn too_few_observations_say_nothing() {
        assert_eq!(mser5(&[1.0; 49]), Warmup::TooShort);
    }

    #[test]
    fn the_cut_is_the_one_found_by_trying_all() {
        let series: Vec<f64> = (0..250_u32)
            .map(|i| 40.0 / f64::from(i + 1) + f64::from(i * 7919 % 13))
            .collect();
        let batches: Vec<f64> = series.chunks(5).map(super::super::mean).collect();
        let error = |cut: usize| {
            let left = &batches[cut..];
            let mean = super::super::mean(left);
            let squares: f64 = left.iter().map(|one| (one - mean).powi(2)).sum();
            squares / (left.len() as f64).powi(2)
        };
        let tried = (0..=batches.len() - 5)
            .min_by(|a, b| error(*a).total_cmp(&error(*b)))
            .unwrap();
        assert_eq!(mser5(&series), Warmup::Cut(5 * tried));
    }
}
