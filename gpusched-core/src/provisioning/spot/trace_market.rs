//! A market that repeats recorded series.

use super::market::NOTHING;
use super::{Availability, PoolId, PriceSeries, Quote, SpotMarket};
use crate::units::Time;

/// A pool of a [`TraceMarket`].
#[derive(Clone, Debug)]
pub struct TracePool {
    /// When how many instances are there; its first tick begins at the start of the trace.
    pub availability: Availability,
    /// What one costs.
    pub prices: PriceSeries,
}

/// Spot pools whose capacity and price follow recorded series. After the end of its series a pool
/// offers nothing.
#[derive(Clone, Debug)]
pub struct TraceMarket {
    pools: Vec<(Vec<(Time, u32)>, PriceSeries)>,
}

impl TraceMarket {
    /// The market of these pools, in the order of their ids. O(ticks).
    pub fn new(pools: Vec<TracePool>) -> TraceMarket {
        let steps = |series: &Availability| {
            let instant = |tick: usize| Time((tick as i64).saturating_mul(series.gap().0));
            let mut steps: Vec<(Time, u32)> = series
                .runs()
                .map(|(first, _, count)| (instant(first), count))
                .collect();
            steps.push((instant(series.ticks()), 0));
            steps
        };
        TraceMarket {
            pools: pools
                .into_iter()
                .map(|pool| (steps(&pool.availability), pool.prices))
                .collect(),
        }
    }
}

impl SpotMarket for TraceMarket {
    fn pools(&self) -> u32 {
        self.pools.len() as u32
    }

    /// O(log changes).
    fn quote(&mut self, pool: PoolId, now: Time) -> Quote {
        let Some((steps, prices)) = self.pools.get(pool.0 as usize) else {
            return NOTHING;
        };
        let next = steps.partition_point(|(from, _)| *from <= now);
        let (price, until) = prices.at(now);
        let changes = steps.get(next).map_or(Time::NEVER, |(from, _)| *from);
        Quote {
            instances: next.checked_sub(1).map_or(0, |at| steps[at].1),
            price,
            until: until.min(changes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Polarity;
    use super::*;
    use crate::provisioning::Price;
    use crate::units::Span;

    #[test]
    fn a_quote_holds_until_count_or_price_changes() {
        let at = Time::from_secs;
        let availability =
            Availability::new(Span::from_secs(10), Polarity::Available, vec![2, 2, 0, 1]).unwrap();
        let prices = PriceSeries::new(Price(5), vec![(at(15), Price(9))]).unwrap();
        let pool = TracePool {
            availability,
            prices,
        };
        let mut market = TraceMarket::new(vec![pool]);
        let mut quote = |secs| {
            let quote = market.quote(PoolId(0), at(secs));
            (quote.instances, quote.price.0, quote.until)
        };
        assert_eq!(quote(0), (2, 5, at(15)));
        assert_eq!(quote(15), (2, 9, at(20)));
        assert_eq!(quote(25), (0, 9, at(30)));
        assert_eq!(quote(30), (1, 9, at(40)));
        assert_eq!(quote(40), (0, 9, Time::NEVER));
        assert_eq!(market.quote(PoolId(1), at(0)), NOTHING);
    }
}
