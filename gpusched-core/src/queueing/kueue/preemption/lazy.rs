//! Sorting only as far as is looked at: most searches end after a few victims of many candidates.

use std::cmp::Ordering;

/// How much of a list is sorted already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted(usize);

impl Sorted {
    /// The item that is at a place once all are sorted. `order` has to be total and the same every
    /// time. Reading the first k of n items in order costs O(n log k).
    pub(super) fn get<'a, T>(
        &mut self,
        items: &'a mut [T],
        at: usize,
        order: impl Fn(&T, &T) -> Ordering,
    ) -> Option<&'a T> {
        while self.0 <= at && self.0 < items.len() {
            let rest = &mut items[self.0..];
            let step = self.0.max(16).min(rest.len());
            if step < rest.len() {
                rest.select_nth_unstable_by(step, &order);
            }
            rest[..step].sort_unstable_by(&order);
            self.0 += step;
        }
        items.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_looked_at_is_where_it_belongs(
            items in prop::collection::vec(0..50_u32, 0..200),
            looks in prop::collection::vec(0..250_usize, 0..9),
        ) {
            let mut lazy = items.clone();
            let mut items = items;
            items.sort_unstable();
            let mut sorted = Sorted::default();
            for at in looks {
                let got = sorted.get(&mut lazy, at, u32::cmp);
                prop_assert_eq!(got, items.get(at));
            }
        }
    }
}
