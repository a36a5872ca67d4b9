//! Numbers as a page carries them: short.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

/// A number with as many significant digits as a chart can show. What is no number (JSON has none
/// for infinity) becomes `null`.
pub(super) fn rounded(value: f64, digits: usize) -> Value {
    if value == 0.0 || !value.is_finite() {
        return match value == 0.0 {
            true => Value::from(0),
            false => Value::Null,
        };
    }
    let text = format!("{value:.*e}", digits - 1);
    let short: f64 = text.parse().unwrap_or(value);
    if short.fract() == 0.0 && short.abs() < 1e15 {
        return Value::from(short as i64);
    }
    Number::from_f64(short).map_or(Value::Null, Value::Number)
}

/// `null` for `None`; four digits, which is more than a chart of a few hundred pixels shows.
pub(super) fn point(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |value| rounded(value, 4))
}

/// Bytes as base64.
pub(super) fn bytes(values: &[u8]) -> String {
    STANDARD.encode(values)
}

/// Words of 16 bits, little-endian, as base64.
pub(super) fn words(values: &[u16]) -> String {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    STANDARD.encode(bytes)
}

/// JSON that may stand inside of a `script` element: nothing in it can end the element or begin
/// another, and nothing ends a line of JavaScript.
pub(super) fn script_json(value: &impl serde::Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    let mut safe = String::with_capacity(text.len() + text.len() / 64);
    for c in text.chars() {
        match c {
            // In JSON these stand inside of strings only.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe += &format!("\\u{:04x}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_as_short_as_their_digits() {
        let text = |value: f64| rounded(value, 4).to_string();
        assert_eq!(text(0.0), "0");
        assert_eq!(text(123_456.0), "123500");
        assert_eq!(text(0.123_456), "0.1235");
        assert_eq!(text(-2.0), "-2");
        assert_eq!(text(99_999.0), "100000");
        assert_eq!(text(f64::INFINITY), "null");
        assert_eq!(text(f64::NAN), "null");
    }

    #[test]
    fn words_are_little_endian() {
        assert_eq!(words(&[1, 0x0203]), STANDARD.encode([1, 0, 3, 2]));
        assert_eq!(bytes(&[]), "");
    }

    proptest! {
        #[test]
        fn four_digits_are_within_half_a_thousandth(value in -1e9f64..1e9) {
            let short = rounded(value, 4).as_f64().unwrap();
            prop_assert!((short - value).abs() <= value.abs() * 5.000_001e-4);
        }

        #[test]
        fn json_in_a_script_reads_the_same_and_ends_nothing(text in ".*") {
            let safe = script_json(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
            let ends = safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
            prop_assert!(!ends);
        }
    }
}
