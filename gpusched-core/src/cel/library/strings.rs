//! Texts: the CEL extension, version 2. Positions count characters.

use super::{Entry, global, member};
use crate::cel::cost;
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::value::Value;

/// The longest text that is made, in bytes. Upstream has no bound of its own.
const MAX_TEXT: usize = 10_000_000;

pub(super) const ENTRIES: &[Entry] = &[
    member("charAt", "(string, int) -> string", char_at),
    member("lowerAscii", "(string) -> string", lower).always(cost::traverse),
    member("upperAscii", "(string) -> string", upper).always(cost::traverse),
    member("replace", "(string, string, string) -> string", replace).always(cost::traverse_twice),
    member(
        "replace",
        "(string, string, string, int) -> string",
        replace,
    )
    .always(cost::traverse_twice),
    member("split", "(string, string) -> list(string)", split).always(cost::traverse_twice),
    member("split", "(string, string, int) -> list(string)", split).always(cost::traverse_twice),
    member("substring", "(string, int) -> string", substring).always(cost::traverse),
    member("substring", "(string, int, int) -> string", substring).always(cost::traverse),
    member("trim", "(string) -> string", trim).always(cost::traverse),
    member("join", "(list(string)) -> string", join).always(cost::result_twice),
    member("join", "(list(string), string) -> string", join).always(cost::result_twice),
    global("strings.quote", "(string) -> string", quote).cost(cost::traverse),
];

fn texts<'a>(args: &[Value<'a>], test: fn(&str, &str) -> bool) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Text(text), Value::Text(part)] => Ok(Value::Bool(test(text, part))),
        _ => Err(EvalError::no_such_overload()),
    }
}

pub(super) fn contains<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    texts(args, |text, part| text.contains(part))
}

pub(super) fn starts_with<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    texts(args, |text, part| text.starts_with(part))
}

pub(super) fn ends_with<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    texts(args, |text, part| text.ends_with(part))
}

fn out_of_range(index: i64) -> EvalError {
    EvalError::other(format_args!("the text has no position {index}"))
}

/// The byte a character begins at; the end of the text is a position too.
fn byte_of(text: &str, index: i64) -> Option<usize> {
    let index = usize::try_from(index).ok()?;
    match text.char_indices().nth(index) {
        Some((byte, _)) => Some(byte),
        None => (text.chars().count() == index).then_some(text.len()),
    }
}

fn char_at<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::Text(text), Value::Int(index)] = args else {
        return Err(EvalError::no_such_overload());
    };
    let from = byte_of(text, *index).ok_or_else(|| out_of_range(*index))?;
    let character = text[from..].chars().next();
    Ok(Value::text(
        character.map_or_else(String::new, String::from),
    ))
}

/// Where `part` stands first, at or behind a position.
pub(super) fn index_of<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let (text, part, from) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, 0),
        [Value::Text(text), Value::Text(part), Value::Int(from)] => (text, part, *from),
        _ => return Err(EvalError::no_such_overload()),
    };
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    if from < 0 {
        return Err(out_of_range(from));
    }
    let found = byte_of(text, from).and_then(|start| {
        text[start..]
            .find(&**part)
            .map(|offset| text[..start + offset].chars().count())
    });
    Ok(Value::Int(found.map_or(-1, |index| index as i64)))
}

/// Where `part` stands last, at or before a position.
pub(super) fn last_index_of<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let (text, part, from) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, None),
        [Value::Text(text), Value::Text(part), Value::Int(from)] => (text, part, Some(*from)),
        _ => return Err(EvalError::no_such_overload()),
    };
    let count = text.chars().count() as i64;
    let from = match from {
        None if part.is_empty() => return Ok(Value::Int(count)),
        None => count - 1,
        Some(from) if part.is_empty() => return Ok(Value::Int(from)),
        Some(from) if from < 0 => return Err(out_of_range(from)),
        Some(from) if from >= count => return Ok(Value::Int(-1)),
        Some(from) => from,
    };
    let last = byte_of(text, from).unwrap_or(0);
    let end = (last + part.len()).min(text.len());
    // A match may begin at `from`, and ends where it ends.
    let within = (end..=text.len())
        .find(|end| text.is_char_boundary(*end))
        .map_or(&**text, |end| &text[..end]);
    let found = within
        .rfind(&**part)
        .map(|byte| within[..byte].chars().count());
    Ok(Value::Int(found.map_or(-1, |index| index as i64)))
}

