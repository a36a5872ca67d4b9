//! Which instance types are left, and which filter removed the others.

use super::super::objects::{HostPort, NodeOffering, NodeType};
use super::super::{Requirements, Undefined};
use super::amounts::{Amounts, add, fits};
use super::template::Daemons;
use crate::kube::Resources;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// No instance type is left: how many each filter removed, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filtered {
    /// Types there were.
    pub types: usize,
    /// Types that cannot have the labels asked for.
    pub requirements: usize,
    /// Of those left, types with too little room, daemon sets counted.
    pub resources: usize,
    /// Of those left, types without an available offering of the zone and capacity type.
    pub offering: usize,
    /// Of those left, types on which a daemon set takes a port of the pod.
    pub ports: usize,
    /// Labels that have fewer values than `minValues` asks for, with the number they have.
    pub min_values: BTreeMap<String, usize>,
    /// What was asked of labels.
    pub asked: Requirements,
    /// What the pods on the node would request together.
    pub requests: Resources,
}

impl fmt::Display for Filtered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.types - self.requirements - self.resources - self.offering - self.ports;
        write!(f, "no instance type satisfied the pod: of {}", self.types)?;
        for (count, what) in [
            (self.requirements, "do not meet the requirements"),
            (self.resources, "have too little room"),
            (self.offering, "have no available offering"),
            (self.ports, "have the host port taken"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        for (key, values) in &self.min_values {
            write!(
                f,
                ", the {left} left have {values} values of {key}, fewer than minValues"
            )?;
        }
        let requests = self.requests.iter();
        let requests: Vec<String> = requests
            .map(|(name, amount)| format!("{name} {amount}"))
            .collect();
        write!(
            f,
            " (requirements: {}; requests: {})",
            self.asked,
            requests.join(", ")
        )
    }
}

/// Whether an offering is of a zone and capacity type that is allowed.
pub(super) fn offers(one: &NodeOffering, requirements: &Requirements, well_known: &[&str]) -> bool {
    requirements
        .compatible(&one.requirements, Undefined::WellKnown(well_known))
        .is_ok()
}

/// What the labels of a claim mean for each type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compat {
    /// Its labels can be those asked for.
    pub(super) labels: bool,
    /// It has an available offering.
    pub(super) offered: bool,
}

/// [`Compat`] of every type. O(types × labels).
pub(super) fn compat(types: &[NodeType], asked: &Requirements, well_known: &[&str]) -> Vec<Compat> {
    let of = |one: &NodeType| Compat {
        labels: one.requirements.intersects(asked).is_ok(),
        offered: one
            .offerings
            .iter()
            .any(|one| one.offering.available && offers(one, asked, well_known)),
    };
    types.iter().map(of).collect()
}

/// A question to the filter.
pub(super) struct Query<'a> {
    pub(super) types: &'a [NodeType],
    pub(super) allocatable: &'a [Amounts],
    pub(super) daemons: &'a Daemons,
    pub(super) asked: &'a Requirements,
    pub(super) compat: &'a [Compat],
    /// Of all pods together, without daemons.
    pub(super) requests: &'a [i64],
    pub(super) ports: &'a [HostPort],
}

impl Query<'_> {
    /// The types of `candidates` that satisfy everything but `minValues`.
    pub(super) fn remaining(&self, candidates: &[usize]) -> Vec<usize> {
        let totals = self.totals();
        let passes = |one: &&usize| {
            let Compat { labels, offered } = self.compat[**one];
            labels && offered && {
                let group = self.daemons.of_type[**one];
                let total = totals[group].as_ref();
                total.is_some_and(|total| fits(total, &self.allocatable[**one]))
            }
        };
        candidates.iter().filter(passes).copied().collect()
    }

    /// Requests with daemons by group; `None` where a port is taken.
    fn totals(&self) -> Vec<Option<Amounts>> {
        let group = |group: &super::template::DaemonGroup| {
            let mut pairs = self
                .ports
                .iter()
                .flat_map(|one| group.ports.iter().map(move |other| (one, other)));
            if pairs.any(|(one, other)| one.conflicts(other)) {
                return None;
            }
            let mut total = self.requests.to_vec();
            add(&mut total, &group.amounts);
            Some(total)
        };
        self.daemons.groups.iter().map(group).collect()
    }

    /// Who removed whom, for an error.
    pub(super) fn explain(&self, candidates: &[usize], requests: Resources) -> Filtered {
        let totals = self.totals();
        let mut filtered = Filtered {
            types: candidates.len(),
            asked: self.asked.clone(),
            requests,
            ..Filtered::default()
        };
        for &one in candidates {
            let total = &totals[self.daemons.of_type[one]];
            let fits = |total: &Amounts| fits(total, &self.allocatable[one]);
            let Compat { labels, offered } = self.compat[one];
            if !labels {
                filtered.requirements += 1;
            } else if total.is_none() {
                filtered.ports += 1;
            } else if !total.as_ref().is_some_and(fits) {
                filtered.resources += 1;
            } else if !offered {
                filtered.offering += 1;
            }
        }
        filtered
    }

    /// Labels with fewer distinct values among `types` than `minValues` asks for.
    pub(super) fn min_values(&self, types: &[usize]) -> BTreeMap<String, usize> {
        too_few(self.types, types, self.asked)
    }
}

/// Labels of `asked` with fewer distinct values among the types than its `minValues`.
pub(in super::super) fn too_few(
    all: &[NodeType],
    types: &[usize],
    asked: &Requirements,
) -> BTreeMap<String, usize> {
    let mut few = BTreeMap::new();
    for one in asked.iter() {
        let Some(least) = one.min_values() else {
            continue;
        };
        let values: BTreeSet<&String> = types
            .iter()
            .filter_map(|index| all[*index].requirements.get(one.key()))
            .flat_map(|requirement| requirement.values())
            .collect();
        if values.len() < least as usize {
            few.insert(one.key().to_owned(), values.len());
        }
    }
    few
}
