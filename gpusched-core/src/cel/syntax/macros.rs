//! Macros: calls that become other expressions before anything is checked.
//!
//! The expansions are those of cel-go 0.26 (parser, optional types, bindings, two-variable
//! comprehensions, lists), because costs are counted on what they expand to.

use super::MAX_COPY;
use super::ast::{Comprehension, Expr, Kind, Literal};
use crate::cel::error::{CompileError, CompileErrorKind};

/// The variable folds gather their result in. No expression can name it.
pub(in crate::cel) const ACCUMULATOR: &str = "@result";
/// The variable of folds that do not loop.
const UNUSED: &str = "#unused";

/// A call of a function without a receiver.
pub(super) fn global(at: usize, name: String, args: Vec<Expr>) -> Result<Expr, CompileError> {
    if name != "has" || args.len() != 1 {
        return Ok(Expr::call(at, &name, args));
    }
    match args.into_iter().next().map(|arg| arg.kind) {
        Some(Kind::Select { operand, field, .. }) => Ok(Expr::new(
            at,
            Kind::Select {
                operand,
                field,
                test: true,
            },
        )),
        _ => Err(CompileError::syntax(
            at,
            "has() takes a field: `has(device.attributes[\"example.com\"].name)`",
        )),
    }
}

/// A call of a function on a receiver.
pub(super) fn member(
    at: usize,
    target: Expr,
    name: String,
    mut args: Vec<Expr>,
) -> Result<Expr, CompileError> {
    match (name.as_str(), args.len()) {
        ("all" | "exists" | "exists_one" | "existsOne" | "filter", 2)
        | ("map", 2 | 3)
        | ("all" | "exists" | "exists_one" | "existsOne" | "transformList" | "transformMap", 3)
        | ("transformList" | "transformMap" | "transformMapEntry", 4)
        | ("transformMapEntry", 3) => Fold::new(at, target, &name, args)?.expand(&name),
        ("bind", 3) if matches!(&target.kind, Kind::Ident(ident) if ident == "cel") => {
            let body = args.pop();
            let value = args.pop();
            let variable = variable(&args[0])?;
            match (value, body) {
                (Some(value), Some(body)) => Ok(bind(at, variable, value, body)),
                _ => Ok(Expr::method(at, target, name, args)),
            }
        }
        ("optMap" | "optFlatMap", 2) => {
            let variable = variable(&args[0])?;
            if target.size > MAX_COPY {
                return Err(CompileError::new(
                    CompileErrorKind::Unsupported,
                    at,
                    format_args!("{name}() doubles what stands before it, which is too large here"),
                ));
            }
            let present = Expr::method(at, target.clone(), "hasValue", vec![]);
            let value = Expr::method(at, target, "value", vec![]);
            let mut body = bind(at, variable, value, args.swap_remove(1));
            if name == "optMap" {
                body = Expr::call(at, "optional.of", vec![body]);
            }
            let none = Expr::call(at, "optional.none", vec![]);
            Ok(Expr::call(at, "_?_:_", vec![present, body, none]))
        }
        ("sortBy", 2) => {
            let input = || Expr::ident(at, "@sortBy_input");
            let keys = Fold::new(at, input(), "map", args)?.expand("map")?;
            let sorted = Expr::method(at, input(), "@sortByAssociatedKeys", vec![keys]);
            Ok(bind(at, "@sortBy_input".to_owned(), target, sorted))
        }
        _ => Ok(Expr::method(at, target, name, args)),
    }
}

/// A name for a value: a fold over nothing, whose start is evaluated when it is first used.
fn bind(at: usize, variable: String, value: Expr, body: Expr) -> Expr {
    let step = Expr::ident(at, variable.clone());
    Expr::new(
        at,
        Kind::Comprehension(Box::new(Comprehension {
            range: Expr::new(at, Kind::List(vec![])),
            first: UNUSED.to_owned(),
            second: None,
            accumulator: variable,
            start: value,
            condition: Expr::literal(at, Literal::Bool(false)),
            step,
            result: body,
        })),
    )
}

