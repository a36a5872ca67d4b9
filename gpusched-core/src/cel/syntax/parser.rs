//! The grammar of CEL, by precedence climbing.
//!
//! `&&` and `||` become one call of many arguments, which evaluates as the balanced tree of
//! upstream does and does not nest.

use super::ast::{Entry, Expr, Kind, Literal};
use super::lexer::{Token, TokenKind, tokens};
use super::{MAX_DEPTH, MAX_HEIGHT, MAX_LENGTH, macros};
use crate::cel::error::CompileError;

/// Binary operators: how tight they bind, the symbol, the name.
const OPERATORS: [(u8, &str, &str); 14] = [
    (1, "||", "_||_"),
    (2, "&&", "_&&_"),
    (3, "<", "_<_"),
    (3, "<=", "_<=_"),
    (3, ">=", "_>=_"),
    (3, ">", "_>_"),
    (3, "==", "_==_"),
    (3, "!=", "_!=_"),
    (3, "in", "@in"),
    (4, "+", "_+_"),
    (4, "-", "_-_"),
    (5, "*", "_*_"),
    (5, "/", "_/_"),
    (5, "%", "_%_"),
];

/// Words of other languages that may not be names.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The tree of `text`. O(n).
///
/// # Errors
/// What is not CEL, longer than the API allows, or nested deeper than upstream's parser goes.
pub(in crate::cel) fn parse(text: &str) -> Result<Expr, CompileError> {
    if text.len() > MAX_LENGTH {
        return Err(CompileError::syntax(
            MAX_LENGTH,
            format_args!("an expression has at most {MAX_LENGTH} bytes"),
        ));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let expr = parser.expression()?;
    match parser.peek() {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &TokenKind {
        &self.tokens[self.next].kind
    }

    fn at(&self) -> usize {
        self.tokens[self.next].at
    }

    fn advance(&mut self) {
        // The last token is the end, which stays.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), TokenKind::Symbol(found) if *found == symbol)
    }

    /// Takes a symbol if it comes next.
    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), CompileError> {
        if self.accept(symbol) {
            return Ok(());
        }
        let found = self.found();
        Err(CompileError::syntax(
            self.at(),
            format_args!("`{symbol}` is missing before {found}"),
        ))
    }

    fn found(&self) -> String {
        match self.peek() {
            TokenKind::End => "the end".to_owned(),
            TokenKind::Symbol(symbol) => format!("`{symbol}`"),
            TokenKind::Ident(name) => format!("`{name}`"),
            TokenKind::Text(_) | TokenKind::Bytes(_) => "a string".to_owned(),
            TokenKind::Int(_) | TokenKind::Uint(_) | TokenKind::Float(_) => "a number".to_owned(),
        }
    }

    fn unexpected(&self) -> CompileError {
        let found = self.found();
        CompileError::syntax(self.at(), format_args!("{found} cannot stand here"))
    }

    fn too_deep(&self) -> CompileError {
        CompileError::syntax(
            self.at(),
            format_args!("expressions nest at most {MAX_DEPTH} deep"),
        )
    }

    fn check_height(&self, expr: &Expr) -> Result<(), CompileError> {
        match expr.height {
            0..=MAX_HEIGHT => Ok(()),
            _ => Err(self.too_deep()),
        }
    }

    fn expression(&mut self) -> Result<Expr, CompileError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let mut expr = self.binary(1)?;
        let at = self.at();
        if self.accept("?") {
            let yes = self.binary(1)?;
            self.expect(":")?;
            let no = self.expression()?;
            expr = Expr::call(at, "_?_:_", vec![expr, yes, no]);
        }
        self.depth -= 1;
        Ok(expr)
    }

    /// Operators that bind at least as tight as `least`.
    fn binary(&mut self, least: u8) -> Result<Expr, CompileError> {
        let mut left = self.unary()?;
        loop {
            let TokenKind::Symbol(symbol) = *self.peek() else {
                return Ok(left);
            };
            let Some(&(tight, _, name)) = OPERATORS
                .iter()
                .find(|(tight, known, _)| *known == symbol && *tight >= least)
            else {
                return Ok(left);
            };
            let at = self.at();
            self.advance();
            let right = self.binary(tight + 1)?;
            left = match left.kind {
                Kind::Call {
                    function,
                    target: None,
                    mut args,
                } if tight <= 2 && function == name => {
                    args.push(right);
                    Expr::call(at, name, args)
                }
                kind => Expr::call(at, name, vec![Expr { kind, ..left }, right]),
            };
            self.check_height(&left)?;
        }
    }

    fn unary(&mut self) -> Result<Expr, CompileError> {
        let at = self.at();
        for (symbol, name) in [("!", "!_"), ("-", "-_")] {
            let mut count = 0;
            while self.is(symbol) && !(count == 0 && self.negative_number()) {
                self.advance();
                count += 1;
            }
            if count > 0 {
                let operand = self.member()?;
                return Ok(match count % 2 {
                    0 => operand,
                    _ => Expr::call(at, name, vec![operand]),
                });
            }
        }
        self.member()
    }

    /// Whether a literal with a sign comes next.
    fn negative_number(&self) -> bool {
        let after = self.tokens.get(self.next + 1).map(|token| &token.kind);
        self.is("-") && matches!(after, Some(TokenKind::Int(_) | TokenKind::Float(_)))
    }

    /// A primary and the fields, calls and indexes behind it.
    fn member(&mut self) -> Result<Expr, CompileError> {
        let mut expr = self.primary()?;
        loop {
            let at = self.at();
            if self.accept(".") {
                let optional = self.accept("?");
                let TokenKind::Ident(name) = self.peek().clone() else {
                    return Err(self.unexpected());
                };
                self.advance();
                let open = self.at();
                expr = if optional {
                    Expr::new(
                        at,
                        Kind::OptionalSelect {
                            operand: Box::new(expr),
                            field: name,
                        },
                    )
                } else if self.accept("(") {
                    let args = self.arguments()?;
                    macros::member(open, expr, name, args)?
                } else {
                    Expr::new(
                        at,
                        Kind::Select {
                            operand: Box::new(expr),
                            field: name,
                            test: false,
                        },
                    )
                };
            } else if self.accept("[") {
                let name = if self.accept("?") { "_[?_]" } else { "_[_]" };
                let index = self.expression()?;
                self.expect("]")?;
                expr = Expr::call(at, name, vec![expr, index]);
            } else {
                return Ok(expr);
            }
            self.check_height(&expr)?;
        }
    }

    /// Arguments up to the closing parenthesis.
    fn arguments(&mut self) -> Result<Vec<Expr>, CompileError> {
        let mut args = Vec::new();
        if self.accept(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression()?);
            if self.accept(")") {
                return Ok(args);
            }
            self.expect(",")?;
        }
    }

    fn primary(&mut self) -> Result<Expr, CompileError> {
        let at = self.at();
        let negative = self.negative_number() && self.accept("-");
        let literal = match self.peek().clone() {
            TokenKind::Int(digits) => Literal::Int(self.int(&digits, negative)?),
            TokenKind::Uint(digits) => Literal::Uint(self.uint(&digits)?),
            TokenKind::Float(number) => Literal::Double(if negative { -number } else { number }),
            TokenKind::Text(text) => Literal::Text(text),
            TokenKind::Bytes(bytes) => Literal::Bytes(bytes),
            TokenKind::Symbol("true") => Literal::Bool(true),
            TokenKind::Symbol("false") => Literal::Bool(false),
            TokenKind::Symbol("null") => Literal::Null,
            TokenKind::Symbol("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            TokenKind::Symbol("[") => return self.list(),
            TokenKind::Symbol("{") => return self.map(),
            TokenKind::Symbol(".") | TokenKind::Ident(_) => return self.name(),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(Expr::literal(at, literal))
    }

    fn int(&self, digits: &str, negative: bool) -> Result<i64, CompileError> {
        let sign = if negative { "-" } else { "" };
        match digits.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(&format!("{sign}{hex}"), 16),
            None => format!("{sign}{digits}").parse(),
        }
        .map_err(|_| CompileError::syntax(self.at(), "no int holds this number"))
    }

    fn uint(&self, digits: &str) -> Result<u64, CompileError> {
        match digits.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => digits.parse(),
        }
        .map_err(|_| CompileError::syntax(self.at(), "no uint holds this number"))
    }

    fn list(&mut self) -> Result<Expr, CompileError> {
        let at = self.at();
        self.expect("[")?;
        let mut elements = Vec::new();
        while !self.is("]") {
            if elements.is_empty() && self.accept(",") {
                break;
            }
            let optional = self.accept("?");
            elements.push((self.expression()?, optional));
            if !self.accept(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(Expr::new(at, Kind::List(elements)))
    }

    fn map(&mut self) -> Result<Expr, CompileError> {
        let at = self.at();
        self.expect("{")?;
        let mut entries = Vec::new();
        while !self.is("}") {
            if entries.is_empty() && self.accept(",") {
                break;
            }
            let optional = self.accept("?");
            let key = self.expression()?;
            self.expect(":")?;
            let value = self.expression()?;
            entries.push(Entry {
                key,
                value,
                optional,
            });
            if !self.accept(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(Expr::new(at, Kind::Map(entries)))
    }

    /// A name, a call of a function, or a message. There is one name space, so that a leading dot
    /// changes nothing.
    fn name(&mut self) -> Result<Expr, CompileError> {
        let at = self.at();
        self.accept(".");
        let TokenKind::Ident(name) = self.peek().clone() else {
            return Err(self.unexpected());
        };
        if let Some(message) = self.message() {
            return message.map(|name| Expr::new(at, Kind::Message(name)));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(CompileError::syntax(
                self.at(),
                format_args!("`{name}` is a reserved word"),
            ));
        }
        self.advance();
        let open = self.at();
        if !self.accept("(") {
            return Ok(Expr::ident(at, name));
        }
        let args = self.arguments()?;
        macros::global(open, name, args)
    }

    /// `a.b.Message{field: value}`, if that is what comes next: its name.
    fn message(&mut self) -> Option<Result<String, CompileError>> {
        let mut name = String::new();
        let mut look = self.next;
        loop {
            let TokenKind::Ident(part) = &self.tokens[look].kind else {
                return None;
            };
            name.push_str(part);
            look += 1;
            match &self.tokens[look].kind {
                TokenKind::Symbol(".") => {
                    name.push('.');
                    look += 1;
                }
                TokenKind::Symbol("{") => break,
                _ => return None,
            }
        }
        self.next = look;
        Some(self.fields().map(|()| name))
    }

    /// The fields of a message. Types of messages are not declared, so only their form counts.
    fn fields(&mut self) -> Result<(), CompileError> {
        self.expect("{")?;
        while !self.is("}") {
            self.accept("?");
            let TokenKind::Ident(_) = self.peek() else {
                return Err(self.unexpected());
            };
            self.advance();
            self.expect(":")?;
            self.expression()?;
            if !self.accept(",") {
                break;
            }
        }
        self.expect("}")
    }
}
