//! Schedules of budgets: cron with five fields, in UTC.
//!
//! Read as `robfig/cron` v3 does with its standard parser, less `@every` (which a NodePool's own
//! validation refuses): minute, hour, day of month, month, day of week; lists, ranges, steps,
//! English names; `?` is `*`. A day has to match both of its fields if one of them is `*`, else
//! either.

use crate::units::{MICROS, Span};
use std::str::FromStr;

const MINUTE: i64 = 60 * MICROS;
const DAY: i64 = 24 * 60 * MINUTE;

/// How far ahead a hit is looked for: five years, as upstream.
const DAYS_AHEAD: i64 = 5 * 366;

/// When a window opens.
///
/// ```
/// use gpusched_core::provisioning::karpenter::disruption::Schedule;
/// let mornings: Schedule = "0 9 * * mon-fri".parse().unwrap();
/// // Thursday, 1 January 1970, 08:00; the first hit is an hour later.
/// assert_eq!(mornings.next(8 * 3_600_000_000), Some(9 * 3_600_000_000));
/// assert!("0 9 * *".parse::<Schedule>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day has to match both `days` and `weekdays`.
    both: bool,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not five fields.
    #[error(
        "a schedule has 5 fields (minute hour day month weekday) or is @daily, …; this has {0}"
    )]
    Fields(usize),
    /// Not one of the shorthands.
    #[error(
        "unknown shorthand {0}; there are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly"
    )]
    Shorthand(String),
    /// Not a number or a name.
    #[error("\"{0}\" is neither a number nor a name that belongs here")]
    Number(String),
    /// Out of bounds, or a range that ends before it begins, or no step at all.
    #[error("\"{text}\" is not within {from}-{to}, or ends before it begins, or has a step of 0")]
    Range {
        /// The part of the field.
        text: String,
        /// Least value.
        from: u32,
        /// Largest value.
        to: u32,
    },
}

struct Field {
    from: u32,
    to: u32,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Schedule, ScheduleError> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other if other.starts_with('@') => {
                return Err(ScheduleError::Shorthand(other.to_owned()));
            }
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(ScheduleError::Fields(fields.len()));
        };
        let field = |text, from, to, names| Field { from, to, names }.read(text);
        let (days, every_day) = field(days, 1, 31, &[])?;
        let (weekdays, every_weekday) = field(weekdays, 0, 6, &WEEKDAYS)?;
        Ok(Schedule {
            minutes: field(minutes, 0, 59, &[])?.0,
            hours: field(hours, 0, 23, &[])?.0,
            months: field(months, 1, 12, &MONTHS)?.0,
            days,
            weekdays,
            both: every_day || every_weekday,
        })
    }
}

impl Field {
    /// The bits of a field, and whether a part of it is `*`.
    fn read(&self, text: &str) -> Result<(u64, bool), ScheduleError> {
        let (mut bits, mut every) = (0, false);
        for part in text.split(',') {
            let (more, star) = self.part(part)?;
            bits |= more;
            every |= star;
        }
        Ok((bits, every))
    }

    fn part(&self, text: &str) -> Result<(u64, bool), ScheduleError> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (text, None),
        };
        let star = range == "*" || range == "?";
        let (from, to) = match range.split_once('-') {
            _ if star => (self.from, self.to),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            // A single value with a step goes on to the end.
            None if step.is_some() => (self.value(range)?, self.to),
            None => (self.value(range)?, self.value(range)?),
        };
        let step = step.unwrap_or(1);
        if from < self.from || to > self.to || from > to || step == 0 {
            return Err(ScheduleError::Range {
                text: text.to_owned(),
                from: self.from,
                to: self.to,
            });
        }
        let bits = (from..=to).step_by(step as usize);
        // `*/2` is a choice, `*` is none.
        Ok((bits.fold(0, |bits, one| bits | 1 << one), star && step == 1))
    }

    fn value(&self, text: &str) -> Result<u32, ScheduleError> {
        let lower = text.to_lowercase();
        let named = self.names.iter().position(|name| *name == lower);
        match named {
            Some(index) => Ok(self.from + index as u32),
            None => number(text),
        }
    }
}

fn number(text: &str) -> Result<u32, ScheduleError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = digits.then(|| text.parse().ok()).flatten();
    parsed.ok_or_else(|| ScheduleError::Number(text.to_owned()))
}

impl Schedule {
    /// The first hit after an instant, both in microseconds since 1970 (UTC); `None` if there is
    /// none within five years, as for the 30th of February. O(days until then).
    pub fn next(&self, after: i64) -> Option<i64> {
        let minute = after.div_euclid(MINUTE) + 1;
        let first = minute.div_euclid(24 * 60);
        for day in first..=first + DAYS_AHEAD {
            if !self.on(day) {
                continue;
            }
            let from = if day == first {
                minute.rem_euclid(24 * 60)
            } else {
                0
            };
            if let Some(found) = self.within_day(from) {
                return Some(day * DAY + found * MINUTE);
            }
        }
        None
    }

    /// Whether a window of this length that opens at a hit is open at an instant, in microseconds
    /// since 1970. A schedule without hits is always open, as upstream.
    pub fn open(&self, now: i64, duration: Span) -> bool {
        self.next(now.saturating_sub(duration.0))
            .is_none_or(|hit| hit <= now)
    }

