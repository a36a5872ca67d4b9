//! `meta.toml`: what a trace says about itself.
//!
//! Only a handful of flat keys are defined, so only that part of TOML is read: `key = value`
//! lines with strings and numbers, and comments.

use super::input::Input;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::units::{Time, parse_seconds};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The keys of `meta.toml`; every one may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Version of the schema; only 1 exists.
    pub schema: Option<u32>,
    /// The instant times count from, as text (RFC 3339 where known).
    pub t0: Option<String>,
    /// IANA zone the recording was made in.
    pub tz: Option<String>,
    /// GPU model run times refer to, unless a row names one.
    pub ref_gpu: Option<String>,
    /// End of the recording, relative to `t0`.
    pub censor_time: Option<Time>,
    /// Where the trace comes from.
    pub source: Option<String>,
    /// Licence of the data.
    pub licence: Option<String>,
}

const KEYS: [&str; 7] = [
    "schema",
    "t0",
    "tz",
    "ref_gpu",
    "censor_time",
    "source",
    "licence",
];

impl Meta {
    /// Reads `meta.toml`.
    ///
    /// # Errors
    /// At the first line that is no known `key = value`.
    pub fn read(mut input: Input) -> Result<(Meta, u64)> {
        let mut meta = Meta::default();
        let name = input.name().to_string();
        let mut number = 0;
        while let Some(line) = input.next_line()? {
            number += 1;
            let text = line.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            meta.set(text).map_err(|(at, problem)| {
                // `at` is a byte offset in the trimmed text.
                let before = line.find(text).unwrap_or(0) + at;
                let column = line
                    .get(..before)
                    .map_or(1, |before| before.chars().count() + 1);
                problem.at(&name, number, column as u64).source_line(line)
            })?;
        }
        Ok((meta, input.digest()))
    }

    fn set(&mut self, text: &str) -> Result<(), (usize, Box<Diagnostic>)> {
        let Some((key, value)) = text.split_once('=') else {
            let problem = Diagnostic::new("this is no `key = value` line");
            return Err((
                0,
                problem.help("write, for example, source = \"our cluster, May\""),
            ));
        };
        let value_at = key.len() + 1 + (value.len() - value.trim_start().len());
        let key = key.trim();
        let value = scalar(value.trim()).map_err(|problem| (value_at, problem))?;
        let number = |help: &str| {
            let problem = Diagnostic::new(format!("\"{value}\" is not a value of {key}"));
            (value_at, problem.help(help))
        };
        match key {
            "schema" if value == "1" => self.schema = Some(1),
            "schema" => return Err(number("this version reads schema = 1")),
            "censor_time" => match parse_seconds(&value) {
                Ok(micros) if micros >= 0 => self.censor_time = Some(Time(micros)),
                _ => return Err(number("write seconds since t0, without a unit")),
            },
            "t0" => self.t0 = Some(value),
            "tz" => self.tz = Some(value),
            "ref_gpu" => self.ref_gpu = Some(value),
            "source" => self.source = Some(value),
            "licence" => self.licence = Some(value),
            _ => {
                let help = match did_you_mean(key, KEYS) {
                    Some(close) => format!("did you mean \"{close}\"?"),
                    None => format!("the keys are {}", KEYS.join(", ")),
                };
                return Err((
                    0,
                    Diagnostic::new(format!("unknown key \"{key}\"")).help(help),
                ));
            }
        }
        Ok(())
    }

    /// Writes the keys that are set.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(schema) = self.schema {
            writeln!(out, "schema = {schema}")?;
        }
        for (key, value) in [
            ("t0", &self.t0),
            ("tz", &self.tz),
            ("ref_gpu", &self.ref_gpu),
        ] {
            write_text(out, key, value.as_deref())?;
        }
        if let Some(time) = self.censor_time {
            writeln!(out, "censor_time = {time}")?;
        }
        write_text(out, "source", self.source.as_deref())?;
        write_text(out, "licence", self.licence.as_deref())
    }
}

fn write_text(out: &mut dyn Write, key: &str, value: Option<&str>) -> io::Result<()> {
    let Some(value) = value else { return Ok(()) };
    write!(out, "{key} = \"")?;
    for c in value.chars() {
        match c {
            '"' => out.write_all(b"\\\"")?,
            '\\' => out.write_all(b"\\\\")?,
            '\n' => out.write_all(b"\\n")?,
            '\t' => out.write_all(b"\\t")?,
            c if c.is_control() => write!(out, "\\u{:04X}", c as u32)?,
            c => write!(out, "{c}")?,
        }
    }
    writeln!(out, "\"")
}

/// The text of a string or number, without a comment behind it.
fn scalar(text: &str) -> Result<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let bare = text.split('#').next().unwrap_or_default().trim();
        if bare.is_empty() {
            return Err(Diagnostic::new("the value is missing").help("write a value, or no key"));
        }
        return Ok(bare.to_string());
    };
    let mut value = String::new();
    let mut rest = text[1..].chars();
    while let Some(c) = rest.next() {
        if c == quote {
            return Ok(value);
        }
        match c {
            '\\' if quote == '"' => value.push(escaped(&mut rest)?),
            c => value.push(c),
        }
    }
    Err(Diagnostic::new("this text has no closing quote").help("close it on the same line"))
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Result<char> {
    match rest.next() {
        Some('n') => return Ok('\n'),
        Some('t') => return Ok('\t'),
        Some(c @ ('"' | '\\')) => return Ok(c),
        Some('u') => {
            let digits: String = rest.by_ref().take(4).collect();
            let code = u32::from_str_radix(&digits, 16).ok();
            if let Some(c) = code.and_then(char::from_u32) {
                return Ok(c);
            }
        }
        _ => {}
    }
    Err(Diagnostic::new("unknown escape in a text").help("write \\\\ for a backslash"))
}
