//! What must hold across the devices of a claim.
//!
//! An attribute is looked up by its full name; where the domain is the driver's own, also by the
//! bare one. A device without the attribute is refused. Values are equal when kind and text or
//! number are; versions count as text.
//!
//! With list attributes a value is a set and a plain one a set of one: devices match when all have
//! a value in common, and are distinct when no two have one.

use super::features::Features;
use super::objects::{Constraint, Device, Rule};
use super::quirks::Quirks;
use crate::cel::Attribute;

/// Which devices a constraint has seen, as far as it must know.
#[derive(Clone, Debug)]
enum Seen<'a> {
    /// All have this value.
    Same(Option<&'a Attribute>),
    /// What all have in common, after each device; under B5 only after the last.
    Common(Vec<Set<'a>>),
    /// The values, in the order they came. Under B1 at most one for each request.
    Distinct(Vec<(usize, &'a Attribute)>),
}

/// A constraint during a search.
#[derive(Clone, Debug)]
pub(super) struct State<'a> {
    requests: &'a [String],
    attribute: &'a str,
    lists: bool,
    quirks: Quirks,
    count: usize,
    seen: Seen<'a>,
}

/// What a device is chosen for.
#[derive(Clone, Copy, Debug)]
pub(super) struct For<'a> {
    /// Position of the request in the claim.
    pub(super) request: usize,
    /// Its name.
    pub(super) name: &'a str,
    /// The name of the sub-request, if it has any.
    pub(super) sub: Option<&'a str>,
}

impl<'a> State<'a> {
    /// The constraint before any device; `None` for a rule this version does not know.
    pub(super) fn new(
        constraint: &'a Constraint,
        features: Features,
        quirks: Quirks,
    ) -> Option<State<'a>> {
        let lists = features.list_type_attributes;
        let (attribute, seen) = match &constraint.rule {
            Rule::MatchAttribute(name) if lists => (name, Seen::Common(Vec::new())),
            Rule::MatchAttribute(name) => (name, Seen::Same(None)),
            Rule::DistinctAttribute(name) => (name, Seen::Distinct(Vec::new())),
            Rule::Unknown => return None,
        };
        Some(State {
            requests: &constraint.requests,
            attribute,
            lists,
            quirks,
            count: 0,
            seen,
        })
    }

    fn concerns(&self, what: For<'_>) -> bool {
        let listed = |name: &String| match (name.strip_prefix(what.name), what.sub) {
            (Some(""), _) => true,
            (Some(rest), Some(sub)) => rest.strip_prefix('/') == Some(sub),
            _ => false,
        };
        self.requests.is_empty() || self.requests.iter().any(listed)
    }

    /// Adds a device, unless the constraint would be violated.
    pub(super) fn add(&mut self, what: For<'_>, driver: &str, device: &'a Device) -> bool {
        if !self.concerns(what) {
            return true;
        }
        let Some(value) = look_up(device, driver, self.attribute) else {
            return false;
        };
        let first = self.count == 0;
        let fits = match &mut self.seen {
            Seen::Same(_) if first => {
                self.seen = Seen::Same(Some(value));
                true
            }
            Seen::Same(known) => known.is_some_and(|known| same(known, value)),
            Seen::Common(common) => {
                if first {
                    common.clear();
                }
                let next = match (common.last(), Set::new(value)) {
                    (None, set) => set,
                    (Some(known), Some(set)) => known.intersection(&set),
                    (Some(_), None) => None,
                };
                let fits = next.is_some();
                if fits && self.quirks.intersection_sticks {
                    common.clear();
                }
                common.extend(next);
                fits
            }
            Seen::Distinct(values) => {
                let differs = |(_, known): &(usize, &Attribute)| match self.lists {
                    true => disjoint(known, value),
                    false => differ(known, value),
                };
                let unknown = self.lists && Set::new(value).is_none();
                let fits = first || (!unknown && values.iter().all(differs));
                if fits {
                    if self.quirks.distinct_forgets {
                        values.retain(|(request, _)| *request != what.request);
                    }
                    values.push((what.request, value));
                }
                fits
            }
        };
        self.count += usize::from(fits);
        fits
    }

    /// Takes the last device back.
    pub(super) fn remove(&mut self, what: For<'_>) {
        if !self.concerns(what) {
            return;
        }
        self.count = self.count.saturating_sub(1);
        match &mut self.seen {
            Seen::Common(common) if !self.quirks.intersection_sticks => {
                common.pop();
            }
            Seen::Same(_) | Seen::Common(_) => {}
            Seen::Distinct(values) if self.quirks.distinct_forgets => {
                values.retain(|(request, _)| *request != what.request);
            }
            Seen::Distinct(values) => {
                values.pop();
            }
        }
    }
}

