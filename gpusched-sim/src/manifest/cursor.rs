//! A value of a document together with the way to it, so that what is wrong with it can be said
//! with a path, and located later.

use super::fault::{Fault, Notices, Part, Step};
use super::time;
use crate::diagnostic::did_you_mean;
use gpusched_core::kube::{Labels, Quantity, Resources};
use gpusched_core::units::{Span, Time};
use serde_json::Value;
use std::collections::BTreeMap;

/// The result of reading a part of an object.
pub(super) type Read<T> = Result<T, Box<Fault>>;

/// A value that may be missing (`null` is missing), and how it was reached.
#[derive(Clone, Copy)]
pub(super) struct At<'p, 'v> {
    value: Option<&'v Value>,
    step: Step<'v>,
    parent: Option<&'p At<'p, 'v>>,
    notices: &'p Notices,
}

impl<'p, 'v> At<'p, 'v> {
    /// A whole document.
    pub(super) fn root(value: &'v Value, notices: &'p Notices) -> At<'p, 'v> {
        At {
            value: Some(value),
            step: Step::Root,
            parent: None,
            notices,
        }
    }

    /// Whether there is a value.
    pub(super) fn present(&self) -> bool {
        self.value.is_some()
    }

    /// The value itself, if there is one.
    pub(super) fn value(&self) -> Option<&'v Value> {
        self.value
    }

    /// A field of an object; missing when this is missing or no object.
    pub(super) fn field<'c>(&'c self, name: &'v str) -> At<'c, 'v>
    where
        'p: 'c,
    {
        let value = self.value.and_then(|value| value.get(name));
        self.child(Step::Field(name), value.filter(|value| !value.is_null()))
    }

    /// An element of a list; missing when this is no list or too short.
    pub(super) fn item<'c>(&'c self, index: usize) -> At<'c, 'v>
    where
        'p: 'c,
    {
        self.child(
            Step::Index(index),
            self.value.and_then(|value| value.get(index)),
        )
    }

    fn child<'c>(&'c self, step: Step<'v>, value: Option<&'v Value>) -> At<'c, 'v> {
        At {
            value,
            step,
            parent: Some(self),
            notices: self.notices,
        }
    }

    /// The way here from the root.
    pub(super) fn path(&self) -> Vec<Part> {
        let mut path = match self.parent {
            Some(parent) => parent.path(),
            None => Vec::new(),
        };
        path.extend(self.step.part());
        path
    }

    /// A problem with this value.
    pub(super) fn fault(&self, message: impl Into<String>) -> Box<Fault> {
        Fault::new(self.path(), message)
    }

    /// Notes something about this value that does not stop the reading.
    pub(super) fn warn(&self, fault: impl Into<Fault>) {
        self.notices.warn(fault.into());
    }

    /// Refuses something about this value that the API server would refuse too, without stopping
    /// the reading.
    pub(super) fn refuse(&self, fault: impl Into<Fault>) {
        self.notices.refuse(fault.into());
    }

    /// Complains about every field of this object that is not listed. What the list holds and
    /// nobody reads is known to have no influence on decisions. A slip of the hand is refused;
    /// what resembles nothing may be of a version to come.
    pub(super) fn only(&self, known: &[&[&'static str]]) -> Read<()> {
        let Some(value) = self.value else {
            return Ok(());
        };
        let fields = value.as_object().ok_or_else(|| self.wrong("an object"))?;
        for name in fields.keys() {
            if known.iter().any(|list| list.contains(&name.as_str())) {
                continue;
            }
            let close = did_you_mean(name, known.iter().flat_map(|list| list.iter().copied()));
            let fault = self
                .child(Step::Field(name), None)
                .fault(format!("there is no field `{name}` here"))
                .at_key();
            match close {
                Some(close) => self.refuse(fault.help(format!("did you mean `{close}`?"))),
                None => self.warn(fault.help("it is ignored, as the API server drops it")),
            }
        }
        Ok(())
    }

    /// Refuses fields of this object that another version of the API has, under the name it has.
    pub(super) fn renamed(&self, names: &[(&'static str, &str)]) {
        for (old, new) in names {
            let at = self.field(old);
            if at.present() {
                let fault = at.fault(format!("there is no field `{old}` in this version"));
                self.refuse(fault.at_key().help(format!("here it is called `{new}`")));
            }
        }
    }

    /// Complains about the type of this value.
    pub(super) fn wrong(&self, wanted: &str) -> Box<Fault> {
        let found = match self.value {
            None | Some(Value::Null) => "nothing",
            Some(Value::Bool(_)) => "true or false",
            Some(Value::Number(_)) => "a number",
            Some(Value::String(_)) => "a string",
            Some(Value::Array(_)) => "a list",
            Some(Value::Object(_)) => "an object",
        };
        let name = self.step.name();
        let fault = self.fault(format!("{name} must be {wanted}, not {found}"));
        match (wanted, self.value) {
            ("a string", Some(Value::Bool(_) | Value::Number(_))) => {
                fault.help("put the value into quotes")
            }
            _ => fault,
        }
    }

    /// Complains that this value is missing.
    pub(super) fn missing(&self) -> Box<Fault> {
        self.fault(format!("{} is missing", self.step.name()))
    }

    /// A string, if there is one.
    pub(super) fn str(&self) -> Read<Option<&'v str>> {
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong("a string")),
        }
    }

    /// A string; empty when missing.
    pub(super) fn string(&self) -> Read<String> {
        Ok(self.str()?.unwrap_or_default().to_owned())
    }

    /// A string, if there is one that is not empty.
    pub(super) fn name(&self) -> Read<Option<String>> {
        Ok(self
            .str()?
            .filter(|text| !text.is_empty())
            .map(str::to_owned))
    }

    /// A string that must be there and not be empty.
    pub(super) fn required(&self) -> Read<String> {
        self.name()?.ok_or_else(|| self.missing())
    }

    /// `true` or `false`, if there.
    pub(super) fn bool(&self) -> Read<Option<bool>> {
        match self.value {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.wrong("true or false")),
        }
    }

    /// A whole number, if there.
    pub(super) fn i64(&self) -> Read<Option<i64>> {
        match self.value {
            None => Ok(None),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong("a whole number")),
            },
            Some(_) => Err(self.wrong("a whole number")),
        }
    }

    /// A whole number of 32 bits, if there.
    pub(super) fn i32(&self) -> Read<Option<i32>> {
        let outside = |_| self.fault(format!("{} is beyond 32 bits", self.step.name()));
        self.i64()?
            .map(|number| i32::try_from(number).map_err(outside))
            .transpose()
    }

    /// A number, if there.
    pub(super) fn f64(&self) -> Read<Option<f64>> {
        match self.value {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(_) => Err(self.wrong("a number")),
        }
    }

    /// A quantity, written as a number or a string, if there.
    pub(super) fn quantity(&self) -> Read<Option<Quantity>> {
        let parse = |text: &str| {
            text.parse::<Quantity>().map(Some).map_err(|error| {
                self.fault(format!("`{text}` is no quantity"))
                    .help(error.to_string())
            })
        };
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) => parse(text),
            Some(Value::Number(number)) => parse(&number.to_string()),
            Some(_) => Err(self.wrong("a quantity")),
        }
    }

    /// An instant as RFC 3339 writes it; the zero time when missing.
    pub(super) fn time(&self) -> Read<Time> {
        Ok(self.instant()?.unwrap_or(Time::ZERO))
    }

    /// An instant as RFC 3339 writes it, if there.
    pub(super) fn instant(&self) -> Read<Option<Time>> {
        let parse = |text| {
            time::instant(text).ok_or_else(|| {
                self.fault(format!("`{text}` is no time"))
                    .help("write it like 2026-01-31T09:30:00Z")
            })
        };
        self.str()?.map(parse).transpose()
    }

    /// A length of time as Go writes it, if there.
    pub(super) fn duration(&self) -> Read<Option<Span>> {
        let parse = |text| {
            time::duration(text).ok_or_else(|| {
                self.fault(format!("`{text}` is no length of time"))
                    .help("write it like 30s, 5m or 1h30m")
            })
        };
        self.str()?.map(parse).transpose()
    }

    /// One of several words, if there.
    pub(super) fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Read<Option<T>> {
        let Some(given) = self.str()?.filter(|given| !given.is_empty()) else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let mut names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let close = did_you_mean(given, names.iter().copied());
                names.dedup();
                let all = names.join(", ");
                let fault = self.fault(format!("`{given}` is not possible here"));
                Err(fault.help(match close {
                    Some(close) => format!("did you mean `{close}`? possible values: {all}"),
                    None => format!("possible values: {all}"),
                }))
            }
        }
    }

    /// Reads every element of a list with `each`; nothing when the list is missing.
    pub(super) fn list<T>(&self, mut each: impl FnMut(At<'_, 'v>) -> Read<T>) -> Read<Vec<T>> {
        match self.value {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| each(self.child(Step::Index(index), Some(item))))
                .collect(),
            Some(_) => Err(self.wrong("a list")),
        }
    }

    /// Reads every entry of an object with `each`; nothing when the object is missing.
    pub(super) fn map<T>(
        &self,
        mut each: impl FnMut(&'v str, At<'_, 'v>) -> Read<T>,
    ) -> Read<BTreeMap<String, T>> {
        match self.value {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(fields)) => fields
                .iter()
                .map(|(name, value)| {
                    let at = self.child(Step::Field(name), Some(value));
                    Ok((name.clone(), each(name, at)?))
                })
                .collect(),
            Some(_) => Err(self.wrong("an object")),
        }
    }

    /// A list of strings.
    pub(super) fn strings(&self) -> Read<Vec<String>> {
        self.list(|item| item.str()?.map(str::to_owned).ok_or_else(|| item.missing()))
    }

    /// Labels or annotations.
    pub(super) fn labels(&self) -> Read<Labels> {
        self.map(|_, value| value.string())
    }

    /// Amounts by resource, rounded up to the integers that count.
    pub(super) fn resources(&self) -> Read<Resources> {
        self.map(|resource, value| {
            let quantity = value.quantity()?.ok_or_else(|| value.missing())?;
            Ok(quantity.of(resource))
        })
    }
}
