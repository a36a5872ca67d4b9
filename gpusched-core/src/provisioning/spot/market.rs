//! What a pool of spot instances offers at an instant.

use crate::provisioning::{Money, Price};
use crate::units::Time;

/// A pool: one instance type in one zone. Instances of a pool come and go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub u32);

/// What a pool offers, and how long that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Instances there are, those one holds included; `u32::MAX` = no limit known.
    pub instances: u32,
    /// What one costs.
    pub price: Price,
    /// The first instant at which `instances` or `price` may be different.
    pub until: Time,
}

/// A spot market.
///
/// Whoever holds more instances of a pool than a quote says loses the difference at that instant,
/// after the notice of the provider. Interruptions within one type and zone come together (92 % of
/// 2,635 recorded ones within three minutes of another; arXiv 2604.16457), hence counts per pool
/// and no lifetimes per instance.
pub trait SpotMarket: Send {
    /// Number of pools; their ids count from 0.
    fn pools(&self) -> u32;

    /// The quote of a pool at `now`. Any instant may be asked about, in any order, and the answer
    /// depends on nothing but `pool` and `now`. A pool that is not there offers nothing, for ever.
    fn quote(&mut self, pool: PoolId, now: Time) -> Quote;
}

/// Prices that hold from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceSeries {
    first: Price,
    changes: Vec<(Time, Price)>,
}

impl PriceSeries {
    /// One price, for ever.
    pub fn flat(price: Price) -> PriceSeries {
        PriceSeries {
            first: price,
            changes: Vec::new(),
        }
    }

    /// `first`, until the first of `changes`; `None` unless their instants rise.
    pub fn new(first: Price, changes: Vec<(Time, Price)>) -> Option<PriceSeries> {
        let rising = changes.is_sorted_by(|a, b| a.0 < b.0);
        rising.then_some(PriceSeries { first, changes })
    }

    /// The price at `now` and when the next one begins. O(log changes).
    pub fn at(&self, now: Time) -> (Price, Time) {
        let next = self.changes.partition_point(|(from, _)| *from <= now);
        let price = match next {
            0 => self.first,
            _ => self.changes[next - 1].1,
        };
        let until = self
            .changes
            .get(next)
            .map_or(Time::NEVER, |(from, _)| *from);
        (price, until)
    }

    /// Another price from `from` on; nothing when it is the last one. Instants have to rise.
    pub fn push(&mut self, from: Time, price: Price) {
        let last = self.changes.last().map_or(self.first, |(_, last)| *last);
        debug_assert!(self.changes.last().is_none_or(|(at, _)| *at < from));
        if price != last {
            self.changes.push((from, price));
        }
    }

    /// What holding something from `from` to `to` costs, exactly. O(changes in between + log).
    pub fn cost(&self, from: Time, to: Time) -> Money {
        let mut sum = Money::ZERO;
        let mut at = from;
        while at < to {
            let (price, until) = self.at(at);
            let end = until.min(to);
            sum += price.over(end - at);
            at = end;
        }
        sum
    }
}

/// What a pool that does not exist offers.
pub(super) const NOTHING: Quote = Quote {
    instances: 0,
    price: Price::FREE,
    until: Time::NEVER,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_holds_from_its_instant_on() {
        let at = Time::from_secs;
        let series =
            PriceSeries::new(Price(5), vec![(at(10), Price(7)), (at(20), Price(6))]).unwrap();
        assert_eq!(series.at(at(9)), (Price(5), at(10)));
        assert_eq!(series.at(at(10)), (Price(7), at(20)));
        assert_eq!(series.at(at(99)), (Price(6), Time::NEVER));
        assert!(PriceSeries::new(Price(5), vec![(at(10), Price(7)), (at(10), Price(6))]).is_none());
    }
}
