//! Lists: Kubernetes' own functions and those of the CEL extension, version 3.

use super::operators::{append, by_plan, compare, is_too_long, too_long};
use super::{Entry, global, member, number, strings};
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::{Map, Value};
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) const ENTRIES: &[Entry] = &[
    member("isSorted", "(list(int)) -> bool", is_sorted).always(cost::deep),
    member("isSorted", "(list(uint)) -> bool", is_sorted).always(cost::deep),
    member("isSorted", "(list(double)) -> bool", is_sorted).always(cost::deep),
    member("isSorted", "(list(bool)) -> bool", is_sorted).always(cost::deep),
    member("isSorted", "(list(duration)) -> bool", is_sorted).always(cost::deep),
    member("isSorted", "(list(timestamp)) -> bool", is_sorted).always(cost::deep),
    member("isSorted", "(list(string)) -> bool", is_sorted).always(cost::deep),
    member("isSorted", "(list(bytes)) -> bool", is_sorted).always(cost::deep),
    member("sum", "(list(int)) -> int", sum_ints).always(cost::deep),
    member("sum", "(list(uint)) -> uint", sum_uints).always(cost::deep),
    member("sum", "(list(double)) -> double", sum_doubles).always(cost::deep),
    member("sum", "(list(duration)) -> duration", sum_durations).always(cost::deep),
    member("max", "(list(int)) -> int", max).always(cost::deep),
    member("max", "(list(uint)) -> uint", max).always(cost::deep),
    member("max", "(list(double)) -> double", max).always(cost::deep),
    member("max", "(list(bool)) -> bool", max).always(cost::deep),
    member("max", "(list(duration)) -> duration", max).always(cost::deep),
    member("max", "(list(timestamp)) -> timestamp", max).always(cost::deep),
    member("max", "(list(string)) -> string", max).always(cost::deep),
    member("max", "(list(bytes)) -> bytes", max).always(cost::deep),
    member("min", "(list(int)) -> int", min).always(cost::deep),
    member("min", "(list(uint)) -> uint", min).always(cost::deep),
    member("min", "(list(double)) -> double", min).always(cost::deep),
    member("min", "(list(bool)) -> bool", min).always(cost::deep),
    member("min", "(list(duration)) -> duration", min).always(cost::deep),
    member("min", "(list(timestamp)) -> timestamp", min).always(cost::deep),
    member("min", "(list(string)) -> string", min).always(cost::deep),
    member("min", "(list(bytes)) -> bytes", min).always(cost::deep),
    member("indexOf", "(list(A), A) -> int", index_of).always(cost::deep),
    member("lastIndexOf", "(list(A), A) -> int", last_index_of).always(cost::deep),
    member("indexOf", "(string, string) -> int", strings::index_of).always(cost::deep),
    member("indexOf", "(string, string, int) -> int", strings::index_of).always(cost::deep),
    member(
        "lastIndexOf",
        "(string, string) -> int",
        strings::last_index_of,
    )
    .always(cost::deep),
    member(
        "lastIndexOf",
        "(string, string, int) -> int",
        strings::last_index_of,
    )
    .always(cost::deep),
    member("slice", "(list(T), int, int) -> list(T)", slice).cost(cost::new_list),
    member("flatten", "(list(list(T))) -> list(T)", flatten).cost(cost::flatten),
    member("flatten", "(list(dyn), int) -> list(dyn)", flatten).cost(cost::flatten),
    member("sort", "(list(int)) -> list(int)", sort).cost(cost::sort),
    member("sort", "(list(uint)) -> list(uint)", sort).cost(cost::sort),
    member("sort", "(list(double)) -> list(double)", sort).cost(cost::sort),
    member("sort", "(list(bool)) -> list(bool)", sort).cost(cost::sort),
    member("sort", "(list(duration)) -> list(duration)", sort).cost(cost::sort),
    member("sort", "(list(timestamp)) -> list(timestamp)", sort).cost(cost::sort),
    member("sort", "(list(string)) -> list(string)", sort).cost(cost::sort),
    member("sort", "(list(bytes)) -> list(bytes)", sort).cost(cost::sort),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(int)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(uint)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(double)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(bool)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(duration)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(timestamp)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(string)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    member(
        "@sortByAssociatedKeys",
        "(list(T), list(bytes)) -> list(T)",
        sort_by,
    )
    .cost(cost::sort_by),
    global("lists.range", "(int) -> list(int)", range).cost(cost::new_list),
    member("reverse", "(list(T)) -> list(T)", reverse).cost(cost::new_list),
    member("distinct", "(list(T)) -> list(T)", distinct).cost(cost::sort),
];

/// What comprehensions of two variables gather maps with.
pub(super) const MAP_ENTRIES: &[Entry] = &[
    global("cel.@mapInsert", "(map(K, V), K, V) -> map(K, V)", by_plan),
    global(
        "cel.@mapInsert",
        "(map(K, V), map(K, V)) -> map(K, V)",
        by_plan,
    ),
];