fn variable(expr: &Expr) -> Result<String, CompileError> {
    match &expr.kind {
        Kind::Ident(name) if name != "__result__" => Ok(name.clone()),
        _ => Err(CompileError::syntax(
            expr.at,
            "the variable of a macro is a simple name",
        )),
    }
}

/// A looping macro, taken apart.
struct Fold {
    at: usize,
    range: Expr,
    first: String,
    second: Option<String>,
    filter: Option<Expr>,
    body: Expr,
}

impl Fold {
    fn new(at: usize, range: Expr, name: &str, args: Vec<Expr>) -> Result<Fold, CompileError> {
        let first = variable(&args[0])?;
        let two = args.len() == 4 || args.len() == 3 && name != "map";
        let second = match two {
            true => Some(variable(&args[1])?),
            false => None,
        };
        if second.as_ref() == Some(&first) {
            return Err(CompileError::syntax(
                args[1].at,
                format_args!("two variables are called `{first}`"),
            ));
        }
        let mut rest: Vec<Expr> = args.into_iter().skip(1 + usize::from(two)).collect();
        let filter = (rest.len() == 2).then(|| rest.remove(0));
        match rest.pop() {
            Some(body) => Ok(Fold {
                at,
                range,
                first,
                second,
                filter,
                body,
            }),
            None => Err(CompileError::syntax(at, "the macro lacks its expression")),
        }
    }

    fn expand(self, name: &str) -> Result<Expr, CompileError> {
        let at = self.at;
        let accumulator = || Expr::ident(at, ACCUMULATOR);
        let call = |name: &str, args| Expr::call(at, name, args);
        let bool = |value| Expr::literal(at, Literal::Bool(value));
        let list = |element| Expr::new(at, Kind::List(vec![(element, false)]));
        let empty_list = || Expr::new(at, Kind::List(vec![]));
        let empty_map = || Expr::new(at, Kind::Map(vec![]));
        let first = Expr::ident(at, self.first.clone());
        let mut filter = self.filter;
        let (start, condition, step, result) = match name {
            "all" => (
                bool(true),
                call("@not_strictly_false", vec![accumulator()]),
                call("_&&_", vec![accumulator(), self.body]),
                accumulator(),
            ),
            "exists" => (
                bool(false),
                call("@not_strictly_false", vec![call("!_", vec![accumulator()])]),
                call("_||_", vec![accumulator(), self.body]),
                accumulator(),
            ),
            "exists_one" | "existsOne" => {
                let one = || Expr::literal(at, Literal::Int(1));
                filter = Some(self.body);
                (
                    Expr::literal(at, Literal::Int(0)),
                    bool(true),
                    call("_+_", vec![accumulator(), one()]),
                    call("_==_", vec![accumulator(), one()]),
                )
            }
            "filter" => {
                filter = Some(self.body);
                let step = call("_+_", vec![accumulator(), list(first)]);
                (empty_list(), bool(true), step, accumulator())
            }
            "transformMap" => {
                let step = call("cel.@mapInsert", vec![accumulator(), first, self.body]);
                (empty_map(), bool(true), step, accumulator())
            }
            "transformMapEntry" => {
                let step = call("cel.@mapInsert", vec![accumulator(), self.body]);
                (empty_map(), bool(true), step, accumulator())
            }
            // `map` and `transformList`
            _ => {
                let step = call("_+_", vec![accumulator(), list(self.body)]);
                (empty_list(), bool(true), step, accumulator())
            }
        };
        let step = match filter {
            Some(filter) => call("_?_:_", vec![filter, step, accumulator()]),
            None => step,
        };
        Ok(Expr::new(
            at,
            Kind::Comprehension(Box::new(Comprehension {
                range: self.range,
                first: self.first,
                second: self.second,
                accumulator: ACCUMULATOR.to_owned(),
                start,
                condition,
                step,
                result,
            })),
        ))
    }
}
