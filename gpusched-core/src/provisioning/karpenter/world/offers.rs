//! What can be had of what the provider offers.

use super::super::unavailable::Unavailable;
use super::World;
use crate::provisioning::controller::View;
use std::collections::BTreeMap;

impl World {
    /// Takes what the provider is out of off what can be had.
    pub(in super::super) fn offer(&mut self, view: &View, out: &Unavailable) {
        let same = self.out == Some(out.version());
        if same && self.until.is_none_or(|until| until > view.now) {
            return;
        }
        if self.problem.types.is_empty() {
            return;
        }
        self.out = Some(out.version());
        self.until = out.until(view.now);
        self.availability += 1;
        for (of, base) in self.problem.types.iter_mut().zip(view.types.iter()) {
            for (offer, base) in of.offerings.iter_mut().zip(&base.offerings) {
                let offering = &mut offer.offering;
                let gone = out.is_out(&of.name, &offering.zone, offering.capacity_type, view.now);
                offering.available = base.offering.available && !gone;
            }
        }
        self.reserve(view);
    }

    /// Counts what is left of reservations; whether that changed anything.
    pub(super) fn reserve(&mut self, view: &View) -> bool {
        let mut types = view.types.iter();
        if !types.any(|of| {
            of.offerings
                .iter()
                .any(|one| one.offering.reservation.is_some())
        }) {
            return false;
        }
        let mut used: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for machine in view.machines.values() {
            let offering = view.offering(machine);
            if offering.reservation.is_some() {
                *used
                    .entry((machine.node_type, machine.offering))
                    .or_insert(0) += 1;
            }
        }
        let mut changed = false;
        for (index, of) in self.problem.types.iter_mut().enumerate() {
            for (number, offer) in of.offerings.iter_mut().enumerate() {
                let base = &view.types[index].offerings[number].offering;
                let Some(all) = &base.reservation else {
                    continue;
                };
                let used = used.get(&(index, number)).copied().unwrap_or(0);
                let left = all.instances.saturating_sub(used);
                let offering = &mut offer.offering;
                let available = base.available && left > 0;
                changed |= offering.available != available;
                offering.available = available;
                if let Some(there) = &mut offering.reservation {
                    changed |= there.instances != left;
                    there.instances = left;
                }
            }
        }
        changed
    }
}