fn list<'a, 'b>(args: &'b [Value<'a>]) -> Result<&'b Arc<Vec<Value<'a>>>, EvalError> {
    match args.first() {
        Some(Value::List(elements)) => Ok(elements),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn is_sorted<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    for pair in list(args)?.windows(2) {
        if compare(&pair[0], &pair[1])?.is_gt() {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(args: &[Value<'a>], zero: Value<'a>) -> Result<Value<'a>, EvalError> {
    list(args)?
        .iter()
        .try_fold(zero, |sum, next| number::add(&[sum, next.clone()]))
}

fn sum_ints<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    sum(args, Value::Int(0))
}

fn sum_uints<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    sum(args, Value::Uint(0))
}

fn sum_doubles<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    sum(args, Value::Double(0.0))
}

fn sum_durations<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    sum(args, Value::Duration(0))
}

/// The first element that none beats.
fn best<'a>(args: &[Value<'a>], beats: Ordering) -> Result<Value<'a>, EvalError> {
    let mut elements = list(args)?.iter();
    let mut best = elements
        .next()
        .ok_or_else(|| EvalError::other("an empty list has no least and no greatest element"))?;
    for next in elements {
        if compare(next, best)? == beats {
            best = next;
        }
    }
    Ok(best.clone())
}

fn max<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    best(args, Ordering::Greater)
}

fn min<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    best(args, Ordering::Less)
}

fn position<'a>(found: Option<usize>) -> Result<Value<'a>, EvalError> {
    Ok(Value::Int(found.map_or(-1, |index| index as i64)))
}

fn index_of<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [_, wanted] = args else {
        return Err(EvalError::no_such_overload());
    };
    let is_it = |element: &Value<'a>| element.equals(wanted) == Some(true);
    position(list(args)?.iter().position(is_it))
}

fn last_index_of<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [_, wanted] = args else {
        return Err(EvalError::no_such_overload());
    };
    let is_it = |element: &Value<'a>| element.equals(wanted) == Some(true);
    position(list(args)?.iter().rposition(is_it))
}

fn slice<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::List(elements), Value::Int(start), Value::Int(end)] = args else {
        return Err(EvalError::no_such_overload());
    };
    let place = |index: &i64| usize::try_from(*index).ok();
    match (place(start), place(end)) {
        (Some(start), Some(end)) if start <= end && end <= elements.len() => {
            Ok(Value::list(elements[start..end].to_vec()))
        }
        _ => Err(EvalError::other(format_args!(
            "slice({start}, {end}) of a list of {}",
            elements.len()
        ))),
    }
}

fn flatten<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    fn into<'a>(out: &mut Vec<Value<'a>>, elements: &[Value<'a>], depth: i64) {
        for element in elements {
            match element {
                Value::List(inner) if depth > 0 => into(out, inner, depth - 1),
                other => out.push(other.clone()),
            }
        }
    }
    let depth = match args {
        [_] => 1,
        [_, Value::Int(depth)] if *depth >= 0 => *depth,
        [_, Value::Int(_)] => return Err(EvalError::other("a depth is not negative")),
        _ => return Err(EvalError::no_such_overload()),
    };
    let mut out = Vec::new();
    into(&mut out, list(args)?, depth);
    Ok(Value::list(out))
}

/// Elements in the order of their keys. Keys that are equal keep the order of the list.
fn sorted<'a>(elements: &[Value<'a>], keys: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    if elements.len() != keys.len() {
        return Err(EvalError::other("there is not one key for each element"));
    }
    let kind = keys.first().map(Value::type_of);
    if keys.iter().any(|key| Some(key.type_of()) != kind) {
        return Err(EvalError::other("what a list is sorted by is of one type"));
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    let mut failed = None;
    order.sort_by(|one, two| {
        compare(&keys[*one], &keys[*two]).unwrap_or_else(|error| {
            failed = Some(error);
            Ordering::Equal
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(Value::list(
            order
                .into_iter()
                .map(|index| elements[index].clone())
                .collect(),
        )),
    }
}

fn sort<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let elements = list(args)?;
    sorted(elements, elements)
}

fn sort_by<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::List(elements), Value::List(keys)] => sorted(elements, keys),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn range<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Int(end)] if is_too_long(*end) => Err(too_long()),
        [Value::Int(end)] => Ok(Value::list((0..*end).map(Value::Int).collect())),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn reverse<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(Value::list(list(args)?.iter().rev().cloned().collect()))
}

/// O(n²), as its cost says.
fn distinct<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let mut seen: Vec<Value<'a>> = Vec::new();
    for element in list(args)?.iter() {
        if !seen.iter().any(|known| element.equals(known) == Some(true)) {
            seen.push(element.clone());
        }
    }
    append(Arc::new(seen), &[])
}

/// Puts an entry, or all entries of another map, into a map; in place if nobody else holds it.
pub(in crate::cel) fn insert<'a>(
    mut map: Arc<Map<'a>>,
    key: Value<'a>,
    value: Option<Value<'a>>,
) -> Result<Value<'a>, EvalError> {
    let entries = match (key, value) {
        (key, Some(value)) => vec![(key, value)],
        (Value::Map(more), None) => more
            .iter()
            .map(|(key, value)| (Value::from(key), value.clone()))
            .collect(),
        _ => return Err(EvalError::no_such_overload()),
    };
    let into = Arc::make_mut(&mut map);
    for (key, value) in entries {
        let name = key.key().ok_or_else(EvalError::no_such_overload)?;
        if into.insert(name, value).is_some() {
            return Err(EvalError::other("the map has this key already"));
        }
    }
    Ok(Value::Map(map))
}
