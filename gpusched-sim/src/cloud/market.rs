//! When spot machines can be had, and when they are taken away.
//!
//! A pool is one type in one zone. Its price is the one of the catalogue, unless prices are what is
//! recorded: the files of availability have none, and recorded spot prices of GPUs hardly move
//! (2–10 changes in 60 h).

use crate::spot::PriceHistory;
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType, Offering};
use gpusched_core::provisioning::controlled::Pools;
use gpusched_core::provisioning::spot::{
    Availability, Lengths, PoolId, PriceMarket, PricePool, PriceSeries, Renewal, RenewalPool,
    SpotMarket, TraceMarket, TracePool,
};
use gpusched_core::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// A spot market, as it is described.
#[derive(Clone, Debug, Default)]
pub enum Market {
    /// Spot machines can always be had and are never taken away.
    #[default]
    Steady,
    /// Pools that are up and away in turn.
    Model {
        /// How long a pool stays up, and away.
        lengths: (Lengths, Lengths),
        /// Machines while it is up.
        instances: u32,
        /// How long zones stay up, and away, on top.
        zones: Option<(Lengths, Lengths)>,
    },
    /// Recorded series.
    Trace {
        /// The series.
        series: Vec<Availability>,
        /// The series of a zone; pools of other zones take them in turn.
        zones: BTreeMap<String, usize>,
    },
    /// Recorded prices.
    Prices {
        /// The history.
        history: PriceHistory,
        /// Its instant at which the replay begins.
        from: Time,
        /// The share of the on-demand price that is paid at most.
        share: f64,
        /// Machines of a pool while its price is no higher.
        instances: u32,
    },
}

/// A market and which offerings are of which of its pools.
pub(super) type Open = (Box<dyn SpotMarket>, Pools);

impl Market {
    /// The market for these types; `None` = nothing is ever out.
    pub(super) fn open(&self, types: &[InstanceType], seed: u64) -> Option<Open> {
        let mut pools = BTreeMap::new();
        let mut offers = Vec::new();
        // A type comes once for every class of nodes, and those are machines of one pool.
        let mut known = BTreeMap::new();
        for (index, of) in types.iter().enumerate() {
            for (at, offer) in of.offerings.iter().enumerate() {
                if offer.capacity_type == CapacityType::Spot {
                    let next = PoolId(offers.len() as u32);
                    let pool = *known.entry((&of.name, &offer.zone)).or_insert(next);
                    pools.insert((index, at), pool);
                    if pool == next {
                        offers.push((of, offer));
                    }
                }
            }
        }
        let market: Box<dyn SpotMarket> = match self {
            Market::Steady => return None,
            Market::Model {
                lengths,
                instances,
                zones,
            } => {
                let names: BTreeSet<&str> =
                    offers.iter().map(|(_, one)| one.zone.as_str()).collect();
                let zone = |name: &str| names.iter().position(|one| *one == name);
                let pool = |offer: &Offering| RenewalPool {
                    instances: *instances,
                    up: lengths.0,
                    down: lengths.1,
                    shared: zones.and_then(|_| zone(&offer.zone)),
                    prices: PriceSeries::flat(offer.price),
                };
                let shared = zones.map_or(Vec::new(), |zone| vec![zone; names.len()]);
                Box::new(Renewal::new(
                    seed,
                    offers.iter().map(|(_, one)| pool(one)).collect(),
                    shared,
                ))
            }
            Market::Trace { series, zones } => {
                let mut next = 0;
                let mut of = |zone: &str| {
                    zones.get(zone).copied().unwrap_or_else(|| {
                        next += 1;
                        (next - 1) % series.len()
                    })
                };
                let pools = offers.iter().map(|(_, offer)| TracePool {
                    availability: series[of(&offer.zone)].clone(),
                    prices: PriceSeries::flat(offer.price),
                });
                Box::new(TraceMarket::new(pools.collect()))
            }
            Market::Prices {
                history,
                from,
                share,
                instances,
            } => {
                let pool = |(of, offer): &(&InstanceType, &Offering)| {
                    let prices = history.series(&of.name, &offer.zone, *from);
                    let on_demand = |one: &&Offering| {
                        one.zone == offer.zone && one.capacity_type == CapacityType::OnDemand
                    };
                    let on_demand = of.offerings.iter().find(on_demand);
                    let most = |one: &Offering| Price((one.price.0 as f64 * share).round() as i64);
                    PricePool {
                        instances: if prices.is_some() { *instances } else { 0 },
                        prices: prices.unwrap_or_else(|| PriceSeries::flat(offer.price)),
                        most: on_demand.map(most),
                    }
                };
                Box::new(PriceMarket::new(offers.iter().map(pool).collect()))
            }
        };
        Some((market, pools))
    }
}
