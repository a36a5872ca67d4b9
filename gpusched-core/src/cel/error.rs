//! Why a selector does not compile, and why it has no answer for a device.

use std::fmt;

/// What is wrong with a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompileErrorKind {
    /// Not CEL, too long, or nested too deeply.
    Syntax,
    /// Its result is neither a truth value nor of unknown type.
    NotBool,
    /// A name nobody declared.
    Undeclared,
    /// A field the device does not have.
    UndefinedField,
    /// Types that do not go together.
    NoMatchingOverload,
    /// A regular expression that is none.
    BadRegex,
    /// A literal that cannot be converted: `duration("soon")`.
    BadLiteral,
    /// Valid upstream, and not supported here.
    Unsupported,
}

impl CompileErrorKind {
    /// The name, in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            CompileErrorKind::Syntax => "syntax",
            CompileErrorKind::NotBool => "not-bool",
            CompileErrorKind::Undeclared => "undeclared",
            CompileErrorKind::UndefinedField => "undefined-field",
            CompileErrorKind::NoMatchingOverload => "no-matching-overload",
            CompileErrorKind::BadRegex => "bad-regex",
            CompileErrorKind::BadLiteral => "bad-literal",
            CompileErrorKind::Unsupported => "unsupported",
        }
    }
}

/// A selector that does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CompileError {
    /// What kind of error.
    pub kind: CompileErrorKind,
    /// For people.
    pub text: String,
    /// Byte of the expression it is at.
    pub position: usize,
}

impl CompileError {
    pub(super) fn new(
        kind: CompileErrorKind,
        position: usize,
        text: impl fmt::Display,
    ) -> CompileError {
        CompileError {
            kind,
            text: text.to_string(),
            position,
        }
    }

    pub(super) fn syntax(position: usize, text: impl fmt::Display) -> CompileError {
        CompileError::new(CompileErrorKind::Syntax, position, text)
    }
}

/// What ends an evaluation without an answer. All of them end the scheduling attempt of the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvalErrorKind {
    /// The device has no such attribute or capacity, the map no such key.
    NoSuchKey,
    /// Values an operation is not made for.
    NoSuchOverload,
    /// It costs more than the limit.
    CostLimit,
    /// A text that is no semantic version.
    BadSemver,
    /// A number beyond what its type holds.
    Overflow,
    /// Division, or remainder, by zero.
    DivideByZero,
    /// The list is not that long.
    IndexOutOfBounds,
    /// `all`, `exists` and the like on something that is no list and no map.
    NotIterable,
    /// The result is no truth value.
    NotBool,
    /// A quantity that is no whole number of 64 bits.
    NotInteger,
    /// `includes` on a list longer than attributes may be.
    ListTooLong,
    /// An attribute of the device is of a kind that is not enabled.
    UnsupportedAttributeValue,
    /// None of the above; the text says what.
    Other,
}

impl EvalErrorKind {
    /// The name, in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            EvalErrorKind::NoSuchKey => "no-such-key",
            EvalErrorKind::NoSuchOverload => "no-such-overload",
            EvalErrorKind::CostLimit => "cost-limit",
            EvalErrorKind::BadSemver => "bad-semver",
            EvalErrorKind::Overflow => "overflow",
            EvalErrorKind::DivideByZero => "divide-by-zero",
            EvalErrorKind::IndexOutOfBounds => "index-out-of-bounds",
            EvalErrorKind::NotIterable => "not-iterable",
            EvalErrorKind::NotBool => "not-bool",
            EvalErrorKind::NotInteger => "not-integer",
            EvalErrorKind::ListTooLong => "list-too-long",
            EvalErrorKind::UnsupportedAttributeValue => "unsupported-attribute-value",
            EvalErrorKind::Other => "other",
        }
    }
}

/// An evaluation without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct EvalError {
    /// What kind of error.
    pub kind: EvalErrorKind,
    /// For people.
    pub text: String,
}

impl EvalError {
    pub(super) fn new(kind: EvalErrorKind, text: impl fmt::Display) -> EvalError {
        EvalError {
            kind,
            text: text.to_string(),
        }
    }

    pub(super) fn no_such_overload() -> EvalError {
        EvalError::new(EvalErrorKind::NoSuchOverload, "no such overload")
    }

    pub(super) fn cost_limit() -> EvalError {
        EvalError::new(
            EvalErrorKind::CostLimit,
            "the evaluation costs more than its limit",
        )
    }

    pub(super) fn other(text: impl fmt::Display) -> EvalError {
        EvalError::new(EvalErrorKind::Other, text)
    }
}
