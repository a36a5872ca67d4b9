//! Durations and points in time.

use super::{Entry, member};
use crate::cel::error::EvalError;
use crate::cel::value::Value;
use std::fmt;

pub(super) const ENTRIES: &[Entry] = &[
    member("getFullYear", "(timestamp) -> int", full_year),
    member("getFullYear", "(timestamp, string) -> int", full_year),
    member("getMonth", "(timestamp) -> int", month),
    member("getMonth", "(timestamp, string) -> int", month),
    member("getDayOfYear", "(timestamp) -> int", day_of_year),
    member("getDayOfYear", "(timestamp, string) -> int", day_of_year),
    member("getDayOfMonth", "(timestamp) -> int", day_of_month),
    member("getDayOfMonth", "(timestamp, string) -> int", day_of_month),
    member("getDate", "(timestamp) -> int", date),
    member("getDate", "(timestamp, string) -> int", date),
    member("getDayOfWeek", "(timestamp) -> int", day_of_week),
    member("getDayOfWeek", "(timestamp, string) -> int", day_of_week),
    member("getHours", "(timestamp) -> int", hours),
    member("getHours", "(timestamp, string) -> int", hours),
    member("getHours", "(duration) -> int", hours),
    member("getMinutes", "(timestamp) -> int", minutes),
    member("getMinutes", "(timestamp, string) -> int", minutes),
    member("getMinutes", "(duration) -> int", minutes),
    member("getSeconds", "(timestamp) -> int", seconds),
    member("getSeconds", "(timestamp, string) -> int", seconds),
    member("getSeconds", "(duration) -> int", seconds),
    member("getMilliseconds", "(timestamp) -> int", milliseconds),
    member(
        "getMilliseconds",
        "(timestamp, string) -> int",
        milliseconds,
    ),
    member("getMilliseconds", "(duration) -> int", milliseconds),
];

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;
/// The first second of year 1, and the last of year 9999.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

/// A point in time, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cel) struct Timestamp {
    /// Since 1970.
    pub(in crate::cel) seconds: i64,
    nanos: u32,
}

/// A day of the Gregorian calendar.
struct Day {
    year: i64,
    /// From 1.
    month: i64,
    /// From 1.
    day: i64,
}

impl Timestamp {
    /// `None` outside years 1 to 9999.
    pub(super) fn new(seconds: i64, nanos: u32) -> Option<Timestamp> {
        (FIRST..=LAST)
            .contains(&seconds)
            .then_some(Timestamp { seconds, nanos })
    }

    pub(super) fn nanos(self) -> i128 {
        i128::from(self.seconds) * i128::from(SECOND) + i128::from(self.nanos)
    }

    pub(super) fn from_nanos(nanos: i128) -> Option<Timestamp> {
        let second = i128::from(SECOND);
        let seconds = i64::try_from(nanos.div_euclid(second)).ok()?;
        Timestamp::new(seconds, nanos.rem_euclid(second) as u32)
    }

    fn day(self) -> Day {
        day_of(self.seconds.div_euclid(DAY))
    }

    fn second_of_day(self) -> i64 {
        self.seconds.rem_euclid(DAY)
    }
}

/// The day a number of days after 1970-01-01. Years are counted from March, so that the leap day is
/// the last of its year; 400 years have 146,097 days.
fn day_of(days: i64) -> Day {
    let from_march = days + 719_468;
    let era = from_march.div_euclid(146_097);
    let of_era = from_march.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    Day {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * shifted + 2) / 5 + 1,
    }
}

