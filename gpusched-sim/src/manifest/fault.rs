//! What is wrong with a document, and by which path it is reached.

use super::Severity;
use crate::diagnostic::Diagnostic;
use std::cell::RefCell;
use std::fmt;

/// One step from a value into it.
#[derive(Clone, Copy)]
pub(super) enum Step<'v> {
    /// The document itself.
    Root,
    /// A field of an object.
    Field(&'v str),
    /// An element of a list.
    Index(usize),
}

impl Step<'_> {
    pub(super) fn part(self) -> Option<Part> {
        match self {
            Step::Root => None,
            Step::Field(name) => Some(Part::Field(name.to_owned())),
            Step::Index(index) => Some(Part::Index(index)),
        }
    }

    /// What the value is called in a sentence.
    pub(super) fn name(self) -> String {
        match self {
            Step::Root => "a document".to_owned(),
            Step::Field(name) => format!("`{name}`"),
            Step::Index(_) => "an element of this list".to_owned(),
        }
    }
}

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Field(String),
    Index(usize),
}

impl From<&str> for Part {
    fn from(name: &str) -> Part {
        Part::Field(name.to_owned())
    }
}

impl From<usize> for Part {
    fn from(index: usize) -> Part {
        Part::Index(index)
    }
}

/// Something wrong with a value, not located yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) path: Vec<Part>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The name of the field is wrong, not its value.
    pub(super) key: bool,
}

impl From<Box<Fault>> for Fault {
    fn from(fault: Box<Fault>) -> Fault {
        *fault
    }
}

impl Fault {
    pub(super) fn new(path: Vec<Part>, message: impl Into<String>) -> Box<Fault> {
        Box::new(Fault {
            path,
            message: message.into(),
            help: None,
            key: false,
        })
    }

    pub(super) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Fault> {
        self.help = Some(help.into());
        self
    }

    pub(super) fn at_key(mut self: Box<Self>) -> Box<Fault> {
        self.key = true;
        self
    }

    /// As a problem of an object that stands in no file: the path leads the message.
    pub(super) fn unplaced(self) -> Box<Diagnostic> {
        let path = Path(&self.path).to_string();
        let message = match path.is_empty() {
            true => self.message,
            false => format!("{path}: {}", self.message),
        };
        let problem = Diagnostic::new(message);
        match self.help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

/// A path as people write it: `spec.resourceGroups[0].flavors[1].name`.
pub(super) struct Path<'a>(pub(super) &'a [Part]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            match part {
                Part::Index(index) => write!(f, "[{index}]")?,
                Part::Field(name) => {
                    let dot = if number > 0 { "." } else { "" };
                    match name.contains(['.', '/', ' ']) {
                        true => write!(f, "[\"{name}\"]")?,
                        false => write!(f, "{dot}{name}")?,
                    }
                }
            }
        }
        Ok(())
    }
}

/// What was noticed while reading, besides what stops it.
#[derive(Default)]
pub(super) struct Notices(RefCell<Vec<(Severity, Fault)>>);

impl Notices {
    /// Something that can be lived with.
    pub(super) fn warn(&self, fault: Fault) {
        self.0.borrow_mut().push((Severity::Warning, fault));
    }

    /// Something the API server would refuse, or that would change decisions unseen. Whoever
    /// reads a single object that is known to be right may overlook it.
    pub(super) fn refuse(&self, fault: Fault) {
        self.0.borrow_mut().push((Severity::Error, fault));
    }

    /// Everything noticed, in order.
    pub(super) fn into_inner(self) -> Vec<(Severity, Fault)> {
        self.0.into_inner()
    }
}
