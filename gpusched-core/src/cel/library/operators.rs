//! Operators, `size`, and the tests of texts: CEL's standard library without its conversions.

use super::number;
use super::{Entry, global, member, strings};
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::Value;
use std::cmp::Ordering;
use std::sync::Arc;

/// The longest list that is made. Upstream has no bound of its own and would run out of memory.
const MAX_ELEMENTS: usize = 1_000_000;

pub(super) const ENTRIES: &[Entry] = &[
    global("_?_:_", "(bool, A, A) -> A", by_plan),
    global("_&&_", "(bool, bool) -> bool", by_plan),
    global("_||_", "(bool, bool) -> bool", by_plan),
    global("!_", "(bool) -> bool", not),
    global("@not_strictly_false", "(bool) -> bool", by_plan),
    global("_==_", "(A, A) -> bool", by_plan),
    global("_!=_", "(A, A) -> bool", by_plan),
    global("_+_", "(bytes, bytes) -> bytes", add).cost(cost::both),
    global("_+_", "(double, double) -> double", add),
    global("_+_", "(duration, duration) -> duration", add),
    global("_+_", "(duration, timestamp) -> timestamp", add),
    global("_+_", "(timestamp, duration) -> timestamp", add),
    global("_+_", "(int, int) -> int", add),
    global("_+_", "(list(A), list(A)) -> list(A)", add),
    global("_+_", "(string, string) -> string", add).cost(cost::both),
    global("_+_", "(uint, uint) -> uint", add),
    global("_/_", "(double, double) -> double", number::divide),
    global("_/_", "(int, int) -> int", number::divide),
    global("_/_", "(uint, uint) -> uint", number::divide),
    global("_%_", "(int, int) -> int", number::remainder),
    global("_%_", "(uint, uint) -> uint", number::remainder),
    global("_*_", "(double, double) -> double", number::multiply),
    global("_*_", "(int, int) -> int", number::multiply),
    global("_*_", "(uint, uint) -> uint", number::multiply),
    global("-_", "(double) -> double", number::negate),
    global("-_", "(int) -> int", number::negate),
    global("_-_", "(double, double) -> double", number::subtract),
    global("_-_", "(duration, duration) -> duration", number::subtract),
    global("_-_", "(int, int) -> int", number::subtract),
    global(
        "_-_",
        "(timestamp, duration) -> timestamp",
        number::subtract,
    ),
    global(
        "_-_",
        "(timestamp, timestamp) -> duration",
        number::subtract,
    ),
    global("_-_", "(uint, uint) -> uint", number::subtract),
    global("_<_", "(bool, bool) -> bool", less),
    global("_<_", "(int, int) -> bool", less),
    global("_<_", "(int, double) -> bool", less),
    global("_<_", "(int, uint) -> bool", less),
    global("_<_", "(uint, uint) -> bool", less),
    global("_<_", "(uint, double) -> bool", less),
    global("_<_", "(uint, int) -> bool", less),
    global("_<_", "(double, double) -> bool", less),
    global("_<_", "(double, int) -> bool", less),
    global("_<_", "(double, uint) -> bool", less),
    global("_<_", "(string, string) -> bool", less).cost(cost::shorter),
    global("_<_", "(bytes, bytes) -> bool", less).cost(cost::shorter),
    global("_<_", "(timestamp, timestamp) -> bool", less),
    global("_<_", "(duration, duration) -> bool", less),
    global("_<=_", "(bool, bool) -> bool", at_most),
    global("_<=_", "(int, int) -> bool", at_most),
    global("_<=_", "(int, double) -> bool", at_most),
    global("_<=_", "(int, uint) -> bool", at_most),
    global("_<=_", "(uint, uint) -> bool", at_most),
    global("_<=_", "(uint, double) -> bool", at_most),
    global("_<=_", "(uint, int) -> bool", at_most),
    global("_<=_", "(double, double) -> bool", at_most),
    global("_<=_", "(double, int) -> bool", at_most),
    global("_<=_", "(double, uint) -> bool", at_most),
    global("_<=_", "(string, string) -> bool", at_most).cost(cost::shorter),
    global("_<=_", "(bytes, bytes) -> bool", at_most).cost(cost::shorter),
    global("_<=_", "(timestamp, timestamp) -> bool", at_most),
    global("_<=_", "(duration, duration) -> bool", at_most),
    global("_>_", "(bool, bool) -> bool", more),
    global("_>_", "(int, int) -> bool", more),
    global("_>_", "(int, double) -> bool", more),
    global("_>_", "(int, uint) -> bool", more),
    global("_>_", "(uint, uint) -> bool", more),
    global("_>_", "(uint, double) -> bool", more),
    global("_>_", "(uint, int) -> bool", more),
    global("_>_", "(double, double) -> bool", more),
    global("_>_", "(double, int) -> bool", more),
    global("_>_", "(double, uint) -> bool", more),
    global("_>_", "(string, string) -> bool", more).cost(cost::shorter),
    global("_>_", "(bytes, bytes) -> bool", more).cost(cost::shorter),
    global("_>_", "(timestamp, timestamp) -> bool", more),
    global("_>_", "(duration, duration) -> bool", more),
    global("_>=_", "(bool, bool) -> bool", at_least),
    global("_>=_", "(int, int) -> bool", at_least),
    global("_>=_", "(int, double) -> bool", at_least),
    global("_>=_", "(int, uint) -> bool", at_least),
    global("_>=_", "(uint, uint) -> bool", at_least),
    global("_>=_", "(uint, double) -> bool", at_least),
    global("_>=_", "(uint, int) -> bool", at_least),
    global("_>=_", "(double, double) -> bool", at_least),
    global("_>=_", "(double, int) -> bool", at_least),
    global("_>=_", "(double, uint) -> bool", at_least),
    global("_>=_", "(string, string) -> bool", at_least).cost(cost::shorter),
    global("_>=_", "(bytes, bytes) -> bool", at_least).cost(cost::shorter),
    global("_>=_", "(timestamp, timestamp) -> bool", at_least),
    global("_>=_", "(duration, duration) -> bool", at_least),
    global("_[_]", "(list(A), int) -> A", by_plan),
    global("_[_]", "(map(A, B), A) -> B", by_plan),
    global("_[_]", "(optional(list(A)), int) -> optional(A)", by_plan),
    global("_[_]", "(optional(map(A, B)), A) -> optional(B)", by_plan),
    global("_[?_]", "(list(A), int) -> optional(A)", by_plan),
    global("_[?_]", "(optional(list(A)), int) -> optional(A)", by_plan),
    global("_[?_]", "(map(A, B), A) -> optional(B)", by_plan),
    global("_[?_]", "(optional(map(A, B)), A) -> optional(B)", by_plan),
    global("@in", "(A, list(A)) -> bool", is_in).cost(cost::elements),
    global("@in", "(A, map(A, B)) -> bool", is_in),
    global("size", "(bytes) -> int", size),
    member("size", "(bytes) -> int", size),
    global("size", "(list(A)) -> int", size),
    member("size", "(list(A)) -> int", size),
    global("size", "(map(A, B)) -> int", size),
    member("size", "(map(A, B)) -> int", size),
    global("size", "(string) -> int", size),
    member("size", "(string) -> int", size),
    member("contains", "(string, string) -> bool", strings::contains).cost(cost::product),
    member("endsWith", "(string, string) -> bool", strings::ends_with).cost(cost::traverse_second),
    member(
        "startsWith",
        "(string, string) -> bool",
        strings::starts_with,
    )
    .cost(cost::traverse_second),
];

