//! What is evaluated. Planned as cel-go plans with its optimizations on, because costs are counted
//! on the plan: literals of literals are made once, conversions of literals carried out, and a test
//! whether a literal list holds something costs nothing.

use crate::cel::check::{Binding, Checked, CheckedKind};
use crate::cel::error::{CompileError, CompileErrorKind};
use crate::cel::library::convert::CONVERSIONS;
use crate::cel::library::regex::Search;
use crate::cel::library::{Overload, re2, time};
use crate::cel::syntax::ast::Literal;
use crate::cel::value::{Key, Map, Value};
use regex::Regex;
use std::sync::Arc;

/// A planned expression.
#[derive(Debug)]
pub(in crate::cel) enum Node {
    Const(Value<'static>),
    Attribute(Attribute),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `false` and nothing else is false.
    NotStrictlyFalse(Box<Node>),
    Equal(Box<[Node; 2]>),
    NotEqual(Box<[Node; 2]>),
    /// Whether a list of literals holds a value.
    Member(Box<Node>, Vec<Value<'static>>),
    /// `or`, or `orValue`, of an optional value.
    OptionalOr {
        operands: Box<[Node; 2]>,
        unwrap: bool,
    },
    Call(Box<Call>),
    List(Vec<(Node, bool)>),
    Map(Vec<(Node, Node, bool)>),
    Fold(Box<Fold>),
}

/// A call of a function.
#[derive(Debug)]
pub(in crate::cel) struct Call {
    pub(super) function: String,
    pub(super) overloads: Vec<&'static Overload>,
    pub(super) args: Vec<Node>,
    /// A pattern that was compiled once.
    pub(super) regex: Option<(Search, Regex)>,
}

impl Call {
    /// Whether arguments behind one that is an error are not evaluated.
    pub(super) fn stops(&self) -> bool {
        self.regex.is_some()
            || self.args.len() > 2
            || self.overloads.iter().any(|overload| overload.stops)
    }
}

/// A variable or a value, and what is taken of it.
#[derive(Debug)]
pub(in crate::cel) struct Attribute {
    pub(super) root: Root,
    pub(super) qualifiers: Vec<Qualifier>,
}

#[derive(Debug)]
pub(super) enum Root {
    Variable(Binding),
    Operand(Box<Node>),
    Conditional(Box<Conditional>),
}

#[derive(Debug)]
pub(super) struct Conditional {
    pub(super) condition: Node,
    pub(super) yes: Node,
    pub(super) no: Node,
}

/// A field, a key or an index.
#[derive(Debug)]
pub(super) struct Qualifier {
    pub(super) key: Box<Node>,
    /// Without a value the result is an optional one without a value.
    pub(super) optional: bool,
    /// Only whether it is there.
    pub(super) test: bool,
}

#[derive(Debug)]
pub(in crate::cel) struct Fold {
    pub(super) number: usize,
    pub(super) range: Node,
    pub(super) pairs: bool,
    pub(super) start: Node,
    pub(super) condition: Node,
    pub(super) step: Node,
    pub(super) result: Node,
}

/// Plans a checked expression. O(n).
///
/// # Errors
/// A conversion of a literal that fails, and what is not supported.
pub(in crate::cel) fn plan(checked: Checked) -> Result<Node, CompileError> {
    let at = checked.at;
    Ok(match checked.kind {
        CheckedKind::Literal(literal) => Node::Const(constant(literal)),
        CheckedKind::Type(ty) => Node::Const(Value::Type(Arc::new(ty))),
        CheckedKind::Variable(binding) => Node::Attribute(Attribute {
            root: Root::Variable(binding),
            qualifiers: vec![],
        }),
        CheckedKind::Select {
            operand,
            field,
            test,
            optional,
        } => Node::Attribute(qualified(
            plan(*operand)?,
            Qualifier {
                key: Box::new(Node::Const(Value::text(field))),
                optional,
                test,
            },
        )),
        CheckedKind::Call {
            function,
            overloads,
            args,
        } => {
            let args = args.into_iter().map(plan).collect::<Result<Vec<_>, _>>()?;
            call(at, function, overloads, args)?
        }
        CheckedKind::List(elements) => {
            let elements = elements
                .into_iter()
                .map(|(element, optional)| Ok((plan(element)?, optional)))
                .collect::<Result<Vec<_>, _>>()?;
            list(elements)
        }
        CheckedKind::Map(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, value, optional)| Ok((plan(key)?, plan(value)?, optional)))
                .collect::<Result<Vec<_>, _>>()?;
            map(entries)
        }
        CheckedKind::Fold(fold) => {
            let fold = *fold;
            Node::Fold(Box::new(Fold {
                number: fold.number,
                range: plan(fold.range)?,
                pairs: fold.pairs,
                start: plan(fold.start)?,
                condition: plan(fold.condition)?,
                step: plan(fold.step)?,
                result: plan(fold.result)?,
            }))
        }
    })
}

fn constant(literal: Literal) -> Value<'static> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(truth) => Value::Bool(truth),
        Literal::Int(number) => Value::Int(number),
        Literal::Uint(number) => Value::Uint(number),
        Literal::Double(number) => Value::Double(number),
        Literal::Text(text) => Value::text(text),
        Literal::Bytes(bytes) => Value::Bytes(bytes.into()),
    }
}

/// Takes something of a value. Of a choice it is taken on either side.
fn qualified(of: Node, qualifier: Qualifier) -> Attribute {
    match of {
        Node::Attribute(mut attribute) => {
            attribute.qualifiers.push(qualifier);
            attribute
        }
        other => Attribute {
            root: Root::Operand(Box::new(other)),
            qualifiers: vec![qualifier],
        },
    }
}

