//! Waits of many futures as a distribution, some of them known only to be longer than the horizon.

use crate::metrics::quantiles::nearest_rank;
use gpusched_core::units::Span;

/// Probability with which an interval of a quantile holds it, percent.
pub const CONFIDENCE: u32 = 95;

/// A quantile. What lies beyond the horizon is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantile {
    /// Percent of the futures in which the wait is at most this.
    pub percent: usize,
    /// The wait.
    pub wait: Option<Span>,
    /// Lower end of its interval.
    pub low: Option<Span>,
    /// Upper end of its interval.
    pub high: Option<Span>,
}

/// Share of the futures in which the wait is at most some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Within {
    /// The time.
    pub time: Span,
    /// The share.
    pub share: f64,
    /// Whether it may be more: the time lies beyond the horizon, and some waits do.
    pub at_least: bool,
}

/// Waits of futures that were followed up to a horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Ascending.
    admitted: Vec<Span>,
    censored: usize,
    horizon: Span,
}

impl Waits {
    /// Of the waits of all futures, at least one; `None` = longer than the horizon. O(n log n).
    pub fn new(waits: &[Option<Span>], horizon: Span) -> Waits {
        let mut admitted: Vec<Span> = waits.iter().flatten().copied().collect();
        admitted.sort_unstable();
        Waits {
            censored: waits.len() - admitted.len(),
            admitted,
            horizon,
        }
    }

    /// Futures.
    pub fn samples(&self) -> usize {
        self.admitted.len() + self.censored
    }

    /// Those that did not end the wait within the horizon.
    pub fn censored(&self) -> usize {
        self.censored
    }

    /// How far futures were followed.
    pub fn horizon(&self) -> Span {
        self.horizon
    }

    /// Waits that ended, ascending.
    pub fn admitted(&self) -> &[Span] {
        &self.admitted
    }

    /// Whether there is no wait in any future.
    pub fn at_once(&self) -> bool {
        self.censored == 0 && self.admitted.last() == Some(&Span::ZERO)
    }

    /// Arithmetic mean, in seconds; `None` when some waits are not known to their end.
    pub fn mean(&self) -> Option<f64> {
        let sum: i128 = self.admitted.iter().map(|wait| i128::from(wait.0)).sum();
        (self.censored == 0).then(|| sum as f64 / self.admitted.len() as f64 / 1e6)
    }

    /// A quantile by nearest rank, with the interval its rank in so many futures leaves: the
    /// order statistics between which the quantile of *all* futures lies with at least
    /// [`CONFIDENCE`] percent, whatever the distribution. It is about the number of futures alone,
    /// not about how good they are. O(n).
    ///
    /// Source: David and Nagaraja, *Order Statistics*, 3rd edition, section 7.1.
    ///
    /// ```
    /// use gpusched_core::units::Span;
    /// use gpusched_sim::kueue::wait::Waits;
    /// let waits: Vec<_> = (1..=100).map(|s| Some(Span::from_secs(s))).collect();
    /// let median = Waits::new(&waits, Span::from_secs(1000)).quantile(50);
    /// assert_eq!(median.wait, Some(Span::from_secs(50)));
    /// assert_eq!(median.low, Some(Span::from_secs(40)));
    /// assert_eq!(median.high, Some(Span::from_secs(61)));
    /// ```
    pub fn quantile(&self, percent: usize) -> Quantile {
        let at = |rank: usize| self.admitted.get(rank).copied();
        let samples = self.samples();
        let (low, high) = ranks(samples, percent as f64 / 100.0);
        Quantile {
            percent,
            wait: at(nearest_rank(samples, percent)),
            // A wait is never below zero, whatever the futures not drawn are like.
            low: low.map_or(Some(Span::ZERO), at),
            high: high.and_then(at),
        }
    }

    /// In how many of the futures the wait is at most `time`.
    pub fn within(&self, time: Span) -> Within {
        let ended = self.admitted.partition_point(|wait| *wait <= time);
        Within {
            time,
            share: ended as f64 / self.samples() as f64,
            at_least: self.censored > 0 && time > self.horizon,
        }
    }
}

