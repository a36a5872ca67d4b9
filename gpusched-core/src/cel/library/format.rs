//! `"%s-%d".format([…])`, as the CEL extension of version 2 writes it in English.

use super::convert::double;
use super::time::duration_text;
use super::{Entry, member};
use crate::cel::check::Type;
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::Value;

pub(super) const ENTRIES: &[Entry] = &[member("format", "(string, list(dyn)) -> string", format)
    .cost(cost::traverse)
    .stops()];

/// Digits behind the point where none are asked for.
const PRECISION: usize = 6;

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    /// A letter and how many digits stand behind the point.
    Clause(char, usize),
}

fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        pieces.push(Piece::Text(&rest[..at]));
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('%') {
            pieces.push(Piece::Text("%"));
            rest = behind;
            continue;
        }
        let mut precision = PRECISION;
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(behind.len());
            precision = behind[..end]
                .parse()
                .ok()
                .filter(|digits| *digits <= 1000)
                .ok_or("a precision is a number: `%.2f`")?;
            rest = &behind[end..];
        }
        let letter = rest.chars().next().ok_or("the template ends in a clause")?;
        if !"sdfebxXo".contains(letter) {
            return Err(format!("there is no clause `%{letter}`"));
        }
        pieces.push(Piece::Clause(letter, precision));
        rest = &rest[1..];
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// Whether values of these types fit a template.
pub(in crate::cel) fn check(template: &str, types: &[&Type]) -> Result<(), String> {
    let mut left = types.iter();
    for piece in pieces(template)? {
        let Piece::Clause(letter, _) = piece else {
            continue;
        };
        let ty = left
            .next()
            .ok_or_else(|| format!("the template asks for more than {} values", types.len()))?;
        let fits = match (letter, ty) {
            (_, Type::Dyn | Type::Any) => true,
            ('s', Type::Object(_) | Type::Optional(_)) => false,
            ('s', _) => true,
            ('f' | 'e', ty) => matches!(ty, Type::Double | Type::Text),
            ('b', Type::Bool) | ('x' | 'X', Type::Text | Type::Bytes) => true,
            (_, ty) => matches!(ty, Type::Int | Type::Uint),
        };
        if !fits {
            return Err(format!("`%{letter}` does not take a value of type `{ty}`"));
        }
    }
    match left.len() {
        0 => Ok(()),
        more => Err(format!("the template leaves {more} values unused")),
    }
}

fn format<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::Text(template), Value::List(values)] = args else {
        return Err(EvalError::no_such_overload());
    };
    let mut out = String::new();
    let mut values = values.iter();
    for piece in pieces(template).map_err(EvalError::other)? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Clause(letter, precision) => {
                let value = values
                    .next()
                    .ok_or_else(|| EvalError::other("the template asks for more values"))?;
                out.push_str(&clause(letter, precision, value)?);
            }
        }
    }
    Ok(Value::text(out))
}

fn clause(letter: char, precision: usize, value: &Value<'_>) -> Result<String, EvalError> {
    Ok(match (letter, value) {
        ('s', value) => text(value)?,
        ('d', Value::Int(number)) => number.to_string(),
        ('d', Value::Uint(number)) => number.to_string(),
        ('f' | 'e', Value::Double(number)) => number_text(letter, precision, *number),
        ('f' | 'e', Value::Text(text)) => match &**text {
            "NaN" => number_text(letter, precision, f64::NAN),
            "Infinity" => number_text(letter, precision, f64::INFINITY),
            "-Infinity" => number_text(letter, precision, f64::NEG_INFINITY),
            _ => return Err(unfit(letter)),
        },
        ('b', Value::Bool(truth)) => u8::from(*truth).to_string(),
        ('b', Value::Uint(number)) => format!("{number:b}"),
        ('o', Value::Uint(number)) => format!("{number:o}"),
        ('b', Value::Int(number)) => signed(*number, |magnitude| format!("{magnitude:b}")),
        ('o', Value::Int(number)) => signed(*number, |magnitude| format!("{magnitude:o}")),
        ('x' | 'X', value) => {
            let hex = match value {
                Value::Int(number) => signed(*number, |magnitude| format!("{magnitude:x}")),
                Value::Uint(number) => format!("{number:x}"),
                Value::Text(text) => hex(text.as_bytes()),
                Value::Bytes(bytes) => hex(bytes),
                _ => return Err(unfit(letter)),
            };
            if letter == 'X' {
                hex.to_ascii_uppercase()
            } else {
                hex
            }
        }
        _ => return Err(unfit(letter)),
    })
}

fn unfit(letter: char) -> EvalError {
    EvalError::other(format_args!("`%{letter}` does not take this value"))
}

fn signed(number: i64, digits: impl Fn(u64) -> String) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", digits(number.unsigned_abs()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Groups of three digits, or powers of ten written above the line.
fn number_text(letter: char, precision: usize, number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    if letter == 'e' {
        let text = format!("{number:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ("⁻", exponent),
            None => ("", exponent),
        };
        let above = |digit: char| {
            let index = digit.to_digit(10).unwrap_or(0) as usize;
            ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][index]
        };
        let power: String = format!("{exponent:0>2}").chars().map(above).collect();
        return format!("{digits} × 10{sign}{power}");
    }
    let text = format!("{number:.precision$}");
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", &*text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

/// What `%s` writes.
fn text(value: &Value<'_>) -> Result<String, EvalError> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => double(*number),
        Value::Text(text) => text.to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Duration(nanos) => duration_text(*nanos),
        Value::Timestamp(time) => time.to_string(),
        Value::Type(ty) => ty.to_string(),
        Value::List(elements) => {
            let elements: Vec<String> = elements.iter().map(literal).collect::<Result<_, _>>()?;
            format!("[{}]", elements.join(", "))
        }
        map => {
            let keys = match map {
                Value::Optional(_) | Value::Quantity { .. } => None,
                other => other.iterate(),
            };
            let mut entries = Vec::new();
            for key in keys.ok_or_else(|| unfit('s'))? {
                let value = map.find(&key)?.ok_or_else(EvalError::no_such_overload)?;
                entries.push(format!("{}:{}", literal(&key)?, literal(&value)?));
            }
            entries.sort_unstable();
            format!("{{{}}}", entries.join(", "))
        }
    })
}

/// A value within a list or a map, as it would be written in an expression.
fn literal(value: &Value<'_>) -> Result<String, EvalError> {
    Ok(match value {
        Value::Text(text) => format!("{:?}", &**text),
        Value::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Value::Duration(nanos) => format!("duration({:?})", duration_text(*nanos)),
        Value::Timestamp(time) => format!("timestamp({:?})", time.to_string()),
        Value::Double(number) if !number.is_finite() => format!("{:?}", double(*number)),
        Value::Double(number) => format!("{number:.PRECISION$}"),
        other => text(other)?,
    })
}
