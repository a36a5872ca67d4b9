//! Times and lengths of time as Go and Kubernetes write them.

use gpusched_core::units::{Span, Time};

/// Year 1 in microseconds since 1970: what Go writes for "no time".
const GO_ZERO: i64 = -62_135_596_800_000_000;

/// An RFC 3339 instant as microseconds since 1970; Go's zero time is [`Time::ZERO`].
pub(super) fn instant(text: &str) -> Option<Time> {
    let micros = text.parse::<jiff::Timestamp>().ok()?.as_microsecond();
    Some(match micros {
        GO_ZERO => Time::ZERO,
        _ => Time(micros),
    })
}

/// A Go duration such as `1h30m`, `250ms`, `1.5s` or `0`, to the microsecond; what is finer is
/// cut off.
pub(super) fn duration(text: &str) -> Option<Span> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Span::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos = 0i64;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        let unit = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        nanos = nanos.checked_add(scaled(number, unit)?)?;
        rest = after;
    }
    Some(Span(if negative { -nanos } else { nanos } / 1000))
}

/// The front of a text that holds only wanted characters, and the rest.
fn split(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

/// A decimal number times a unit, cut off to a whole number.
fn scaled(number: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: i64 = match whole {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let mut sum = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.chars() {
        place /= 10;
        sum = sum.checked_add(i64::from(digit.to_digit(10)?) * place)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_microseconds_since_1970() {
        assert_eq!(instant("1970-01-01T00:00:01Z"), Some(Time::from_secs(1)));
        assert_eq!(instant("1970-01-01T01:00:00.5+01:00"), Some(Time(500_000)));
        assert_eq!(instant("0001-01-01T00:00:00Z"), Some(Time::ZERO));
        for text in ["", "yesterday", "2026-01-01", "2026-13-01T00:00:00Z"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, micros) in [
            ("0", 0),
            ("0s", 0),
            ("5m0s", 300_000_000),
            ("1h30m", 5_400_000_000),
            ("1.5h", 5_400_000_000),
            ("250ms", 250_000),
            ("1.000001s", 1_000_001),
            ("-2s", -2_000_000),
            (".5s", 500_000),
            ("3µs", 3),
        ] {
            assert_eq!(duration(text), Some(Span(micros)), "{text}");
        }
        for text in [
            "",
            "-",
            "5",
            "5 m",
            "5x",
            "s",
            ".s",
            "1.2.3s",
            "99999999999h",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
