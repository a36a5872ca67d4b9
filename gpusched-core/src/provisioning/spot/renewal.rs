//! A market that draws: pools that are up and down in turn, for times with heavy tails.

use super::market::NOTHING;
use super::{PoolId, PriceSeries, Quote, SpotMarket};
use crate::provisioning::draw;
use crate::units::{MICROS, Span, Time};

/// How long a period lasts. All are drawn by inversion, one number per period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lengths {
    /// Without memory. Recorded spot periods are not like this: their means are several times
    /// their medians (an exponential's is 1.44 times).
    Exponential {
        /// Mean.
        mean: Span,
    },
    /// Weibull; a `shape` below 1 has a heavier tail than an exponential.
    Weibull {
        /// The 63rd percentile.
        scale: Span,
        /// Positive.
        shape: f64,
    },
    /// Pareto: P(longer than x) = (least / x)^alpha.
    Pareto {
        /// The shortest.
        least: Span,
        /// Positive; the mean is infinite at 1 and below.
        alpha: f64,
    },
}

impl Lengths {
    /// The length at `u` in (0, 1), the share of periods that are longer. At least 1 µs, at most
    /// a million days.
    pub fn at(&self, u: f64) -> Span {
        let micros = match *self {
            Lengths::Exponential { mean } => -libm::log(u) * mean.0 as f64,
            Lengths::Weibull { scale, shape } => {
                libm::pow(-libm::log(u), 1.0 / shape) * scale.0 as f64
            }
            Lengths::Pareto { least, alpha } => libm::pow(u, -1.0 / alpha) * least.0 as f64,
        };
        const LONGEST: f64 = 86_400e6 * MICROS as f64;
        Span((micros.min(LONGEST) as i64).max(1))
    }
}

/// A pool of a [`Renewal`] market.
#[derive(Clone, Debug)]
pub struct RenewalPool {
    /// Instances there are while the pool is up.
    pub instances: u32,
    /// How long it stays up.
    pub up: Lengths,
    /// How long it stays away.
    pub down: Lengths,
    /// The outage it shares with others: an index into the market's shared outages.
    pub shared: Option<usize>,
    /// What an instance costs.
    pub prices: PriceSeries,
}

/// Pools that alternate between up and down, each on its own and, where they share one, with a
/// common outage on top (a region, say): a pool offers instances while both are up.
///
/// The n-th period of a pool is drawn from the stream keyed by (seed, pool, n), so pools neither
/// disturb each other nor depend on when they are asked. All begin up.
///
/// ```
/// use gpusched_core::provisioning::spot::*;
/// use gpusched_core::provisioning::Price;
/// use gpusched_core::units::{Span, Time};
/// let pool = RenewalPool {
///     instances: 8,
///     up: Lengths::Weibull { scale: Span::from_secs(7200), shape: 0.6 },
///     down: Lengths::Pareto { least: Span::from_secs(600), alpha: 1.5 },
///     shared: None,
///     prices: PriceSeries::flat(Price::parse("0.97").unwrap()),
/// };
/// let mut market = Renewal::new(42, vec![pool], vec![]);
/// let first = market.quote(PoolId(0), Time::ZERO);
/// assert_eq!(first.instances, 8);
/// assert_eq!(market.quote(PoolId(0), first.until).instances, 0);
/// ```
#[derive(Clone, Debug)]
pub struct Renewal {
    pools: Vec<(RenewalPool, Process)>,
    shared: Vec<Process>,
}

impl Renewal {
    /// The market of `pools`; `shared` lists how long common outages leave their pools up, and
    /// how long they last.
    pub fn new(seed: u64, pools: Vec<RenewalPool>, shared: Vec<(Lengths, Lengths)>) -> Renewal {
        let own = |(index, pool): (usize, RenewalPool)| {
            let process = Process::new(seed, *b"spot", index, (pool.up, pool.down));
            (pool, process)
        };
        let common = |(index, lengths)| Process::new(seed, *b"zone", index, lengths);
        Renewal {
            pools: pools.into_iter().enumerate().map(own).collect(),
            shared: shared.into_iter().enumerate().map(common).collect(),
        }
    }
}

impl SpotMarket for Renewal {
    fn pools(&self) -> u32 {
        self.pools.len() as u32
    }

    /// O(log periods) once the periods up to `now` have been drawn.
    fn quote(&mut self, pool: PoolId, now: Time) -> Quote {
        let Some((pool, process)) = self.pools.get_mut(pool.0 as usize) else {
            return NOTHING;
        };
        let (price, next_price) = pool.prices.at(now);
        let (mut up, mut until) = process.at(now);
        if let Some(common) = pool.shared.and_then(|index| self.shared.get_mut(index)) {
            let (common_up, common_until) = common.at(now);
            up &= common_up;
            until = until.min(common_until);
        }
        Quote {
            instances: if up { pool.instances } else { 0 },
            price,
            until: until.min(next_price),
        }
    }
}

