//! What holds over stretches of time, summed by equal bins.

use gpusched_core::units::{Span, Time};

/// Equal bins over a window, the last of which may be shorter, and the sum of weight × time in
/// each: µs × the unit of the weights.
///
/// Adding a stretch costs O(1), however many bins it crosses: whole bins get their share in
/// [`Bins::sums`], from the difference of rates.
///
/// ```
/// use gpusched_core::units::Time;
/// use gpusched_sim::metrics::Bins;
/// let mut bins = Bins::new(Time(0), Time(30), 3);
/// bins.add(Time(5), Time(25), 2);
/// assert_eq!(bins.sums(), [10, 20, 10]);
/// ```
#[derive(Clone, Debug)]
pub struct Bins {
    from: Time,
    until: Time,
    width: Span,
    /// Of stretches that begin or end inside a bin.
    partial: Vec<i64>,
    /// Where weights of whole bins begin and end.
    change: Vec<i64>,
}

impl Bins {
    /// At most `most` bins over a window; none over one without length.
    pub fn new(from: Time, until: Time, most: usize) -> Bins {
        let span = (until - from).0.max(0);
        let width =
            Span(span.div_euclid(most as i64) + i64::from(span % most as i64 > 0)).max(Span(1));
        let bins = span.div_euclid(width.0) + i64::from(span % width.0 > 0);
        Bins {
            from,
            until: until.max(from),
            width,
            partial: vec![0; bins as usize],
            change: vec![0; bins as usize + 1],
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.partial.len()
    }

    /// Whether the window has no length.
    pub fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }

    /// When a bin begins; for the number after the last, when the window ends.
    pub fn start(&self, bin: usize) -> Time {
        (self.from + Span(self.width.0 * bin as i64)).min(self.until)
    }

    /// How long a bin is.
    pub fn span(&self, bin: usize) -> Span {
        self.start(bin + 1) - self.start(bin)
    }

    /// Adds a weight that holds from one instant to another; what lies outside the window is left
    /// out. O(1).
    pub fn add(&mut self, from: Time, to: Time, weight: i64) {
        let (from, to) = (from.max(self.from), to.min(self.until));
        if from >= to {
            return;
        }
        let bin = |at: Time| ((at - self.from).0 / self.width.0) as usize;
        // The end is outside of the stretch.
        let (first, last) = (bin(from), bin(Time(to.0 - 1)));
        if first == last {
            self.partial[first] += weight * (to - from).0;
            return;
        }
        self.partial[first] += weight * (self.start(first + 1) - from).0;
        self.partial[last] += weight * (to - self.start(last)).0;
        self.change[first + 1] += weight;
        self.change[last] -= weight;
    }

    /// Weight × µs by bin. O(bins).
    pub fn sums(&self) -> Vec<i64> {
        let mut rate = 0;
        let bins = self.partial.iter().zip(&self.change).enumerate();
        bins.map(|(bin, (partial, change))| {
            rate += change;
            partial + rate * self.span(bin).0
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The twin looks at every microsecond.
        #[test]
        fn sums_agree_with_counting_every_instant(
            from in 0i64..20,
            length in 0i64..60,
            most in 1usize..9,
            stretches in prop::collection::vec((0i64..90, 0i64..40, -3i64..4), 0..12),
        ) {
            let mut bins = Bins::new(Time(from), Time(from + length), most);
            prop_assert!(bins.len() <= most);
            for &(start, span, weight) in &stretches {
                bins.add(Time(start), Time(start + span), weight);
            }
            let sums = bins.sums();
            let mut covered = 0;
            for (bin, sum) in sums.iter().enumerate() {
                let instants = bins.start(bin).0..bins.start(bin + 1).0;
                covered += instants.end - instants.start;
                let twin: i64 = instants
                    .map(|at| {
                        let here = stretches.iter().filter(|(start, span, _)| (*start..start + span).contains(&at));
                        here.map(|(.., weight)| weight).sum::<i64>()
                    })
                    .sum();
                prop_assert_eq!(*sum, twin);
            }
            prop_assert_eq!(covered, length);
        }
    }
}
