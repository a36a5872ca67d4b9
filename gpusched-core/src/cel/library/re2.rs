//! Regular expressions of RE2's syntax, which Go has, on the `regex` crate, which writes a few
//! things differently.

use regex::Regex;
use std::iter::Peekable;
use std::str::Chars;

/// The largest compiled expression, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// The most repetitions RE2 takes in braces.
const MAX_REPEAT: u32 = 1000;

/// Compiles an expression. What it matches, and that this takes linear time, is as in RE2. Written
/// differently are classes of ASCII (`\d`, `\w`, `\s`, `\b`), brackets within brackets, `\Q…\E` and
/// braces that count nothing; refused, as RE2 does, are repetitions of repetitions (`a**`).
///
/// # Errors
/// What is wrong with it.
pub(in crate::cel) fn compile(pattern: &str) -> Result<Regex, String> {
    let mut translation = Translation {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len()),
        class: Class::Outside,
        repeat: Repeat::Nothing,
    };
    translation.run()?;
    regex::RegexBuilder::new(&translation.out)
        .size_limit(MAX_SIZE)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            let why = last.trim_start_matches("error: ");
            format!("this is no regular expression: {why}")
        })
}

/// Where in brackets the translation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    /// Behind the opening bracket: a closing one is a character.
    Open,
    Inside,
}

/// Whether what came last repeats something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    Nothing,
    Greedy,
    Lazy,
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    class: Class,
    repeat: Repeat,
}

impl Translation<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(next) = self.rest.next() {
            if self.class != Class::Outside {
                self.in_class(next)?;
                continue;
            }
            let before = std::mem::replace(&mut self.repeat, Repeat::Nothing);
            match next {
                '\\' => self.escape()?,
                '[' => {
                    self.class = Class::Open;
                    self.out.push('[');
                    if self.rest.next_if_eq(&'^').is_some() {
                        self.out.push('^');
                    }
                }
                '?' if before == Repeat::Greedy => {
                    self.repeat = Repeat::Lazy;
                    self.out.push('?');
                }
                '*' | '+' | '?' => self.repeated(before, &next.to_string())?,
                '{' => match count(self.rest.clone()) {
                    Some(count) => {
                        check_count(&count)?;
                        for _ in 0..=count.len() {
                            self.rest.next();
                        }
                        self.repeated(before, &format!("{{{count}}}"))?;
                    }
                    None => self.out.push_str("\\{"),
                },
                '}' => self.out.push_str("\\}"),
                other => self.out.push(other),
            }
        }
        Ok(())
    }

    fn repeated(&mut self, before: Repeat, operator: &str) -> Result<(), String> {
        if before != Repeat::Nothing {
            return Err(format!("`{operator}` repeats a repetition"));
        }
        self.repeat = Repeat::Greedy;
        self.out.push_str(operator);
        Ok(())
    }

    fn in_class(&mut self, next: char) -> Result<(), String> {
        let first = std::mem::replace(&mut self.class, Class::Inside) == Class::Open;
        match next {
            '\\' => self.escape()?,
            ']' if first => self.out.push_str("\\]"),
            ']' => {
                self.class = Class::Outside;
                self.out.push(']');
            }
            // `[:alpha:]`
            '[' if self.rest.peek() == Some(&':') => {
                self.out.push('[');
                for inner in self.rest.by_ref() {
                    self.out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => {
                self.out.push('\\');
                self.out.push(next);
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let escaped = self.rest.next().ok_or("it ends in a backslash")?;
        let outside = self.class == Class::Outside;
        match escaped {
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str("[0-9A-Za-z_]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            's' => self.out.push_str("[\\t\\n\\f\\r ]"),
            'S' => self.out.push_str("[^\\t\\n\\f\\r ]"),
            'b' if outside => self.out.push_str("(?-u:\\b)"),
            'B' if outside => self.out.push_str("(?-u:\\B)"),
            'Q' if outside => self.quoted(),
            other => {
                self.out.push('\\');
                self.out.push(other);
            }
        }
        Ok(())
    }

    /// Characters that stand for themselves, up to `\E`.
    fn quoted(&mut self) {
        while let Some(next) = self.rest.next() {
            if next == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.out
                .push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
        }
    }
}

/// What stands in braces, if it counts: `3`, `3,` or `3,5`.
fn count(rest: Peekable<Chars<'_>>) -> Option<String> {
    let text: String = rest
        .take_while(|next| next.is_ascii_digit() || matches!(next, ',' | '}'))
        .collect();
    let count = &text[..text.find('}')?];
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    let counts = !least.is_empty() && !most.contains(',');
    counts.then(|| count.to_owned())
}

fn check_count(count: &str) -> Result<(), String> {
    let limits = count.split(',').filter(|limit| !limit.is_empty());
    for limit in limits {
        if !limit
            .parse::<u32>()
            .is_ok_and(|number| number <= MAX_REPEAT)
        {
            return Err(format!("{limit} repetitions are more than {MAX_REPEAT}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::compile;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap().is_match(text)
    }

    #[test]
    fn classes_are_ascii() {
        assert!(matches(r"^\d+$", "42") && !matches(r"^\d+$", "٤٢"));
        assert!(matches(r"^[\w.]+$", "a_1.b") && !matches(r"^\w$", "é"));
        assert!(matches(r"\bgpu\b", "a gpu here") && !matches(r"\bgpu\b", "gpus"));
    }

    #[test]
    fn brackets_within_brackets_are_characters() {
        assert!(matches("^[[a&&b]+$", "[a&b"));
        assert!(matches("^[]a]+$", "]a") && matches("^[[:digit:]x]+$", "1x"));
    }

    #[test]
    fn quoted_text_stands_for_itself() {
        assert!(matches(r"^\Qa.b*\E+$", "a.b**") && !matches(r"^\Qa.b\E$", "axb"));
    }

    #[test]
    fn braces_that_count_nothing_are_characters() {
        assert!(matches("^a{,2}$", "a{,2}") && matches("^{}$", "{}"));
        assert!(matches("^a{2}$", "aa") && matches("^a{1,}?$", "aaa"));
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for pattern in ["a**", "a+*", "a{2}{3}", "a{1001}", "(", "[", "\\", "a??+"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }
}
