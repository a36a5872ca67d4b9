//! URLs, as Go's `net/url` reads them.

use super::{Entry, global, member};
use crate::cel::cost;
use crate::cel::error::EvalError;
use crate::cel::value::{Key, Map, Value};
use std::sync::Arc;

pub(super) const ENTRIES: &[Entry] = &[
    global("url", "(string) -> url", url).always(cost::traverse),
    member("getScheme", "(url) -> string", scheme),
    member("getHost", "(url) -> string", host),
    member("getHostname", "(url) -> string", hostname),
    member("getPort", "(url) -> string", port),
    member("getEscapedPath", "(url) -> string", escaped_path),
    member("getQuery", "(url) -> map(string, list(string))", query),
    global("isURL", "(string) -> bool", is_url),
];

/// A URL, taken apart. The path is unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cel) struct Url {
    scheme: String,
    user: String,
    host: String,
    path: String,
    query: String,
    fragment: String,
    /// What stands behind the scheme if it is no path: `mailto:a@b`.
    opaque: String,
    /// The path as written.
    raw_path: String,
}

/// What `%41` and the like stand for; `None` where an escape is broken.
fn unescape(text: &str, plus: bool) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                out.push(u8::from_str_radix(digits, 16).ok()?);
            }
            b'+' if plus => out.push(b' '),
            other => out.push(other),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

/// The scheme and what follows its colon; no scheme is the empty one.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index > 0 => return Some((&text[..index], &text[index + 1..])),
            b':' => return None,
            _ => break,
        }
    }
    Some(("", text))
}

/// A host and its port. A port is digits.
fn is_host(text: &str) -> bool {
    let port = match text.strip_prefix('[') {
        Some(inner) => match inner.split_once(']') {
            Some((_, "")) => return true,
            Some((_, behind)) => behind.strip_prefix(':'),
            None => return false,
        },
        None => match text.rsplit_once(':') {
            Some((_, port)) => Some(port),
            None => return !text.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}']),
        },
    };
    port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
        && !text.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}'])
}

impl Url {
    /// Reads an absolute URL or an absolute path, as a request names it. A fragment is part of the
    /// path or query here.
    fn parse_request(text: &str) -> Option<Url> {
        Url::parse_before_fragment(text, true)
    }

    fn parse(text: &str) -> Option<Url> {
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut url = Url::parse_before_fragment(before, false)?;
        url.fragment = unescape(fragment, false)?;
        Some(url)
    }

    fn parse_before_fragment(text: &str, request: bool) -> Option<Url> {
        if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) || text.is_empty() && request {
            return None;
        }
        let mut url = Url {
            scheme: String::new(),
            user: String::new(),
            host: String::new(),
            path: String::new(),
            query: String::new(),
            fragment: String::new(),
            opaque: String::new(),
            raw_path: String::new(),
        };
        if text == "*" {
            url.path = "*".to_owned();
            url.raw_path = "*".to_owned();
            return Some(url);
        }
        let (scheme, rest) = split_scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        url.query = query.to_owned();
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Some(url);
            }
            if request
                || rest
                    .split('/')
                    .next()
                    .is_some_and(|first| first.contains(':'))
            {
                return None;
            }
        }
        let with_authority = !url.scheme.is_empty() || !request && !rest.starts_with("///");
        if with_authority && let Some(behind) = rest.strip_prefix("//") {
            let end = behind.find('/').unwrap_or(behind.len());
            let (authority, path) = behind.split_at(end);
            let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
            if !is_host(host) {
                return None;
            }
            url.user = unescape(user, false)?;
            url.host = unescape(host, false)?;
            rest = path;
        }
        url.raw_path = rest.to_owned();
        url.path = unescape(rest, false)?;
        Some(url)
    }

    /// The host without port and brackets.
    fn hostname(&self) -> &str {
        let host = match self.host.strip_prefix('[') {
            Some(inner) => return inner.split(']').next().unwrap_or_default(),
            None => &self.host,
        };
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    }

    fn port(&self) -> &str {
        let behind = self.host.rsplit(']').next().unwrap_or_default();
        behind.rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// The path as written if that is an escaping of it, else escaped anew.
    fn escaped_path(&self) -> String {
        let safe =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*[]%".contains(&byte);
        if self.raw_path.bytes().all(safe) {
            return self.raw_path.clone();
        }
        let mut out = String::new();
        for byte in self.path.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }
}

/// Whether a request could name it.
pub(super) fn is_request(text: &str) -> bool {
    Url::parse_request(text).is_some()
}

fn text<'b>(args: &'b [Value<'_>]) -> Result<&'b str, EvalError> {
    match args {
        [Value::Text(text)] => Ok(text),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn url<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let text = text(args)?;
    Url::parse_request(text)
        .and_then(|_| Url::parse(text))
        .map(|url| Value::Url(Arc::new(url)))
        .ok_or_else(|| EvalError::other(format_args!("`{text}` is no URL")))
}

fn is_url<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(Value::Bool(is_request(text(args)?)))
}

fn part<'a>(args: &[Value<'a>], take: fn(&Url) -> String) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Url(url)] => Ok(Value::text(take(url))),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn scheme<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    part(args, |url| url.scheme.clone())
}

fn host<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    part(args, |url| url.host.clone())
}

fn hostname<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    part(args, |url| url.hostname().to_owned())
}

fn port<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    part(args, |url| url.port().to_owned())
}

fn escaped_path<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    part(args, Url::escaped_path)
}

/// Parameters and their values. What cannot be read is left out, as Go does.
fn query<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    let [Value::Url(url)] = args else {
        return Err(EvalError::no_such_overload());
    };
    let mut values: std::collections::BTreeMap<String, Vec<Value<'a>>> = Default::default();
    let pairs = url.query.split('&');
    for pair in pairs.filter(|pair| !pair.is_empty() && !pair.contains(';')) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(key), Some(value)) = (unescape(key, true), unescape(value, true)) {
            values.entry(key).or_default().push(Value::text(value));
        }
    }
    let map: Map<'a> = values
        .into_iter()
        .map(|(key, values)| (Key::Text(key.into()), Value::list(values)))
        .collect();
    Ok(Value::Map(Arc::new(map)))
}
