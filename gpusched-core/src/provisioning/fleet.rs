//! Which machines exist: from when to when each did, and what for.

use super::{Billing, Money, Price};
use crate::cluster::Inventory;
use crate::ids::NodeId;
use crate::units::Time;

/// One life of a machine, from its launch to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The machine.
    pub node: NodeId,
    /// When it was launched.
    pub launched: Time,
    /// When it first took pods; `None` = it did not get that far.
    pub ready: Option<Time>,
    /// When it was given back; `None` = it is still there.
    pub gone: Option<Time>,
}

impl Lifetime {
    /// From when to when it existed within a window.
    pub fn within(&self, from: Time, to: Time) -> (Time, Time) {
        let end = self.gone.unwrap_or(to).min(to);
        let start = self.launched.max(from).min(end);
        (start, end)
    }

    /// What it costs within a window at a price.
    pub fn cost(&self, price: Price, billing: Billing, from: Time, to: Time) -> Money {
        let (start, end) = self.within(from, to);
        price.over(billing.billed(end - start))
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
        })
}
