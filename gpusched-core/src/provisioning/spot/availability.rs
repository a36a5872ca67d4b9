//! A series of ticks: how many instances a pool has.

use crate::units::Span;

/// What a one stands for in a recorded series of ones and zeros.
///
/// Published copies of the same series disagree: `skypilot-org/spot-traces` writes 1 for
/// "available", the files of the original simulator and their redistribution write 1 for
/// "preempted". Read the wrong way round a scarce zone looks plentiful, so nothing is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// A value is the number of instances that are there.
    Available,
    /// 1 is "preempted", 0 is "available".
    Preempted,
}

/// Why a series cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AvailabilityError {
    /// A tick has no length.
    #[error("a tick has to be longer than 0 s")]
    NoGap,
    /// There is no tick.
    #[error("the series has no ticks")]
    Empty,
    /// A count where only a yes or no can be.
    #[error("tick {tick} is {value}: a series of preemptions holds only 0 and 1")]
    CountOfPreemptions {
        /// 0-based tick.
        tick: usize,
        /// Its value.
        value: u32,
    },
}

/// Instances available, one number per tick of equal length.
///
/// ```
/// use gpusched_core::provisioning::spot::{Availability, Polarity};
/// use gpusched_core::units::Span;
/// let zone = Availability::new(Span::from_secs(600), Polarity::Preempted, vec![1, 0, 0]).unwrap();
/// assert_eq!(zone.at(0), 0);
/// assert_eq!(zone.at(1), 1);
/// assert_eq!(zone.at(9), 0, "nothing is known after the end, so nothing is there");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    gap: Span,
    counts: Vec<u32>,
}

impl Availability {
    /// The series whose ticks are `gap` long and read `values` under `polarity`.
    ///
    /// # Errors
    /// [`AvailabilityError`].
    pub fn new(
        gap: Span,
        polarity: Polarity,
        values: Vec<u32>,
    ) -> Result<Availability, AvailabilityError> {
        if gap <= Span::ZERO {
            return Err(AvailabilityError::NoGap);
        }
        if values.is_empty() {
            return Err(AvailabilityError::Empty);
        }
        let counts = match polarity {
            Polarity::Available => values,
            Polarity::Preempted => values
                .into_iter()
                .enumerate()
                .map(|(tick, value)| match value {
                    0 | 1 => Ok(1 - value),
                    _ => Err(AvailabilityError::CountOfPreemptions { tick, value }),
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Availability { gap, counts })
    }

    /// Length of a tick.
    pub fn gap(&self) -> Span {
        self.gap
    }

    /// Number of ticks.
    pub fn ticks(&self) -> usize {
        self.counts.len()
    }

    /// Instances available in a tick; 0 after the end.
    pub fn at(&self, tick: usize) -> u32 {
        self.counts.get(tick).copied().unwrap_or(0)
    }

    /// Share of ticks with at least one instance, for printing.
    pub fn share_up(&self) -> f64 {
        let up = self.counts.iter().filter(|count| **count > 0).count();
        up as f64 / self.counts.len() as f64
    }

    /// Maximal runs of ticks of one count: `(first tick, ticks, instances)`.
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize, u32)> + '_ {
        let mut first = 0;
        self.counts.chunk_by(|a, b| a == b).map(move |run| {
            let start = first;
            first += run.len();
            (start, run.len(), run[0])
        })
    }

    /// `count` starts spread evenly over the windows of `span` that lie inside the series with a
    /// tick to spare, both ends included: the starts of the study `reproduce spot` computes again.
    /// Empty when the series is too short.
    pub fn starts(&self, span: Span, count: usize) -> Vec<usize> {
        let window = usize::try_from(span.0 / self.gap.0).unwrap_or(usize::MAX);
        let Some(last) = self.ticks().checked_sub(window.saturating_add(2)) else {
            return Vec::new();
        };
        let steps = count.saturating_sub(1).max(1);
        (0..count).map(|step| step * last / steps).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_series_are_refused() {
        let gap = Span::from_secs(60);
        let refused = |gap, polarity, values: &[u32]| {
            Availability::new(gap, polarity, values.to_vec()).unwrap_err()
        };
        assert_eq!(
            refused(Span::ZERO, Polarity::Available, &[1]),
            AvailabilityError::NoGap
        );
        assert_eq!(
            refused(gap, Polarity::Available, &[]),
            AvailabilityError::Empty
        );
        assert_eq!(
            refused(gap, Polarity::Preempted, &[0, 16]),
            AvailabilityError::CountOfPreemptions { tick: 1, value: 16 }
        );
    }

    #[test]
    fn polarities_are_complements() {
        let gap = Span::from_secs(60);
        let bits = vec![1, 1, 0, 1];
        let up = Availability::new(gap, Polarity::Available, bits.clone()).unwrap();
        let down = Availability::new(gap, Polarity::Preempted, bits).unwrap();
        assert_eq!(up.share_up() + down.share_up(), 1.0);
        assert!((0..4).all(|tick| up.at(tick) + down.at(tick) == 1));
    }

    #[test]
    fn runs_cover_the_series() {
        let series =
            Availability::new(Span(1), Polarity::Available, vec![0, 0, 3, 3, 3, 1]).unwrap();
        let runs: Vec<_> = series.runs().collect();
        assert_eq!(runs, [(0, 2, 0), (2, 3, 3), (5, 1, 1)]);
    }

    #[test]
    fn starts_span_the_windows_that_fit() {
        let series = Availability::new(Span(10), Polarity::Available, vec![1; 112]).unwrap();
        // A window of 105 µs is 10 whole ticks: 112 − 10 − 2 = 100 is the last start.
        let starts = series.starts(Span(105), 11);
        assert_eq!(starts, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
        assert!(series.starts(Span(10_000), 11).is_empty());
    }
}