fn constants<'n>(nodes: impl Iterator<Item = &'n Node>) -> Option<Vec<Value<'static>>> {
    nodes
        .map(|node| match node {
            Node::Const(value) => Some(value.clone()),
            _ => None,
        })
        .collect()
}

fn list(elements: Vec<(Node, bool)>) -> Node {
    let optional = elements.iter().any(|(_, optional)| *optional);
    match constants(elements.iter().map(|(element, _)| element)) {
        Some(values) if !optional => Node::Const(Value::list(values)),
        _ => Node::List(elements),
    }
}

fn map(entries: Vec<(Node, Node, bool)>) -> Node {
    let optional = entries.iter().any(|(.., optional)| *optional);
    let keys = constants(entries.iter().map(|(key, ..)| key));
    let values = constants(entries.iter().map(|(_, value, _)| value));
    if let (Some(keys), Some(values), false) = (keys, values, optional) {
        let keys: Option<Vec<Key>> = keys.iter().map(Value::key).collect();
        if let Some(keys) = keys {
            let map: Map<'static> = keys.into_iter().zip(values).collect();
            return Node::Const(Value::Map(Arc::new(map)));
        }
    }
    Node::Map(entries)
}

fn call(
    at: usize,
    function: String,
    overloads: Vec<&'static Overload>,
    args: Vec<Node>,
) -> Result<Node, CompileError> {
    if matches!(function.as_str(), "_&&_" | "_||_") {
        return Ok(match function.as_str() {
            "_&&_" => Node::And(args),
            _ => Node::Or(args),
        });
    }
    let args = match <[Node; 3]>::try_from(args) {
        Ok([condition, yes, no]) if function == "_?_:_" => {
            return Ok(Node::Attribute(Attribute {
                root: Root::Conditional(Box::new(Conditional { condition, yes, no })),
                qualifiers: vec![],
            }));
        }
        Ok(args) => args.into(),
        Err(args) => args,
    };
    let args = match <[Node; 2]>::try_from(args) {
        Ok(args) => match pair(&function, &overloads, args) {
            Ok(node) => return Ok(node),
            Err(args) => args.into(),
        },
        Err(args) => args,
    };
    if let [only] = args.as_slice() {
        if CONVERSIONS.contains(&function.as_str())
            && let Node::Const(value) = only
        {
            return converted(at, &overloads, value).map(Node::Const);
        }
        if function == "@not_strictly_false" {
            let mut args = args;
            return Ok(Node::NotStrictlyFalse(Box::new(args.swap_remove(0))));
        }
    }
    refuse_named_zones(at, &function, &args)?;
    let regex = match (Search::named(&function), args.get(1)) {
        (Some(search), Some(Node::Const(Value::Text(pattern)))) => {
            let compiled = re2::compile(pattern)
                .map_err(|why| CompileError::new(CompileErrorKind::BadRegex, at, why))?;
            Some((search, compiled))
        }
        _ => None,
    };
    Ok(Node::Call(Box::new(Call {
        function,
        overloads,
        args,
        regex,
    })))
}

/// Calls of two arguments that are not evaluated like others.
fn pair(
    function: &str,
    overloads: &[&'static Overload],
    args: [Node; 2],
) -> Result<Node, [Node; 2]> {
    Ok(match function {
        "_==_" => Node::Equal(Box::new(args)),
        "_!=_" => Node::NotEqual(Box::new(args)),
        "or" | "orValue" => Node::OptionalOr {
            operands: Box::new(args),
            unwrap: function == "orValue",
        },
        "_[_]" | "_[?_]" => {
            let [of, key] = args;
            let qualifier = Qualifier {
                key: Box::new(key),
                optional: function == "_[?_]",
                test: false,
            };
            Node::Attribute(qualified(of, qualifier))
        }
        "@in" if overloads.len() == 1 => {
            let [element, within] = args;
            match within {
                Node::Const(Value::List(elements)) if elements.is_empty() => {
                    Node::Const(Value::Bool(false))
                }
                Node::Const(Value::List(elements)) if elements.iter().all(is_simple) => {
                    Node::Member(Box::new(element), elements.to_vec())
                }
                within => return Err([element, within]),
            }
        }
        _ => return Err(args),
    })
}

/// Values that upstream keeps in a set.
fn is_simple(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Text(_)
    )
}

fn converted(
    at: usize,
    overloads: &[&'static Overload],
    value: &Value<'static>,
) -> Result<Value<'static>, CompileError> {
    let args = [value.clone()];
    let overload = overloads
        .iter()
        .find(|overload| value.is_a(&overload.params[0]));
    let wrong =
        |why: &dyn std::fmt::Display| CompileError::new(CompileErrorKind::BadLiteral, at, why);
    let overload = overload.ok_or_else(|| wrong(&"the literal cannot be converted"))?;
    (overload.body)(&args).map_err(|error| wrong(&error.text))
}

/// Time zones by name need a database, which a pure model does not have.
fn refuse_named_zones(at: usize, function: &str, args: &[Node]) -> Result<(), CompileError> {
    let takes_zone = matches!(
        function,
        "getFullYear"
            | "getMonth"
            | "getDayOfYear"
            | "getDayOfMonth"
            | "getDate"
            | "getDayOfWeek"
            | "getHours"
            | "getMinutes"
            | "getSeconds"
            | "getMilliseconds"
    );
    match args.get(1) {
        Some(Node::Const(Value::Text(zone))) if time::is_zone(zone) => Ok(()),
        Some(_) if takes_zone => Err(CompileError::new(
            CompileErrorKind::Unsupported,
            at,
            format_args!(
                "`{function}` with a time zone other than a literal `UTC` or `+01:00` is not \
                 supported here"
            ),
        )),
        _ => Ok(()),
    }
}
