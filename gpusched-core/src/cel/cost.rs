//! What a call costs, as Kubernetes counts it while a selector runs.
//!
//! Sources: the runtime cost tracker of cel-go 0.26 (`interpreter/runtimecost.go`), its extension
//! libraries, and `pkg/cel/library/cost.go` of the API server 0.36, which decides by the name of
//! the function. Arguments that are errors count as a value without a size.

use super::value::Value;

/// A cost, of the arguments and the result.
pub(super) type Function = fn(&[Value<'_>], &Value<'_>) -> u64;

/// When a cost holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cost {
    /// Whatever overload answers.
    ByFunction(Function),
    /// Only if no other could; else the call costs 1.
    ByOverload(Function),
}

/// What making a list costs.
pub(super) const LIST: u64 = 10;
/// What making a map costs.
pub(super) const MAP: u64 = 30;

/// A tenth, rounded up: what going through a text costs.
fn tenth(size: u64) -> u64 {
    size.div_ceil(10)
}

fn size(args: &[Value<'_>], index: usize) -> u64 {
    args.get(index).map_or(1, Value::size)
}

pub(super) fn one(_: &[Value<'_>], _: &Value<'_>) -> u64 {
    1
}

/// Going through the first argument.
pub(super) fn traverse(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(size(args, 0))
}

/// Going through the second argument: what a text begins or ends with.
pub(super) fn traverse_second(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(size(args, 1))
}

/// Going through the first argument and making as much again.
pub(super) fn traverse_twice(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(2 * size(args, 0))
}

/// Going through the result and making it.
pub(super) fn result_twice(_: &[Value<'_>], result: &Value<'_>) -> u64 {
    tenth(2 * result.size())
}

/// Comparing: as long as the shorter one.
pub(super) fn shorter(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(size(args, 0).min(size(args, 1)))
}

/// Joining both arguments.
pub(super) fn both(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(size(args, 0) + size(args, 1))
}

/// Looking for the second argument everywhere in the first.
pub(super) fn product(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(size(args, 0)) * tenth(size(args, 1))
}

/// Each element of the second argument.
pub(super) fn elements(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    size(args, 1)
}

/// A regular expression: an expression in it is guessed to be four characters long.
pub(super) fn regex(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(1 + size(args, 0)) * size(args, 1).div_ceil(4)
}

/// The same for an expression of known size.
pub(super) fn named_format(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    let pattern = match args.first() {
        Some(Value::Format(format)) => format.size,
        _ => return 1,
    };
    tenth(1 + size(args, 1)) * pattern.div_ceil(4)
}

/// Going through a value to the bottom: a tenth of texts, rounded down, 1 for what is simple.
pub(super) fn deep(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    fn through(value: &Value<'_>) -> u64 {
        match value {
            Value::Text(text) => text.len() as u64 / 10,
            Value::Bytes(bytes) => bytes.len() as u64 / 10,
            Value::List(elements) => elements.iter().map(through).sum(),
            Value::Map(map) => {
                let keys = map.keys().map(|key| through(&Value::from(key)));
                keys.sum::<u64>() + map.values().map(through).sum::<u64>()
            }
            _ => 1,
        }
    }
    args.first().map_or(0, through)
}

/// A new list as long as the result.
pub(super) fn new_list(_: &[Value<'_>], result: &Value<'_>) -> u64 {
    result.size() + 1 + LIST
}

/// A new list, going `depth` times through the argument.
pub(super) fn flatten(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    let depth = match args.get(1) {
        Some(Value::Int(depth)) => *depth as f64,
        _ => 1.0,
    };
    (size(args, 0) as f64 * depth) as u64 + 1 + LIST
}

/// Comparing every element of the first argument with every other.
pub(super) fn sort(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    compare_all(args.first())
}

/// Comparing every key with every other.
pub(super) fn sort_by(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    compare_all(args.get(1))
}

fn compare_all(list: Option<&Value<'_>>) -> u64 {
    let Some(Value::List(elements)) = list else {
        return 1 + LIST;
    };
    let each = match elements.first() {
        Some(Value::Text(_) | Value::Bytes(_)) => 2.1,
        _ => 2.0,
    };
    let pairs = elements.len() * elements.len();
    (pairs as f64 * each) as u64 + 1 + LIST
}

/// Every element of one list beside every element of the other.
pub(super) fn pairs(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    1 + size(args, 0) * size(args, 1)
}

/// The same in both directions.
pub(super) fn pairs_twice(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    1 + 2 * size(args, 0) * size(args, 1)
}

/// An address beside the bytes of a network; read from a text first, if it is one.
pub(super) fn contains_ip(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(2 * size(args, 0)) + read(args.get(1))
}

/// A network beside another.
pub(super) fn contains_cidr(args: &[Value<'_>], _: &Value<'_>) -> u64 {
    tenth(2 * size(args, 0)) + tenth(size(args, 0)) + 1 + read(args.get(1))
}

fn read(value: Option<&Value<'_>>) -> u64 {
    match value {
        Some(text @ Value::Text(_)) => tenth(text.size()),
        _ => 0,
    }
}

/// `==`. Values of Kubernetes' own types on its left cost 1.
pub(super) fn equal(one: &Value<'_>, two: &Value<'_>) -> u64 {
    match one {
        Value::Quantity { .. }
        | Value::Ip(_)
        | Value::Cidr(_)
        | Value::Format(_)
        | Value::Url(_)
        | Value::Semver(_) => 1,
        _ => not_equal(one, two),
    }
}

/// `!=`
pub(super) fn not_equal(one: &Value<'_>, two: &Value<'_>) -> u64 {
    tenth(one.size().min(two.size()))
}
