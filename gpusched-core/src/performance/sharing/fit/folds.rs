//! Splitting measurements for cross-validation.

use rand::Rng;
use rand_pcg::Pcg64;

/// Tells this stream from those of other purposes under the same seed.
const PURPOSE: u128 = u128::from_be_bytes(*b"sharing-fit-fold");

/// Assigns each of `count` measurements one of `folds` folds, of sizes that differ by at most one,
/// shuffled with `seed`. All in fold 0 when `folds` is 0.
pub fn folds(count: usize, folds: usize, seed: u64) -> Vec<usize> {
    let mut fold: Vec<usize> = (0..count).map(|index| index % folds.max(1)).collect();
    let mut stream = Pcg64::new(u128::from(seed), PURPOSE);
    for last in (1..count).rev() {
        // Scaling 64 random bits to the range: a bias below 2⁻³² for any data set.
        let draw = (u128::from(stream.next_u64()) * (last as u128 + 1)) >> 64;
        fold.swap(last, draw as usize);
    }
    fold
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_shuffled_and_repeatable() {
        let fold = folds(103, 5, 1);
        for number in 0..5 {
            let size = fold.iter().filter(|&&other| other == number).count();
            assert!((20..=21).contains(&size));
        }
        assert_eq!(fold, folds(103, 5, 1));
        assert_ne!(fold, folds(103, 5, 2));
        assert_eq!(folds(0, 5, 1), Vec::<usize>::new());
        assert_eq!(folds(3, 0, 1), [0, 0, 0]);
    }
}
