//! Quantities of a resource, with the saturation Kueue has.

use crate::kube::{Format, Quantity};
use std::fmt;
use std::ops::{Add, Sub};

/// An integer amount: `cpu` in milli-cores, everything else in base units. The largest value
/// stands for *unlimited*: unlimited plus or minus bounded stays unlimited, bounded minus unlimited
/// is the smallest value, unlimited minus unlimited is 0 (upstream: `pkg/resources/amount.go`).
///
/// ```
/// use gpusched_core::queueing::kueue::Amount;
/// assert_eq!(Amount::UNLIMITED - Amount(5), Amount::UNLIMITED);
/// assert_eq!(Amount::UNLIMITED + Amount(-5), Amount::UNLIMITED);
/// assert_eq!(Amount::UNLIMITED - Amount::UNLIMITED, Amount(0));
/// assert_eq!(Amount(5) - Amount::UNLIMITED, Amount(i64::MIN));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// No bound.
    pub const UNLIMITED: Amount = Amount(i64::MAX);

    /// What a quota or limit of a resource counts: milli-cores of `cpu`, units of everything else.
    /// What an integer cannot hold is no bound at all.
    ///
    /// ```
    /// use gpusched_core::queueing::kueue::Amount;
    /// let quota = |text: &str| Amount::of_quota("cpu", text.parse().unwrap());
    /// assert_eq!(quota("1.5"), Amount(1500));
    /// assert_eq!(quota("10P"), Amount::UNLIMITED);
    /// ```
    pub fn of_quota(resource: &str, quantity: Quantity) -> Amount {
        let most = match resource {
            "cpu" => i64::MAX / 1000,
            _ => i64::MAX,
        };
        match quantity >= Quantity::new(most, Format::DecimalSi) {
            true => Amount::UNLIMITED,
            false => Amount(quantity.of(resource)),
        }
    }

    /// Whether there is no bound.
    #[inline]
    pub fn is_unlimited(self) -> bool {
        self == Amount::UNLIMITED
    }
}

impl Add for Amount {
    type Output = Amount;
    #[inline]
    fn add(self, other: Amount) -> Amount {
        if self.is_unlimited() || other.is_unlimited() {
            return Amount::UNLIMITED;
        }
        Amount(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Amount;
    #[inline]
    fn sub(self, other: Amount) -> Amount {
        match (self.is_unlimited(), other.is_unlimited()) {
            (true, true) => Amount::ZERO,
            (true, false) => Amount::UNLIMITED,
            (false, true) => Amount(i64::MIN),
            (false, false) => Amount(self.0.saturating_sub(other.0)),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_unlimited() {
            true => f.write_str("unlimited"),
            false => self.0.fmt(f),
        }
    }
}
