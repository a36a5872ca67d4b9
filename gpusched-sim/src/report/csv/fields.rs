//! Fields of a CSV row, written without an allocation each.

use std::fmt::{self, Display, Write as _};
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

    pub(super) fn end(&mut self) -> io::Result<()> {
        Ok(self.out.write_record(None::<&[u8]>)?)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// `value` / 10^`places`, exactly, without trailing zeros.
pub(super) fn decimal(value: i128, places: usize) -> impl Display {
    struct Decimal(i128, usize);
    impl Display for Decimal {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let scale = 10i128.pow(self.1 as u32);
            let (whole, rest) = (self.0 / scale, self.0 % scale);
            write!(f, "{whole}")?;
            if rest == 0 {
                return Ok(());
            }
            let (mut rest, mut places) = (rest, self.1);
            while rest % 10 == 0 {
                rest /= 10;
                places -= 1;
            }
            write!(f, ".{rest:0places$}")
        }
    }
    Decimal(value, places)
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
        let text = |value, places| decimal(value, places).to_string();
        assert_eq!(text(0, 9), "0");
        assert_eq!(text(1_500, 3), "1.5");
        assert_eq!(text(1, 9), "0.000000001");
        assert_eq!(text(12_000, 3), "12");
    }

    #[test]
    fn devices_join_into_ranges() {
        assert_eq!(device_list(0b0100_1111), "0-3,6");
        assert_eq!(device_list(1 << 63), "63");
        assert_eq!(device_list(u64::MAX), "0-63");
    }
}
