//! What choices and explanations look at: the node as it is with the devices chosen so far.

use super::Trial;
use crate::placement::dra::consumable::Taken;
use crate::placement::dra::explain::WhyNot;
use crate::placement::dra::inventory::PoolId;

/// A counter, beside the devices chosen so far. In nano-units.
#[derive(Clone, Copy, Debug)]
pub(in crate::placement::dra) struct Counter {
    /// Which one: the name of the pool and its number there.
    pub(in crate::placement::dra) id: (u32, u32),
    /// How much is left of it.
    pub(in crate::placement::dra) left: i128,
    /// How much the device takes.
    pub(in crate::placement::dra) takes: i128,
    /// How much there is.
    pub(in crate::placement::dra) limit: i128,
}

impl<'a> Trial<'_, 'a> {
    pub(in crate::placement::dra) fn pool_name(&self, pool: PoolId) -> String {
        let pool = &self.given.inventory.pools()[pool.index()];
        format!("{}/{}", pool.driver, pool.name)
    }

    /// `driver/pool/device`.
    pub(in crate::placement::dra) fn device_name(&self, position: usize) -> String {
        let (driver, pool, device) = self.given.inventory.names(self.unit(position).device);
        format!("{driver}/{pool}/{device}")
    }

    /// The driver of a device.
    pub(in crate::placement::dra) fn driver(&self, position: usize) -> &'a str {
        &self.given.inventory.slice(self.unit(position).slice).driver
    }

    /// Whether a device is chosen as a whole in this search.
    pub(in crate::placement::dra) fn is_taken(&self, position: usize) -> bool {
        self.is_chosen(position, None)
    }

    /// Whether nobody has a device, and nobody gets it in this search.
    pub(in crate::placement::dra) fn is_free(&self, position: usize) -> bool {
        let device = self.unit(position).device;
        !self.given.usage.is_whole(device) && !self.is_chosen(position, None)
    }

    /// Which selector is the first that is not true for a device, if one is not.
    pub(in crate::placement::dra) fn first_false(
        &self,
        ask: usize,
        position: usize,
    ) -> Option<String> {
        let predicate = self.given.problem.asks[ask].predicate;
        let unit = self.candidate(position).unit;
        self.selectors
            .first_false(predicate, unit, self.given.inventory)
    }

    /// The devices chosen for a claim.
    pub(in crate::placement::dra) fn chosen_positions(&self, claim: usize) -> Vec<usize> {
        let asks = &self.given.problem.asks;
        let mine = self
            .state
            .chosen
            .iter()
            .filter(|one| asks[one.ask].claim == claim);
        mine.map(|one| one.position).collect()
    }

    /// What is taken of the capacities of a device that several claims may have, by claims and in
    /// this search; `None` for any other device.
    pub(in crate::placement::dra) fn taken_of_shared(&self, position: usize) -> Option<Taken> {
        let unit = self.unit(position);
        if !self.is_shared(unit) {
            return None;
        }
        let mut taken = self
            .given
            .usage
            .consumed(unit.device)
            .cloned()
            .unwrap_or_default();
        for giving in self
            .state
            .giving
            .iter()
            .filter(|one| one.position == position)
        {
            taken.merge(&giving.taken);
        }
        Some(taken)
    }

    /// The counters a device draws on, as far as they are bounded.
    pub(in crate::placement::dra) fn counters(&mut self, position: usize) -> Vec<Counter> {
        let (unit, counters) = (self.unit(position), self.candidate(position).counters);
        let (ledgers, mut books) = self.books();
        let Some(source) = counters else {
            return Vec::new();
        };
        let name = books.inventory.pools()[unit.pool.index()].name_id;
        let takes = books.inventory.takes(unit).iter();
        let known = takes.filter_map(|&(number, takes)| {
            let (left, limit) = ledgers.left(source, number, &mut books)?;
            Some(Counter {
                id: (name.0, number),
                left,
                takes,
                limit,
            })
        });
        known.collect()
    }

    /// The first counter that has too little left for a device. Rounded to whole units: what is left
    /// down, what is taken up.
    pub(in crate::placement::dra) fn short_counter(&mut self, position: usize) -> WhyNot {
        let numbers = self.counters(position);
        let (inventory, unit) = (self.given.inventory, self.unit(position));
        let pool = inventory.pools()[unit.pool.index()].name_id;
        for set in &self.device(position).consumes {
            for (counter, amount) in &set.counters {
                let number = inventory.counter(pool, &set.counter_set, counter);
                let short = numbers
                    .iter()
                    .find(|one| Some(one.id.1) == number && one.left < amount.nanos());
                if let Some(short) = short {
                    return WhyNot::Counter {
                        counter: format!("{}/{counter}", set.counter_set),
                        left: i64::try_from(short.left.div_euclid(1_000_000_000))
                            .unwrap_or(i64::MIN),
                        takes: amount.value(),
                    };
                }
            }
        }
        WhyNot::Exhausted
    }
}
