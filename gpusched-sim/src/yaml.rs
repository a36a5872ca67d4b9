//! YAML with located errors, for files of a fixed shape that other programs read too.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location};

/// A configuration file longer than this is something else.
const LONGEST: u64 = 1 << 20;

/// A file being read: its name in messages, its text, and what it should look like, as a
/// sentence for the help.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    pub(crate) shape: &'a str,
}

impl File<'_> {
    /// Reads one document.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_saphyr::from_str(self.text).map_err(|error| self.explain(&error))
    }

    /// Puts a problem where `word` first stands in the text, or in the file.
    pub(crate) fn blame(&self, word: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let found = self.text.lines().enumerate().find_map(|(index, line)| {
            let before = line.find(word)?;
            Some((index, line[..before].chars().count(), line))
        });
        match found {
            None => problem.in_file(self.name),
            Some((index, before, line)) => problem
                .at(self.name, index as u64 + 1, before as u64 + 1)
                .source_line(line)
                .width(word.chars().count()),
        }
    }

    fn explain(&self, error: &Error) -> Box<Diagnostic> {
        let error = error.without_snippet();
        let (message, help) = match error {
            Error::SerdeUnknownField {
                field, expected, ..
            } => (
                format!("the key `{field}` is not known here"),
                match did_you_mean(field, expected.iter().copied()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("the keys are: {}", expected.join(", ")),
                },
            ),
            Error::SerdeUnknownVariant {
                variant, expected, ..
            } => (
                format!("`{variant}` is not possible here"),
                format!("possible values: {}", expected.join(", ")),
            ),
            Error::DuplicateMappingKey { .. } => (
                "a key is there twice".to_owned(),
                "leave one of them out".to_owned(),
            ),
            Error::SerdeMissingField { field, .. } => {
                (format!("`{field}` is missing"), self.shape.to_owned())
            }
            _ => {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                let first = first.split(" at line ").next().unwrap_or(first);
                let first = first.trim_start_matches("error: ");
                (first.to_owned(), self.shape.to_owned())
            }
        };
        let problem = Diagnostic::new(message).help(help);
        match error.location() {
            Some(place) if place.line() > 0 => self.point(place, problem),
            _ => problem.in_file(self.name),
        }
    }

    /// Puts a problem at a place of the text.
    pub(crate) fn point(&self, place: Location, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let (number, column) = (place.line(), place.column());
        let index = usize::try_from(number).unwrap_or(0).saturating_sub(1);
        let problem = problem.at(self.name, number, column);
        match self.text.lines().nth(index) {
            None => problem,
            Some(line) => {
                let skipped = usize::try_from(column).unwrap_or(1).saturating_sub(1);
                let rest: String = line.chars().skip(skipped).collect();
                let word = rest.split([' ', '#', ':', ',']).next().unwrap_or_default();
                problem.source_line(line).width(word.chars().count())
            }
        }
    }
}

/// The text of a file of configuration.
pub(crate) fn read(path: &str, what: &str) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        Diagnostic::new(format!("cannot read the {what}: {error}"))
            .in_file(path)
            .help("check the path")
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LONGEST {
        return Err(Diagnostic::new(format!("this is too long to be a {what}")).in_file(path));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}
