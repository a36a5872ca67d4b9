//! The tree of an expression, macros expanded.

/// A value written down.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cel) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// An expression and where it begins.
#[derive(Clone, Debug)]
pub(in crate::cel) struct Expr {
    pub(in crate::cel) at: usize,
    /// Nodes on the longest way down, and of the whole tree; both saturate.
    pub(super) height: u32,
    pub(super) size: u32,
    pub(in crate::cel) kind: Kind,
}

#[derive(Clone, Debug)]
pub(in crate::cel) enum Kind {
    Literal(Literal),
    Ident(String),
    /// `operand.field`, or `has(operand.field)`.
    Select {
        operand: Box<Expr>,
        field: String,
        test: bool,
    },
    /// `operand.?field`.
    OptionalSelect {
        operand: Box<Expr>,
        field: String,
    },
    /// Calls and operators. Operators have upstream's names: `_+_`, `_[_]`, `_?_:_`.
    Call {
        function: String,
        target: Option<Box<Expr>>,
        args: Vec<Expr>,
    },
    /// Elements, and which of them are there only if they have a value.
    List(Vec<(Expr, bool)>),
    Map(Vec<Entry>),
    /// The name of a message type; nothing can be made of one here.
    Message(String),
    Comprehension(Box<Comprehension>),
}

#[derive(Clone, Debug)]
pub(in crate::cel) struct Entry {
    pub(in crate::cel) key: Expr,
    pub(in crate::cel) value: Expr,
    pub(in crate::cel) optional: bool,
}

/// What all looping macros become: a fold.
#[derive(Clone, Debug)]
pub(in crate::cel) struct Comprehension {
    pub(in crate::cel) range: Expr,
    /// The element of a list, the key of a map; with a second variable the index.
    pub(in crate::cel) first: String,
    /// The value, in comprehensions of two variables.
    pub(in crate::cel) second: Option<String>,
    pub(in crate::cel) accumulator: String,
    pub(in crate::cel) start: Expr,
    pub(in crate::cel) condition: Expr,
    pub(in crate::cel) step: Expr,
    pub(in crate::cel) result: Expr,
}

impl Expr {
    pub(in crate::cel) fn new(at: usize, kind: Kind) -> Expr {
        let (mut height, mut size) = (0, 0u32);
        kind.children(&mut |child: &Expr| {
            height = height.max(child.height);
            size = size.saturating_add(child.size);
        });
        Expr {
            at,
            height: height.saturating_add(1),
            size: size.saturating_add(1),
            kind,
        }
    }

    pub(in crate::cel) fn literal(at: usize, literal: Literal) -> Expr {
        Expr::new(at, Kind::Literal(literal))
    }

    pub(in crate::cel) fn ident(at: usize, name: impl Into<String>) -> Expr {
        Expr::new(at, Kind::Ident(name.into()))
    }

    pub(in crate::cel) fn call(at: usize, function: &str, args: Vec<Expr>) -> Expr {
        Expr::new(
            at,
            Kind::Call {
                function: function.to_owned(),
                target: None,
                args,
            },
        )
    }

    pub(in crate::cel) fn method(
        at: usize,
        target: Expr,
        function: impl Into<String>,
        args: Vec<Expr>,
    ) -> Expr {
        Expr::new(
            at,
            Kind::Call {
                function: function.into(),
                target: Some(Box::new(target)),
                args,
            },
        )
    }

    /// `a.b.c` as one name, if the expression is nothing else.
    pub(in crate::cel) fn qualified_name(&self) -> Option<String> {
        match &self.kind {
            Kind::Ident(name) => Some(name.clone()),
            Kind::Select {
                operand,
                field,
                test: false,
            } => operand
                .qualified_name()
                .map(|name| format!("{name}.{field}")),
            _ => None,
        }
    }
}

impl Kind {
    fn children(&self, visit: &mut dyn FnMut(&Expr)) {
        match self {
            Kind::Literal(_) | Kind::Ident(_) | Kind::Message(_) => {}
            Kind::Select { operand, .. } | Kind::OptionalSelect { operand, .. } => visit(operand),
            Kind::Call { target, args, .. } => {
                target.iter().for_each(|target| visit(target));
                args.iter().for_each(visit);
            }
            Kind::List(elements) => elements.iter().for_each(|(element, _)| visit(element)),
            Kind::Map(entries) => {
                for entry in entries {
                    visit(&entry.key);
                    visit(&entry.value);
                }
            }
            Kind::Comprehension(fold) => {
                for part in [
                    &fold.range,
                    &fold.start,
                    &fold.condition,
                    &fold.step,
                    &fold.result,
                ] {
                    visit(part);
                }
            }
        }
    }
}