/// 0-based ranks of the order statistics around the quantile `p` of `n` values; `None` where no
/// value is far enough out.
fn ranks(n: usize, p: f64) -> (Option<usize>, Option<usize>) {
    let outside = (1.0 - f64::from(CONFIDENCE) / 100.0) / 2.0;
    // The k-th value (from 1) is above the quantile when fewer than k values lie below it, and
    // how many do is binomial.
    let (mut low, mut high) = (None, None);
    let mut below = 0.0;
    for k in 0..n {
        below += binomial(n, p, k);
        if below <= outside {
            low = Some(k);
        }
        if below >= 1.0 - outside {
            high = Some(k);
            break;
        }
    }
    (low, high)
}

/// Probability of `k` out of `n` with `p` each.
fn binomial(n: usize, p: f64, k: usize) -> f64 {
    let (n, k) = (n as f64, k as f64);
    let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    libm::exp(choose + k * libm::log(p) + (n - k) * libm::log(1.0 - p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secs(waits: &[i64]) -> Vec<Option<Span>> {
        let wait = |secs: &i64| (*secs >= 0).then(|| Span::from_secs(*secs));
        waits.iter().map(wait).collect()
    }

    /// Of ten values the median lies between the 2nd and the 9th with 1 − 2·11/1024 = 97.9 %, and
    /// between the 3rd and the 8th with 1 − 2·56/1024 = 89.1 %.
    #[test]
    fn the_interval_of_a_median_of_ten() {
        assert_eq!(ranks(10, 0.5), (Some(1), Some(8)));
    }

    /// Of five values none lies below the median with 1/32 > 2.5 %, so no two of them will do.
    #[test]
    fn five_futures_say_little() {
        assert_eq!(ranks(5, 0.5), (None, None));
        let median = Waits::new(&secs(&[1, 2, 3, 4, 5]), Span::from_secs(9)).quantile(50);
        assert_eq!(median.wait, Some(Span::from_secs(3)));
        assert_eq!((median.low, median.high), (Some(Span::ZERO), None));
    }

    #[test]
    fn what_is_censored_is_counted_at_the_far_end() {
        let waits = Waits::new(&secs(&[5, -1, 1, -1]), Span::from_secs(10));
        assert_eq!(
            (waits.samples(), waits.censored(), waits.mean()),
            (4, 2, None)
        );
        assert_eq!(waits.quantile(50).wait, Some(Span::from_secs(5)));
        assert_eq!(waits.quantile(90).wait, None);
        let within = |secs| {
            let within = waits.within(Span::from_secs(secs));
            (within.share, within.at_least)
        };
        assert_eq!(
            (within(4), within(10), within(11)),
            ((0.25, false), (0.5, false), (0.5, true))
        );
        assert!(!waits.at_once());
        assert!(Waits::new(&secs(&[0, 0]), Span::from_secs(10)).at_once());
    }

    proptest! {
        /// The twin counts: of uniform order statistics, U(k) < p is that at least k of n draws
        /// are, which is summed from the other side here.
        #[test]
        fn intervals_hold_what_they_promise(n in 1..400_usize, percent in 1..100_usize) {
            let p = percent as f64 / 100.0;
            let (low, high) = ranks(n, p);
            let at_least = |k: usize| (k..=n).map(|j| binomial(n, p, j)).sum::<f64>();
            let below = low.map_or(1.0, |rank| at_least(rank + 1));
            let above = high.map_or(0.0, |rank| at_least(rank + 1));
            prop_assert!(below - above >= 0.95 - 1e-9);
            // And one rank nearer on either side would be too near.
            if let Some(rank) = low {
                prop_assert!(1.0 - at_least(rank + 2) > 0.025 - 1e-9);
            }
            if let Some(rank) = high {
                prop_assert!(rank == 0 || at_least(rank) > 0.025 - 1e-9);
            }
        }
    }
}
