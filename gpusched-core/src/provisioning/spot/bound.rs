//! What no schedule can beat: a lower bound on cost that knows the future.

use super::{Availability, DeadlineJob, Prices};
use crate::provisioning::Money;

/// A cost below which no schedule gets `job`, started at tick `start`,
/// done in time; `None` when none can.
///
/// The exact optimum is a shortest path over tick × progress × instance. Progress is relaxed: work
/// is sold at a price λ, the cheapest path without a look at progress is found over tick ×
/// instance × ticks since its start, and the λ that gives the best bound is searched (the bound is
/// concave in λ, its slope is the work missing). It equals the optimum except where the optimum is
/// not on the lower hull of cost over work, and is below it there.
///
/// O(ticks × changeover ticks × log price).
pub fn cheapest(
    series: &Availability,
    start: usize,
    job: DeadlineJob,
    prices: Prices,
) -> Option<Money> {
    let path = Path::new(series, start, job, prices);
    // The least λ at which the path does all the work, if there is one. Above it every start
    // pays for itself, so a bound far above both prices will do.
    let most = i128::from(prices.on_demand.0.max(prices.spot.0).max(1)) * (1 << 20);
    let (mut low, mut high) = (0, most);
    if path.value(most).1 < i128::from(job.work.0) {
        return None;
    }
    while low + 1 < high {
        let middle = (low + high) / 2;
        match path.value(middle).1 < i128::from(job.work.0) {
            true => low = middle,
            false => high = middle,
        }
    }
    let bound = |lambda: i128| lambda * i128::from(job.work.0) + path.value(lambda).0;
    Some(Money(bound(low).max(bound(high))))
}

/// The ticks of one job.
struct Path {
    spot: Vec<bool>,
    /// Work of a tick by ticks since the start of the instance; the last entry is for ever.
    work: Vec<i128>,
    /// What a tick costs.
    spot_cost: i128,
    on_demand_cost: i128,
}

/// Least cost minus λ × work, and the work of that path (the most among equals).
type Value = (i128, i128);

impl Path {
    fn new(series: &Availability, start: usize, job: DeadlineJob, prices: Prices) -> Path {
        let gap = series.gap().0;
        // The tick the deadline falls into may be started.
        let ticks = (job.deadline.0 + gap - 1) / gap;
        let mut work = Vec::new();
        let mut changeover = job.changeover.0;
        while changeover > 0 {
            let lost = changeover.min(gap);
            work.push(i128::from(gap - lost));
            changeover -= lost;
        }
        work.push(i128::from(gap));
        Path {
            spot: (0..ticks as usize)
                .map(|tick| series.at(start + tick) > 0)
                .collect(),
            work,
            spot_cost: prices.spot.over(series.gap()).0,
            on_demand_cost: prices.on_demand.over(series.gap()).0,
        }
    }

    fn value(&self, lambda: i128) -> Value {
        const NEVER: Value = (i128::MAX / 4, 0);
        let ages = self.work.len();
        let best = |a: Value, b: Value| match (b.0, -b.1) < (a.0, -a.1) {
            true => b,
            false => a,
        };
        let after = |from: Value, cost: i128, work: i128| match from == NEVER {
            true => NEVER,
            false => (from.0 + cost - lambda * work, from.1 + work),
        };
        let mut idle: Value = (0, 0);
        let mut spot = vec![NEVER; ages];
        let mut on_demand = vec![NEVER; ages];
        for &there in &self.spot {
            let any = |held: &[Value]| held.iter().copied().fold(NEVER, best);
            let (from_spot, from_on_demand) = (any(&spot), any(&on_demand));
            let step = |held: &mut [Value], started: Value, cost: i128| {
                let oldest = held[ages - 1];
                for age in (1..ages).rev() {
                    held[age] = after(held[age - 1], cost, self.work[age]);
                }
                held[ages - 1] = best(held[ages - 1], after(oldest, cost, self.work[ages - 1]));
                let fresh = after(started, cost, self.work[0]);
                held[0] = match ages {
                    1 => best(held[0], fresh),
                    _ => fresh,
                };
            };
            step(&mut on_demand, best(idle, from_spot), self.on_demand_cost);
            match there {
                true => step(&mut spot, best(idle, from_on_demand), self.spot_cost),
                false => spot.fill(NEVER),
            }
            idle = best(idle, best(from_spot, from_on_demand));
        }
        let held = spot.iter().chain(&on_demand).copied();
        held.fold(idle, best)
    }
}

