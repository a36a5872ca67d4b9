//! Reading one field: numbers, times, flags, names and lists, with errors that say how to mend
//! the value.

use super::table::{Column, Row};
use crate::diagnostic::{Diagnostic, did_you_mean};
use gpusched_core::units::{SecondsError, Span, Time, parse_decimal, parse_seconds};

/// A record that cannot be used, under the name of the rule it breaks.
///
/// Strict readers stop with the diagnostic; lenient ones count the rule and go on.
#[derive(Debug)]
pub struct Problem {
    /// The rule, as it is counted.
    pub rule: String,
    /// What to show when it is not tolerated.
    pub diagnostic: Box<Diagnostic>,
}

impl Problem {
    /// A problem with a rule.
    pub fn new(rule: impl Into<String>, diagnostic: Box<Diagnostic>) -> Problem {
        Problem {
            rule: rule.into(),
            diagnostic,
        }
    }
}

/// The result of reading one field or one record.
pub type FieldResult<T> = Result<T, Problem>;

impl Row<'_> {
    /// An error at a field; it counts as an unreadable value of that column.
    pub fn wrong(self, column: Column, message: String, help: impl Into<String>) -> Problem {
        let diagnostic = self.locate(column, Diagnostic::new(message)).help(help);
        Problem::new(format!("{}: unusable value", self.name(column)), diagnostic)
    }

    /// A text that must not be empty.
    pub fn required(self, column: Column) -> FieldResult<String> {
        match self.text(column) {
            "" => Err(self.empty(column, "a name")),
            text => Ok(text.to_string()),
        }
    }

    /// A text, or `None` when it is empty.
    pub fn optional_text(self, column: Column) -> Option<String> {
        Some(self.text(column))
            .filter(|text| !text.is_empty())
            .map(str::to_string)
    }

    /// A whole number that must be there.
    pub fn u64(self, column: Column) -> FieldResult<u64> {
        match self.text(column) {
            "" => Err(self.empty(column, "a whole number")),
            text => self.parse_u64(column, text),
        }
    }

    /// A whole number, or `default` when the field is empty.
    pub fn u64_or(self, column: Column, default: u64) -> FieldResult<u64> {
        match self.text(column) {
            "" => Ok(default),
            text => self.parse_u64(column, text),
        }
    }

    /// A whole number below 2^32 that must be there.
    pub fn u32(self, column: Column) -> FieldResult<u32> {
        self.u64(column)
            .and_then(|value| self.narrow(column, value))
    }

    /// A whole number below 2^32, or `default` when the field is empty.
    pub fn u32_or(self, column: Column, default: u32) -> FieldResult<u32> {
        self.u64_or(column, default.into())
            .and_then(|value| self.narrow(column, value))
    }

    /// A whole number below 2^32, or `None` when the field is empty.
    pub fn optional_u32(self, column: Column) -> FieldResult<Option<u32>> {
        match self.text(column) {
            "" => Ok(None),
            _ => self.u32(column).map(Some),
        }
    }

    /// A whole number, or `None` when the field is empty.
    pub fn optional_u64(self, column: Column) -> FieldResult<Option<u64>> {
        match self.text(column) {
            "" => Ok(None),
            text => self.parse_u64(column, text).map(Some),
        }
    }

    /// A signed whole number, or `default` when the field is empty.
    pub fn i32_or(self, column: Column, default: i32) -> FieldResult<i32> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(default);
        }
        let value = parse_decimal(text, 0)
            .ok()
            .and_then(|value| i32::try_from(value).ok());
        value.ok_or_else(|| {
            let message = format!("\"{text}\" is not a whole number for {}", self.name(column));
            self.wrong(
                column,
                message,
                "write a whole number between -2147483648 and 2147483647",
            )
        })
    }

    /// Seconds, 0 or more, as an instant; must be there.
    pub fn time(self, column: Column) -> FieldResult<Time> {
        self.span(column).map(|span| Time(span.0))
    }

    /// Seconds, 0 or more; must be there.
    pub fn span(self, column: Column) -> FieldResult<Span> {
        match self.text(column) {
            "" => Err(self.empty(column, "a number of seconds")),
            text => self.parse_span(column, text),
        }
    }

    /// Seconds, 0 or more, or `None` when the field is empty.
    pub fn optional_span(self, column: Column) -> FieldResult<Option<Span>> {
        match self.text(column) {
            "" => Ok(None),
            text => self.parse_span(column, text).map(Some),
        }
    }

    /// Seconds, 0 or more, as an instant, or `None` when the field is empty.
    pub fn optional_time(self, column: Column) -> FieldResult<Option<Time>> {
        Ok(self.optional_span(column)?.map(|span| Time(span.0)))
    }

    /// A finite number that is not negative, or `None` when the field is empty.
    pub fn optional_f64(self, column: Column) -> FieldResult<Option<f64>> {
        match self.text(column) {
            "" => Ok(None),
            text => self.parse_f64(column, text).map(Some),
        }
    }

    /// A finite single-precision number that is not negative, or `None` when it is empty.
    pub fn optional_f32(self, column: Column) -> FieldResult<Option<f32>> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        self.parse_f64(column, text)?;
        match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err(self.absurd(column, text)),
        }
    }

    /// A finite number that is not negative, from any text that stands in this column.
    pub fn parse_f64(self, column: Column, text: &str) -> FieldResult<f64> {
        match text.parse::<f64>() {
            Ok(value) if !value.is_finite() => {
                let message = format!("\"{text}\" is not a finite number");
                Err(self.wrong(
                    column,
                    message,
                    "leave the field empty if the value is unknown",
                ))
            }
            Ok(value) if value < 0.0 => Err(self.negative(column, text)),
            Ok(value) => Ok(value),
            Err(_) => {
                let message = format!("\"{text}\" is not a number for {}", self.name(column));
                Err(self.wrong(
                    column,
                    message,
                    "write a plain decimal number without a unit",
                ))
            }
        }
    }

    /// A yes or no, or `default` when the field is empty.
    pub fn flag_or(self, column: Column, default: bool) -> FieldResult<bool> {
        match self.text(column) {
            "" => Ok(default),
            "1" | "true" | "yes" => Ok(true),
            "0" | "false" | "no" => Ok(false),
            text => {
                let message = format!("\"{text}\" is neither yes nor no");
                Err(self.wrong(
                    column,
                    message,
                    "write 1 (or true, yes) or 0 (or false, no)",
                ))
            }
        }
    }

    /// One of a few names, or `None` when the field is empty.
    pub fn choice<T: Copy>(self, column: Column, choices: &[(&str, T)]) -> FieldResult<Option<T>> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return Ok(Some(*value));
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let all = names.join(", ");
        let help = match did_you_mean(text, names) {
            Some(close) => format!("did you mean \"{close}\"? one of: {all}"),
            None => format!("one of: {all}"),
        };
        let message = format!("\"{text}\" is not a value of {}", self.name(column));
        Err(self.wrong(column, message, help))
    }

    /// A list `A|B`, without repetitions and in the order given.
    pub fn list(self, column: Column) -> Vec<String> {
        let mut items: Vec<String> = Vec::new();
        for item in self.list_as_given(column) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
        items
    }

    /// A list `A|B`, with its repetitions.
    pub fn list_as_given(self, column: Column) -> Vec<String> {
        let items = self.text(column).split('|').map(str::trim);
        let given = items.filter(|item| !item.is_empty());
        given.map(str::to_owned).collect()
    }

    /// Seconds, 0 or more, from any text that stands in this column.
    pub fn parse_span(self, column: Column, text: &str) -> FieldResult<Span> {
        match quick_digits(text) {
            Some(value) if value <= 9_007_199_254 => Ok(Span::from_secs(value as i64)),
            _ => match parse_seconds(text) {
                Ok(micros) if micros < 0 => Err(self.negative(column, text)),
                Ok(micros) => Ok(Span(micros)),
                Err(error) => Err(self.wrong_seconds(column, text, error)),
            },
        }
    }

    /// A whole number from a decimal text; `8.0` is whole, `8.5` is not.
    fn parse_u64(self, column: Column, text: &str) -> FieldResult<u64> {
        if let Some(value) = quick_digits(text) {
            return Ok(value);
        }
        match parse_decimal(text, 0) {
            Ok(value) => u64::try_from(value).map_err(|_| self.negative(column, text)),
            Err(SecondsError::TooLarge) => Err(self.absurd(column, text)),
            Err(_) => {
                let message = format!("\"{text}\" is not a whole number for {}", self.name(column));
                Err(self.wrong(column, message, "write digits only, without a unit"))
            }
        }
    }

    fn narrow(self, column: Column, value: u64) -> FieldResult<u32> {
        u32::try_from(value).map_err(|_| self.absurd(column, &value.to_string()))
    }

    fn empty(self, column: Column, wanted: &str) -> Problem {
        let message = format!("{} is empty", self.name(column));
        self.wrong(column, message, format!("write {wanted}"))
    }

    fn negative(self, column: Column, text: &str) -> Problem {
        let message = format!("{} is negative ({text})", self.name(column));
        self.wrong(
            column,
            message,
            "write 0 or more, or leave the field empty if it is unknown",
        )
    }

    fn absurd(self, column: Column, text: &str) -> Problem {
        let message = format!("{} is absurdly large ({text})", self.name(column));
        self.wrong(column, message, "check the unit of the column")
    }

    fn wrong_seconds(self, column: Column, text: &str, error: SecondsError) -> Problem {
        let message = match error {
            SecondsError::NotANumber => format!("\"{text}\" is not a number of seconds"),
            SecondsError::TooFine => format!("\"{text}\" is finer than a microsecond"),
            SecondsError::TooLarge => {
                format!(
                    "{} is absurdly large ({text}): over 2^53 µs",
                    self.name(column)
                )
            }
        };
        let help = match error {
            SecondsError::TooFine => "round it to six decimals".to_string(),
            SecondsError::TooLarge => {
                "seconds are wanted: check that these are not milliseconds or dates".to_string()
            }
            SecondsError::NotANumber => mend_seconds(text),
        };
        self.wrong(column, message, help)
    }
}

