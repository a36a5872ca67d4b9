//! What cannot be, without a solve: conditions that every consolidation meets.

use super::labels::NODEPOOL;
use super::room::{Kinds, Room, fits};
use super::{Problem, Requirement, Requirements, Undefined};
use crate::provisioning::Price;
use rustc_hash::FxHashMap;

/// Kinds of pods, and how many of each, in order of kind.
pub(super) type Load = Vec<(usize, u32)>;

/// What was found out about kinds of pods, as long as it holds.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    /// The least a node costs that could hold a load; `None` = there is no such node.
    prices: FxHashMap<Load, Option<Price>>,
    availability: Option<u64>,
    /// What pods can have of each type.
    rooms: Vec<Room>,
    /// The most of each resource they can have of any.
    most: Room,
}

impl Sieve {
    /// What can be had may have changed.
    pub(super) fn new_round(&mut self, availability: u64) {
        if self.availability != Some(availability) {
            self.availability = Some(availability);
            self.forget_prices();
        }
    }

    /// Types, or pools, may have changed.
    pub(super) fn forget_prices(&mut self) {
        self.prices.clear();
        self.rooms.clear();
    }

    /// The most of each resource that pods can have of any type.
    pub(super) fn most(&mut self, kinds: &mut Kinds, problem: &Problem) -> &Room {
        self.look_at_types(kinds, problem);
        &self.most
    }

    fn look_at_types(&mut self, kinds: &mut Kinds, problem: &Problem) {
        if !self.rooms.is_empty() {
            return;
        }
        let types = problem.types.iter();
        self.rooms = types.map(|of| kinds.room(&of.allocatable)).collect();
        self.most.clear();
        for room in &self.rooms {
            self.most.resize(self.most.len().max(room.len()), 0);
            for (most, has) in self.most.iter_mut().zip(room) {
                *most = (*most).max(*has);
            }
        }
    }

    /// The least a new node costs that could hold all these pods at once, as far as room, node
    /// selectors and the requirements of one pool say: what the solve makes costs no less.
    pub(super) fn least_price(
        &mut self,
        load: &Load,
        kinds: &mut Kinds,
        problem: &Problem,
    ) -> Option<Price> {
        self.look_at_types(kinds, problem);
        let sum = wanted(load, kinds);
        // Most sets of many machines: not worth remembering.
        if !fits(&sum, &self.most) {
            return None;
        }
        if let Some(price) = self.prices.get(load) {
            return *price;
        }
        let mut selectors = Requirements::default();
        for (kind, _) in load {
            let selector = Requirements::of_labels(&kinds.get(*kind).spec.node_selector);
            selectors.extend(selector.iter().cloned());
        }
        let well_known: Vec<&str> = problem
            .options
            .well_known
            .iter()
            .map(String::as_str)
            .collect();
        let undefined = Undefined::WellKnown(&well_known);
        let mut least: Option<Price> = None;
        for pool in &problem.pools {
            let mut asked = pool.requirements.intersection(&selectors);
            asked.extend(Requirements::of_labels(&pool.labels).iter().cloned());
            asked.add(Requirement::one_of(NODEPOOL, &[&pool.name]));
            for (of, room) in problem.types.iter().zip(&self.rooms) {
                if !fits(&sum, room) || of.requirements.intersects(&asked).is_err() {
                    continue;
                }
                let offers = of.offerings.iter().filter(|one| {
                    one.offering.available && asked.compatible(&one.requirements, undefined).is_ok()
                });
                let price = offers.map(|one| one.offering.price).min();
                least = [least, price].into_iter().flatten().min();
            }
        }
        self.prices.insert(load.clone(), least);
        least
    }
}

/// What these pods want together.
fn wanted(load: &Load, kinds: &Kinds) -> Room {
    let mut sum = Room::new();
    for (kind, count) in load {
        let wants = &kinds.get(*kind).wants;
        sum.resize(sum.len().max(wants.len()), 0);
        for (sum, want) in sum.iter_mut().zip(wants) {
            *sum = sum.saturating_add(want.saturating_mul(i64::from(*count)));
        }
    }
    sum
}
