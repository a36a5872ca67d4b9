//! The maps of domains and names that a selector sees of a device.

use super::device::{Attribute, DeviceFacts};
use super::error::{EvalError, EvalErrorKind};
use super::library::semver::Semver;
use super::value::{Text, Value};
use std::sync::Arc;

/// Attributes or capacities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    Attributes,
    Capacity,
}

/// One of the two maps of a device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) device: &'a DeviceFacts,
    pub(super) part: Part,
}

impl<'a> Facts<'a> {
    /// Qualified names as published.
    fn published(&self) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        match self.part {
            Part::Attributes => Box::new(self.device.attributes.keys().map(String::as_str)),
            Part::Capacity => Box::new(self.device.capacity.keys().map(String::as_str)),
        }
    }

    fn split(&self, name: &'a str) -> (&'a str, &'a str) {
        name.split_once('/').unwrap_or((&self.device.driver, name))
    }

    /// Domains, in order, each once. O(n log n).
    pub(super) fn domains(&self) -> Vec<&'a str> {
        let mut domains: Vec<&str> = self.published().map(|name| self.split(name).0).collect();
        domains.sort_unstable();
        domains.dedup();
        domains
    }

    /// Names of a domain, in order, each once.
    pub(super) fn names<'b>(&self, domain: &'b str) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
        let mut names: Vec<&str> = self
            .published()
            .map(|name| self.split(name))
            .filter(|(of, _)| *of == domain)
            .map(|(_, name)| name)
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    /// The name under which something is published. O(log n).
    pub(super) fn published_as(&self, domain: &str, name: &str) -> Option<&'a str> {
        let known = |full: &str| match self.part {
            Part::Attributes => self
                .device
                .attributes
                .get_key_value(full)
                .map(|(key, _)| &**key),
            Part::Capacity => self
                .device
                .capacity
                .get_key_value(full)
                .map(|(key, _)| &**key),
        };
        if domain == self.device.driver
            && !name.contains('/')
            && let Some(found) = known(name)
        {
            return Some(found);
        }
        known(&format!("{domain}/{name}"))
    }

    /// A value, if there is one of this name.
    ///
    /// # Errors
    /// The attribute cannot be read.
    pub(super) fn get(&self, domain: &str, name: &str) -> Result<Option<Value<'a>>, EvalError> {
        let Some(full) = self.published_as(domain, name) else {
            return Ok(None);
        };
        match self.part {
            Part::Capacity => Ok(self
                .device
                .capacity
                .get(full)
                .map(|amount| Value::Quantity {
                    amount: *amount,
                    sum: false,
                })),
            Part::Attributes => match self.device.attributes.get(full) {
                Some(attribute) => value(full, attribute).map(Some),
                None => Ok(None),
            },
        }
    }
}

/// The value of an attribute.
fn value<'a>(name: &str, attribute: &'a Attribute) -> Result<Value<'a>, EvalError> {
    let version = |text: &str| {
        Semver::parse(text)
            .map(|version| Value::Semver(Arc::new(version)))
            .map_err(|error| {
                EvalError::new(
                    EvalErrorKind::BadSemver,
                    format_args!("attribute {name}: {}", error.text),
                )
            })
    };
    let text = |text: &'a String| Value::Text(Text::Borrowed(text));
    Ok(match attribute {
        Attribute::Int(number) => Value::Int(*number),
        Attribute::Bool(truth) => Value::Bool(*truth),
        Attribute::Text(value) => text(value),
        Attribute::Version(value) => version(value)?,
        Attribute::Ints(values) => Value::list(values.iter().map(|n| Value::Int(*n)).collect()),
        Attribute::Bools(values) => Value::list(values.iter().map(|b| Value::Bool(*b)).collect()),
        Attribute::Texts(values) => Value::list(values.iter().map(text).collect()),
        Attribute::Versions(values) => Value::list(
            values
                .iter()
                .map(|text| version(text))
                .collect::<Result<_, _>>()?,
        ),
        Attribute::Unknown => {
            return Err(EvalError::new(
                EvalErrorKind::UnsupportedAttributeValue,
                format_args!("attribute {name}: unsupported attribute value"),
            ));
        }
    })
}

/// Whether every attribute can be read: upstream reads all before it evaluates anything.
///
/// # Errors
/// The first, by name, that cannot.
pub(super) fn readable(device: &DeviceFacts, lists: bool) -> Result<(), EvalError> {
    for (name, attribute) in &device.attributes {
        match attribute {
            Attribute::Int(_) | Attribute::Bool(_) | Attribute::Text(_) => {}
            Attribute::Version(_) => drop(value(name, attribute)?),
            Attribute::Ints(_)
            | Attribute::Bools(_)
            | Attribute::Texts(_)
            | Attribute::Versions(_)
                if lists =>
            {
                value(name, attribute)?;
            }
            _ => drop(value(name, &Attribute::Unknown)?),
        }
    }
    Ok(())
}
