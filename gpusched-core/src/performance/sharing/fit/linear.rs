//! The laws with one and two unknowns.

use super::FitError;
use crate::performance::sharing::slice::{Share, SliceLaw};

/// Fits `t = a + c/share` to step times on two or more different shares.
///
/// Two points are met exactly. More are met in the sense of least squares of *relative* error:
/// a slow slice's seconds count no more than a fast one's. Where larger shares were measured
/// slower (noise, on jobs too small for the device), the best law that does not say so is the
/// one that does not scale at all.
///
/// # Errors
/// [`FitError`].
///
/// ```
/// use gpusched_core::performance::sharing::fit::fit_slices;
/// use gpusched_core::performance::sharing::slice::Share;
/// // 1 s on the whole device, 4 s on two sevenths: c = 3 / (7/2 − 1) = 1.2.
/// let share = |slices| Share::sevenths(slices).unwrap();
/// let law = fit_slices(&[(share(7), 1.0), (share(2), 4.0)]).unwrap();
/// assert!((law.scaling() - 1.2).abs() < 1e-12 && (law.fixed() + 0.2).abs() < 1e-12);
/// ```
pub fn fit_slices(times: &[(Share, f64)]) -> Result<SliceLaw, FitError> {
    if times
        .iter()
        .any(|(_, time)| !(*time > 0.0 && time.is_finite()))
    {
        return Err(FitError::NotPositive);
    }
    let first = times.first().ok_or(FitError::TooFewShares)?.0;
    if times.iter().all(|&(share, _)| share == first) {
        return Err(FitError::TooFewShares);
    }
    // A weighted line through (1/share, t), taken about the weighted means for the sake of digits.
    let weighted = || {
        times
            .iter()
            .map(|&(share, t)| (1.0 / (t * t), 1.0 / share.fraction(), t))
    };
    let weight: f64 = weighted().map(|(w, ..)| w).sum();
    let mean_x = weighted().map(|(w, x, _)| w * x).sum::<f64>() / weight;
    let mean_t = weighted().map(|(w, _, t)| w * t).sum::<f64>() / weight;
    let covariance: f64 = weighted()
        .map(|(w, x, t)| w * (x - mean_x) * (t - mean_t))
        .sum();
    let variance: f64 = weighted()
        .map(|(w, x, _)| w * (x - mean_x) * (x - mean_x))
        .sum();
    let scaling = (covariance / variance).max(0.0);
    SliceLaw::new(mean_t - scaling * mean_x, scaling).ok_or(FitError::NoLaw)
}

/// Fits `u` of `slowdown = 1 + u·(clients − 1)` to measured (clients, slowdown).
///
/// # Errors
/// [`FitError`].
///
/// ```
/// use gpusched_core::performance::sharing::fit::fit_homogeneous;
/// assert_eq!(fit_homogeneous(&[(1, 1.0), (3, 2.0)]), Ok(0.5));
/// ```
pub fn fit_homogeneous(slowdowns: &[(u32, f64)]) -> Result<f64, FitError> {
    if slowdowns.iter().any(|(_, s)| !(*s > 0.0 && s.is_finite())) {
        return Err(FitError::NotPositive);
    }
    let (mut along, mut square) = (0.0, 0.0);
    for &(clients, slowdown) in slowdowns {
        let neighbours = f64::from(clients.saturating_sub(1));
        along += neighbours * (slowdown - 1.0);
        square += neighbours * neighbours;
    }
    if square == 0.0 {
        return Err(FitError::NoNeighbours);
    }
    Ok((along / square).max(0.0))
}

/// Solves the symmetric positive definite 2×2 system; the second unknown is left 0 at `rank` 1.
pub(super) fn solve(matrix: [[f64; 2]; 2], right: [f64; 2], rank: usize) -> [f64; 2] {
    if rank == 1 {
        return [right[0] / matrix[0][0], 0.0];
    }
    let [[a, b], [_, d]] = matrix;
    let determinant = a * d - b * b;
    [
        (right[0] * d - right[1] * b) / determinant,
        (right[1] * a - right[0] * b) / determinant,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(slices: u32) -> Share {
        Share::sevenths(slices).unwrap()
    }

    #[test]
    fn what_no_law_fits_is_refused() {
        assert_eq!(fit_slices(&[]), Err(FitError::TooFewShares));
        let twice = [(share(2), 1.0), (Share::new(4, 14).unwrap(), 2.0)];
        assert_eq!(fit_slices(&twice), Err(FitError::TooFewShares));
        let odd = [(share(2), 1.0), (share(7), 2.0)];
        // Weights 1 and 1/4: the mean of 1 and 2 is 1.2.
        let flat = fit_slices(&odd).unwrap();
        assert!(flat.scaling() == 0.0 && (flat.fixed() - 1.2).abs() < 1e-12);
        assert_eq!(fit_slices(&[(share(2), 0.0)]), Err(FitError::NotPositive));
        assert_eq!(fit_homogeneous(&[(1, 1.0)]), Err(FitError::NoNeighbours));
        assert_eq!(
            fit_homogeneous(&[(2, f64::NAN)]),
            Err(FitError::NotPositive)
        );
        assert_eq!(fit_homogeneous(&[(2, 0.5)]), Ok(0.0), "nobody is helped");
    }

    #[test]
    fn two_unknowns_by_hand() {
        // 2x + y = 5, x + 3y = 10.
        let [x, y] = solve([[2.0, 1.0], [1.0, 3.0]], [5.0, 10.0], 2);
        assert!((x - 1.0).abs() < 1e-12 && (y - 3.0).abs() < 1e-12);
        assert_eq!(solve([[2.0, 0.0], [0.0, 0.0]], [5.0, 0.0], 1), [2.5, 0.0]);
    }

    proptest! {
        #[test]
        fn a_planted_slice_law_is_found(
            whole in 1e-4f64..1e3, part in 0.0f64..1.3, mask in 1u32..32,
        ) {
            let law = SliceLaw::new(whole * (1.0 - part), whole * part).unwrap();
            let sizes = [1, 2, 3, 4, 5].iter().filter(|&&size| mask >> (size - 1) & 1 == 1);
            let mut times: Vec<_> = sizes.map(|&size| (share(size), law.time(share(size)))).collect();
            times.push((Share::WHOLE, whole));
            let found = fit_slices(&times).unwrap();
            prop_assert!((found.scaling() - law.scaling()).abs() < 1e-9 * whole);
            prop_assert!((found.fixed() - law.fixed()).abs() < 1e-9 * whole);
        }

        #[test]
        fn a_planted_u_is_found(u in 0.0f64..3.0, most in 2u32..8) {
            let points: Vec<_> =
                (1..=most).map(|p| (p, 1.0 + u * f64::from(p - 1))).collect();
            prop_assert!((fit_homogeneous(&points).unwrap() - u).abs() < 1e-9);
        }
    }
}
