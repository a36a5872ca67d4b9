//! The checker.

use super::types::Type;
use super::unify::{Unifier, most_general};
use super::validate::validate;
use crate::cel::error::{CompileError, CompileErrorKind};
use crate::cel::library::Overload;
use crate::cel::program::Env;
use crate::cel::syntax::ast::{Comprehension, Expr, Kind, Literal};

/// A checked expression.
#[derive(Debug)]
pub(in crate::cel) struct Checked {
    pub(in crate::cel) at: usize,
    pub(in crate::cel) ty: Type,
    pub(in crate::cel) kind: CheckedKind,
}

/// What a name stands for. Folds are numbered, because what one starts with is evaluated when it is
/// first asked for, within whatever folds surround that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cel) enum Binding {
    Device,
    /// The first variable of a fold.
    First(usize),
    /// The second variable of a fold.
    Second(usize),
    /// What a fold gathers; `hidden` if no expression can name it.
    Accumulator {
        fold: usize,
        hidden: bool,
    },
}

#[derive(Debug)]
pub(in crate::cel) enum CheckedKind {
    Literal(Literal),
    Variable(Binding),
    /// The name of a type.
    Type(Type),
    Select {
        operand: Box<Checked>,
        field: String,
        test: bool,
        optional: bool,
    },
    Call {
        function: String,
        /// Those that can answer, in the order they are declared.
        overloads: Vec<&'static Overload>,
        /// The receiver first, if there is one.
        args: Vec<Checked>,
    },
    List(Vec<(Checked, bool)>),
    Map(Vec<(Checked, Checked, bool)>),
    Fold(Box<Fold>),
}

/// A checked comprehension.
#[derive(Debug)]
pub(in crate::cel) struct Fold {
    pub(in crate::cel) number: usize,
    pub(in crate::cel) range: Checked,
    pub(in crate::cel) pairs: bool,
    pub(in crate::cel) start: Checked,
    pub(in crate::cel) condition: Checked,
    pub(in crate::cel) step: Checked,
    pub(in crate::cel) result: Checked,
}

/// Checks an expression. O(n · overloads), with variables as upstream.
///
/// # Errors
/// The first thing that is wrong.
pub(in crate::cel) fn check(expr: &Expr, env: &Env) -> Result<Checked, CompileError> {
    let mut checker = Checker {
        env,
        types: Unifier::default(),
        scope: vec![("device".to_owned(), Binding::Device, Type::DEVICE)],
        folds: 0,
    };
    let mut checked = checker.check(expr)?;
    checker.finish(&mut checked);
    validate(&checked)?;
    Ok(checked)
}

pub(super) struct Checker<'a> {
    pub(super) env: &'a Env,
    pub(super) types: Unifier,
    /// Names in sight, the innermost last.
    scope: Vec<(String, Binding, Type)>,
    /// How many folds there are so far.
    folds: usize,
}

pub(super) fn mismatch(at: usize, expected: &Type, found: &Type) -> CompileError {
    CompileError::new(
        CompileErrorKind::NoMatchingOverload,
        at,
        format_args!("expected type `{expected}`, found `{found}`"),
    )
}

pub(super) fn undeclared(at: usize, name: &str) -> CompileError {
    CompileError::new(
        CompileErrorKind::Undeclared,
        at,
        format_args!("`{name}` is not declared"),
    )
}

