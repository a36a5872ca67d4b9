//! Fields of a CSV row, written without an allocation each.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};

/// Writes rows field by field.
pub(super) struct Row<'a> {
    out: csv::Writer<&'a mut dyn Write>,
    field: String,
}

impl<'a> Row<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Row<'a> {
        Row {
            out: csv::Writer::from_writer(out),
            field: String::new(),
        }
    }

    pub(super) fn header(&mut self, names: &[&str]) -> io::Result<()> {
        names.iter().try_for_each(|name| self.text(name))?;
        self.end()
    }

    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        Ok(self.out.write_field(text)?)
    }

    pub(super) fn show(&mut self, value: impl Display) -> io::Result<()> {
        self.field.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.field, "{value}");
        Ok(self.out.write_field(&self.field)?)
    }

    /// An empty field for `None`.
    pub(super) fn maybe(&mut self, value: Option<impl Display>) -> io::Result<()> {
        match value {
            Some(value) => self.show(value),
            None => self.text(""),
        }
    }

    /// `value` / 10^`places`, exactly, without trailing zeros.
    pub(super) fn decimal(&mut self, value: i128, places: usize) -> io::Result<()> {
        self.field.clear();
        push_decimal(&mut self.field, value, places);
        Ok(self.out.write_field(&self.field)?)
    }

    /// Microseconds as exact seconds.
    pub(super) fn secs(&mut self, micros: i64) -> io::Result<()> {
        self.decimal(i128::from(micros), 6)
    }

    /// As [`Row::secs`]; an empty field for `None`.
    pub(super) fn maybe_secs(&mut self, micros: Option<i64>) -> io::Result<()> {
        match micros {
            Some(micros) => self.secs(micros),
            None => self.text(""),
        }
    }

    pub(super) fn end(&mut self) -> io::Result<()> {
        Ok(self.out.write_record(None::<&[u8]>)?)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Appends `value` / 10^`places`. Digits are made by hand: a file of a million jobs has twenty
/// million numbers.
fn push_decimal(text: &mut String, value: i128, places: usize) {
    if value < 0 {
        text.push('-');
    }
    let Ok(mut rest) = u64::try_from(value.unsigned_abs()) else {
        let scale = 10u128.pow(places as u32);
        let (whole, rest) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
        // Writing to a string cannot fail.
        let _ = write!(text, "{whole}");
        return push_fraction(text, rest as u64, places);
    };
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while rest > 0 || digits.len() - at <= places {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let point = digits.len() - places;
    text.extend(digits[at..point].iter().map(|&digit| char::from(digit)));
    let kept = digits[point..].iter().rposition(|&digit| digit != b'0');
    if let Some(last) = kept {
        text.push('.');
        let fraction = &digits[point..=point + last];
        text.extend(fraction.iter().map(|&digit| char::from(digit)));
    }
}

fn push_fraction(text: &mut String, rest: u64, places: usize) {
    if rest == 0 {
        return;
    }
    // Writing to a string cannot fail.
    let _ = write!(text, ".{rest:0places$}");
    text.truncate(text.trim_end_matches('0').len());
}

/// Set bits as ranges: `0-3,6`.
pub(super) fn device_list(devices: u64) -> String {
    let mut text = String::new();
    let mut rest = devices;
    while rest != 0 {
        let first = rest.trailing_zeros();
        let run = (rest >> first).trailing_ones();
        let separator = if text.is_empty() { "" } else { "," };
        let last = first + run - 1;
        // Writing to a string cannot fail.
        let _ = match run {
            1 => write!(text, "{separator}{first}"),
            _ => write!(text, "{separator}{first}-{last}"),
        };
        rest = if last == 63 {
            0
        } else {
            rest >> (last + 1) << (last + 1)
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_short() {
        let text = |value, places| {
            let mut text = String::new();
            push_decimal(&mut text, value, places);
            text
        };
        assert_eq!(text(0, 9), "0");
        assert_eq!(text(1_500, 3), "1.5");
        assert_eq!(text(1, 9), "0.000000001");
        assert_eq!(text(12_000, 3), "12");
        assert_eq!(text(-250_000, 6), "-0.25");
        assert_eq!(text(i128::from(u64::MAX), 9), "18446744073.709551615");
        assert_eq!(text(10i128.pow(21) + 500, 9), "1000000000000.0000005");
        assert_eq!(text(10i128.pow(21), 9), "1000000000000");
    }

    #[test]
    fn devices_join_into_ranges() {
        assert_eq!(device_list(0b0100_1111), "0-3,6");
        assert_eq!(device_list(1 << 63), "63");
        assert_eq!(device_list(u64::MAX), "0-63");
    }
}
