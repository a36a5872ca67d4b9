//! Partial admission: the smallest reduction of the pod counts that can be admitted.

/// Pod counts between what a workload asks for and the least it can do with.
///
/// All pod sets shrink together: at step `i` of `0..=steps`, each has lost the share `i/steps` of
/// what it can lose, rounded down (upstream: `podset_reducer.go`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSetReducer {
    full: Vec<i32>,
    deltas: Vec<i32>,
    total: i32,
}

impl PodSetReducer {
    /// From `(count, minCount)` per pod set.
    pub fn new(pod_sets: impl IntoIterator<Item = (i32, Option<i32>)>) -> Self {
        let (full, deltas): (Vec<i32>, Vec<i32>) = pod_sets
            .into_iter()
            .map(|(count, least)| (count, count.saturating_sub(least.unwrap_or(count))))
            .unzip();
        let total = deltas
            .iter()
            .fold(0i32, |sum, one| sum.saturating_add(*one));
        PodSetReducer {
            full,
            deltas,
            total,
        }
    }

    /// Whether there is anything to reduce.
    pub fn reducible(&self) -> bool {
        self.total > 0
    }

    fn counts(&self, step: i32, out: &mut Vec<i32>) {
        out.clear();
        out.extend(self.full.iter().zip(&self.deltas).map(|(full, delta)| {
            let lost = i64::from(*delta) * i64::from(step) / i64::from(self.total);
            full.saturating_sub(i32::try_from(lost).unwrap_or(*delta))
        }));
    }

    /// Binary search for the first step that `fits` accepts; the result is what `fits` returned
    /// there. `None` if nothing can be reduced, if no step was accepted, or if the last step that
    /// was accepted is not the one the search ends at: admission need not be monotone in the
    /// counts, and such a result is not trusted. About log₂ of the reducible pods calls.
    ///
    /// ```
    /// use gpusched_core::queueing::kueue::flavors::PodSetReducer;
    /// let reducer = PodSetReducer::new([(10, Some(2)), (3, None)]);
    /// let found = reducer.search(|counts| (counts.iter().sum::<i32>() <= 9).then(|| counts.to_vec()));
    /// assert_eq!(found, Some(vec![6, 3]));
    /// ```
    pub fn search<R>(&self, mut fits: impl FnMut(&[i32]) -> Option<R>) -> Option<R> {
        if !self.reducible() {
            return None;
        }
        let mut counts = Vec::with_capacity(self.full.len());
        let mut found = None;
        let (mut low, mut high) = (0i64, i64::from(self.total) + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let step = i32::try_from(middle).unwrap_or(self.total);
            self.counts(step, &mut counts);
            match fits(&counts) {
                Some(result) => {
                    found = Some((middle, result));
                    high = middle;
                }
                None => low = middle + 1,
            }
        }
        found.filter(|(at, _)| *at == low).map(|(_, result)| result)
    }
}
