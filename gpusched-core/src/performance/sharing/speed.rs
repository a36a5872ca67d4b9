//! Speed relative to the whole device, as an integer.

use serde::Serialize;
use std::fmt;

/// How fast a job advances: 1 is the pace at which its run time was recorded.
///
/// A speed is a whole number of parts; [`Speed::FULL`] has 5·lcm(1…26) of them. So every n-th
/// part up to n = 26, every whole percent and every thousandth is *exact*: three jobs at a third
/// of the pace for 300 s have done exactly 100 s of work each, not a microsecond less.
///
/// ```
/// use gpusched_core::performance::sharing::Speed;
/// let third = Speed::ratio(1, 3).unwrap();
/// assert_eq!(third.parts() * 3, Speed::FULL.parts());
/// assert_eq!(third.to_string(), "0.333333");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Speed(u64);

impl Speed {
    /// Not advancing.
    pub const STOPPED: Speed = Speed(0);
    /// The recorded pace.
    pub const FULL: Speed = Speed(133_855_722_000);
    /// The fastest there is: a million times the recorded pace.
    pub const MAX: Speed = Speed(Speed::FULL.0 * 1_000_000);

    /// `num/den` of full speed, rounded down to a whole part. `None` when `den` is 0 or the ratio
    /// exceeds [`Speed::MAX`].
    pub fn ratio(num: u32, den: u32) -> Option<Speed> {
        if den == 0 {
            return None;
        }
        let parts = u128::from(Speed::FULL.0) * u128::from(num) / u128::from(den);
        let parts = u64::try_from(parts).ok()?;
        (parts <= Speed::MAX.0).then_some(Speed(parts))
    }

    /// The nearest speed to a law's result. `None` when it is negative, not a number, or beyond
    /// [`Speed::MAX`].
    pub fn from_factor(factor: f64) -> Option<Speed> {
        let parts = (factor * Speed::FULL.0 as f64).round();
        (parts >= 0.0 && parts <= Speed::MAX.0 as f64).then_some(Speed(parts as u64))
    }

    /// The speed of a job that takes `slowdown` times as long. `None` unless positive and finite.
    pub fn from_slowdown(slowdown: f64) -> Option<Speed> {
        if slowdown > 0.0 && slowdown.is_finite() {
            Speed::from_factor(1.0 / slowdown)
        } else {
            None
        }
    }

    /// The speed of a job that two things slow down, each by itself: the product, rounded down to a
    /// whole part; at most [`Speed::MAX`].
    ///
    /// ```
    /// use gpusched_core::performance::sharing::Speed;
    /// let half = Speed::ratio(1, 2).unwrap();
    /// assert_eq!(half.times(half), Speed::ratio(1, 4).unwrap());
    /// assert_eq!(half.times(Speed::FULL), half);
    /// ```
    pub fn times(self, other: Speed) -> Speed {
        let parts = u128::from(self.0) * u128::from(other.0) / u128::from(Speed::FULL.0);
        Speed(u64::try_from(parts).unwrap_or(u64::MAX).min(Speed::MAX.0))
    }

    /// Whole parts; [`Speed::FULL`] has 133,855,722,000.
    #[inline]
    pub const fn parts(self) -> u64 {
        self.0
    }

    /// Relative to full speed, for printing and for laws.
    pub fn factor(self) -> f64 {
        self.0 as f64 / Speed::FULL.0 as f64
    }
}

/// Six decimals.
impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.factor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_halves_percents_and_thousandths_are_exact() {
        let full = Speed::FULL.parts();
        for n in (1..=26).chain([100, 1000]) {
            assert_eq!(full % n, 0, "1/{n}");
        }
    }

    #[test]
    fn laws_and_ratios_agree_to_the_part() {
        for n in 1..=26 {
            let exact = Speed::ratio(1, n);
            assert_eq!(Speed::from_factor(1.0 / f64::from(n)), exact);
            assert_eq!(Speed::from_slowdown(f64::from(n)), exact);
        }
    }

    #[test]
    fn what_is_no_speed_is_refused() {
        assert_eq!(Speed::ratio(1, 0), None);
        assert_eq!(Speed::ratio(u32::MAX, 1), None);
        for factor in [f64::NAN, f64::INFINITY, -0.1, 1e7] {
            assert_eq!(Speed::from_factor(factor), None, "{factor}");
        }
        for slowdown in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Speed::from_slowdown(slowdown), None, "{slowdown}");
        }
        assert_eq!(Speed::from_factor(0.0), Some(Speed::STOPPED));
        assert_eq!(Speed::from_slowdown(1.0), Some(Speed::FULL));
    }
}
