//! Calls: which function is meant, and which of its overloads can answer.

use super::checker::{Checked, CheckedKind, Checker, mismatch, undeclared};
use super::types::Type;
use crate::cel::error::{CompileError, CompileErrorKind};
use crate::cel::library::{self, Overload, Style};
use crate::cel::syntax::ast::Expr;

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        at: usize,
        function: &str,
        target: Option<&Expr>,
        args: &[Expr],
    ) -> Result<(Type, CheckedKind), CompileError> {
        let mut checked = Vec::with_capacity(args.len() + 1);
        for arg in args {
            checked.push(self.check(arg)?);
        }
        let Some(target) = target else {
            return self.resolve(at, function, Style::Global, checked);
        };
        // `sets.contains(…)` is one name, unless there is no such function.
        if let Some(name) = target
            .qualified_name()
            .map(|name| format!("{name}.{function}"))
            && self.declared(&name)
        {
            return self.resolve(at, &name, Style::Global, checked);
        }
        checked.insert(0, self.check(target)?);
        self.resolve(at, function, Style::Member, checked)
    }

    fn declared(&self, function: &str) -> bool {
        library::overloads(function)
            .iter()
            .any(|overload| overload.is_declared(self.env))
    }

    fn resolve(
        &mut self,
        at: usize,
        function: &str,
        style: Style,
        args: Vec<Checked>,
    ) -> Result<(Type, CheckedKind), CompileError> {
        if !self.declared(function) {
            return Err(undeclared(at, function));
        }
        let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
        if matches!(function, "_&&_" | "_||_") {
            for arg in &args {
                if !self.types.assign(&arg.ty, &Type::Bool) {
                    return Err(mismatch(arg.at, &Type::Bool, &self.types.finished(&arg.ty)));
                }
            }
            let function = function.to_owned();
            let overloads = vec![];
            return Ok((
                Type::Bool,
                CheckedKind::Call {
                    function,
                    overloads,
                    args,
                },
            ));
        }
        let mut overloads = Vec::new();
        let mut result: Option<Type> = None;
        for overload in library::overloads(function) {
            if overload.style != style || !overload.is_declared(self.env) {
                continue;
            }
            let (params, returned) = self.instance(overload);
            if !self.types.assign_all(&types, &params) {
                continue;
            }
            overloads.push(overload);
            let returned = self.types.resolved(&returned);
            result = Some(match result {
                None => returned,
                Some(known) if known.is_dynamic() || known == returned => known,
                Some(_) => Type::Dyn,
            });
        }
        let Some(ty) = result else {
            let types: Vec<String> = types
                .iter()
                .map(|ty| self.types.finished(ty).to_string())
                .collect();
            return Err(CompileError::new(
                CompileErrorKind::NoMatchingOverload,
                at,
                match style {
                    Style::Global => format!("no `{function}` takes ({})", types.join(", ")),
                    Style::Member => format!(
                        "no `{function}` of `{}` takes ({})",
                        types[0],
                        types[1..].join(", ")
                    ),
                },
            ));
        };
        let function = function.to_owned();
        Ok((
            ty,
            CheckedKind::Call {
                function,
                overloads,
                args,
            },
        ))
    }

    /// A signature with types of its own for its parameters.
    fn instance(&mut self, overload: &Overload) -> (Vec<Type>, Type) {
        let mut fresh: Vec<(char, Type)> = Vec::new();
        let mut replace = |simple: &Type| match simple {
            Type::Param(name) => match fresh.iter().find(|(known, _)| known == name) {
                Some((_, variable)) => variable.clone(),
                None => {
                    let variable = self.types.fresh();
                    fresh.push((*name, variable.clone()));
                    variable
                }
            },
            other => other.clone(),
        };
        let params = overload
            .params
            .iter()
            .map(|param| param.replaced(&mut replace))
            .collect();
        (params, overload.result.replaced(&mut replace))
    }
}
