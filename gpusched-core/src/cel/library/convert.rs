//! Conversions between types.

use super::{Entry, global, time};
use crate::cel::cost;
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::value::Value;
use std::sync::Arc;

pub(super) const ENTRIES: &[Entry] = &[
    global("type", "(A) -> type(A)", type_of),
    global("bool", "(bool) -> bool", to_bool),
    global("bool", "(string) -> bool", to_bool),
    global("bytes", "(bytes) -> bytes", to_bytes),
    global("bytes", "(string) -> bytes", to_bytes).cost(cost::traverse),
    global("double", "(double) -> double", to_double),
    global("double", "(int) -> double", to_double),
    global("double", "(string) -> double", to_double),
    global("double", "(uint) -> double", to_double),
    global("duration", "(duration) -> duration", to_duration),
    global("duration", "(int) -> duration", to_duration),
    global("duration", "(string) -> duration", to_duration),
    global("dyn", "(A) -> dyn", same),
    global("int", "(int) -> int", to_int),
    global("int", "(double) -> int", to_int),
    global("int", "(duration) -> int", to_int),
    global("int", "(string) -> int", to_int),
    global("int", "(timestamp) -> int", to_int),
    global("int", "(uint) -> int", to_int),
    global("string", "(string) -> string", to_text),
    global("string", "(bool) -> string", to_text),
    global("string", "(bytes) -> string", to_text).cost(cost::traverse),
    global("string", "(double) -> string", to_text),
    global("string", "(duration) -> string", to_text),
    global("string", "(int) -> string", to_text),
    global("string", "(timestamp) -> string", to_text),
    global("string", "(uint) -> string", to_text),
    global("string", "(ip) -> string", to_text),
    global("string", "(cidr) -> string", to_text),
    global("timestamp", "(timestamp) -> timestamp", to_timestamp),
    global("timestamp", "(int) -> timestamp", to_timestamp),
    global("timestamp", "(string) -> timestamp", to_timestamp),
    global("uint", "(uint) -> uint", to_uint),
    global("uint", "(double) -> uint", to_uint),
    global("uint", "(int) -> uint", to_uint),
    global("uint", "(string) -> uint", to_uint),
];

/// Functions that a plan carries out once if their argument is a literal.
pub(in crate::cel) const CONVERSIONS: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "string",
    "timestamp",
    "type",
    "uint",
];

fn only<'a, 'b>(args: &'b [Value<'a>]) -> Result<&'b Value<'a>, EvalError> {
    match args {
        [value] => Ok(value),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn overflow(what: &str) -> EvalError {
    EvalError::new(
        EvalErrorKind::Overflow,
        format_args!("the number does not fit into {what}"),
    )
}

fn unreadable(text: &str, what: &str) -> EvalError {
    EvalError::other(format_args!("`{text}` is no {what}"))
}

fn same<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    only(args).cloned()
}

fn type_of<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    only(args).map(|value| Value::Type(Arc::new(value.type_of())))
}

fn to_bool<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match only(args)? {
        Value::Bool(truth) => Ok(Value::Bool(*truth)),
        // The spellings Go takes.
        Value::Text(text) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            other => Err(unreadable(other, "truth value")),
        },
        _ => Err(EvalError::no_such_overload()),
    }
}

fn to_bytes<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match only(args)? {
        Value::Bytes(bytes) => Ok(Value::Bytes(Arc::clone(bytes))),
        Value::Text(text) => Ok(Value::Bytes(text.as_bytes().into())),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn to_double<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match only(args)? {
        Value::Double(number) => Ok(Value::Double(*number)),
        Value::Int(number) => Ok(Value::Double(*number as f64)),
        Value::Uint(number) => Ok(Value::Double(*number as f64)),
        Value::Text(text) => text
            .parse()
            .map(Value::Double)
            .map_err(|_| unreadable(text, "number")),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn to_int<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match only(args)? {
        Value::Int(number) => Ok(Value::Int(*number)),
        Value::Uint(number) => i64::try_from(*number)
            .map(Value::Int)
            .map_err(|_| overflow("an int")),
        Value::Double(number) => {
            // Towards zero; the bounds themselves are refused, as upstream does.
            if *number > i64::MIN as f64 && *number < i64::MAX as f64 {
                Ok(Value::Int(*number as i64))
            } else {
                Err(overflow("an int"))
            }
        }
        Value::Duration(nanos) => Ok(Value::Int(*nanos)),
        Value::Timestamp(time) => Ok(Value::Int(time.seconds)),
        Value::Text(text) => text
            .parse()
            .map(Value::Int)
            .map_err(|_| unreadable(text, "int")),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn to_uint<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match only(args)? {
        Value::Uint(number) => Ok(Value::Uint(*number)),
        Value::Int(number) => u64::try_from(*number)
            .map(Value::Uint)
            .map_err(|_| overflow("a uint")),
        Value::Double(number) => {
            if *number >= 0.0 && *number < u64::MAX as f64 {
                Ok(Value::Uint(*number as u64))
            } else {
                Err(overflow("a uint"))
            }
        }
        Value::Text(text) if !text.starts_with('+') => text
            .parse()
            .map(Value::Uint)
            .map_err(|_| unreadable(text, "uint")),
        Value::Text(text) => Err(unreadable(text, "uint")),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn to_text<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(match only(args)? {
        Value::Text(text) => Value::Text(text.clone()),
        Value::Bool(truth) => Value::text(truth.to_string()),
        Value::Int(number) => Value::text(number.to_string()),
        Value::Uint(number) => Value::text(number.to_string()),
        Value::Double(number) => Value::text(double(*number)),
        Value::Duration(nanos) => Value::text(time::duration_text(*nanos)),
        Value::Timestamp(time) => Value::text(time.to_string()),
        Value::Ip(address) => Value::text(address.to_string()),
        Value::Cidr(network) => Value::text(network.to_string()),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::text(text),
            Err(_) => return Err(EvalError::other("the bytes are not UTF-8")),
        },
        _ => return Err(EvalError::no_such_overload()),
    })
}

/// A double as Go's `%g` writes it: the shortest digits, with an exponent below 10⁻⁴ and from 10⁶
/// on.
pub(super) fn double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn to_duration<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match only(args)? {
        Value::Duration(nanos) | Value::Int(nanos) => Ok(Value::Duration(*nanos)),
        Value::Text(text) => time::duration(text)
            .map(Value::Duration)
            .ok_or_else(|| unreadable(text, "duration")),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn to_timestamp<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match only(args)? {
        Value::Timestamp(time) => Ok(Value::Timestamp(*time)),
        Value::Int(seconds) => time::Timestamp::new(*seconds, 0)
            .map(Value::Timestamp)
            .ok_or_else(|| overflow("a timestamp")),
        Value::Text(text) => time::timestamp(text)
            .map(Value::Timestamp)
            .ok_or_else(|| unreadable(text, "timestamp")),
        _ => Err(EvalError::no_such_overload()),
    }
}