#[cfg(test)]
mod tests {
    use super::super::policies::{Greedy, OnDemandOnly, UniformProgress};
    use super::super::{DeadlinePolicy, Polarity, replay};
    use super::*;
    use crate::provisioning::Price;
    use crate::units::Span;
    use proptest::prelude::*;

    const PRICES: Prices = Prices {
        spot: Price(1),
        on_demand: Price(3),
    };

    /// Twin: every way to hold something in every tick.
    fn by_trying_all(series: &Availability, job: DeadlineJob) -> Option<i128> {
        let gap = series.gap().0;
        let ticks = (job.deadline.0 + gap - 1) / gap;
        let mut best = None;
        for code in 0..3u32.pow(ticks as u32) {
            let (mut cost, mut held, mut left, mut done) = (0, 0, 0, 0);
            let mut finished = None;
            for tick in 0..ticks {
                let choice = code / 3u32.pow(tick as u32) % 3;
                if choice == 1 && series.at(tick as usize) == 0 {
                    finished = None;
                    break;
                }
                if choice != 0 && choice != held {
                    left = job.changeover.0;
                }
                held = choice;
                if choice == 0 {
                    continue;
                }
                cost += i128::from([0, 1, 3][choice as usize] * gap);
                let lost = left.min(gap);
                left -= lost;
                if finished.is_none() && done + gap - lost >= job.work.0 {
                    finished = Some(tick * gap + lost + job.work.0 - done);
                }
                done += gap - lost;
            }
            if finished.is_some_and(|at| at <= job.deadline.0) {
                best = Some(best.map_or(cost, |other: i128| other.min(cost)));
            }
        }
        best
    }

    proptest! {
        #[test]
        fn is_below_the_best_of_all_schedules(
            counts in proptest::collection::vec(0u32..2, 7),
            work in 1i64..50,
            changeover in 0i64..25,
        ) {
            let series = Availability::new(Span(10), Polarity::Available, counts).unwrap();
            let job = DeadlineJob { work: Span(work), deadline: Span(70), changeover: Span(changeover) };
            let exact = by_trying_all(&series, job);
            let bound = cheapest(&series, 0, job, PRICES);
            prop_assert_eq!(exact.is_some(), bound.is_some());
            if let (Some(exact), Some(bound)) = (exact, bound) {
                prop_assert!(bound.0 <= exact, "{} > {}", bound.0, exact);
            }
        }

        #[test]
        fn no_policy_beats_it(
            counts in proptest::collection::vec(0u32..2, 40),
            work in 1i64..200,
            changeover in 0i64..25,
        ) {
            let series = Availability::new(Span(10), Polarity::Available, counts).unwrap();
            let job = DeadlineJob {
                work: Span(work),
                deadline: Span(work + changeover + 120),
                changeover: Span(changeover),
            };
            let bound = cheapest(&series, 0, job, PRICES).unwrap();
            let policies: [&dyn DeadlinePolicy; 3] = [&Greedy, &UniformProgress, &OnDemandOnly];
            for policy in policies {
                let run = replay(&series, 0, job, policy, PRICES);
                prop_assert!(!run.missed(&job), "{} is late", policy.name());
                prop_assert!(run.cost >= bound, "{}", policy.name());
            }
        }
    }

    #[test]
    fn is_exact_where_the_hull_is() {
        // Two ticks of spot, then none: 20 of work cost 20 on spot; no changeover.
        let series = Availability::new(Span(10), Polarity::Available, vec![1, 1, 0, 0]).unwrap();
        let job = DeadlineJob {
            work: Span(20),
            deadline: Span(40),
            changeover: Span::ZERO,
        };
        assert_eq!(cheapest(&series, 0, job, PRICES), Some(Money(20)));
        // 30 of work: a third tick, on demand.
        let longer = DeadlineJob {
            work: Span(30),
            ..job
        };
        assert_eq!(cheapest(&series, 0, longer, PRICES), Some(Money(20 + 30)));
        let too_long = DeadlineJob {
            work: Span(41),
            ..job
        };
        assert_eq!(cheapest(&series, 0, too_long, PRICES), None);
    }
}
