//! Cumulative shares on a logarithmic axis.

/// Places on the axis.
const PLACES: usize = 240;

/// The values at which shares are told: a geometric sequence, one for all runs.
#[derive(Clone, Debug)]
pub(in super::super) struct Axis {
    pub(in super::super) places: Vec<f64>,
}

impl Axis {
    /// From 1, or the smallest value of any run above that, to the largest; `None` where no value lies
    /// above 1. The last place is that value, so that every curve ends at its true height.
    pub(in super::super) fn over<'a>(
        runs: impl Iterator<Item = &'a [f64]> + Clone,
    ) -> Option<Axis> {
        let smallest = runs.clone().filter_map(|sorted| sorted.first().copied());
        let least = smallest.fold(f64::INFINITY, f64::min).max(1.0);
        let largest = runs.filter_map(|sorted| sorted.last().copied());
        let largest = largest.fold(0.0, f64::max);
        if largest <= 1.0 {
            return None;
        }
        // All alike: a step in the middle.
        let least = if largest <= least { least / 2.0 } else { least };
        let step = libm::log(largest / least) / (PLACES - 1) as f64;
        let mut places: Vec<f64> = (0..PLACES - 1)
            .map(|place| least * libm::exp(step * place as f64))
            // Four digits are what a chart shows, and what the page carries.
            .map(|place| (place * 1e4).round() / 1e4)
            .collect();
        places.push(largest);
        places.dedup();
        Some(Axis { places })
    }
}

/// The share of `of` things whose value is at most each place; exact. `sorted` ascends, and may
/// have fewer values than `of`: what has no value yet counts as larger than all.
pub(in super::super) fn shares(sorted: &[f64], axis: &Axis, of: u64) -> Vec<f64> {
    let places = axis.places.iter();
    let share = |&place: &f64| match of {
        0 => 0.0,
        of => sorted.partition_point(|&value| value <= place) as f64 / of as f64,
    };
    places.map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_curve_ends_where_everything_has_ended() {
        let values = [0.0, 3.0, 50.0];
        let axis = Axis::over([&values[..]].into_iter()).unwrap();
        let shares = shares(&values, &axis, 3);
        assert_eq!(shares[0], 1.0 / 3.0, "one of three waited at most a second");
        assert_eq!(shares.last(), Some(&1.0));
    }

    #[test]
    fn nothing_above_the_least_is_no_curve() {
        assert!(Axis::over([&[0.0, 1.0][..], &[]].into_iter()).is_none());
    }

    proptest! {
        #[test]
        fn shares_agree_with_counting(
            mut values in prop::collection::vec(0.0f64..1e6, 1..60),
            waiting in 0u64..5,
        ) {
            values.sort_unstable_by(f64::total_cmp);
            let of = values.len() as u64 + waiting;
            if let Some(axis) = Axis::over([&values[..]].into_iter()) {
                prop_assert!(axis.places.windows(2).all(|two| two[0] < two[1]));
                for (place, share) in axis.places.iter().zip(shares(&values, &axis, of)) {
                    let count = values.iter().filter(|value| *value <= place).count();
                    prop_assert_eq!(share, count as f64 / of as f64);
                }
            }
        }
    }
}
