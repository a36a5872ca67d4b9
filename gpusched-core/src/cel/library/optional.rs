//! Optional values. `or` and `orValue` evaluate their argument only if they need it, so that the
//! plan has expressions of their own for them.

use super::operators::by_plan;
use super::{Entry, global, member};
use crate::cel::error::EvalError;
use crate::cel::value::{Map, Value};

pub(super) const ENTRIES: &[Entry] = &[
    global("optional.of", "(V) -> optional(V)", of),
    global("optional.ofNonZeroValue", "(V) -> optional(V)", of_non_zero),
    global("optional.none", "() -> optional(V)", none),
    member("value", "(optional(V)) -> V", value),
    member("hasValue", "(optional(V)) -> bool", has_value),
    member("or", "(optional(V), optional(V)) -> optional(V)", by_plan),
    member("orValue", "(optional(V), V) -> V", by_plan),
    member("last", "(list(V)) -> optional(V)", last),
    member("first", "(list(V)) -> optional(V)", first),
    global("optional.unwrap", "(list(optional(V))) -> list(V)", unwrap),
    member("unwrapOpt", "(list(optional(V))) -> list(V)", unwrap),
];

fn of<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [value] => Ok(Value::some(value.clone())),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn of_non_zero<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [value] = args else {
        return Err(EvalError::no_such_overload());
    };
    let zero = match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) => true,
        Value::Double(number) => *number == 0.0,
        Value::Duration(nanos) => *nanos == 0,
        Value::Optional(inner) => inner.is_none(),
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(elements) => elements.is_empty(),
        Value::Map(map) => Map::is_empty(map),
        Value::Domains(_) | Value::Names(..) => value.length() == Some(0),
        _ => false,
    };
    Ok(match zero {
        true => Value::Optional(None),
        false => Value::some(value.clone()),
    })
}

fn none<'a>(_: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(Value::Optional(None))
}

fn value<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Optional(Some(inner))] => Ok((**inner).clone()),
        [Value::Optional(None)] => Err(EvalError::other("optional.none() has no value")),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn has_value<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Optional(inner)] => Ok(Value::Bool(inner.is_some())),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn end<'a>(
    args: &[Value<'a>],
    pick: impl for<'b> Fn(&'b [Value<'a>]) -> Option<&'b Value<'a>>,
) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::List(elements)] => Ok(match pick(elements) {
            Some(element) => Value::some(element.clone()),
            None => Value::Optional(None),
        }),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn first<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    end(args, |elements| elements.first())
}

fn last<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    end(args, |elements| elements.last())
}

fn unwrap<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::List(elements)] = args else {
        return Err(EvalError::no_such_overload());
    };
    let mut present = Vec::new();
    for element in elements.iter() {
        match element {
            Value::Optional(Some(inner)) => present.push((**inner).clone()),
            Value::Optional(None) => {}
            _ => return Err(EvalError::other("an element of the list is not optional")),
        }
    }
    Ok(Value::list(present))
}
