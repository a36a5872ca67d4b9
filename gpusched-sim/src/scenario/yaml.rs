//! Reading a scenario file, and remembering where each value stands for later complaints.

use super::Scenario;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use serde::de::IgnoredAny;
use serde_saphyr::{Error, Location, Spanned};
use std::collections::BTreeMap;
use std::path::Path;

/// A file longer than this is no scenario.
const LONGEST: u64 = 1 << 20;

/// Where the values of a scenario come from.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    file: Option<File>,
    flags: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    text: String,
    places: BTreeMap<String, Location>,
}

impl Origins {
    /// Values that all come from flags.
    pub fn flags(scenario: &Scenario) -> Origins {
        Origins {
            file: None,
            flags: scenario.present(),
        }
    }

    /// Values that stand at these places of a larger file.
    pub(crate) fn within(
        name: &str,
        text: &str,
        places: impl IntoIterator<Item = (String, Location)>,
    ) -> Origins {
        Origins {
            file: Some(File {
                name: name.to_owned(),
                text: text.to_owned(),
                places: places.into_iter().collect(),
            }),
            flags: Vec::new(),
        }
    }

    /// The name of the scenario file, if there is one.
    pub fn file(&self) -> Option<&str> {
        self.file.as_ref().map(|file| file.name.as_str())
    }

    pub(super) fn set_by_flag(&mut self, key: &'static str) {
        self.flags.push(key);
    }

    /// Puts a problem where the value of `key` came from.
    pub fn blame(&self, key: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        if self.flags.contains(&key) {
            return problem.in_file(format!("--{key}"));
        }
        match &self.file {
            Some(file) => match file.places.get(key) {
                Some(&place) => file.point(place, problem),
                None => problem.in_file(&file.name),
            },
            None => problem,
        }
    }
}

impl File {
    /// Puts a problem at a place of the file, with its line.
    fn point(&self, place: Location, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        let (number, column) = (place.line(), place.column());
        let index = usize::try_from(number).unwrap_or(0).checked_sub(1);
        let line = index.and_then(|index| self.text.lines().nth(index));
        let problem = problem.at(&self.name, number, column);
        match line {
            None => problem,
            Some(line) => {
                let skipped = usize::try_from(column).unwrap_or(1).saturating_sub(1);
                let rest: String = line.chars().skip(skipped).collect();
                let word = rest
                    .split([' ', '#', ':', ',', ']', '}'])
                    .next()
                    .unwrap_or_default();
                problem.source_line(line).width(word.chars().count())
            }
        }
    }

    fn explain(&self, error: &Error) -> Box<Diagnostic> {
        let error = error.without_snippet();
        let (message, help) = explain(error);
        let problem = match error.location() {
            Some(place) if place.line() > 0 => self.point(place, Diagnostic::new(message)),
            _ => Diagnostic::new(message).in_file(&self.name),
        };
        problem.help(help)
    }
}

impl Scenario {
    /// Reads a scenario from text; `name` is what the file is called in messages.
    ///
    /// # Errors
    /// At the first key or value that is not understood.
    pub fn parse(name: &str, text: &str) -> Result<(Scenario, Origins)> {
        let mut file = File {
            name: name.to_owned(),
            text: text.to_owned(),
            places: BTreeMap::new(),
        };
        let scenario: Scenario =
            serde_saphyr::from_str(text).map_err(|error| file.explain(&error))?;
        // The keys are known to be right by now; only their places are asked for.
        let places = serde_saphyr::from_str::<BTreeMap<String, Spanned<IgnoredAny>>>(text);
        for (key, value) in places.unwrap_or_default() {
            file.places.insert(key, value.referenced);
        }
        let origins = Origins {
            file: Some(file),
            flags: Vec::new(),
        };
        Ok((scenario, origins))
    }

    /// Reads a scenario file. Its relative paths count from the directory it stands in.
    ///
    /// # Errors
    /// When it cannot be read, or as [`Scenario::parse`].
    pub fn load(path: &Path) -> Result<(Scenario, Origins)> {
        let name = path.display().to_string();
        let unreadable = |error: std::io::Error| {
            let (message, help) = match error.kind() {
                std::io::ErrorKind::NotFound => (
                    "cannot read the scenario: there is no such file".to_owned(),
                    "check the path; `examples/scenario.yaml` is a scenario to start from",
                ),
                _ => (
                    format!("cannot read the scenario: {error}"),
                    "name a YAML file that can be read",
                ),
            };
            Diagnostic::new(message).in_file(&name).help(help)
        };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > LONGEST {
            return Err(Diagnostic::new("this is too long to be a scenario")
                .in_file(&name)
                .help("traces are named inside a scenario, or with `--trace`"));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let (mut scenario, origins) = Scenario::parse(&name, &text)?;
        if let Some(directory) = path.parent() {
            super::paths::rebase(&mut scenario, directory);
        }
        Ok((scenario, origins))
    }
}

const SHAPE: &str = "a scenario is a list of `key: value` lines, such as `queueing: easy`";

/// What a YAML error means, and how to mend it.
fn explain(error: &Error) -> (String, String) {
    let keys = || format!("the keys are: {}", Scenario::KEYS.join(", "));
    match error {
        Error::SerdeUnknownField { field, .. } => (
            format!("a scenario has no key `{field}`"),
            match did_you_mean(field, Scenario::KEYS.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => keys(),
            },
        ),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => {
            let all = expected.join(", ");
            let help = match did_you_mean(variant, expected.iter().copied()) {
                Some(close) => format!("did you mean `{close}`? possible values: {all}"),
                None => format!("possible values: {all}"),
            };
            (format!("`{variant}` is not possible here"), help)
        }
        Error::DuplicateMappingKey { key, .. } => (
            match key {
                Some(key) => format!("the key `{key}` is there twice"),
                None => "a key is there twice".to_owned(),
            },
            "leave one of them out".to_owned(),
        ),
        Error::InvalidScalar { ty, .. } => (
            format!("this is no {}", kind(ty)),
            format!("write a {} here", kind(ty)),
        ),
        Error::MultipleDocuments { .. } => (
            "there is more than one document in this file".to_owned(),
            "a file holds one scenario: leave the line `---` and what follows it out".to_owned(),
        ),
        Error::Unexpected { expected, .. } => (
            match *expected {
                "mapping start" => "this is no list of `key: value` lines".to_owned(),
                "string scalar" => "one value is wanted here, not a list of them".to_owned(),
                expected => format!("this is not what is wanted here: expected {expected}"),
            },
            SHAPE.to_owned(),
        ),
        Error::SerdeInvalidType { .. } => (
            format!("this is not what is wanted here: {}", plain(error)),
            SHAPE.to_owned(),
        ),
        // Only lengths of time have words of their own.
        Error::Message { msg, .. } => (
            msg.clone(),
            "write a number of seconds, such as `86400` or `0.5`".to_owned(),
        ),
        _ => (
            format!("this is no valid YAML: {}", plain(error)),
            SHAPE.to_owned(),
        ),
    }
}

/// The words of the YAML reader, without the place, which is shown apart.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.split(" at line ").next().unwrap_or(first);
    first.trim_start_matches("error: ").to_owned()
}

/// What a person calls a type.
fn kind(ty: &str) -> &str {
    match ty {
        "boolean" => "`true` or `false`",
        "floating point" => "number",
        ty if ty.starts_with('u') => "whole number of 0 or more",
        ty if ty.starts_with('i') => "whole number",
        ty => ty,
    }
}
