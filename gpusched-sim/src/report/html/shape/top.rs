//! The few largest of many.

/// Keeps the items with the largest keys; of equal keys those that came first. O(1) amortised per
/// item, memory for twice as many as are kept.
#[derive(Debug)]
pub(in super::super) struct Top<T> {
    most: usize,
    items: Vec<(f64, u64, T)>,
    pushed: u64,
    /// Keys at or below this one came too late.
    floor: Option<f64>,
}

impl<T> Top<T> {
    /// Keeps this many, at least one.
    pub(in super::super) fn new(most: usize) -> Top<T> {
        Top {
            most: most.max(1),
            items: Vec::new(),
            pushed: 0,
            floor: None,
        }
    }

    /// Whether an item with this key could be kept.
    pub(in super::super) fn wants(&self, key: f64) -> bool {
        self.floor.is_none_or(|floor| key > floor)
    }

    pub(in super::super) fn push(&mut self, key: f64, item: T) {
        if !self.wants(key) {
            return;
        }
        self.items.push((key, self.pushed, item));
        self.pushed += 1;
        if self.items.len() >= 2 * self.most {
            self.items.select_nth_unstable_by(self.most - 1, |a, b| {
                b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
            });
            self.items.truncate(self.most);
            self.floor = self.items.iter().map(|item| item.0).min_by(f64::total_cmp);
        }
    }

    /// Largest first.
    pub(in super::super) fn into_sorted(mut self) -> Vec<T> {
        self.items
            .sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.items.truncate(self.most);
        self.items.into_iter().map(|(.., item)| item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The twin sorts everything.
        #[test]
        fn the_largest_are_kept_and_of_equals_the_first(
            keys in prop::collection::vec(0u8..12, 0..80),
            most in 1usize..8,
        ) {
            let mut top = Top::new(most);
            for (at, &key) in keys.iter().enumerate() {
                top.push(f64::from(key), at);
            }
            let mut twin: Vec<usize> = (0..keys.len()).collect();
            twin.sort_by_key(|&at| (std::cmp::Reverse(keys[at]), at));
            twin.truncate(most);
            prop_assert_eq!(top.into_sorted(), twin);
        }
    }
}
