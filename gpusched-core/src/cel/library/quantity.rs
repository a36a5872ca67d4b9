//! Kubernetes quantities.
//!
//! `sign` is declared as a function of its own only, so that `q.sign()` does not compile: upstream
//! declares it so.

use super::{Entry, global, member};
use crate::cel::cost;
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::value::Value;
use crate::kube::{Format, Quantity};

pub(super) const ENTRIES: &[Entry] = &[
    global("quantity", "(string) -> quantity", quantity).always(cost::traverse),
    global("isQuantity", "(string) -> bool", is_quantity).always(cost::traverse),
    global("sign", "(quantity) -> int", sign),
    member(
        "isGreaterThan",
        "(quantity, quantity) -> bool",
        is_greater_than,
    ),
    member("isLessThan", "(quantity, quantity) -> bool", is_less_than),
    member("compareTo", "(quantity, quantity) -> int", compare_to),
    member("asApproximateFloat", "(quantity) -> double", as_float),
    member("asInteger", "(quantity) -> int", as_integer),
    member("isInteger", "(quantity) -> bool", is_integer),
    member("add", "(quantity, quantity) -> quantity", add),
    member("add", "(quantity, int) -> quantity", add),
    member("sub", "(quantity, quantity) -> quantity", sub),
    member("sub", "(quantity, int) -> quantity", sub),
];

fn quantity<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Text(text)] => match text.parse::<Quantity>() {
            Ok(amount) => Ok(Value::Quantity { amount, sum: false }),
            Err(error) => Err(EvalError::other(format_args!("`{}`: {error}", &**text))),
        },
        _ => Err(EvalError::no_such_overload()),
    }
}

fn is_quantity<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Text(text)] => Ok(Value::Bool(text.parse::<Quantity>().is_ok())),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn one(args: &[Value<'_>]) -> Result<Quantity, EvalError> {
    match args {
        [Value::Quantity { amount, .. }] => Ok(*amount),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn order(args: &[Value<'_>]) -> Result<std::cmp::Ordering, EvalError> {
    match args {
        [
            Value::Quantity { amount, .. },
            Value::Quantity { amount: other, .. },
        ] => Ok(amount.cmp(other)),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn sign<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    one(args).map(|amount| Value::Int(amount.nanos().signum() as i64))
}

fn is_greater_than<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    order(args).map(|order| Value::Bool(order.is_gt()))
}

fn is_less_than<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    order(args).map(|order| Value::Bool(order.is_lt()))
}

fn compare_to<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    order(args).map(|order| Value::Int(order as i64))
}

fn as_float<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    one(args).map(|amount| Value::Double(amount.as_f64()))
}

/// A whole number of 64 bits.
fn whole(amount: Quantity) -> Option<i64> {
    const NANO: i128 = 1_000_000_000;
    let nanos = amount.nanos();
    (nanos % NANO == 0)
        .then(|| i64::try_from(nanos / NANO).ok())
        .flatten()
}

fn as_integer<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    whole(one(args)?).map(Value::Int).ok_or_else(|| {
        EvalError::new(
            EvalErrorKind::NotInteger,
            "the quantity is no whole number of 64 bits",
        )
    })
}

fn is_integer<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    one(args).map(|amount| Value::Bool(whole(amount).is_some()))
}

/// The amount, and what to add to it.
fn terms(args: &[Value<'_>]) -> Result<(Quantity, Quantity), EvalError> {
    match args {
        [
            Value::Quantity { amount, .. },
            Value::Quantity { amount: other, .. },
        ] => Ok((*amount, *other)),
        [Value::Quantity { amount, .. }, Value::Int(number)] => {
            Ok((*amount, Quantity::new(*number, Format::DecimalExponent)))
        }
        _ => Err(EvalError::no_such_overload()),
    }
}

fn add<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let (amount, other) = terms(args)?;
    Ok(Value::Quantity {
        amount: amount + other,
        sum: true,
    })
}

fn sub<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let (amount, other) = terms(args)?;
    Ok(Value::Quantity {
        amount: amount + -other,
        sum: true,
    })
}
