//! Quantities with their unit in the type.
//!
//! Time is integer microseconds, so that equal instants are equal and order never depends on
//! rounding. Resources are the integers Kubernetes and NVIDIA count in: milli-cores, milli-GPU,
//! MiB. Conversion to floating point happens once, when a number is printed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// Microseconds in a second.
pub const MICROS: i64 = 1_000_000;

/// Milli-units in a whole: 1000 milli-GPU is one device, 1000 milli-CPU one core.
pub const MILLI: u32 = 1000;

/// The largest instant or span a trace may hold: 2^53 µs (about 285 years), so that every value
/// survives a passage through a double without loss.
pub const MAX_MICROS: i64 = 1 << 53;

/// An instant: microseconds since the start of the trace.
///
/// ```
/// use gpusched_core::units::{Span, Time};
/// let start = Time::from_secs(10);
/// assert_eq!(start + Span::from_secs(5), Time::from_secs(15));
/// assert_eq!(Time::from_secs(15) - start, Span::from_secs(5));
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A length of time in microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Time {
    /// The start of the trace.
    pub const ZERO: Time = Time(0);
    /// Later than every event.
    pub const NEVER: Time = Time(i64::MAX);

    /// `secs` whole seconds after the start.
    pub const fn from_secs(secs: i64) -> Time {
        Time(secs * MICROS)
    }

    /// Seconds since the start, for printing only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / MICROS as f64
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Without an end: added to any instant it gives [`Time::NEVER`].
    pub const FOREVER: Span = Span(i64::MAX);

    /// `secs` whole seconds.
    pub const fn from_secs(secs: i64) -> Span {
        Span(secs * MICROS)
    }

    /// Seconds, for printing only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / MICROS as f64
    }
}

impl Add<Span> for Time {
    type Output = Time;
    /// Saturates at [`Time::NEVER`]: "never plus a while" is still never.
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Time) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0 - span.0)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0 - other.0)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        self.0 += other.0;
    }
}

impl SubAssign for Span {
    fn sub_assign(&mut self, other: Span) {
        self.0 -= other.0;
    }
}

/// Writes microseconds as the shortest exact decimal number of seconds (`1.5`, `20`, `0.000001`).
fn write_secs(f: &mut fmt::Formatter<'_>, micros: i64) -> fmt::Result {
    let magnitude = micros.unsigned_abs();
    let (whole, rest) = (magnitude / MICROS as u64, magnitude % MICROS as u64);
    if micros < 0 {
        f.write_str("-")?;
    }
    if rest == 0 {
        return write!(f, "{whole}");
    }
    let digits = format!("{rest:06}");
    write!(f, "{whole}.{}", digits.trim_end_matches('0'))
}

/// Exact seconds, without a unit.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_secs(f, self.0)
    }
}

/// Exact seconds, without a unit.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_secs(f, self.0)
    }
}

/// Why a number of seconds could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecondsError {
    /// Not a decimal number (`NaN`, `inf`, hex and words are not).
    #[error("not a number of seconds")]
    NotANumber,
    /// More than six decimal places that are not zero.
    #[error("finer than a microsecond")]
    TooFine,
    /// Beyond [`MAX_MICROS`] in either direction.
    #[error("beyond 2^53 microseconds (about 285 years)")]
    TooLarge,
}

/// Reads a decimal number of seconds into exact microseconds: `12`, `-3`, `0.25`, `1.5e3`.
///
/// Decimal text is scaled as digits, never through a float, so `0.1` is exactly 100,000 µs.
///
/// # Errors
/// [`SecondsError`] when the text is no plain decimal, is finer than 1 µs, or is out of range.
///
/// ```
/// use gpusched_core::units::{parse_seconds, SecondsError};
/// assert_eq!(parse_seconds("0.1"), Ok(100_000));
/// assert_eq!(parse_seconds("66.0"), Ok(66_000_000));
/// assert_eq!(parse_seconds("1.5e3"), Ok(1_500_000_000));
/// assert_eq!(parse_seconds("NaN"), Err(SecondsError::NotANumber));
/// assert_eq!(parse_seconds("0.0000001"), Err(SecondsError::TooFine));
/// ```
pub fn parse_seconds(text: &str) -> Result<i64, SecondsError> {
    parse_decimal(text, 6)
}

/// Reads a decimal number and returns it times 10^`places`, exactly.
///
/// # Errors
/// As [`parse_seconds`]; "too fine" then means more than `places` decimals.
pub fn parse_decimal(text: &str, places: i32) -> Result<i64, SecondsError> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => {
            let exponent: i32 = text[at + 1..]
                .parse()
                .map_err(|_| SecondsError::NotANumber)?;
            (&text[..at], exponent)
        }
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first() {
        Some(b'-') => (true, &mantissa[1..]),
        Some(b'+') => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(SecondsError::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return Err(SecondsError::NotANumber);
        }
        if value > i128::from(i64::MAX) {
            return Err(SecondsError::TooLarge);
        }
        value = value * 10 + i128::from(byte - b'0');
    }
    let fraction_len = i32::try_from(fraction.len()).map_err(|_| SecondsError::TooFine)?;
    let mut scale = places
        .checked_add(exponent)
        .and_then(|s| s.checked_sub(fraction_len))
        .ok_or(SecondsError::TooLarge)?;
    while scale > 0 && value != 0 {
        value *= 10;
        scale -= 1;
        if value > i128::from(MAX_MICROS) {
            return Err(SecondsError::TooLarge);
        }
    }
    while scale < 0 && value != 0 {
        if value % 10 != 0 {
            return Err(SecondsError::TooFine);
        }
        value /= 10;
        scale += 1;
    }
    if value > i128::from(MAX_MICROS) {
        return Err(SecondsError::TooLarge);
    }
    let value = value as i64;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_print_exactly_and_read_back() {
        for micros in [0, 1, 10, 1_500_000, 20_000_000, -250_000, MAX_MICROS] {
            let text = Span(micros).to_string();
            assert_eq!(parse_seconds(&text), Ok(micros), "{text}");
        }
        assert_eq!(Span(1_500_000).to_string(), "1.5");
        assert_eq!(Time(-250_000).to_string(), "-0.25");
    }

    #[test]
    fn text_that_is_no_plain_decimal_is_refused() {
        for text in ["", "-", ".", "1,5", "0x10", "inf", "1e", "1.2.3", " 1"] {
            assert_eq!(parse_seconds(text), Err(SecondsError::NotANumber), "{text}");
        }
        assert_eq!(parse_seconds("1e300"), Err(SecondsError::TooLarge));
        assert_eq!(
            parse_seconds("9007199254.740993"),
            Err(SecondsError::TooLarge)
        );
        assert_eq!(parse_seconds("0e999999"), Ok(0));
        assert_eq!(parse_seconds("1e-3"), Ok(1000));
    }
}
