//! Fields, keys and indexes.

use super::eval::{Evaluator, Outcome};
use super::plan::{Node, Qualifier};
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::value::Value;

impl<'a> Evaluator<'a> {
    /// Takes one after the other. Each costs 1, found or not; an optional one only if found.
    pub(super) fn qualify(&mut self, root: Value<'a>, qualifiers: &'a [Qualifier]) -> Outcome<'a> {
        if qualifiers.is_empty() {
            return Ok(root);
        }
        let (mut value, mut optional) = match root {
            Value::Optional(None) => return Ok(root),
            Value::Optional(Some(inner)) => ((*inner).clone(), true),
            other => (other, false),
        };
        for qualifier in qualifiers {
            optional |= qualifier.optional;
            let key = self.key(&qualifier.key)?;
            let found = key.and_then(|key| look_up(&value, &key, optional || qualifier.test));
            if qualifier.test {
                self.charge(1)?;
                value = Value::Bool(found?.is_some());
                continue;
            }
            match found {
                Ok(None) => return Ok(Value::Optional(None)),
                Err(error) => {
                    if !optional {
                        self.charge(1)?;
                    }
                    return Err(error);
                }
                Ok(Some(next)) => {
                    self.charge(1)?;
                    value = next;
                }
            }
        }
        Ok(match optional {
            true => Value::some(value),
            false => value,
        })
    }

    /// A key. What it takes of a variable is counted, the variable itself is not.
    fn key(&mut self, node: &'a Node) -> Result<Outcome<'a>, EvalError> {
        match node {
            Node::Attribute(attribute) => match self.resolve(attribute) {
                Err(error) if error.kind == EvalErrorKind::CostLimit => Err(error),
                outcome => Ok(outcome),
            },
            other => self.settled(other),
        }
    }
}

/// The value under a key or index. `None`, only if `absent` is allowed: there is none.
fn look_up<'a>(
    of: &Value<'a>,
    key: &Value<'a>,
    absent: bool,
) -> Result<Option<Value<'a>>, EvalError> {
    let found = match of {
        Value::List(elements) => {
            let index = index(key)?;
            match usize::try_from(index).ok().and_then(|at| elements.get(at)) {
                None if !absent => {
                    return Err(EvalError::new(
                        EvalErrorKind::IndexOutOfBounds,
                        format_args!("the list of {} has no index {index}", elements.len()),
                    ));
                }
                found => found.cloned(),
            }
        }
        Value::Map(_) | Value::Device(_) | Value::Domains(_) | Value::Names(..) => of.find(key)?,
        _ => None,
    };
    if found.is_none() && !absent {
        return Err(EvalError::new(
            EvalErrorKind::NoSuchKey,
            format_args!("no such key: {}", name(key)),
        ));
    }
    Ok(found)
}

/// A whole number, of whatever kind.
fn index(key: &Value<'_>) -> Result<i64, EvalError> {
    match key {
        Value::Int(index) => Ok(*index),
        Value::Uint(index) if *index <= i64::MAX as u64 => Ok(*index as i64),
        Value::Double(number) if number.fract() == 0.0 && number.abs() < 9e18 => Ok(*number as i64),
        _ => Err(EvalError::other("the index of a list is a whole number")),
    }
}

/// A key for people.
fn name(key: &Value<'_>) -> String {
    match key {
        Value::Text(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Double(number) => number.to_string(),
        other => other.type_of().to_string(),
    }
}
