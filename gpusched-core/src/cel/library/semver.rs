//! Semantic versions, as the Go package `blang/semver` v4 reads and orders them.

use super::{Entry, global, member};
use crate::cel::cost;
use crate::cel::error::{EvalError, EvalErrorKind};
use crate::cel::value::Value;
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) const ENTRIES: &[Entry] = &[
    global("semver", "(string) -> semver", semver).always(cost::traverse),
    global("semver", "(string, bool) -> semver", semver).always(cost::traverse),
    global("isSemver", "(string) -> bool", is_semver).always(cost::traverse),
    global("isSemver", "(string, bool) -> bool", is_semver).always(cost::traverse),
    member("isGreaterThan", "(semver, semver) -> bool", is_greater_than),
    member("isLessThan", "(semver, semver) -> bool", is_less_than),
    member("compareTo", "(semver, semver) -> int", compare_to),
    member("major", "(semver) -> int", major),
    member("minor", "(semver) -> int", minor),
    member("patch", "(semver) -> int", patch),
];

/// A version. What stands behind `+` has no part in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cel) struct Semver {
    numbers: [u64; 3],
    /// Parts behind `-`; empty: a release.
    before: Vec<Part>,
}

/// A part of what stands behind `-`. Numbers are less than words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

fn bad(why: &str) -> EvalError {
    EvalError::new(EvalErrorKind::BadSemver, why)
}

impl Semver {
    /// Reads `major.minor.patch-pre+build`.
    ///
    /// # Errors
    /// Kind `bad-semver`.
    pub(in crate::cel) fn parse(text: &str) -> Result<Semver, EvalError> {
        if text.is_empty() {
            return Err(bad("a version is not empty"));
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(bad("a version has three numbers: major.minor.patch"));
        };
        let (rest, build) = match rest.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (rest, None),
        };
        let (patch, before) = match rest.split_once('-') {
            Some((patch, before)) => (patch, Some(before)),
            None => (rest, None),
        };
        let before = before.into_iter().flat_map(|text| text.split('.'));
        if !build.iter().flat_map(|text| text.split('.')).all(is_word) {
            return Err(bad("what stands behind `+` is letters, digits and hyphens"));
        }
        Ok(Semver {
            numbers: [number(major)?, number(minor)?, number(patch)?],
            before: before.map(Part::parse).collect::<Result<_, _>>()?,
        })
    }

    /// Reads a version with a `v` in front, leading zeros, or fewer numbers.
    fn parse_normalized(text: &str) -> Result<Semver, EvalError> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts: Vec<String> = text
            .splitn(3, '.')
            .map(|part| {
                if part.len() < 2 {
                    return part.to_owned();
                }
                let trimmed = part.trim_start_matches('0');
                if trimmed.starts_with(|c: char| c.is_ascii_digit()) {
                    trimmed.to_owned()
                } else {
                    format!("0{trimmed}")
                }
            })
            .collect();
        if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return Err(bad("a short version has nothing behind its numbers"));
        }
        parts.resize(3, "0".to_owned());
        Semver::parse(&parts.join("."))
    }

    /// The order of versions: a release after what comes before it.
    pub(in crate::cel) fn precedence(&self, other: &Semver) -> Ordering {
        let is_release = |version: &Semver| version.before.is_empty();
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| is_release(self).cmp(&is_release(other)))
            .then_with(|| self.before.cmp(&other.before))
    }
}

fn is_word(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn number(text: &str) -> Result<u64, EvalError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad("the three parts of a version are numbers"));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(bad("numbers of a version have no leading zeros"));
    }
    text.parse()
        .map_err(|_| bad("a number of the version is too large"))
}

impl Part {
    fn parse(text: &str) -> Result<Part, EvalError> {
        if !is_word(text) {
            return Err(bad("what stands behind `-` is letters, digits and hyphens"));
        }
        match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => number(text).map(Part::Number),
            false => Ok(Part::Word(text.to_owned())),
        }
    }
}

/// The version a call names.
fn read(args: &[Value<'_>]) -> Result<Result<Semver, EvalError>, EvalError> {
    match args {
        [Value::Text(text)] | [Value::Text(text), Value::Bool(false)] => Ok(Semver::parse(text)),
        [Value::Text(text), Value::Bool(true)] => Ok(Semver::parse_normalized(text)),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn semver<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(Value::Semver(Arc::new(read(args)??)))
}

fn is_semver<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    Ok(Value::Bool(read(args)?.is_ok()))
}

fn order(args: &[Value<'_>]) -> Result<Ordering, EvalError> {
    match args {
        [Value::Semver(one), Value::Semver(two)] => Ok(one.precedence(two)),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn is_greater_than<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    order(args).map(|order| Value::Bool(order.is_gt()))
}

fn is_less_than<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    order(args).map(|order| Value::Bool(order.is_lt()))
}

fn compare_to<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    order(args).map(|order| Value::Int(order as i64))
}

/// Upstream takes the 64 bits of a number as signed.
fn component<'a>(args: &[Value<'a>], index: usize) -> Result<Value<'a>, EvalError> {
    match args {
        [Value::Semver(version)] => Ok(Value::Int(version.numbers[index] as i64)),
        _ => Err(EvalError::no_such_overload()),
    }
}

fn major<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    component(args, 0)
}

fn minor<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    component(args, 1)
}

fn patch<'a>(args: &[Value<'a>]) -> Result<Value<'a>, EvalError> {
    component(args, 2)
}
