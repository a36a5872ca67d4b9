//! Reserved capacity: a claim holds every reservation it may come to use, one instance of each.

use super::super::objects::{NodeOffering, NodeType};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of reservations that nobody holds.
pub(super) struct Reservations(BTreeMap<String, u32>);

impl Reservations {
    /// Of offerings that name one reservation, the one that says least counts.
    pub(super) fn new(types: &[NodeType]) -> Reservations {
        let mut left: BTreeMap<String, u32> = BTreeMap::new();
        let offerings = types.iter().flat_map(|of| &of.offerings);
        for reservation in offerings.filter_map(|one| one.offering.reservation.as_ref()) {
            let least = left.entry(reservation.id.clone()).or_insert(u32::MAX);
            *least = (*least).min(reservation.instances);
        }
        Reservations(left)
    }

    /// Whether a claim that holds some already holds, or could hold, that of an offering.
    pub(super) fn open(&self, held: &BTreeSet<String>, offering: &NodeOffering) -> bool {
        let reservation = offering.offering.reservation.as_ref();
        reservation.is_some_and(|one| {
            held.contains(&one.id) || self.0.get(&one.id).is_some_and(|left| *left > 0)
        })
    }

    /// Makes a claim that holds some hold exactly those it wants.
    pub(super) fn hold(&mut self, held: &BTreeSet<String>, wanted: &BTreeSet<String>) {
        for id in held.difference(wanted) {
            *self.0.entry(id.clone()).or_default() += 1;
        }
        for id in wanted.difference(held) {
            if let Some(left) = self.0.get_mut(id) {
                *left = left.saturating_sub(1);
            }
        }
    }
}
