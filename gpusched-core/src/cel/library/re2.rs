//! Regular expressions of RE2's syntax, which Go has, on the `regex` crate, which differs in a few
//! places.

use regex::Regex;

/// The largest compiled expression, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// Compiles an expression. What matches, and that it takes linear time, is the same; written
/// differently are classes of ASCII (`\d`, `\w`, `\s`, `\b`), what brackets mean inside brackets,
/// and `\Q…\E`; refused, as RE2 does, are operators behind operators (`a**`).
///
/// # Errors
/// What is wrong with it.
pub(in crate::cel) fn compile(pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(&translate(pattern)?)
        .size_limit(MAX_SIZE)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!(
                "this is no regular expression: {}",
                last.trim_start_matches("error: ")
            )
        })
}

fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    // Inside brackets, and whether anything stands there yet.
    let mut class: Option<bool> = None;
    // What came last: an operator of repetition, and whether it is lazy already.
    let mut repeated: Option<bool> = None;
    while let Some(next) = rest.next() {
        let was_repeated = repeated.take();
        match (next, class) {
            ('\\', _) => {
                class = class.map(|_| false);
                let escaped = rest.next().ok_or("it ends in a backslash")?;
                escape(escaped, class.is_some(), &mut rest, &mut out);
            }
            ('[', None) => {
                out.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                class = Some(true);
            }
            ('[', Some(_)) if rest.peek() == Some(&':') => {
                class = Some(false);
                out.push('[');
                for inner in rest.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            (']', Some(true)) => {
                class = Some(false);
                out.push_str("\\]");
            }
            (']', Some(false)) => {
                class = None;
                out.push(']');
            }
            ('[' | '&' | '~', Some(_)) => {
                class = Some(false);
                out.push('\\');
                out.push(next);
            }
            (other, Some(_)) => {
                class = Some(false);
                out.push(other);
            }
            ('?', None) if was_repeated == Some(false) => {
                repeated = Some(true);
                out.push('?');
            }
            ('*' | '+' | '?', None) => {
                if was_repeated.is_some() {
                    return Err(format!("`{next}` repeats a repetition"));
                }
                repeated = Some(false);
                out.push(next);
            }
            ('{', None) => {
                let count: String = {
                    let mut look = rest.clone();
                    let inner: String = look.by_ref().take_while(|c| *c != '}').collect();
                    inner
                };
                if is_count(&count) && rest.clone().any(|c| c == '}') {
                    if was_repeated.is_some() {
                        return Err("`{` repeats a repetition".to_owned());
                    }
                    let limits = count.split(',').filter(|limit| !limit.is_empty());
                    for limit in limits {
                        if limit.parse::<u32>().is_none_or_more_than(1000) {
                            return Err(format!("{limit} repetitions are too many"));
                        }
                    }
                    out.push('{');
                    out.push_str(&count);
                    out.push('}');
                    for _ in 0..=count.chars().count() {
                        rest.next();
                    }
                    repeated = Some(false);
                } else {
                    out.push_str("\\{");
                }
            }
            ('}', None) => out.push_str("\\}"),
            (other, None) => out.push(other),
        }
    }
    Ok(out)
}

/// `3`, `3,` or `3,5`.
fn is_count(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(',') {
        Some((least, most)) => !least.is_empty() && digits(least) && digits(most),
        None => !text.is_empty() && digits(text),
    }
}

trait Bounded {
    fn is_none_or_more_than(self, most: u32) -> bool;
}

impl<E> Bounded for Result<u32, E> {
    fn is_none_or_more_than(self, most: u32) -> bool {
        self.map_or(true, |number| number > most)
    }
}

fn escape(
    escaped: char,
    in_class: bool,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
) {
    match escaped {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' => out.push_str("[\\t\\n\\f\\r ]"),
        'S' => out.push_str("[^\\t\\n\\f\\r ]"),
        'b' if !in_class => out.push_str("(?-u:\\b)"),
        'B' if !in_class => out.push_str("(?-u:\\B)"),
        'Q' if !in_class => {
            let mut literal: String = rest.collect();
            let behind = match literal.find("\\E") {
                Some(end) => literal.split_off(end).split_off(2),
                None => String::new(),
            };
            out.push_str(&regex::escape(&literal));
            if let Ok(behind) = translate(&behind) {
                out.push_str(&behind);
            }
        }
        other => {
            out.push('\\');
            out.push(other);
        }
    }
}
