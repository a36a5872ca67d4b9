//! A market of recorded prices: capacity is there while its price is at most what one pays.

use super::market::NOTHING;
use super::{PoolId, PriceSeries, Quote, SpotMarket};
use crate::provisioning::Price;
use crate::units::Time;

/// A pool of a [`PriceMarket`].
#[derive(Clone, Debug)]
pub struct PricePool {
    /// What one costs.
    pub prices: PriceSeries,
    /// The most one is willing to pay; `None` = anything.
    pub most: Option<Price>,
    /// Instances while the price is no higher.
    pub instances: u32,
}

/// Spot pools that follow recorded prices. Instances run while the price is at most the one that
/// was asked for, and are interrupted when it rises above it (EC2 user guide, "Spot Instance
/// interruptions": price above the maximum price; without one the on-demand price stands for it).
/// The last price holds for ever.
///
/// ```
/// use gpusched_core::provisioning::Price;
/// use gpusched_core::provisioning::spot::{PoolId, PriceMarket, PricePool, PriceSeries, SpotMarket};
/// use gpusched_core::units::Time;
/// let prices = PriceSeries::new(Price(5), vec![(Time::from_secs(60), Price(9))]).unwrap();
/// let pool = PricePool { prices, most: Some(Price(8)), instances: 3 };
/// let mut market = PriceMarket::new(vec![pool]);
/// assert_eq!(market.quote(PoolId(0), Time::ZERO).instances, 3);
/// assert_eq!(market.quote(PoolId(0), Time::from_secs(60)).instances, 0);
/// ```
#[derive(Clone, Debug)]
pub struct PriceMarket {
    pools: Vec<PricePool>,
}

impl PriceMarket {
    /// The market of these pools, in the order of their ids.
    pub fn new(pools: Vec<PricePool>) -> PriceMarket {
        PriceMarket { pools }
    }
}

impl SpotMarket for PriceMarket {
    fn pools(&self) -> u32 {
        self.pools.len() as u32
    }

    /// O(log changes).
    fn quote(&mut self, pool: PoolId, now: Time) -> Quote {
        let Some(pool) = self.pools.get(pool.0 as usize) else {
            return NOTHING;
        };
        let (price, until) = pool.prices.at(now);
        let dear = pool.most.is_some_and(|most| price > most);
        Quote {
            instances: if dear { 0 } else { pool.instances },
            price,
            until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_there_at_the_price_one_pays_and_not_above() {
        let at = Time::from_secs;
        let changes = vec![(at(10), Price(8)), (at(20), Price(9)), (at(30), Price(6))];
        let pool = |most| PricePool {
            prices: PriceSeries::new(Price(5), changes.clone()).unwrap(),
            most,
            instances: 2,
        };
        let mut market = PriceMarket::new(vec![pool(Some(Price(8))), pool(None)]);
        let mut quote = |pool, secs| {
            let quote = market.quote(PoolId(pool), at(secs));
            (quote.instances, quote.price.0, quote.until)
        };
        assert_eq!(quote(0, 10), (2, 8, at(20)), "at most means at most");
        assert_eq!(quote(0, 20), (0, 9, at(30)));
        assert_eq!(quote(0, 30), (2, 6, Time::NEVER));
        assert_eq!(quote(1, 20), (2, 9, at(30)), "whatever it costs");
        assert_eq!(quote(2, 0).0, 0);
    }
}
