//! Draws that a seed alone decides.

use crate::trace::generate::{Purpose, Stream};

/// A permutation of 0..`length`, each equally likely (Fisher and Yates, in Durstenfeld's form).
pub(super) fn permutation(length: usize, seed: u64, purpose: Purpose) -> Vec<u32> {
    let mut stream = Stream::new(seed, purpose, 0);
    let mut order: Vec<u32> = (0..length as u32).collect();
    for last in (1..length).rev() {
        order.swap(last, below(&mut stream, last + 1));
    }
    order
}

/// Uniform below `count`, which is at most 2³²: 53 random bits scaled, whose bias is below 2⁻²¹.
pub(super) fn below(stream: &mut Stream, count: usize) -> usize {
    ((stream.unit() * count as f64) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_equally_likely() {
        // 6 orders, 6,000 seeds: chi-square with 5 degrees of freedom, 20.5 at one in a thousand.
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6_000 {
            let order = permutation(3, seed, Purpose::ArrivalOrder);
            *counts.entry(order).or_insert(0.0) += 1.0;
        }
        assert_eq!(counts.len(), 6);
        let squares = counts
            .values()
            .map(|count: &f64| (count - 1000.0).powi(2) / 1000.0);
        assert!(squares.sum::<f64>() < 20.5, "{counts:?}");
    }

    #[test]
    fn another_purpose_is_another_order() {
        let order = |purpose| permutation(50, 1, purpose);
        assert_ne!(order(Purpose::ArrivalOrder), order(Purpose::MachineOrder));
    }
}
