//! Tokens of CEL.

use crate::cel::error::CompileError;

/// A token and the bytes it stands at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// Digits as written, `0x` included, without the `u`.
    Int(String),
    Uint(String),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Ident(String),
    /// Operators, brackets and the words `in`, `true`, `false`, `null`.
    Symbol(&'static str),
    End,
}

/// Longest first.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!",
    "?", ":", "+", "*", "/", "%",
];
const WORDS: [&str; 4] = ["in", "true", "false", "null"];

/// The tokens of `text`, [`TokenKind::End`] last. O(n).
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, CompileError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let end = token.kind == TokenKind::End;
        tokens.push(token);
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Takes what `wanted` accepts.
    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> &str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() && wanted(bytes[self.at]) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn next(&mut self) -> Result<Token, CompileError> {
        loop {
            self.take(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0c));
            if !self.rest().starts_with("//") {
                break;
            }
            self.take(|byte| byte != b'\n');
        }
        let at = self.at;
        let kind = self.kind()?;
        Ok(Token { kind, at })
    }

    fn kind(&mut self) -> Result<TokenKind, CompileError> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(TokenKind::End);
        };
        if let Some(string) = self.string()? {
            return Ok(string);
        }
        let second = self.rest().as_bytes().get(1).copied();
        if first.is_ascii_digit() || first == '.' && second.is_some_and(|b| b.is_ascii_digit()) {
            return self.number();
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let word = self.take(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return Ok(match WORDS.iter().find(|known| **known == word) {
                Some(word) => TokenKind::Symbol(word),
                None => TokenKind::Ident(word.to_owned()),
            });
        }
        let symbol = SYMBOLS
            .iter()
            .find(|symbol| self.rest().starts_with(**symbol));
        match symbol {
            Some(symbol) => {
                self.at += symbol.len();
                Ok(TokenKind::Symbol(symbol))
            }
            None => Err(CompileError::syntax(
                self.at,
                format_args!("`{first}` means nothing here"),
            )),
        }
    }

    fn number(&mut self) -> Result<TokenKind, CompileError> {
        let start = self.at;
        if self.rest().starts_with("0x")
            && self
                .rest()
                .as_bytes()
                .get(2)
                .is_some_and(u8::is_ascii_hexdigit)
        {
            self.at += 2;
            self.take(|byte| byte.is_ascii_hexdigit());
            return Ok(self.integer(start));
        }
        self.take(|byte| byte.is_ascii_digit());
        let mut float = false;
        let digit_at = |lexer: &Self, offset: usize| {
            lexer
                .rest()
                .as_bytes()
                .get(offset)
                .is_some_and(u8::is_ascii_digit)
        };
        if self.rest().starts_with('.') && digit_at(self, 1) {
            float = true;
            self.at += 1;
            self.take(|byte| byte.is_ascii_digit());
        }
        if self.rest().starts_with(['e', 'E']) {
            let sign = usize::from(self.rest()[1..].starts_with(['+', '-']));
            if digit_at(self, 1 + sign) {
                float = true;
                self.at += 1 + sign;
                self.take(|byte| byte.is_ascii_digit());
            }
        }
        if !float {
            return Ok(self.integer(start));
        }
        match self.text[start..self.at].parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(TokenKind::Float(number)),
            _ => Err(CompileError::syntax(start, "no double holds this number")),
        }
    }

    fn integer(&mut self, start: usize) -> TokenKind {
        let digits = self.text[start..self.at].to_owned();
        if self.rest().starts_with(['u', 'U']) {
            self.at += 1;
            return TokenKind::Uint(digits);
        }
        TokenKind::Int(digits)
    }

    /// A string or bytes, if one begins here.
    fn string(&mut self) -> Result<Option<TokenKind>, CompileError> {
        let rest = self.rest();
        let bytes = rest.starts_with(['b', 'B']);
        let raw = rest[usize::from(bytes)..].starts_with(['r', 'R']);
        let prefix = usize::from(bytes) + usize::from(raw);
        let Some(quote) = rest[prefix..]
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
        else {
            return Ok(None);
        };
        let start = self.at;
        let triple: String = [quote; 3].iter().collect();
        let long = rest[prefix..].starts_with(&triple);
        self.at += prefix + if long { 3 } else { 1 };
        let mut out = Vec::new();
        loop {
            let rest = self.rest();
            if long && rest.starts_with(&triple) {
                self.at += 3;
                break;
            }
            let Some(next) = rest.chars().next() else {
                return Err(CompileError::syntax(start, "the string does not end"));
            };
            match next {
                quoted if quoted == quote && !long => {
                    self.at += 1;
                    break;
                }
                '\n' | '\r' if !long => {
                    return Err(CompileError::syntax(
                        start,
                        "the string does not end on its line",
                    ));
                }
                '\r' => {
                    self.at += if rest.starts_with("\r\n") { 2 } else { 1 };
                    out.push(b'\n');
                }
                '\\' if !raw => self.escape(bytes, &mut out)?,
                other => {
                    self.at += other.len_utf8();
                    out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        Ok(Some(if bytes {
            TokenKind::Bytes(out)
        } else {
            // Escapes of texts are whole characters.
            TokenKind::Text(String::from_utf8_lossy(&out).into_owned())
        }))
    }

    fn escape(&mut self, bytes: bool, out: &mut Vec<u8>) -> Result<(), CompileError> {
        let at = self.at;
        let wrong = |why: &str| CompileError::syntax(at, why);
        let tail = &self.rest()[1..];
        let letter = tail
            .bytes()
            .next()
            .ok_or_else(|| wrong("an escape is missing its letter"))?;
        let simple = match letter {
            b'a' => Some(0x07),
            b'b' => Some(0x08),
            b'f' => Some(0x0c),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(0x0b),
            b'\\' | b'\'' | b'"' | b'`' | b'?' => Some(letter),
            _ => None,
        };
        if let Some(byte) = simple {
            out.push(byte);
            self.at += 2;
            return Ok(());
        }
        let (from, digits, radix) = match letter {
            b'x' | b'X' => (1, 2, 16),
            b'u' if !bytes => (1, 4, 16),
            b'U' if !bytes => (1, 8, 16),
            b'0'..=b'3' => (0, 3, 8),
            _ => return Err(wrong("there is no such escape")),
        };
        let code = tail
            .get(from..from + digits)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, radix).ok())
            .ok_or_else(|| wrong("the escape lacks digits"))?;
        if bytes {
            out.push(code as u8);
        } else {
            let character =
                char::from_u32(code).ok_or_else(|| wrong("the escape is no character"))?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.at += 1 + from + digits;
        Ok(())
    }
}
