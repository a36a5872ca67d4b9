//! Arithmetic. Whole numbers that do not fit are errors, never wrapped.

use super::time::Timestamp;
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::value::Value;

fn fits<'a>(value: Option<Value<'a>>) -> Result<Value<'a>, EvalError> {
    value.ok_or_else(|| EvalError::new(EvalErrorKind::Overflow, "the result does not fit"))
}

/// The time a number of nanoseconds later.
fn later<'a>(time: Timestamp, nanos: i128) -> Result<Value<'a>, EvalError> {
    fits(Timestamp::from_nanos(time.nanos() + nanos).map(Value::Timestamp))
}

pub(super) fn add<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match *args {
        [Value::Int(one), Value::Int(two)] => fits(one.checked_add(two).map(Value::Int)),
        [Value::Uint(one), Value::Uint(two)] => fits(one.checked_add(two).map(Value::Uint)),
        [Value::Double(one), Value::Double(two)] => Ok(Value::Double(one + two)),
        [Value::Duration(one), Value::Duration(two)] => {
            fits(one.checked_add(two).map(Value::Duration))
        }
        [Value::Timestamp(time), Value::Duration(span)]
        | [Value::Duration(span), Value::Timestamp(time)] => later(time, span.into()),
        _ => Err(EvalError::no_such_overload()),
    }
}

pub(super) fn subtract<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match *args {
        [Value::Int(one), Value::Int(two)] => fits(one.checked_sub(two).map(Value::Int)),
        [Value::Uint(one), Value::Uint(two)] => fits(one.checked_sub(two).map(Value::Uint)),
        [Value::Double(one), Value::Double(two)] => Ok(Value::Double(one - two)),
        [Value::Duration(one), Value::Duration(two)] => {
            fits(one.checked_sub(two).map(Value::Duration))
        }
        [Value::Timestamp(time), Value::Duration(span)] => later(time, -i128::from(span)),
        [Value::Timestamp(one), Value::Timestamp(two)] => {
            let between = i64::try_from(one.nanos() - two.nanos()).ok();
            fits(between.map(Value::Duration))
        }
        _ => Err(EvalError::no_such_overload()),
    }
}

pub(super) fn multiply<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match *args {
        [Value::Int(one), Value::Int(two)] => fits(one.checked_mul(two).map(Value::Int)),
        [Value::Uint(one), Value::Uint(two)] => fits(one.checked_mul(two).map(Value::Uint)),
        [Value::Double(one), Value::Double(two)] => Ok(Value::Double(one * two)),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn by_zero() -> EvalError {
    EvalError::new(EvalErrorKind::DivideByZero, "division by zero")
}

pub(super) fn divide<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match *args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => Err(by_zero()),
        [Value::Int(one), Value::Int(two)] => fits(one.checked_div(two).map(Value::Int)),
        [Value::Uint(one), Value::Uint(two)] => Ok(Value::Uint(one / two)),
        [Value::Double(one), Value::Double(two)] => Ok(Value::Double(one / two)),
        _ => Err(EvalError::no_such_overload()),
    }
}

pub(super) fn remainder<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match *args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => Err(by_zero()),
        [Value::Int(one), Value::Int(two)] => fits(one.checked_rem(two).map(Value::Int)),
        [Value::Uint(one), Value::Uint(two)] => Ok(Value::Uint(one % two)),
        _ => Err(EvalError::no_such_overload()),
    }
}

pub(super) fn negate<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match *args {
        [Value::Int(number)] => fits(number.checked_neg().map(Value::Int)),
        [Value::Double(number)] => Ok(Value::Double(-number)),
        [Value::Duration(span)] => fits(span.checked_neg().map(Value::Duration)),
        _ => Err(EvalError::no_such_overload()),
    }
}
