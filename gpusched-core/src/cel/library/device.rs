//! What the API of devices adds: `includes`, for attributes that are a value or a list of values.

use super::{Entry, member};
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::value::Value;

/// `ResourceSliceMaxAttributeValuesPerDevice` of the resource API.
const MAX_VALUES: usize = 48;

pub(super) const ENTRIES: &[Entry] =
    &[member("includes", "(dyn, dyn) -> bool", includes).lists_only()];

fn includes<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [target, wanted] = args else {
        return Err(EvalError::no_such_overload());
    };
    let Value::List(elements) = target else {
        return Ok(Value::Bool(target.equals(wanted) == Some(true)));
    };
    let found = elements
        .iter()
        .take(MAX_VALUES)
        .any(|element| element.equals(wanted) == Some(true));
    if !found && elements.len() > MAX_VALUES {
        return Err(EvalError::new(
            EvalErrorKind::ListTooLong,
            format_args!("includes() looks through at most {MAX_VALUES} values"),
        ));
    }
    Ok(Value::Bool(found))
}