/// An attribute by its full name.
pub(super) fn look_up<'d>(device: &'d Device, driver: &str, name: &str) -> Option<&'d Attribute> {
    device.attributes.get(name).or_else(|| {
        let (domain, id) = name.split_once('/')?;
        (domain == driver).then(|| device.attributes.get(id))?
    })
}

fn same(known: &Attribute, value: &Attribute) -> bool {
    is_plain(value) && known == value
}

/// Whether two values differ; one of a kind this version does not know differs from none.
fn differ(known: &Attribute, value: &Attribute) -> bool {
    is_plain(value) && known != value
}

fn is_plain(value: &Attribute) -> bool {
    matches!(
        value,
        Attribute::Int(_) | Attribute::Bool(_) | Attribute::Text(_) | Attribute::Version(_)
    )
}

/// A value as a set.
#[derive(Clone, Debug)]
enum Set<'a> {
    Ints(Vec<i64>),
    Bools(Vec<bool>),
    Texts(Vec<&'a str>),
    Versions(Vec<&'a str>),
}

impl<'a> Set<'a> {
    /// `None` for an empty list or a value of a kind this version does not know.
    fn new(value: &'a Attribute) -> Option<Set<'a>> {
        let texts = |all: &'a [String]| all.iter().map(String::as_str).collect();
        Some(match value {
            Attribute::Int(one) => Set::Ints(vec![*one]),
            Attribute::Bool(one) => Set::Bools(vec![*one]),
            Attribute::Text(one) => Set::Texts(vec![one]),
            Attribute::Version(one) => Set::Versions(vec![one]),
            Attribute::Ints(all) if !all.is_empty() => Set::Ints(all.clone()),
            Attribute::Bools(all) if !all.is_empty() => Set::Bools(all.clone()),
            Attribute::Texts(all) if !all.is_empty() => Set::Texts(texts(all)),
            Attribute::Versions(all) if !all.is_empty() => Set::Versions(texts(all)),
            _ => return None,
        })
    }

    /// What both have; `None` when that is nothing.
    fn intersection(&self, other: &Set<'a>) -> Option<Set<'a>> {
        fn both<T: PartialEq + Copy>(a: &[T], b: &[T]) -> Option<Vec<T>> {
            let common: Vec<T> = a.iter().copied().filter(|one| b.contains(one)).collect();
            (!common.is_empty()).then_some(common)
        }
        match (self, other) {
            (Set::Ints(a), Set::Ints(b)) => both(a, b).map(Set::Ints),
            (Set::Bools(a), Set::Bools(b)) => both(a, b).map(Set::Bools),
            (Set::Texts(a), Set::Texts(b)) => both(a, b).map(Set::Texts),
            (Set::Versions(a), Set::Versions(b)) => both(a, b).map(Set::Versions),
            _ => None,
        }
    }
}

/// Whether two values have nothing in common. Of a kind this version does not know, nothing is in
/// common with anything.
fn disjoint(known: &Attribute, value: &Attribute) -> bool {
    match (Set::new(known), Set::new(value)) {
        (Some(known), Some(value)) => known.intersection(&value).is_none(),
        _ => true,
    }
}