/// Alternating periods, drawn as far as somebody has asked.
#[derive(Clone, Debug)]
struct Process {
    seed: u64,
    entity: u64,
    lengths: (Lengths, Lengths),
    /// Where periods end; those of even index were up.
    ends: Vec<Time>,
}

impl Process {
    fn new(seed: u64, purpose: [u8; 4], index: usize, lengths: (Lengths, Lengths)) -> Process {
        Process {
            seed,
            entity: draw::entity(purpose, index),
            lengths,
            ends: Vec::new(),
        }
    }

    /// Whether it is up at `now`, and until when.
    fn at(&mut self, now: Time) -> (bool, Time) {
        loop {
            let last = self.ends.last().copied().unwrap_or(Time::ZERO);
            if last > now {
                break;
            }
            let up = self.ends.len().is_multiple_of(2);
            let lengths = if up { &self.lengths.0 } else { &self.lengths.1 };
            let length = lengths.at(self.unit());
            self.ends.push(last + length);
        }
        let period = self.ends.partition_point(|end| *end <= now);
        (period.is_multiple_of(2), self.ends[period])
    }

    /// Uniform in the open interval (0, 1): the draw of the next period.
    fn unit(&self) -> f64 {
        draw::unit(self.seed, self.entity, self.ends.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::Price;

    const HOUR: Span = Span(3_600 * MICROS);

    fn pool(up: Lengths, down: Lengths, shared: Option<usize>) -> RenewalPool {
        RenewalPool {
            instances: 3,
            up,
            down,
            shared,
            prices: PriceSeries::flat(Price(1)),
        }
    }

    fn steady() -> Lengths {
        Lengths::Pareto {
            least: Span(i64::MAX >> 10),
            alpha: 9.0,
        }
    }

    /// Lengths of the first `count` up-periods, in hours.
    fn ups(market: &mut Renewal, count: usize) -> Vec<f64> {
        let mut now = Time::ZERO;
        let mut lengths = Vec::new();
        while lengths.len() < count {
            let quote = market.quote(PoolId(0), now);
            if quote.instances > 0 {
                lengths.push((quote.until - now).as_secs_f64() / 3600.0);
            }
            now = quote.until;
        }
        lengths
    }

    #[test]
    fn lengths_have_the_quantiles_of_their_law() {
        let median = |law: Lengths| law.at(0.5).as_secs_f64() / 3600.0;
        // Exponential: ln 2. Weibull: ln 2 ^ (1 / shape). Pareto: 2 ^ (1 / alpha).
        assert!(
            (median(Lengths::Exponential { mean: HOUR }) - std::f64::consts::LN_2).abs() < 1e-6
        );
        let weibull = Lengths::Weibull {
            scale: HOUR,
            shape: 0.5,
        };
        assert!((median(weibull) - 0.480_453).abs() < 1e-6);
        let pareto = Lengths::Pareto {
            least: HOUR,
            alpha: 0.5,
        };
        assert!((median(pareto) - 4.0).abs() < 1e-6);
    }

    #[test]
    fn drawn_periods_have_the_mean_of_their_law() {
        let law = Lengths::Exponential { mean: HOUR };
        let mut market = Renewal::new(7, vec![pool(law, law, None)], vec![]);
        let lengths = ups(&mut market, 20_000);
        let mean = lengths.iter().sum::<f64>() / 20_000.0;
        // The mean of 20,000 exponentials of mean 1 strays by 0.007; four times that.
        assert!((mean - 1.0).abs() < 0.028, "{mean}");
    }

    #[test]
    fn the_answer_does_not_depend_on_the_order_of_questions() {
        let law = Lengths::Weibull {
            scale: HOUR,
            shape: 0.6,
        };
        let fresh = || Renewal::new(3, vec![pool(law, law, None)], vec![]);
        let instants: Vec<Time> = (0..200).map(|i| Time::from_secs(i * 1777)).collect();
        let mut forward = fresh();
        let there: Vec<Quote> = instants
            .iter()
            .map(|at| forward.quote(PoolId(0), *at))
            .collect();
        let mut backward = fresh();
        let mut back: Vec<Quote> = instants
            .iter()
            .rev()
            .map(|at| backward.quote(PoolId(0), *at))
            .collect();
        back.reverse();
        assert_eq!(there, back);
    }

    #[test]
    fn pools_of_a_shared_outage_go_together() {
        let outage = Lengths::Exponential { mean: HOUR };
        let pools = vec![
            pool(steady(), outage, Some(0)),
            pool(steady(), outage, Some(0)),
            pool(steady(), outage, None),
        ];
        let mut market = Renewal::new(1, pools, vec![(outage, outage)]);
        let mut outages = 0;
        for at in (0..500).map(|i| Time::from_secs(i * 600)) {
            let mut there = |pool| market.quote(PoolId(pool), at).instances;
            assert_eq!(there(0), there(1));
            assert_eq!(there(2), 3);
            outages += u32::from(there(0) == 0);
        }
        assert!(outages > 100, "{outages}");
    }
}
