//! Reserved capacity: a claim holds every reservation it may come to use, one instance of each.

use super::super::objects::{NodeOffering, NodeType};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of reservations, and who holds them.
pub(super) struct Reservations {
    left: BTreeMap<String, u32>,
    held: BTreeMap<usize, BTreeSet<String>>,
}

impl Reservations {
    /// Of offerings that name one reservation, the one that says least counts.
    pub(super) fn new(types: &[NodeType]) -> Reservations {
        let mut left: BTreeMap<String, u32> = BTreeMap::new();
        let offerings = types.iter().flat_map(|of| &of.offerings);
        for reservation in offerings.filter_map(|one| one.offering.reservation.as_ref()) {
            let least = left.entry(reservation.id.clone()).or_insert(u32::MAX);
            *least = (*least).min(reservation.instances);
        }
        Reservations {
            left,
            held: BTreeMap::new(),
        }
    }

    /// Whether a claim holds, or could hold, the reservation of an offering.
    pub(super) fn open(&self, claim: usize, offering: &NodeOffering) -> bool {
        let Some(reservation) = &offering.offering.reservation else {
            return false;
        };
        let holds = |held: &BTreeSet<String>| held.contains(&reservation.id);
        self.held.get(&claim).is_some_and(holds)
            || self.left.get(&reservation.id).is_some_and(|left| *left > 0)
    }

    /// Makes a claim hold exactly these.
    pub(super) fn hold(&mut self, claim: usize, wanted: &BTreeSet<String>) {
        let held = self.held.entry(claim).or_default();
        for id in held.difference(wanted) {
            *self.left.entry(id.clone()).or_default() += 1;
        }
        for id in wanted.difference(held) {
            if let Some(left) = self.left.get_mut(id) {
                *left = left.saturating_sub(1);
            }
        }
        held.clone_from(wanted);
    }
}