/// Digits only, few enough to be surely in range.
fn quick_digits(text: &str) -> Option<u64> {
    let digits = text.len() <= 15 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| {
        text.bytes()
            .fold(0, |value, byte| value * 10 + u64::from(byte - b'0'))
    })
}

/// What to write instead of a text that is no number of seconds.
fn mend_seconds(text: &str) -> String {
    if let Some(seconds) = with_unit(text).or_else(|| with_colons(text)) {
        return format!("write {}", Span(seconds));
    }
    match text.to_ascii_lowercase().trim_start_matches(['+', '-']) {
        "nan" | "inf" | "infinity" | "none" | "null" | "na" | "n/a" => {
            "leave the field empty if the value is unknown".into()
        }
        other if other.len() >= 10 && other.as_bytes()[4] == b'-' => {
            "times are seconds since the start of the trace, not dates".into()
        }
        other if other.contains(',') => "use a point, not a comma, before the decimals".into(),
        _ => "write seconds as a plain decimal number, such as 90 or 0.5".into(),
    }
}

/// Microseconds of `2h`, `90 min`, `250ms`.
fn with_unit(text: &str) -> Option<i64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let micros = match text[at..].to_ascii_lowercase().as_str() {
        "us" => 1,
        "ms" => 1_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000_000,
        "d" | "day" | "days" => 86_400_000_000,
        "w" | "week" | "weeks" => 604_800_000_000,
        _ => return None,
    };
    let thousandths = parse_decimal(text[..at].trim(), 3).ok()?;
    Some(thousandths.checked_mul(micros)? / 1000)
}

/// Microseconds of `1:30:00`, `2:30` or `1-00:00:00` (days).
fn with_colons(text: &str) -> Option<i64> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    if !clock.contains(':') {
        return None;
    }
    let mut seconds: i64 = 0;
    for part in clock.split(':') {
        seconds = seconds
            .checked_mul(60)?
            .checked_add(i64::from(part.parse::<u32>().ok()?))?;
    }
    let days = i64::from(days.parse::<u32>().ok()?);
    seconds
        .checked_add(days.checked_mul(86_400)?)?
        .checked_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_a_unit_are_converted_in_the_help() {
        for (text, help) in [
            ("2h", "write 7200"),
            ("1.5 min", "write 90"),
            ("250ms", "write 0.25"),
            ("1:30:00", "write 5400"),
            ("1-00:00:01", "write 86401"),
            (
                "2020-01-01 00:00:00",
                "times are seconds since the start of the trace, not dates",
            ),
            ("1,5", "use a point, not a comma, before the decimals"),
        ] {
            assert_eq!(mend_seconds(text), help, "{text}");
        }
        assert!(mend_seconds("é-ü").starts_with("write seconds"));
    }
}
