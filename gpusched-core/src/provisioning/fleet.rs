//! Which machines exist: from when to when each did, and what for.

use super::catalog::CapacityType;
use super::spot::PriceSeries;
use super::{Billing, Money, Price};
use crate::cluster::Inventory;
use crate::ids::NodeId;
use crate::units::{Span, Time};

/// One life of a machine, from its launch to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The machine.
    pub node: NodeId,
    /// When it was launched.
    pub launched: Time,
    /// When it first took pods; `None` = it did not get that far.
    pub ready: Option<Time>,
    /// When it was given back; `None` = it is still there.
    pub gone: Option<Time>,
    /// How it was bought; `None` = it is of the inventory, and costs what that says.
    pub bought: Option<Bought>,
}

/// How a machine was bought, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// Its instance type: the place in the catalogue.
    pub node_type: usize,
    /// The zone.
    pub zone: String,
    /// Reserved, spot or on demand.
    pub capacity_type: CapacityType,
    /// What it cost per hour, and from when on.
    pub prices: PriceSeries,
    /// Its provider's rules.
    pub billing: Billing,
    /// When its provider said that it would take it away; whoever drains it before then gives it
    /// back, and pays for it.
    pub noticed: Option<Time>,
    /// How it ended.
    pub ending: Ending,
}

/// How a machine ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// It has not.
    #[default]
    There,
    /// It was given back, for the reason its controller gave.
    GivenBack(&'static str),
    /// The provider took it away.
    Interrupted,
    /// It never joined.
    NeverJoined,
}

impl Lifetime {
    /// From when to when it existed within a window.
    pub fn within(&self, from: Time, to: Time) -> (Time, Time) {
        let end = self.gone.unwrap_or(to).min(to);
        let start = self.launched.max(from).min(end);
        (start, end)
    }

    /// What it costs within a window: at the prices it was bought at under its provider's rules,
    /// else at the price given. What rounding adds is charged at the last price. `None` = no price
    /// is known.
    pub fn cost(
        &self,
        price: Option<Price>,
        billing: Billing,
        from: Time,
        to: Time,
    ) -> Option<Money> {
        let (start, end) = self.within(from, to);
        let Some(bought) = &self.bought else {
            return price.map(|price| price.over(billing.billed(end - start)));
        };
        let ended = self.gone.filter(|gone| *gone <= to);
        if let (Some(gone), Ending::Interrupted) = (ended, bought.ending)
            && gone - self.launched < bought.billing.free_within
        {
            return Some(Money::ZERO);
        }
        let rounding = Span(bought.billing.billed(end - start).0 - (end - start).0);
        Some(bought.prices.cost(start, end) + bought.prices.at(end).0.over(rounding))
    }
}

/// Where a machine is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It does not exist.
    #[default]
    Off,
    /// It was launched and takes no pods yet.
    Booting,
    /// It takes pods.
    Ready,
}

/// The machines of an inventory as places that a provisioning policy fills and empties.
///
/// ```
/// use gpusched_core::ids::NodeId;
/// use gpusched_core::provisioning::{Fleet, Phase};
/// use gpusched_core::units::Time;
/// let mut fleet = Fleet::new(2);
/// fleet.launch(NodeId(1), Time::from_secs(10));
/// fleet.ready(NodeId(1), Time::from_secs(100));
/// assert_eq!(fleet.phase(NodeId(1)), Phase::Ready);
/// fleet.give_back(NodeId(1), Time::from_secs(500));
/// assert_eq!(fleet.lifetimes()[0].gone, Some(Time::from_secs(500)));
/// assert_eq!(fleet.phase(NodeId(1)), Phase::Off);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    phases: Vec<Phase>,
    /// By machine: its present life.
    present: Vec<u32>,
    lifetimes: Vec<Lifetime>,
    /// Machines that do not exist.
    off: usize,
}

impl Fleet {
    /// Places for `nodes` machines, none of which exists.
    pub fn new(nodes: usize) -> Fleet {
        Fleet {
            phases: vec![Phase::Off; nodes],
            present: vec![0; nodes],
            lifetimes: Vec::new(),
            off: nodes,
        }
    }

