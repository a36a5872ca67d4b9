//! Calendar times, with and without an offset, as microseconds since 1970.

use super::ReadOptions;
use super::fields::FieldResult;
use super::input::Source;
use super::table::{Column, Row, Split, Table};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::units::{MAX_MICROS, MICROS, Time};
use jiff::tz::TimeZone;

/// How times without an offset are read.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: Option<TimeZone>,
}

/// Why a text is no calendar time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Shape,
    Offset,
    Range,
}

impl Clock {
    /// The clock asked for by `options.timezone`.
    ///
    /// # Errors
    /// When the zone is unknown.
    pub fn new(options: &ReadOptions) -> Result<Clock> {
        let Some(name) = &options.timezone else {
            return Ok(Clock { zone: None });
        };
        if let Ok(zone) = TimeZone::get(name) {
            return Ok(Clock { zone: Some(zone) });
        }
        let known: Vec<String> = jiff::tz::db()
            .available()
            .map(|zone| zone.to_string())
            .collect();
        let help = match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(close) => format!("did you mean \"{close}\"?"),
            None => "write an IANA name such as America/Los_Angeles, Asia/Shanghai or UTC".into(),
        };
        Err(Diagnostic::new(format!("unknown time zone \"{name}\""))
            .at("--timezone", 1, 1)
            .source_line(name)
            .width(name.chars().count())
            .help(help))
    }

    /// Microseconds since 1970 of `YYYY-MM-DD HH:MM:SS[.ffffff][offset]`.
    fn parse(&self, text: &str) -> Result<i64, Wrong> {
        let (local, rest) = local_micros(text).ok_or(Wrong::Shape)?;
        let micros = match (offset_secs(rest)?, &self.zone) {
            (Some(offset), _) => local - offset * MICROS,
            (None, None) => local,
            (None, Some(zone)) => in_zone(local, zone).ok_or(Wrong::Range)?,
        };
        if micros.abs() > MAX_MICROS {
            Err(Wrong::Range)
        } else {
            Ok(micros)
        }
    }

    /// The instant `micros` as text, for `meta.t0`: with `Z` only when the offset is known.
    fn print(&self, micros: i64, with_offset: bool) -> Option<String> {
        let mut text = jiff::Timestamp::from_microsecond(micros).ok()?.to_string();
        if !with_offset && self.zone.is_none() {
            text.truncate(text.trim_end_matches('Z').len());
        }
        Some(text)
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The local time as if it were UTC, and what follows it.
fn local_micros(text: &str) -> Option<(i64, &str)> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || !text.is_char_boundary(19) {
        return None;
    }
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| bytes[*at] != *byte) || !matches!(bytes[10], b' ' | b'T')
    {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0_i64, |value, byte| {
            byte.is_ascii_digit()
                .then(|| value * 10 + i64::from(byte - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > month_days || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let (fraction, rest) = fraction_micros(&text[19..]);
    Some((seconds * MICROS + fraction, rest))
}

/// Microseconds of `.25`, and what follows; finer digits are cut off.
fn fraction_micros(text: &str) -> (i64, &str) {
    let Some(digits) = text.strip_prefix('.') else {
        return (0, text);
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let value = digits
        .bytes()
        .take(end)
        .chain(std::iter::repeat(b'0'))
        .take(6);
    (
        value.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')),
        &digits[end..],
    )
}

/// Seconds east of UTC of `Z`, `+08:00`, `-0800` or `+08`; `None` when there is no offset.
fn offset_secs(text: &str) -> Result<Option<i64>, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Ok(Some(0));
    }
    let (sign, digits) = match text.as_bytes()[0] {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return Err(Wrong::Offset),
    };
    let digits = digits.replacen(':', "", 1);
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Wrong::Offset);
    }
    let value: i64 = digits.parse().map_err(|_| Wrong::Offset)?;
    let (hours, minutes) = if digits.len() == 2 {
        (value, 0)
    } else {
        (value / 100, value % 100)
    };
    if hours > 14 || minutes > 59 {
        return Err(Wrong::Offset);
    }
    Ok(Some(sign * (hours * 3600 + minutes * 60)))
}

/// A local time in a zone. In an hour that is repeated, the first one is meant.
fn in_zone(local: i64, zone: &TimeZone) -> Option<i64> {
    let as_utc = jiff::Timestamp::from_microsecond(local).ok()?;
    let civil = TimeZone::UTC.to_datetime(as_utc);
    Some(zone.to_timestamp(civil).ok()?.as_microsecond())
}

impl Row<'_> {
    /// Microseconds since 1970 of a calendar time, or `None` when the field says there is none.
    pub fn optional_stamp(self, column: Column, clock: &Clock) -> FieldResult<Option<i64>> {
        match self.text(column) {
            "" | "None" | "none" | "NULL" | "null" | "nan" | "NaN" | "NaT" | "Unknown" => Ok(None),
            text => match clock.parse(text) {
                Ok(micros) => Ok(Some(micros)),
                Err(wrong) => Err(self.wrong_stamp(column, text, wrong)),
            },
        }
    }

    /// Microseconds since 1970 of a calendar time that must be there.
    pub fn stamp(self, column: Column, clock: &Clock) -> FieldResult<i64> {
        self.optional_stamp(column, clock)?.ok_or_else(|| {
            let message = format!("{} is empty", self.name(column));
            self.wrong(column, message, "write the time as YYYY-MM-DD HH:MM:SS")
        })
    }

    fn wrong_stamp(self, column: Column, text: &str, wrong: Wrong) -> super::fields::Problem {
        let (message, help) = explain(text, wrong);
        self.wrong(column, message, help)
    }
}