    fn within_day(&self, from: i64) -> Option<i64> {
        let hit = |minute: &i64| {
            self.hours >> (minute / 60) & 1 == 1 && self.minutes >> (minute % 60) & 1 == 1
        };
        (from..24 * 60).find(hit)
    }

    fn on(&self, day: i64) -> bool {
        let (month, of_month) = civil(day);
        // The first of January 1970 was a Thursday.
        let weekday = (day + 4).rem_euclid(7);
        let (day, weekday) = (
            self.days >> of_month & 1 == 1,
            self.weekdays >> weekday & 1 == 1,
        );
        let fits = match self.both {
            true => day && weekday,
            false => day || weekday,
        };
        self.months >> month & 1 == 1 && fits
    }
}

/// Month and day of month of a day counted from 1970 (Gregorian calendar).
fn civil(day: i64) -> (u32, u32) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    // 400 years have 146,097 days.
    let (mut year, mut left) = (1970, day.rem_euclid(146_097));
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (month, left as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since 1970 of a day of the year 2000 (a leap year), whose first is day 10,957.
    fn at(day_of_year: i64, hour: i64, minute: i64) -> i64 {
        (10_957 + day_of_year - 1) * DAY + (hour * 60 + minute) * MINUTE
    }

    #[test]
    fn the_next_hit_is_after_the_instant() {
        for (schedule, after, hit) in [
            // A hit at the instant itself does not count.
            ("0 0 * * *", at(1, 0, 0), at(2, 0, 0)),
            ("@daily", at(1, 0, 1), at(2, 0, 0)),
            ("@hourly", at(1, 0, 1), at(1, 1, 0)),
            ("@monthly", at(1, 0, 0), at(32, 0, 0)),
            ("@yearly", at(1, 0, 0), at(367, 0, 0)),
            // 1 January 2000 was a Saturday.
            ("@weekly", at(1, 0, 0), at(2, 0, 0)),
            ("30 6 * * SUN", at(2, 6, 30), at(9, 6, 30)),
            ("*/15 * * * *", at(1, 0, 16), at(1, 0, 30)),
            // From 10 on in steps of 20: 10, 30, 50.
            ("10/20 * * * *", at(1, 0, 31), at(1, 0, 50)),
            ("0 9-17/4 * * *", at(1, 9, 0), at(1, 13, 0)),
            // The 29th of February is day 60.
            ("0 0 29 2 *", at(1, 0, 0), at(60, 0, 0)),
            // Both fields named: either will do. The 3rd was a Monday, before the 15th.
            ("0 0 15 * mon", at(1, 0, 0), at(3, 0, 0)),
            ("0 0 15 * mon", at(11, 0, 0), at(15, 0, 0)),
            // One is a star: both must match. `?` is a star.
            ("0 0 ? jan mon", at(1, 0, 0), at(3, 0, 0)),
            // A star with a step chooses: every other day or Mondays.
            ("0 0 */2 * mon", at(1, 0, 0), at(3, 0, 0)),
            ("0 0 */2 * mon", at(9, 0, 0), at(10, 0, 0)),
            ("0,30 0 * * *", at(1, 0, 0), at(1, 0, 30)),
        ] {
            let schedule: Schedule = schedule.parse().unwrap();
            assert_eq!(schedule.next(after), Some(hit), "{schedule:?}");
        }
    }

    #[test]
    fn a_day_that_never_comes_is_never_hit_and_its_window_always_open() {
        let schedule: Schedule = "0 0 30 2 *".parse().unwrap();
        assert_eq!(schedule.next(0), None);
        assert!(schedule.open(0, Span::from_secs(1)));
    }

    #[test]
    fn a_window_is_open_for_its_duration_from_each_hit() {
        let hours = |hours: i64| Span::from_secs(3600 * hours);
        for (schedule, now, duration, open) in [
            ("0 9 * * *", at(1, 9, 0), hours(8), true),
            ("0 9 * * *", at(1, 16, 59), hours(8), true),
            // A hit exactly a duration ago is over.
            ("0 9 * * *", at(1, 17, 0), hours(8), false),
            ("0 9 * * *", at(1, 8, 59), hours(8), false),
            // Longer than the recurrence: always open.
            ("@daily", at(1, 12, 0), hours(48), true),
            ("@yearly", at(1, 12, 0), hours(24), true),
            ("30 6 * * sun", at(2, 0, 0), hours(6), false),
        ] {
            let schedule: Schedule = schedule.parse().unwrap();
            assert_eq!(schedule.open(now, duration), open, "{schedule:?} at {now}");
        }
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        for (text, error) in [
            ("* * * *", "this has 4"),
            ("@wrongly", "unknown shorthand @wrongly"),
            ("61 * * * *", "not within 0-59"),
            ("* * 0 * *", "not within 1-31"),
            ("* * * * 7", "not within 0-6"),
            // Tuesday to Monday ends before it begins.
            ("0 0 * * tue-mon", "ends before it begins"),
            ("*/0 * * * *", "step of 0"),
            ("a * * * *", "\"a\" is neither a number nor a name"),
            ("-5 * * * *", "\"\" is neither"),
            ("1,,2 * * * *", "\"\" is neither"),
        ] {
            let found = text.parse::<Schedule>().unwrap_err().to_string();
            assert!(found.contains(error), "{text}: {found}");
        }
    }
}
