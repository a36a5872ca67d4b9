//! Signatures as the libraries write them: `(list(A), int) -> list(A)`.

use super::types::Type;

/// Types that a signature writes in a word.
const WORDS: [(&str, Type); 17] = [
    ("any", Type::Any),
    ("bool", Type::Bool),
    ("bytes", Type::Bytes),
    ("cidr", Type::Object("net.CIDR")),
    ("double", Type::Double),
    ("duration", Type::Duration),
    ("dyn", Type::Dyn),
    ("format", Type::Object("kubernetes.NamedFormat")),
    ("int", Type::Int),
    ("ip", Type::Object("net.IP")),
    ("null", Type::Null),
    ("quantity", Type::QUANTITY),
    ("semver", Type::Object("kubernetes.Semver")),
    ("string", Type::Text),
    ("timestamp", Type::Timestamp),
    ("uint", Type::Uint),
    ("url", Type::Object("kubernetes.URL")),
];

/// The types of the parameters, and of the result. A single capital is a parameter of the
/// signature.
///
/// # Panics
/// A signature that is none: they are written in this crate, and a test reads them all.
pub(in crate::cel) fn signature(text: &str) -> (Vec<Type>, Type) {
    let mut reader = Reader { rest: text };
    let mut params = Vec::new();
    reader.expect("(");
    while !reader.accept(")") {
        params.push(reader.read());
        reader.accept(",");
    }
    reader.expect("->");
    let result = reader.read();
    assert!(reader.rest.is_empty(), "{text}: more than a signature");
    (params, result)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn accept(&mut self, symbol: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, symbol: &str) {
        assert!(self.accept(symbol), "`{symbol}` before `{}`", self.rest);
    }

    fn read(&mut self) -> Type {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if let Some((_, known)) = WORDS.iter().find(|(name, _)| *name == word) {
            return known.clone();
        }
        if let [capital @ b'A'..=b'Z'] = word.as_bytes() {
            return Type::Param(char::from(*capital));
        }
        self.expect("(");
        let first = self.read();
        let made = match word {
            "list" => Type::list(first),
            "optional" => Type::optional(first),
            "type" => Type::Meta(first.into()),
            "map" => {
                self.expect(",");
                Type::map(first, self.read())
            }
            _ => panic!("`{word}` is no type"),
        };
        self.expect(")");
        made
    }
}
