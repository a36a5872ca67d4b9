//! How machines come: launches, as the provider answers them.

use super::{Controlled, Due, GIVE_UP, GPU, Held};
use crate::ids::NodeId;
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{Event, Launch, MachineId};
use crate::provisioning::spot::PriceSeries;
use crate::provisioning::{Bought, Ending, Lifetime, Price};
use crate::units::Time;

impl Controlled {
    /// Asks the provider for a machine: its options in their order, until one can be had.
    pub(super) fn launch(&mut self, launch: Launch, now: Time) {
        let machine = MachineId(self.lives.len() as u32);
        let mut out = Vec::new();
        let mut got = None;
        for &option in &launch.options {
            match self.price(option, now) {
                Some(price) => {
                    got = Some((option, price));
                    break;
                }
                None => out.push(option),
            }
        }
        let place = got.and_then(|(option, price)| {
            let place = self.slots.take(option.0, machine);
            if place.is_none() {
                self.full.get_or_insert(option.0);
            }
            Some((option, price, place?))
        });
        if let Some((option, price, place)) = place {
            self.found(machine, option, price, place, &launch);
        }
        let ticket = launch.ticket;
        if !out.is_empty() || place.is_none() {
            self.tell(&Event::OutOfCapacity {
                ticket,
                options: out,
                machine: place.map(|_| machine),
            });
        }
        if place.is_some() {
            self.tell(&Event::Launched { ticket, machine });
        }
    }

    /// What a machine of an offering costs now; `None` = there is none to be had.
    fn price(&mut self, option: (usize, usize), now: Time) -> Option<Price> {
        let in_use = self.in_use.get(&option).copied().unwrap_or(0);
        if self.quotas.get(&option).is_some_and(|most| in_use >= *most) {
            return None;
        }
        let offering = &self.desk.view.types[option.0].offerings[option.1].offering;
        if !offering.available {
            return None;
        }
        let listed = offering.price;
        match &mut self.holdings {
            Some(holdings) if offering.capacity_type == CapacityType::Spot => {
                let quote = holdings.ask(option, now).ok()?;
                Some(quote.map_or(listed, |quote| quote.price))
            }
            _ => Some(listed),
        }
    }

    /// Writes a machine down that has just been launched.
    fn found(
        &mut self,
        machine: MachineId,
        option: (usize, usize),
        price: Price,
        place: NodeId,
        launch: &Launch,
    ) {
        let now = self.desk.view.now;
        let has_gpus = self.desk.view.types[option.0].allocatable.contains_key(GPU);
        let arrival = self.boot.of(machine, has_gpus);
        let (registered, initialized) = match arrival.registered {
            Some(joins) => (now + joins, now + arrival.initialized),
            None => (Time::NEVER, Time::NEVER),
        };
        match arrival.registered {
            Some(_) => {
                self.due.insert((registered, machine, Due::Registered));
                self.due.insert((initialized, machine, Due::Initialized));
            }
            None => {
                self.due.insert((now + GIVE_UP, machine, Due::GivenUp));
            }
        }
        self.held.push(Held {
            place,
            option,
            told: None,
            drained: None,
        });
        *self.in_use.entry(option).or_default() += 1;
        if let Some(holdings) = &mut self.holdings {
            holdings.add(option, machine, now);
        }
        let offering = &self.desk.view.types[option.0].offerings[option.1].offering;
        self.lives.push(Lifetime {
            node: place,
            launched: now,
            ready: None,
            gone: None,
            bought: Some(Bought {
                node_type: option.0,
                zone: offering.zone.clone(),
                capacity_type: offering.capacity_type,
                prices: PriceSeries::flat(price),
                billing: self.terms[option.0].billing,
                noticed: None,
                ending: Ending::There,
            }),
        });
        self.desk
            .add(machine, option, launch, (registered, initialized));
    }
}
