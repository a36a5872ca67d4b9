//! A job with a deadline that may run on spot or on-demand, replayed tick by tick.
//!
//! The semantics are those of the simulator behind "Can't Be Late" (Wu et al., NSDI 2024):
//!
//! * Time goes in ticks. At the beginning of each one the policy sees whether spot is there *now*.
//! * A held spot instance that is gone now was lost at this instant; the tick before it counts.
//! * A tick on an instance does a tick of work, less what is left of the changeover.
//! * Every start of an instance, of either kind, costs one changeover, which begins anew.
//! * What is held is paid for whole ticks, the last one included.
//! * Near the deadline on-demand is forced, see [`Moment::must_secure`].

use super::Availability;
use crate::provisioning::{Money, Price};
use crate::units::Span;

/// What a job holds during a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing: no work, no cost.
    Idle,
    /// A spot instance; may only be chosen when there is one.
    Spot,
    /// An on-demand instance.
    OnDemand,
}

/// A job that has to be done in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadlineJob {
    /// Time it takes on an instance that is never interrupted.
    pub work: Span,
    /// Time from its start within which it has to be done.
    pub deadline: Span,
    /// Lost at every start of an instance: boot, restore of the last checkpoint.
    pub changeover: Span,
}

/// What instances cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Spot.
    pub spot: Price,
    /// On-demand.
    pub on_demand: Price,
}

/// What is held when a tick begins, after a loss was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Nothing, or a spot instance that has just been lost.
    Nothing,
    /// A spot instance that is still there.
    Spot {
        /// What is left of its changeover.
        changeover: Span,
    },
    /// An on-demand instance.
    OnDemand,
}

/// What a policy sees at the beginning of a tick.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Time since the start of the job.
    pub elapsed: Span,
    /// Work done.
    pub done: Span,
    /// Whether there is spot now.
    pub spot: bool,
    /// What is held.
    pub holding: Holding,
    /// Length of a tick.
    pub gap: Span,
    /// The job.
    pub job: DeadlineJob,
}

impl Moment {
    /// Whether the ticks left until the deadline are no more than those needed for the work left
    /// and `changeover`: one tick later may be too late.
    pub fn tight(&self, changeover: Span) -> bool {
        let left = self.job.work - self.done;
        let have = (self.job.deadline - self.elapsed).0.div_euclid(self.gap.0);
        let need = (left + changeover).0;
        have <= (need + self.gap.0 - 1).div_euclid(self.gap.0)
    }

    /// Whether on-demand has to be taken now: it is [`tight`](Moment::tight) with one changeover,
    /// and what is held is not a spot instance that already works. (One that still boots would, if
    /// lost, cost a second changeover that the deadline has no room for.)
    pub fn must_secure(&self) -> bool {
        let works =
            matches!(self.holding, Holding::Spot { changeover } if changeover == Span::ZERO);
        !works && self.tight(self.job.changeover)
    }
}

/// Decides what a job with a deadline holds.
pub trait DeadlinePolicy {
    /// The name in tables and files.
    fn name(&self) -> &'static str;

    /// What to hold in the tick that begins. [`Choice::Spot`] without spot counts as idle.
    fn choose(&self, now: &Moment) -> Choice;

    /// Whether [`replay`] overrides it when [`Moment::must_secure`] says so.
    fn secured(&self) -> bool {
        true
    }
}

/// How a replay went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was paid.
    pub cost: Money,
    /// When the work was done, in time since the start; `None` = not within the replay.
    pub finished: Option<Span>,
    /// Instances started, the first one included.
    pub starts: u32,
    /// Spot instances lost.
    pub interruptions: u32,
    /// Ticks on spot.
    pub spot_ticks: u32,
    /// Ticks on on-demand.
    pub on_demand_ticks: u32,
    /// Paid time that did no work: changeovers.
    pub overhead: Span,
}

impl Outcome {
    /// Whether the job was late or never done.
    pub fn missed(&self, job: &DeadlineJob) -> bool {
        self.finished.is_none_or(|at| at > job.deadline)
    }
}

/// A replay that is not done after this many times its deadline never will be.
const GIVE_UP: i64 = 8;

/// Replays `job` from tick `start` of a series on. O(ticks until it is done), at most eight times
/// the deadline.
///
/// ```
/// use gpusched_core::provisioning::spot::{policies::Greedy, *};
/// use gpusched_core::provisioning::Price;
/// use gpusched_core::units::Span;
/// let zone = Availability::new(Span(10), Polarity::Available, vec![1, 1, 0, 0, 0, 0]).unwrap();
/// let job = DeadlineJob { work: Span(30), deadline: Span(60), changeover: Span(5) };
/// let prices = Prices { spot: Price(1), on_demand: Price(3) };
/// let run = replay(&zone, 0, job, &Greedy, prices);
/// // Spot does 5 + 10 of the work and is lost; 15 and a changeover fit the last two ticks exactly.
/// assert_eq!((run.spot_ticks, run.on_demand_ticks), (2, 2));
/// assert_eq!(run.finished, Some(Span(60)));
/// ```
pub fn replay(
    series: &Availability,
    start: usize,
    job: DeadlineJob,
    policy: &dyn DeadlinePolicy,
    prices: Prices,
) -> Outcome {
    let gap = series.gap();
    let mut run = Outcome {
        cost: Money::ZERO,
        finished: None,
        starts: 0,
        interruptions: 0,
        spot_ticks: 0,
        on_demand_ticks: 0,
        overhead: Span::ZERO,
    };
    let mut held = Choice::Idle;
    let mut changeover = Span::ZERO;
    let mut done = Span::ZERO;
    let horizon = job.deadline.0.saturating_mul(GIVE_UP);
    for tick in 0.. {
        let elapsed = Span(gap.0 * tick as i64);
        if elapsed.0 > horizon {
            break;
        }
        let spot = series.at(start + tick) > 0;
        if held == Choice::Spot && !spot {
            held = Choice::Idle;
            run.interruptions += 1;
        }
        let now = Moment {
            elapsed,
            done,
            spot,
            holding: match held {
                Choice::Idle => Holding::Nothing,
                Choice::Spot => Holding::Spot { changeover },
                Choice::OnDemand => Holding::OnDemand,
            },
            gap,
            job,
        };
        let choice = decide(policy, &now);
        if choice != Choice::Idle && choice != held {
            run.starts += 1;
            changeover = job.changeover;
        }
        held = choice;
        let price = match choice {
            Choice::Idle => continue,
            Choice::Spot => {
                run.spot_ticks += 1;
                prices.spot
            }
            Choice::OnDemand => {
                run.on_demand_ticks += 1;
                prices.on_demand
            }
        };
        run.cost += price.over(gap);
        let lost = changeover.min(gap);
        changeover -= lost;
        run.overhead += lost;
        let left = job.work - done;
        if gap - lost >= left {
            run.finished = Some(elapsed + lost + left);
            break;
        }
        done += gap - lost;
    }
    run
}

fn decide(policy: &dyn DeadlinePolicy, now: &Moment) -> Choice {
    if policy.secured() && now.must_secure() {
        return Choice::OnDemand;
    }
    match policy.choose(now) {
        Choice::Spot if !now.spot => Choice::Idle,
        choice => choice,
    }
}

#[cfg(test)]
mod tests;
