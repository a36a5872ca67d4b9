//! Documents of a file: values, and the place of every one of them.

use super::fault::{Fault, Part};
use crate::diagnostic::{Diagnostic, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Error, Location, Spanned};
use std::fmt;

/// Lines and columns of a value and of everything in it.
#[derive(Clone, Debug, Default)]
struct Places {
    /// Of the name in front of it, where it has one.
    key: (u64, u64),
    value: (u64, u64),
    inside: Vec<Places>,
}

/// A value with the places of everything in it.
#[derive(Clone, Debug)]
struct Marked {
    value: Value,
    inside: Vec<Places>,
}

fn place(location: Location) -> (u64, u64) {
    (location.line(), location.column())
}

impl<'de> Deserialize<'de> for Marked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Marked, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

fn leaf<E>(value: impl Into<Value>) -> Result<Marked, E> {
    Ok(Marked {
        value: value.into(),
        inside: Vec::new(),
    })
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Marked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Marked, E> {
        leaf(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Marked, E> {
        leaf(flag)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Marked, E> {
        leaf(number)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Marked, E> {
        leaf(number)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Marked, E> {
        match Number::from_f64(number) {
            Some(number) => leaf(number),
            None => Err(E::custom("numbers must be finite")),
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Marked, E> {
        leaf(text)
    }

    fn visit_string<E>(self, text: String) -> Result<Marked, E> {
        leaf(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Marked, A::Error> {
        let (mut values, mut inside) = (Vec::new(), Vec::new());
        while let Some(item) = items.next_element::<Spanned<Marked>>()? {
            inside.push(Places {
                key: (0, 0),
                value: place(item.referenced),
                inside: item.value.inside,
            });
            values.push(item.value.value);
        }
        Ok(Marked {
            value: Value::Array(values),
            inside,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Marked, A::Error> {
        let (mut values, mut inside) = (Map::new(), Vec::new());
        while let Some(key) = fields.next_key::<Spanned<String>>()? {
            let item = fields.next_value::<Spanned<Marked>>()?;
            let places = Places {
                key: place(key.referenced),
                value: place(item.referenced),
                inside: item.value.inside,
            };
            if values.insert(key.value, item.value.value).is_none() {
                inside.push(places);
            }
        }
        Ok(Marked {
            value: Value::Object(values),
            inside,
        })
    }
}

/// A file with its text, to quote from.
#[derive(Clone, Debug)]
pub(super) struct File {
    name: String,
    text: String,
    /// Where each line begins, in bytes: dumps are long, and what is wrong with them may be often.
    lines: Vec<usize>,
}

/// One document of a file.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) value: Value,
    places: Places,
}

impl File {
    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A file and its documents; empty ones are left out. JSON is read as the YAML it is.
    ///
    /// # Errors
    /// When it is no YAML.
    pub(super) fn parse(name: &str, text: String) -> Result<(File, Vec<Document>)> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let file = File {
            name: name.to_owned(),
            lines: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            text,
        };
        let options = serde_saphyr::options! {
            with_snippet: false,
            legacy_octal_numbers: true,
            budget: serde_saphyr::budget! {
                max_events: usize::MAX,
                max_nodes: usize::MAX,
                max_documents: usize::MAX,
                max_total_scalar_bytes: usize::MAX,
                max_reader_input_bytes: None,
            },
        };
        let read = serde_saphyr::from_multiple_with_options(&file.text, options);
        let documents: Vec<Spanned<Marked>> = read.map_err(|error| file.explain(&error))?;
        let documents = documents.into_iter().map(|document| Document {
            places: Places {
                key: (0, 0),
                value: place(document.referenced),
                inside: document.value.inside,
            },
            value: document.value.value,
        });
        let documents = documents.collect();
        Ok((file, documents))
    }

    /// A text that stands within this file, and its documents.
    ///
    /// # Errors
    /// When it is no YAML.
    pub(super) fn inner(&self, part: &str, text: String) -> Result<(File, Vec<Document>)> {
        File::parse(&format!("{} ({part})", self.name), text)
    }

    /// A line by its number, the first being 1.
    fn line(&self, number: u64) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let rest = self.text.get(*self.lines.get(index)?..)?;
        rest.lines().next()
    }

    /// A problem at a place of the file, with its line.
    fn point(&self, place: (u64, u64), problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let (number, column) = place;
        let problem = problem.at(&self.name, number, column);
        let Some(line) = self.line(number) else {
            return problem;
        };
        let skipped = usize::try_from(column).unwrap_or(1).saturating_sub(1);
        let rest: String = line.chars().skip(skipped).collect();
        let word = rest.split([' ', '#', ',', '}', ']', '\t']).next();
        let word = word.unwrap_or_default().trim_end_matches(':');
        problem.source_line(line).width(word.chars().count())
    }

    /// A fault of a document as a located problem.
    pub(super) fn blame(&self, document: &Document, fault: Fault) -> Box<Diagnostic> {
        let place = document.place(&fault);
        let problem = self.point(place, Diagnostic::new(fault.message));
        match fault.help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }

    fn explain(&self, error: &Error) -> Box<Diagnostic> {
        let error = error.without_snippet();
        let (message, help) = match error {
            Error::DuplicateMappingKey { key: Some(key), .. } => {
                (format!("the field `{key}` is there twice"), "leave one out")
            }
            Error::DuplicateMappingKey { key: None, .. } => {
                ("a field is there twice".to_owned(), "leave one out")
            }
            _ => (
                format!("this is no valid YAML: {}", plain(error)),
                "manifests are YAML or JSON, several documents divided by `---`",
            ),
        };
        let problem = Diagnostic::new(message).help(help);
        match error.location() {
            Some(location) if location.line() > 0 => self.point(place(location), problem),
            _ => problem.in_file(&self.name),
        }
    }
}

/// The words of the YAML reader, without the place, which is shown apart.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.split(" at line ").next().unwrap_or(first);
    first.trim_start_matches("error: ").to_owned()
}

impl Document {
    /// Where a fault points: at the deepest part of its path that is there.
    fn place(&self, fault: &Fault) -> (u64, u64) {
        let (mut value, mut places) = (&self.value, &self.places);
        let mut last = None;
        for part in &fault.path {
            let index = match (part, value) {
                (Part::Index(index), Value::Array(_)) => Some(*index),
                (Part::Field(name), Value::Object(fields)) => {
                    fields.keys().position(|field| field == name)
                }
                _ => None,
            };
            let Some(next) = index.and_then(|index| places.inside.get(index)) else {
                // What is missing is missing where it would stand.
                return last.map_or(places.value, |at: &Places| match at.key {
                    (0, 0) => at.value,
                    key => key,
                });
            };
            value = match (part, value) {
                (Part::Index(index), Value::Array(items)) => &items[*index],
                (Part::Field(name), value) => &value[name.as_str()],
                (_, value) => value,
            };
            places = next;
            last = Some(next);
        }
        match fault.key && places.key != (0, 0) {
            true => places.key,
            false => places.value,
        }
    }
}
