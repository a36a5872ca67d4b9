//! Lists as sets.

use super::{Entry, global};
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::Value;

pub(super) const ENTRIES: &[Entry] = &[
    global("sets.contains", "(list(T), list(T)) -> bool", contains).cost(cost::pairs),
    global("sets.equivalent", "(list(T), list(T)) -> bool", equivalent).cost(cost::pairs_twice),
    global("sets.intersects", "(list(T), list(T)) -> bool", intersects).cost(cost::pairs),
];

fn lists<'a, 'b>(args: &'b [Value<'a>]) -> Result<(&'b [Value<'a>], &'b [Value<'a>]), EvalError> {
    match args {
        [Value::List(one), Value::List(two)] => Ok((one, two)),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn has(list: &[Value<'_>], wanted: &Value<'_>) -> bool {
    list.iter()
        .any(|element| element.equals(wanted) == Some(true))
}

fn has_all(list: &[Value<'_>], wanted: &[Value<'_>]) -> bool {
    wanted.iter().all(|wanted| has(list, wanted))
}

fn contains<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    lists(args).map(|(one, two)| Value::Bool(has_all(one, two)))
}

fn equivalent<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    lists(args).map(|(one, two)| Value::Bool(has_all(one, two) && has_all(two, one)))
}

fn intersects<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    lists(args).map(|(one, two)| Value::Bool(one.iter().any(|wanted| has(two, wanted))))
}
