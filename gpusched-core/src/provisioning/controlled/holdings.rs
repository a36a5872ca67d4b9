//! Spot machines and the pools they are from.
//!
//! A pool says how many machines there are of it; who holds more loses the difference, those that
//! were launched last first. A pool is looked at when something is wanted of it and, while machines
//! of it are held, at each instant its quote may change.

use crate::provisioning::controller::MachineId;
use crate::provisioning::spot::{PoolId, Quote, SpotMarket};
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Holdings {
    market: Box<dyn SpotMarket>,
    /// The pool of a type and an offering of it.
    pools: BTreeMap<(usize, usize), PoolId>,
    held: BTreeMap<PoolId, BTreeSet<MachineId>>,
    /// When to look at pools of which something is held.
    due: BTreeSet<(Time, PoolId)>,
}

/// What happened to a pool.
pub(super) struct Turn {
    /// What it offers now.
    pub quote: Quote,
    /// Machines of it that are lost.
    pub lost: Vec<MachineId>,
    /// Machines of it that stay.
    pub kept: Vec<MachineId>,
}

impl Holdings {
    pub(super) fn new(
        market: Box<dyn SpotMarket>,
        pools: BTreeMap<(usize, usize), PoolId>,
    ) -> Holdings {
        Holdings {
            market,
            pools,
            held: BTreeMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// What the pool of an offering offers; `None` = it is of no pool, and not limited.
    fn quote(&mut self, option: (usize, usize), now: Time) -> Option<(PoolId, Quote)> {
        let pool = *self.pools.get(&option)?;
        Some((pool, self.market.quote(pool, now)))
    }

    /// Asks for a machine of an offering. `Err(())` = there is none left. `Ok(None)` = the offering
    /// is of no pool.
    pub(super) fn ask(&mut self, option: (usize, usize), now: Time) -> Result<Option<Quote>, ()> {
        let Some((pool, quote)) = self.quote(option, now) else {
            return Ok(None);
        };
        let held = self.held.get(&pool).map_or(0, BTreeSet::len);
        match held < quote.instances as usize {
            true => Ok(Some(quote)),
            false => Err(()),
        }
    }

    /// A machine was launched.
    pub(super) fn add(&mut self, option: (usize, usize), machine: MachineId, now: Time) {
        if let Some((pool, quote)) = self.quote(option, now) {
            let held = self.held.entry(pool).or_default();
            if held.is_empty() && quote.until < Time::NEVER {
                self.due.insert((quote.until, pool));
            }
            held.insert(machine);
        }
    }

    /// A machine is gone, or will be.
    pub(super) fn remove(&mut self, option: (usize, usize), machine: MachineId) {
        let Some(pool) = self.pools.get(&option) else {
            return;
        };
        if let Some(held) = self.held.get_mut(pool) {
            held.remove(&machine);
            if held.is_empty() {
                self.due.retain(|(_, due)| due != pool);
            }
        }
    }

    /// When a pool may change next.
    pub(super) fn wake(&self) -> Option<Time> {
        self.due.first().map(|&(at, _)| at)
    }

    /// The next pool that is to be looked at by `now`.
    pub(super) fn turn(&mut self, now: Time) -> Option<Turn> {
        let &(at, pool) = self.due.first().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, pool));
        let quote = self.market.quote(pool, now);
        let held = self.held.entry(pool).or_default();
        let mut lost = Vec::new();
        while held.len() > quote.instances as usize {
            lost.extend(held.pop_last());
        }
        if !held.is_empty() && quote.until < Time::NEVER {
            self.due.insert((quote.until, pool));
        }
        Some(Turn {
            quote,
            lost,
            kept: held.iter().copied().collect(),
        })
    }
}