    /// Where a machine is in its life.
    pub fn phase(&self, node: NodeId) -> Phase {
        self.phases[node.index()]
    }

    /// How many machines do not exist.
    pub fn off(&self) -> usize {
        self.off
    }

    /// All lives so far, in order of launch.
    pub fn lifetimes(&self) -> &[Lifetime] {
        &self.lifetimes
    }

    /// Launches a machine that does not exist.
    pub fn launch(&mut self, node: NodeId, now: Time) {
        debug_assert_eq!(self.phase(node), Phase::Off);
        self.phases[node.index()] = Phase::Booting;
        self.off -= 1;
        self.present[node.index()] = self.lifetimes.len() as u32;
        self.lifetimes.push(Lifetime {
            node,
            launched: now,
            ready: None,
            gone: None,
            bought: None,
        });
    }

    /// A machine that was launched takes pods from now on.
    pub fn ready(&mut self, node: NodeId, now: Time) {
        debug_assert_eq!(self.phase(node), Phase::Booting);
        self.phases[node.index()] = Phase::Ready;
        self.lifetimes[self.present[node.index()] as usize].ready = Some(now);
    }

    /// A machine is given back.
    pub fn give_back(&mut self, node: NodeId, now: Time) {
        debug_assert_ne!(self.phase(node), Phase::Off);
        self.phases[node.index()] = Phase::Off;
        self.off += 1;
        self.lifetimes[self.present[node.index()] as usize].gone = Some(now);
    }
}

/// The lives of machines that come and go as their inventory says.
pub fn planned(inventory: &Inventory) -> impl Iterator<Item = Lifetime> + '_ {
    inventory
        .nodes()
        .iter()
        .enumerate()
        .map(|(index, node)| Lifetime {
            node: NodeId::from(index),
            // What exists from the start of the trace existed before it, too.
            launched: match node.from > Time::ZERO {
                true => node.from,
                false => Time(i64::MIN),
            },
            ready: Some(node.from),
            gone: (node.to < Time::NEVER).then_some(node.to),
            bought: None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(gone: i64, ending: Ending) -> Lifetime {
        let hours = |price: i64| Price(price * 3_600_000_000_000);
        let prices = PriceSeries::new(hours(1), vec![(Time::from_secs(100), hours(2))]);
        Lifetime {
            node: NodeId(0),
            launched: Time::from_secs(40),
            ready: None,
            gone: Some(Time::from_secs(gone)),
            bought: Some(Bought {
                node_type: 0,
                zone: "a".into(),
                capacity_type: CapacityType::Spot,
                prices: prices.unwrap(),
                billing: Billing::AWS,
                noticed: None,
                ending,
            }),
        }
    }

    /// Whole dollars: exact amounts, of which floats are only the print.
    fn usd(life: &Lifetime, to: i64) -> i64 {
        let until = Time::from_secs(to);
        let cost = life.cost(None, Billing::EXACT, Time::ZERO, until);
        cost.unwrap().as_usd().round() as i64
    }

    #[test]
    fn a_price_that_changes_is_charged_from_when_it_does() {
        // A dollar a second for 60 s, then two for 50 s.
        let life = spot(150, Ending::GivenBack("Empty"));
        assert_eq!(usd(&life, 1_000), 160);
        // In a window that ends before.
        assert_eq!(usd(&life, 120), 100);
    }

    #[test]
    fn at_least_a_minute_is_charged_the_rest_of_it_at_the_last_price() {
        assert_eq!(usd(&spot(50, Ending::GivenBack("Empty")), 1_000), 60);
    }

    #[test]
    fn what_aws_takes_away_in_its_first_hour_is_free() {
        assert_eq!(usd(&spot(3_639, Ending::Interrupted), 9_000), 0);
        // After the hour all of it is charged: 60 s at one dollar, 3,540 s at two.
        assert_eq!(usd(&spot(3_640, Ending::Interrupted), 9_000), 7_140);
        // Seen from before its end it is not known to be free.
        assert_eq!(usd(&spot(3_639, Ending::Interrupted), 100), 60);
    }
}
