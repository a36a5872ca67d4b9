//! Named formats of Kubernetes: `format.dns1123Label().validate(text)`.

use super::{Entry, global, member, time, url};
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::Value;

pub(super) const ENTRIES: &[Entry] = &[
    member(
        "validate",
        "(format, string) -> optional(list(string))",
        validate,
    )
    .always(cost::named_format),
    global("format.named", "(string) -> optional(format)", named),
    global("format.dns1123Label", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[0]))
    }),
    global("format.dns1123Subdomain", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[1]))
    }),
    global("format.dns1035Label", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[2]))
    }),
    global("format.qualifiedName", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[3]))
    }),
    global("format.dns1123LabelPrefix", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[4]))
    }),
    global("format.dns1123SubdomainPrefix", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[5]))
    }),
    global("format.dns1035LabelPrefix", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[6]))
    }),
    global("format.labelValue", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[7]))
    }),
    global("format.uri", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[8]))
    }),
    global("format.uuid", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[9]))
    }),
    global("format.byte", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[10]))
    }),
    global("format.date", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[11]))
    }),
    global("format.datetime", "() -> format", |_| {
        Ok(Value::Format(&FORMATS[12]))
    }),
];

/// A form that texts can have.
#[derive(Debug)]
pub(in crate::cel) struct Format {
    pub(in crate::cel) name: &'static str,
    /// The length upstream assumes for the regular expression that checks it.
    pub(in crate::cel) size: u64,
    check: fn(&str) -> bool,
}

const fn format(name: &'static str, size: u64, check: fn(&str) -> bool) -> Format {
    Format { name, size, check }
}

static FORMATS: [Format; 13] = [
    format("dns1123Label", 30, is_label),
    format("dns1123Subdomain", 60, is_subdomain),
    format("dns1035Label", 30, is_1035_label),
    format("qualifiedName", 60, is_qualified_name),
    format("dns1123LabelPrefix", 30, |text| is_label(&unprefixed(text))),
    format("dns1123SubdomainPrefix", 60, |text| {
        is_subdomain(&unprefixed(text))
    }),
    format("dns1035LabelPrefix", 30, |text| {
        is_1035_label(&unprefixed(text))
    }),
    format("labelValue", 40, |text| text.is_empty() || is_name(text)),
    format("uri", 1_103, url::is_request),
    format("uuid", 69, is_uuid),
    format("byte", 84, is_base64),
    format("date", 181, is_date),
    format("datetime", 181, |text| time::timestamp(text).is_some()),
];

fn named<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::Text(name)] = args else {
        return Err(EvalError::no_such_overload());
    };
    let known = FORMATS.iter().find(|format| format.name == &**name);
    Ok(match known {
        Some(format) => Value::some(Value::Format(format)),
        None => Value::Optional(None),
    })
}

/// Nothing for a text of the form, else what is wrong with it.
fn validate<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Format(format), Value::Text(text)] if (format.check)(text) => {
            Ok(Value::Optional(None))
        }
        [Value::Format(format), Value::Text(_)] => {
            let why = Value::text(format!("it is no {}", format.name));
            Ok(Value::some(Value::list(vec![why])))
        }
        _ => Err(EvalError::no_such_overload()),
    }
}

/// The name a prefix could become: a hyphen at its end stands for a letter.
fn unprefixed(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(before) => format!("{before}a"),
        None => text.to_owned(),
    }
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

fn is_label_of_any_length(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    bytes.iter().all(|byte| is_lower(*byte) || *byte == b'-')
        && ends
            .iter()
            .all(|end| end.is_some_and(|byte| is_lower(*byte)))
}

fn is_1035_label(text: &str) -> bool {
    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label_of_any_length)
}

/// Letters, digits, `-`, `_` and `.`, a letter or digit at both ends.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    text.len() <= 63
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && ends
            .iter()
            .all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
}

fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => is_subdomain(domain) && is_name(name),
        None => is_name(text),
    }
}

/// Hexadecimal digits in groups of 8, 4, 4, 4 and 12; the hyphens may be missing.
fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| *byte != b'-').count();
    let hyphens_right = text
        .bytes()
        .scan(0, |digits, byte| {
            *digits += usize::from(byte != b'-');
            Some((byte, *digits))
        })
        .all(|(byte, digits)| byte.is_ascii_hexdigit() || [8, 12, 16, 20].contains(&digits));
    digits == 32 && hyphens_right && !text.contains("--")
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && time::timestamp(&format!("{text}T00:00:00Z")).is_some()
}
