//! What the labels of nodes may be: every such set has a number, and what follows from it is worked
//! out once.
//!
//! Thousands of nodes differ in nothing but their host names. Those of one *class* agree on every
//! other label, and so on what a pod's wishes and a pinned domain leave of them, on the types that
//! can have the labels, and on the order of these by price.

use super::super::labels::HOSTNAME;
use super::super::{Incompatible, Requirement, Requirements, Undefined};
use super::bits::Bits;
use super::cheapest;
use super::filter::{Compat, compat};
use super::spec::Spec;
use super::types::Types;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A class, by number.
pub(super) type ClassId = usize;

/// All classes there are.
pub(super) struct Classes<'p> {
    well_known: Vec<&'p str>,
    all: Vec<Class>,
    /// By who makes such nodes (a template, or nobody: they are there) and what labels they have.
    known: FxHashMap<Option<usize>, FxHashMap<Rc<Requirements>, ClassId>>,
}

struct Class {
    /// Host name excepted.
    requirements: Rc<Requirements>,
    maker: Option<usize>,
    min_values: bool,
    /// What is left of it under the wishes of a pod, by what these ask for.
    with: FxHashMap<Rc<Requirements>, Result<ClassId, Rc<Incompatible>>>,
    /// What is left of it where topology allows some domains only.
    pinned: FxHashMap<Requirements, Result<ClassId, Rc<Incompatible>>>,
    types: Option<Rc<OfTypes>>,
    by_price: Option<Rc<[usize]>>,
}

/// What labels mean for types.
pub(super) struct OfTypes {
    pub(super) each: Vec<Compat>,
    /// Those that can have the labels and can be had.
    pub(super) both: Bits,
}

impl OfTypes {
    pub(super) fn new(types: &Types<'_>, asked: &Requirements, well_known: &[&str]) -> OfTypes {
        let each = compat(types.all, asked, well_known);
        OfTypes {
            both: Bits::of(each.len(), |one| each[one].labels && each[one].offered),
            each,
        }
    }
}

impl<'p> Classes<'p> {
    pub(super) fn new(well_known: Vec<&'p str>) -> Classes<'p> {
        Classes {
            well_known,
            all: Vec::new(),
            known: FxHashMap::default(),
        }
    }

    pub(super) fn well_known(&self) -> &[&'p str] {
        &self.well_known
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The class of nodes with these labels, the host name not among them.
    pub(super) fn intern(&mut self, maker: Option<usize>, requirements: Requirements) -> ClassId {
        let known = self.known.entry(maker).or_default();
        if let Some(known) = known.get(&requirements) {
            return *known;
        }
        let requirements = Rc::new(requirements);
        known.insert(Rc::clone(&requirements), self.all.len());
        let min_values = requirements.iter().any(|one| one.min_values().is_some());
        self.all.push(Class {
            min_values,
            requirements,
            maker,
            with: FxHashMap::default(),
            pinned: FxHashMap::default(),
            types: None,
            by_price: None,
        });
        self.all.len() - 1
    }

    /// Its labels, without the host name.
    pub(super) fn requirements(&self, class: ClassId) -> &Rc<Requirements> {
        &self.all[class].requirements
    }

    /// Its labels, with the host name.
    pub(super) fn named(&self, class: ClassId, host: &Requirement) -> Requirements {
        let mut requirements = (*self.all[class].requirements).clone();
        requirements.set(HOSTNAME, Some(host.clone()));
        requirements
    }

    /// Whether some label asks for a number of values.
    pub(super) fn wants_values(&self, class: ClassId) -> bool {
        self.all[class].min_values
    }

    fn undefined(&self, class: ClassId) -> Undefined<'_> {
        match self.all[class].maker {
            Some(_) => Undefined::WellKnown(&self.well_known),
            None => Undefined::Denied,
        }
    }

    /// What a pod's wishes leave of it.
    ///
    /// # Errors
    /// They contradict its labels.
    pub(super) fn with(
        &mut self,
        class: ClassId,
        host: &Requirement,
        spec: &Spec,
    ) -> Result<ClassId, Rc<Incompatible>> {
        if spec.requirements.is_empty() {
            return Ok(class);
        }
        if spec.names_host {
            // The host name is one value: what allows it leaves it as it is.
            let all = self.named(class, host);
            all.compatible(&spec.requirements, self.undefined(class))?;
            let mut both = all.intersection(&spec.requirements);
            both.set(HOSTNAME, None);
            return Ok(self.intern(self.all[class].maker, both));
        }
        if let Some(known) = self.all[class].with.get(&spec.requirements) {
            return known.clone();
        }
        let made = self.narrowed(class, &spec.requirements);
        let key = Rc::clone(&spec.requirements);
        self.all[class].with.insert(key, made.clone());
        made
    }

    /// What is left of it in the domains topology allows.
    ///
    /// # Errors
    /// They contradict its labels.
    pub(super) fn pinned(
        &mut self,
        class: ClassId,
        host: &Requirement,
        domains: Requirements,
    ) -> Result<ClassId, Rc<Incompatible>> {
        if domains.get(HOSTNAME).is_some() {
            let all = self.named(class, host);
            all.compatible(&domains, self.undefined(class))?;
        }
        if let Some(known) = self.all[class].pinned.get(&domains) {
            return known.clone();
        }
        let made = self.narrowed(class, &domains);
        self.all[class].pinned.insert(domains, made.clone());
        made
    }

    fn narrowed(
        &mut self,
        class: ClassId,
        asked: &Requirements,
    ) -> Result<ClassId, Rc<Incompatible>> {
        let there = &self.all[class].requirements;
        there.compatible(asked, self.undefined(class))?;
        let both = there.intersection(asked);
        Ok(self.intern(self.all[class].maker, both))
    }

    /// What its labels mean for types; O(types × labels) once. No type has a host name.
    pub(super) fn types(&mut self, class: ClassId, types: &Types<'_>) -> Rc<OfTypes> {
        let Class {
            types: known,
            requirements,
            ..
        } = &mut self.all[class];
        let made =
            known.get_or_insert_with(|| OfTypes::new(types, requirements, &self.well_known).into());
        Rc::clone(made)
    }

    /// The types it may be, cheapest first, ties by name; O(types × (log types + offerings)) once.
    pub(super) fn by_price(&mut self, class: ClassId, types: &Types<'_>) -> Rc<[usize]> {
        if let Some(known) = &self.all[class].by_price {
            return Rc::clone(known);
        }
        let of = self.types(class, types);
        let requirements = &self.all[class].requirements;
        let sorted: Rc<[usize]> = by_price(&of.both, types, requirements, &self.well_known).into();
        self.all[class].by_price = Some(Rc::clone(&sorted));
        sorted
    }
}

/// Types by price under requirements, ties by name; those that cannot be had come last.
pub(super) fn by_price(
    among: &Bits,
    types: &Types<'_>,
    requirements: &Requirements,
    well_known: &[&str],
) -> Vec<usize> {
    let mut sorted: Vec<usize> = among.iter().collect();
    sorted.sort_by_cached_key(|one| {
        let of = &types.all[*one];
        let price = cheapest(of, requirements, well_known);
        (price.is_none(), price, &of.name)
    });
    sorted
}
