//! Which instance types are left, and which filter removed the others.

use super::super::objects::{HostPort, NodeOffering, NodeType};
use super::super::{Requirements, Undefined};
use super::amounts::{add, fits};
use super::bits::Bits;
use super::classes::OfTypes;
use super::template::{DaemonGroup, Daemons};
use super::types::Types;
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
    pub(super) types: &'a Types<'a>,
    pub(super) daemons: &'a Daemons,
    pub(super) labels: &'a OfTypes,
    /// Of all pods together, without daemons.
    pub(super) requests: &'a [i64],
    pub(super) ports: &'a [HostPort],
}

impl Query<'_> {
    /// Keeps the types that satisfy everything but `minValues`. O(groups of daemons × resources ×
    /// (log types + types/64)).
    pub(super) fn keep(&self, among: &mut Bits) {
        among.keep(&self.labels.both);
        match &self.daemons.groups[..] {
            [one] if self.free(one) => {
                self.types.keep_holding(self.requests, &one.amounts, among);
            }
            groups => {
                for group in groups {
                    let mut left = among.clone();
                    left.keep(&group.types);
                    among.drop(&group.types);
                    if self.free(group) {
                        self.types
                            .keep_holding(self.requests, &group.amounts, &mut left);
                        among.add(&left);
                    }
                }
            }
        }
    }

    /// Whether no daemon takes a port of the pod.
    fn free(&self, group: &DaemonGroup) -> bool {
        let taken = |one: &HostPort| group.ports.iter().any(|other| one.conflicts(other));
        !self.ports.iter().any(taken)
    }

    /// Who removed whom, for an error.
    pub(super) fn explain(
        &self,
        candidates: &Bits,
        asked: Requirements,
        requests: Resources,
    ) -> Filtered {
        let mut filtered = Filtered {
            asked,
            requests,
            ..Filtered::default()
        };
        for one in candidates.iter() {
            let group = &self.daemons.groups[self.daemons.of_type[one]];
            let fits = || {
                let mut total = self.requests.to_vec();
                add(&mut total, &group.amounts);
                fits(&total, &self.types.allocatable[one])
            };
            let Compat { labels, offered } = self.labels.each[one];
            filtered.types += 1;
            if !labels {
                filtered.requirements += 1;
            } else if !self.free(group) {
                filtered.ports += 1;
            } else if !fits() {
                filtered.resources += 1;
            } else if !offered {
                filtered.offering += 1;
            }
        }
        filtered
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
