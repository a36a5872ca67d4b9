//! Prices and bills in integers, so that a bill is the sum of what it lists, to the last cent.

use crate::units::{SecondsError, Span, parse_decimal};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Nano-dollars in a dollar.
const NANOS: i64 = 1_000_000_000;

/// Microseconds in an hour.
const HOUR_MICROS: i128 = 3_600_000_000;

/// USD per hour, in nano-dollars: fine enough for the ten-millionth of an on-demand price that
/// Karpenter gives a reservation.
///
/// ```
/// use gpusched_core::provisioning::Price;
/// use gpusched_core::units::Span;
/// let price = Price::parse("3.06").unwrap();
/// assert_eq!(price.to_string(), "3.06");
/// assert_eq!(price.over(Span::from_secs(1800)).to_string(), "1.53");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(pub i64);

impl Price {
    /// No cost at all.
    pub const FREE: Price = Price(0);

    /// Reads decimal dollars per hour.
    ///
    /// # Errors
    /// As [`parse_decimal`]: no plain decimal, finer than a nano-dollar, or above 9,007,199 USD/h.
    pub fn parse(text: &str) -> Result<Price, SecondsError> {
        parse_decimal(text, 9).map(Price)
    }

    /// What holding something for `span` costs, exactly.
    pub fn over(self, span: Span) -> Money {
        Money(i128::from(self.0) * i128::from(span.0))
    }

    /// Dollars per hour, for printing and ratios only.
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

impl Add for Price {
    type Output = Price;
    fn add(self, other: Price) -> Price {
        Price(self.0.saturating_add(other.0))
    }
}

impl Sum for Price {
    fn sum<I: Iterator<Item = Price>>(prices: I) -> Price {
        prices.fold(Price::FREE, Add::add)
    }
}

/// Decimal dollars per hour without trailing zeros, without a unit.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, rest) = (magnitude / NANOS as u64, magnitude % NANOS as u64);
        let digits = format!("{rest:09}");
        let sign = if self.0 < 0 { "-" } else { "" };
        match digits.trim_end_matches('0') {
            "" => f.pad(&format!("{sign}{whole}")),
            digits => f.pad(&format!("{sign}{whole}.{digits}")),
        }
    }
}

/// An amount of money, exact: price × time without a division, in nano-dollars per hour × µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i128);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// Dollars, for printing and ratios only.
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / (HOUR_MICROS as f64 * NANOS as f64)
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        self.0 += other.0;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

/// Dollars and cents; half a cent is rounded away from zero.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cent = HOUR_MICROS * i128::from(NANOS) / 100;
        let cents = (self.0.abs() + cent / 2) / cent;
        let sign = if self.0 < 0 && cents > 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", cents / 100, cents % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_read_and_print_exactly() {
        for text in ["0", "3.06", "0.9731", "55.04", "0.000005504", "-1.5"] {
            assert_eq!(Price::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Price::parse("0.0000000001"),
            Err(SecondsError::TooFine),
            "a tenth of a nano-dollar"
        );
    }

    #[test]
    fn a_bill_of_thirds_adds_up() {
        // 20 minutes are a third of an hour; three of them are the hour, with nothing lost.
        let price = Price::parse("1.00").unwrap();
        let thirds: Money = (0..3).map(|_| price.over(Span::from_secs(1200))).sum();
        assert_eq!(thirds, price.over(Span::from_secs(3600)));
        assert_eq!(price.over(Span::from_secs(18)).to_string(), "0.01");
    }
}