fn mapped<'a>(args: &[Value<'a>], map: fn(&str) -> String) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Text(text)] => Ok(Value::text(map(text))),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn lower<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    mapped(args, str::to_ascii_lowercase)
}

fn upper<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    mapped(args, str::to_ascii_uppercase)
}

fn trim<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    mapped(args, |text| text.trim().to_owned())
}

/// How often at most: below zero, without bound.
fn limit(args: &[Value<'_>], index: usize) -> Result<usize, EvalError> {
    match args.get(index) {
        None => Ok(usize::MAX),
        Some(Value::Int(limit)) => Ok(usize::try_from(*limit).unwrap_or(usize::MAX)),
        Some(_) => Err(EvalError::no_such_overload()),
    }
}

fn too_long() -> EvalError {
    EvalError::new(
        EvalErrorKind::CostLimit,
        format_args!("a text of more than {MAX_TEXT} bytes is not made"),
    )
}

fn replace<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::Text(text), Value::Text(old), Value::Text(new), ..] = args else {
        return Err(EvalError::no_such_overload());
    };
    let limit = limit(args, 3)?;
    let count = text.matches(&**old).count().min(limit);
    if text.len() + count.saturating_mul(new.len()) > MAX_TEXT {
        return Err(too_long());
    }
    Ok(Value::text(text.replacen(&**old, new, limit)))
}

fn split<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::Text(text), Value::Text(separator), ..] = args else {
        return Err(EvalError::no_such_overload());
    };
    let limit = limit(args, 2)?;
    let parts: Vec<&str> = if limit == 0 {
        vec![]
    } else if !separator.is_empty() {
        text.splitn(limit, &**separator).collect()
    } else {
        // Every character for itself; the last part is what is left.
        let mut starts: Vec<usize> = text.char_indices().map(|(byte, _)| byte).collect();
        starts.truncate(limit);
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        starts
            .iter()
            .zip(ends)
            .map(|(start, end)| &text[*start..end])
            .collect()
    };
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}

fn substring<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let (text, start, end) = match args {
        [Value::Text(text), Value::Int(start)] => (text, *start, None),
        [Value::Text(text), Value::Int(start), Value::Int(end)] => (text, *start, Some(*end)),
        _ => return Err(EvalError::no_such_overload()),
    };
    if end.is_some_and(|end| start > end) {
        return Err(EvalError::other(
            "a substring does not end before it begins",
        ));
    }
    let from = byte_of(text, start).ok_or_else(|| out_of_range(start))?;
    let to = match end {
        None => text.len(),
        Some(end) => byte_of(text, end).ok_or_else(|| out_of_range(end))?,
    };
    Ok(Value::text(&text[from..to]))
}

fn join<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let (elements, separator) = match args {
        [Value::List(elements)] => (elements, ""),
        [Value::List(elements), Value::Text(separator)] => (elements, &**separator),
        _ => return Err(EvalError::no_such_overload()),
    };
    let mut out = String::new();
    for (index, element) in elements.iter().enumerate() {
        let Value::Text(text) = element else {
            return Err(EvalError::other("join() takes texts"));
        };
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(text);
        if out.len() > MAX_TEXT {
            return Err(too_long());
        }
    }
    Ok(Value::text(out))
}

fn quote<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    mapped(args, |text| {
        let mut out = String::from("\"");
        for character in text.chars() {
            match character {
                '\u{7}' => out.push_str("\\a"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{b}' => out.push_str("\\v"),
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                other => out.push(other),
            }
        }
        out.push('"');
        out
    })
}