fn explain(text: &str, wrong: Wrong) -> (String, &'static str) {
    match wrong {
        Wrong::Shape => (
            format!("\"{text}\" is not a date and time"),
            "write YYYY-MM-DD HH:MM:SS, with or without an offset such as +08:00",
        ),
        Wrong::Offset => (
            format!("\"{text}\" has no usable time zone offset"),
            "write the offset as Z, +08:00 or -0700",
        ),
        Wrong::Range => (format!("\"{text}\" is out of range"), "check the year"),
    }
}

/// A calendar time outside a table.
///
/// # Errors
/// What is wrong with the text, without a place.
pub fn parse_text(text: &str, clock: &Clock) -> Result<i64> {
    clock.parse(text).map_err(|wrong| {
        let (message, help) = explain(text, wrong);
        Diagnostic::new(message).help(help)
    })
}

/// The start of a trace with calendar times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    micros: i64,
    /// As text, for `meta.t0`.
    pub text: Option<String>,
}

impl Start {
    /// The earliest of some instants; 1970 when there is none.
    pub fn earliest(
        instants: impl IntoIterator<Item = i64>,
        clock: &Clock,
        with_offset: bool,
    ) -> Start {
        match instants.into_iter().min() {
            Some(micros) => Start {
                micros,
                text: clock.print(micros, with_offset),
            },
            None => Start {
                micros: 0,
                text: None,
            },
        }
    }

    /// The earliest submission in a file of comma-separated records with a header, read once just
    /// for that.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such column.
    pub fn of_source(source: &Source, column: &str, clock: &Clock) -> Result<Start> {
        let mut table = Table::with_header(source.open()?, Split::Comma)?;
        let column = table.column(column)?;
        Start::of_table(&mut table, column, clock)
    }

    /// The earliest submission in a table, which is read to its end. Fields that cannot be read
    /// are passed over here: the second reading reports them.
    ///
    /// # Errors
    /// When the text below the table cannot be read.
    fn of_table(table: &mut Table, column: Column, clock: &Clock) -> Result<Start> {
        let mut earliest: Option<i64> = None;
        let mut with_offset = false;
        while let Some(record) = table.next_row()? {
            let Ok(row) = record else { continue };
            let Ok(Some(micros)) = row.optional_stamp(column, clock) else {
                continue;
            };
            if earliest.is_none_or(|before| micros < before) {
                earliest = Some(micros);
                with_offset = local_micros(row.text(column))
                    .is_some_and(|(_, rest)| matches!(offset_secs(rest), Ok(Some(_))));
            }
        }
        Ok(Start::earliest(earliest, clock, with_offset))
    }

    /// An instant relative to the start.
    pub fn relative(&self, micros: i64) -> Time {
        Time(micros - self.micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(text: &str) -> Result<i64, Wrong> {
        Clock { zone: None }.parse(text)
    }

    #[test]
    fn known_instants() {
        assert_eq!(naive("1970-01-01 00:00:00"), Ok(0));
        assert_eq!(naive("2000-02-29T12:00:00.5Z"), Ok(951_825_600_500_000));
        assert_eq!(
            naive("2023-05-01 08:00:00+08:00"),
            naive("2023-05-01 00:00:00")
        );
        assert_eq!(
            naive("2023-05-01 00:00:00 -0330"),
            naive("2023-05-01 03:30:00")
        );
        assert_eq!(naive("1969-12-31 23:59:59"), Ok(-1_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "2023-02-29 00:00:00",
            "2023-13-01 00:00:00",
            "12",
            "2023-05-01 0é:00:00",
            "",
        ] {
            assert_eq!(naive(text), Err(Wrong::Shape), "{text}");
        }
        for text in [
            "2023-05-01 00:00:00+8:",
            "2023-05-01 00:00:00 PDT",
            "2023-05-01 00:00:00+99",
        ] {
            assert_eq!(naive(text), Err(Wrong::Offset), "{text}");
        }
    }

    #[test]
    fn a_zone_tells_summer_from_winter() {
        let Ok(zone) = TimeZone::get("America/Los_Angeles") else {
            eprintln!("skipped: no time zone database");
            return;
        };
        let clock = Clock { zone: Some(zone) };
        let noon = |date: &str| clock.parse(&format!("{date} 12:00:00")).unwrap();
        assert_eq!(noon("2017-11-05") - noon("2017-11-04"), 25 * 3600 * MICROS);
        assert_eq!(noon("2017-11-06") - noon("2017-11-05"), 24 * 3600 * MICROS);
    }
}