/// Stands for what has an expression of its own in a plan.
pub(super) fn by_plan<'a>(_: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Err(EvalError::no_such_overload())
}

fn not<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Bool(truth)] => Ok(Value::Bool(!truth)),
        _ => Err(EvalError::no_such_overload()),
    }
}

/// Numbers, times, texts and lists.
pub(in crate::cel) fn add<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::List(one), Value::List(two)] => append(Arc::clone(one), two),
        [Value::Text(one), Value::Text(two)] => Ok(Value::text([&**one, &**two].concat())),
        [Value::Bytes(one), Value::Bytes(two)] => {
            Ok(Value::Bytes([&**one, &**two].concat().into()))
        }
        _ => number::add(args),
    }
}

/// Puts `more` behind a list; in place if nobody else holds it.
pub(in crate::cel) fn append<'a>(
    mut list: Arc<Vec<Value<'a>>>,
    more: &[Value<'a>],
) -> Result<Value<'a>, EvalError> {
    if list.len() + more.len() > MAX_ELEMENTS {
        return Err(too_long());
    }
    Arc::make_mut(&mut list).extend_from_slice(more);
    Ok(Value::List(list))
}

pub(super) fn too_long() -> EvalError {
    EvalError::new(
        crate::cel::error::EvalErrorKind::CostLimit,
        format_args!("a list of more than {MAX_ELEMENTS} elements is not made"),
    )
}

pub(super) fn is_too_long(elements: i64) -> bool {
    usize::try_from(elements).is_ok_and(|elements| elements > MAX_ELEMENTS)
}

/// The order of two values of kinds that have one.
pub(super) fn compare(one: &Value<'_>, two: &Value<'_>) -> Result<Ordering, EvalError> {
    match (one, two) {
        (Value::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
        (Value::Text(one), Value::Text(two)) => Some((**one).cmp(&**two)),
        (Value::Bytes(one), Value::Bytes(two)) => Some(one.cmp(two)),
        (Value::Duration(one), Value::Duration(two)) => Some(one.cmp(two)),
        (Value::Timestamp(one), Value::Timestamp(two)) => Some(one.cmp(two)),
        _ if is_nan(one) || is_nan(two) => {
            return Err(EvalError::other("NaN values cannot be ordered"));
        }
        _ => one.compare_numbers(two),
    }
    .ok_or_else(EvalError::no_such_overload)
}

fn is_nan(value: &Value<'_>) -> bool {
    matches!(value, Value::Double(number) if number.is_nan())
}

fn ordered<'a>(
    args: &[Value<'a>],
    holds: impl Fn(Ordering) -> bool,
) -> Result<Value<'a>, EvalError> {
    match args {
        [one, two] => compare(one, two).map(|order| Value::Bool(holds(order))),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn less<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    ordered(args, Ordering::is_lt)
}

fn at_most<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    ordered(args, Ordering::is_le)
}

fn more<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    ordered(args, Ordering::is_gt)
}

fn at_least<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    ordered(args, Ordering::is_ge)
}

pub(in crate::cel) fn is_in<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [element, within] => within.contains(element).map(Value::Bool),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn size<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Ip(_) | Value::Cidr(_)] => Err(EvalError::no_such_overload()),
        [value] => value
            .length()
            .map(|length| Value::Int(length as i64))
            .ok_or_else(EvalError::no_such_overload),
        _ => Err(EvalError::no_such_overload()),
    }
}