/// Days from 1970-01-01 to a day.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let shifted = (month + 9) % 12;
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let year_of_era = year.rem_euclid(400);
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    year.div_euclid(400) * 146_097 + of_era - 719_468
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Day { year, month, day } = self.day();
        let second = self.second_of_day();
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if self.nanos > 0 {
            let digits = format!("{:09}", self.nanos);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Reads RFC 3339: `2026-01-01T00:00:00Z`.
pub(in crate::cel) fn timestamp(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !marks
        .iter()
        .all(|(at, mark)| text.as_bytes().get(*at) == Some(mark))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !is_day(year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let digits = &fraction[..count];
        if digits.is_empty() {
            return None;
        }
        nanos = format!("{:0<9}", &digits[..digits.len().min(9)])
            .parse()
            .ok()?;
        rest = &fraction[count..];
    }
    let offset = zone(rest).filter(|_| !rest.is_empty())?;
    let seconds = days_to(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    Timestamp::new(seconds - offset, nanos)
}

/// Whether the calendar has this day.
pub(super) fn is_day(year: i64, month: i64, day: i64) -> bool {
    if !(1..=12).contains(&month) || day < 1 {
        return false;
    }
    let real = day_of(days_to(year, month, day));
    (real.month, real.day) == (month, day)
}

/// Seconds a zone is ahead of UTC: `Z`, `+01:00`.
fn zone(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "UTC" | "") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => (1, text),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |digits: &str| -> Option<i64> {
        let right = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        right.then(|| digits.parse().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Whether a zone is known: UTC and fixed offsets. Names need a database, which a pure model does
/// not read.
pub(in crate::cel) fn is_zone(text: &str) -> bool {
    zone(text).is_some()
}

/// Reads a duration as Go does, into nanoseconds: `1h30m`, `-1.5s`, `300ms`.
pub(in crate::cel) fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, behind) = rest.split_at(digits(rest));
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(behind) => behind.split_at(digits(behind)),
            None => ("", behind),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = behind
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(behind.len());
        let unit: i128 = match &behind[..end] {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND.into(),
            "m" => i128::from(SECOND) * 60,
            "h" => i128::from(SECOND) * 3600,
            _ => return None,
        };
        let whole: i128 = match whole {
            "" => 0,
            digits => digits.parse::<i64>().ok()?.into(),
        };
        let fraction = &fraction[..fraction.len().min(15)];
        let part: i128 = match fraction {
            "" => 0,
            digits => digits.parse::<i128>().ok()? * unit / 10i128.pow(digits.len() as u32),
        };
        total += whole * unit + part;
        rest = &behind[end..];
    }
    i64::try_from(sign * total).ok()
}

/// A duration in seconds, as `string()` gives it.
pub(super) fn duration_text(nanos: i64) -> String {
    let whole = nanos.unsigned_abs() / SECOND as u64;
    let part = format!("{:09}", nanos.unsigned_abs() % SECOND as u64);
    let sign = if nanos < 0 { "-" } else { "" };
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}s"),
        part => format!("{sign}{whole}.{part}s"),
    }
}

fn of_time<'a>(
    args: &[Value<'a>],
    take: impl Fn(Timestamp) -> i64,
) -> Result<Value<'a>, EvalError> {
    let (time, offset) = match args {
        [Value::Timestamp(time)] => (*time, 0),
        [Value::Timestamp(time), Value::Text(name)] => {
            let unknown = || EvalError::other(format_args!("`{}` is no fixed offset", &**name));
            (*time, zone(name).ok_or_else(unknown)?)
        }
        _ => return Err(EvalError::no_such_overload()),
    };
    Ok(Value::Int(take(Timestamp {
        seconds: time.seconds + offset,
        ..time
    })))
}

fn full_year<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_time(args, |time| time.day().year)
}

fn month<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_time(args, |time| time.day().month - 1)
}

fn day_of_year<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_time(args, |time| {
        time.seconds.div_euclid(DAY) - days_to(time.day().year, 1, 1)
    })
}

fn day_of_month<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_time(args, |time| time.day().day - 1)
}

fn date<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_time(args, |time| time.day().day)
}

/// 1970-01-01 was a Thursday, and weeks begin on Sunday.
fn day_of_week<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_time(args, |time| {
        (time.seconds.div_euclid(DAY) + 4).rem_euclid(7)
    })
}

fn of_either<'a>(
    args: &[Value<'a>],
    nanos: i64,
    take: impl Fn(Timestamp) -> i64,
) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Duration(span)] => Ok(Value::Int(span / nanos)),
        _ => of_time(args, take),
    }
}

fn hours<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_either(args, 3600 * SECOND, |time| time.second_of_day() / 3600)
}

fn minutes<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_either(args, 60 * SECOND, |time| time.second_of_day() / 60 % 60)
}

fn seconds<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_either(args, SECOND, |time| time.second_of_day() % 60)
}

fn milliseconds<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    of_either(args, 1_000_000, |time| i64::from(time.nanos / 1_000_000))
}