impl Checker<'_> {
    pub(super) fn check(&mut self, expr: &Expr) -> Result<Checked, CompileError> {
        let at = expr.at;
        let (ty, kind) = match &expr.kind {
            Kind::Literal(literal) => (of_literal(literal), CheckedKind::Literal(literal.clone())),
            Kind::Ident(name) => self.lookup(name).ok_or_else(|| undeclared(at, name))?,
            Kind::Select {
                operand,
                field,
                test,
            } => {
                if let Some(found) = expr.qualified_name().and_then(|name| self.lookup(&name)) {
                    found
                } else {
                    self.select(at, operand, field, *test, false)?
                }
            }
            Kind::OptionalSelect { operand, field } => {
                self.select(at, operand, field, false, true)?
            }
            Kind::Call {
                function,
                target,
                args,
            } => self.call(at, function, target.as_deref(), args)?,
            Kind::List(elements) => self.list(elements)?,
            Kind::Map(entries) => {
                let (mut key, mut value) = (None, None);
                let mut checked = Vec::with_capacity(entries.len());
                for entry in entries {
                    let one = self.check(&entry.key)?;
                    self.join(&mut key, one.ty.clone());
                    let two = self.check(&entry.value)?;
                    let ty = self.element(&two, entry.optional)?;
                    self.join(&mut value, ty);
                    checked.push((one, two, entry.optional));
                }
                let key = key.unwrap_or_else(|| self.types.fresh());
                let value = value.unwrap_or_else(|| self.types.fresh());
                (Type::map(key, value), CheckedKind::Map(checked))
            }
            Kind::Message(name) if Type::named(name).is_some() || name.contains("google.") => {
                return Err(CompileError::new(
                    CompileErrorKind::Unsupported,
                    at,
                    format_args!("`{name}{{…}}` is not supported here: messages cannot be made"),
                ));
            }
            Kind::Message(name) => return Err(undeclared(at, name)),
            Kind::Comprehension(fold) => self.fold(fold)?,
        };
        Ok(Checked { at, ty, kind })
    }

    /// What a name stands for: a variable in sight, or a type.
    fn lookup(&self, name: &str) -> Option<(Type, CheckedKind)> {
        let variable = self.scope.iter().rev().find(|(known, ..)| known == name);
        if let Some((_, binding, ty)) = variable {
            return Some((ty.clone(), CheckedKind::Variable(*binding)));
        }
        let named = Type::named(name)?;
        Some((Type::Meta(named.clone().into()), CheckedKind::Type(named)))
    }

    fn select(
        &mut self,
        at: usize,
        operand: &Expr,
        field: &str,
        test: bool,
        optional: bool,
    ) -> Result<(Type, CheckedKind), CompileError> {
        let operand = self.check(operand)?;
        let of = self.types.resolved(&operand.ty);
        let (target, unwrapped) = match &of {
            Type::Optional(inner) => ((**inner).clone(), true),
            other => (other.clone(), false),
        };
        let mut ty = match &target {
            Type::Map(pair) => pair.1.clone(),
            Type::Object("kubernetes.DRADevice") => self.field(at, field)?,
            Type::Var(_) => {
                self.types.assign(&Type::Dyn, &target);
                Type::Dyn
            }
            other if other.is_dynamic() => Type::Dyn,
            other => {
                return Err(CompileError::new(
                    CompileErrorKind::UndefinedField,
                    at,
                    format_args!("a value of type `{other}` has no field `{field}`"),
                ));
            }
        };
        if unwrapped || optional {
            ty = Type::optional(ty);
        }
        if test {
            ty = Type::Bool;
        }
        let ty = self.types.resolved(&ty);
        let operand = Box::new(operand);
        let field = field.to_owned();
        Ok((
            ty,
            CheckedKind::Select {
                operand,
                field,
                test,
                optional,
            },
        ))
    }

    /// The type of a field of the device.
    fn field(&self, at: usize, name: &str) -> Result<Type, CompileError> {
        let inner = |value| Type::map(Type::Text, Type::map(Type::Text, value));
        match name {
            "driver" => Ok(Type::Text),
            "attributes" if self.env.list_type_attributes => Ok(inner(Type::Dyn)),
            "attributes" => Ok(inner(Type::Any)),
            "capacity" => Ok(inner(Type::QUANTITY)),
            "allowMultipleAllocations" if self.env.declares_multiple_allocations() => {
                Ok(Type::Bool)
            }
            _ => Err(CompileError::new(
                CompileErrorKind::UndefinedField,
                at,
                format_args!("a device has no field `{name}`"),
            )),
        }
    }

    fn list(&mut self, elements: &[(Expr, bool)]) -> Result<(Type, CheckedKind), CompileError> {
        let mut joined = None;
        let mut checked = Vec::with_capacity(elements.len());
        for (element, optional) in elements {
            let element = self.check(element)?;
            let ty = self.element(&element, *optional)?;
            self.join(&mut joined, ty);
            checked.push((element, *optional));
        }
        let element = joined.unwrap_or_else(|| self.types.fresh());
        Ok((Type::list(element), CheckedKind::List(checked)))
    }

    /// The type an element gives to its list or map.
    fn element(&self, element: &Checked, optional: bool) -> Result<Type, CompileError> {
        match &element.ty {
            Type::Optional(inner) if optional => Ok((**inner).clone()),
            other if optional && !other.is_dynamic() => {
                Err(mismatch(element.at, &Type::optional(other.clone()), other))
            }
            other => Ok(other.clone()),
        }
    }

    fn join(&mut self, joined: &mut Option<Type>, ty: Type) {
        *joined = Some(match joined.take() {
            None => ty,
            Some(before) if self.types.assign(&before, &ty) => most_general(&before, &ty).clone(),
            // Whether mixed literals are allowed is asked when all types are known.
            Some(_) => Type::Dyn,
        });
    }

    fn fold(&mut self, fold: &Comprehension) -> Result<(Type, CheckedKind), CompileError> {
        let range = self.check(&fold.range)?;
        let start = self.check(&fold.start)?;
        let of = self.types.resolved(&range.ty);
        let pairs = fold.second.is_some();
        let (first, second) = match &of {
            Type::List(element) if pairs => (Type::Int, (**element).clone()),
            Type::List(element) => ((**element).clone(), Type::Dyn),
            Type::Map(pair) => pair.as_ref().clone(),
            other if other.is_dynamic() || matches!(other, Type::Var(_)) => {
                self.types.assign(&Type::Dyn, other);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                return Err(CompileError::new(
                    CompileErrorKind::NoMatchingOverload,
                    range.at,
                    format_args!("a macro ranges over a list or a map, not over `{other}`"),
                ));
            }
        };
        let index = self.folds;
        let before = self.scope.len();
        self.folds += 1;
        let accumulator = start.ty.clone();
        self.scope.push((
            fold.accumulator.clone(),
            Binding::Accumulator {
                fold: index,
                hidden: fold.accumulator == crate::cel::syntax::ACCUMULATOR,
            },
            accumulator.clone(),
        ));
        let inner = self.scope.len();
        self.scope
            .push((fold.first.clone(), Binding::First(index), first));
        if let Some(name) = &fold.second {
            self.scope
                .push((name.clone(), Binding::Second(index), second));
        }
        let condition = self.check(&fold.condition)?;
        self.expect(&condition, &Type::Bool)?;
        let step = self.check(&fold.step)?;
        self.expect(&step, &accumulator)?;
        self.scope.truncate(inner);
        let result = self.check(&fold.result)?;
        self.scope.truncate(before);
        let ty = self.types.resolved(&result.ty);
        let fold = Fold {
            number: index,
            range,
            pairs,
            start,
            condition,
            step,
            result,
        };
        Ok((ty, CheckedKind::Fold(Box::new(fold))))
    }

    fn expect(&mut self, checked: &Checked, ty: &Type) -> Result<(), CompileError> {
        if self.types.assign(&checked.ty, ty) {
            return Ok(());
        }
        Err(mismatch(
            checked.at,
            &self.types.finished(ty),
            &self.types.finished(&checked.ty),
        ))
    }

    /// Puts in what has become known about types.
    fn finish(&self, checked: &mut Checked) {
        checked.ty = self.types.finished(&checked.ty);
        match &mut checked.kind {
            CheckedKind::Literal(_) | CheckedKind::Variable(_) | CheckedKind::Type(_) => {}
            CheckedKind::Select { operand, .. } => self.finish(operand),
            CheckedKind::Call { args, .. } => args.iter_mut().for_each(|arg| self.finish(arg)),
            CheckedKind::List(elements) => {
                for (element, _) in elements {
                    self.finish(element);
                }
            }
            CheckedKind::Map(entries) => {
                for (key, value, _) in entries {
                    self.finish(key);
                    self.finish(value);
                }
            }
            CheckedKind::Fold(fold) => {
                for part in [
                    &mut fold.range,
                    &mut fold.start,
                    &mut fold.condition,
                    &mut fold.step,
                    &mut fold.result,
                ] {
                    self.finish(part);
                }
            }
        }
    }
}

fn of_literal(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::Text(_) => Type::Text,
        Literal::Bytes(_) => Type::Bytes,
    }
}
