//! What Kubernetes refuses although the types are right.

use super::checker::{Checked, CheckedKind};
use super::types::Type;
use crate::cel::error::{CompileError, CompileErrorKind};
use crate::cel::library::{format, re2, time};
use crate::cel::syntax::ast::Literal;

/// Literals of lists and maps must be of one type (arguments of `format` excepted), and literals
/// that become durations, times, regular expressions or format strings must be such.
pub(super) fn validate(checked: &Checked) -> Result<(), CompileError> {
    visit(checked, false)
}

fn visit(checked: &Checked, mixed: bool) -> Result<(), CompileError> {
    match &checked.kind {
        CheckedKind::Literal(_) | CheckedKind::Variable(_) | CheckedKind::Type(_) => Ok(()),
        CheckedKind::Select { operand, .. } => visit(operand, mixed),
        CheckedKind::Call { function, args, .. } => {
            let mixed = mixed || function == "format";
            args.iter().try_for_each(|arg| visit(arg, mixed))?;
            literals(function, args)
        }
        CheckedKind::List(elements) => {
            elements
                .iter()
                .try_for_each(|(element, _)| visit(element, mixed))?;
            let types = elements
                .iter()
                .map(|(element, optional)| (element.at, unwrapped(&element.ty, *optional)));
            if mixed { Ok(()) } else { same(types) }
        }
        CheckedKind::Map(entries) => {
            for (key, value, _) in entries {
                visit(key, mixed)?;
                visit(value, mixed)?;
            }
            if mixed {
                return Ok(());
            }
            same(entries.iter().map(|(key, ..)| (key.at, &key.ty)))?;
            same(
                entries
                    .iter()
                    .map(|(_, value, optional)| (value.at, unwrapped(&value.ty, *optional))),
            )
        }
        CheckedKind::Fold(fold) => [
            &fold.range,
            &fold.start,
            &fold.condition,
            &fold.step,
            &fold.result,
        ]
        .into_iter()
        .try_for_each(|part| visit(part, mixed)),
    }
}

fn unwrapped(ty: &Type, optional: bool) -> &Type {
    match ty {
        Type::Optional(inner) if optional => inner,
        other => other,
    }
}

fn same<'a>(mut types: impl Iterator<Item = (usize, &'a Type)>) -> Result<(), CompileError> {
    let Some((_, first)) = types.next() else {
        return Ok(());
    };
    match types.find(|(_, ty)| *ty != first) {
        None => Ok(()),
        Some((at, ty)) => Err(CompileError::new(
            CompileErrorKind::NoMatchingOverload,
            at,
            format_args!("the literal begins with `{first}` and cannot hold `{ty}`"),
        )),
    }
}

fn text(checked: &Checked) -> Option<&str> {
    match &checked.kind {
        CheckedKind::Literal(Literal::Text(text)) => Some(text),
        _ => None,
    }
}

fn literals(function: &str, args: &[Checked]) -> Result<(), CompileError> {
    let bad = |arg: &Checked, what: &str| {
        Err(CompileError::new(
            CompileErrorKind::BadLiteral,
            arg.at,
            what,
        ))
    };
    match (function, args) {
        ("duration", [arg]) if text(arg).is_some_and(|text| time::duration(text).is_none()) => {
            bad(arg, "this is no duration: write it as `1h30m`")
        }
        ("timestamp", [arg]) if text(arg).is_some_and(|text| time::timestamp(text).is_none()) => {
            bad(arg, "this is no time: write it as `2026-01-01T00:00:00Z`")
        }
        ("matches" | "find" | "findAll", [_, pattern, ..]) => match text(pattern).map(re2::compile)
        {
            Some(Err(error)) => Err(CompileError::new(
                CompileErrorKind::BadRegex,
                pattern.at,
                error,
            )),
            _ => Ok(()),
        },
        ("format", [template, values]) => match (text(template), &values.kind) {
            (Some(template), CheckedKind::List(values)) => {
                let types: Vec<&Type> = values.iter().map(|(value, _)| &value.ty).collect();
                format::check(template, &types).map_err(|why| {
                    CompileError::new(CompileErrorKind::NoMatchingOverload, args[1].at, why)
                })
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}
