//! A [`Controller`] of nodes in a replay: what it sees is kept, what it commands happens.
//!
//! | file | holds |
//! |---|---|
//! | `types.rs` | instance types as machines, and as controllers see them |
//! | `wishes.rs` | what pods want, in the words of Kubernetes |
//! | `desk.rs` | the view, kept up to date as jobs and machines come and go |
//! | `slots.rs` | places in the inventory that machines fill |
//! | `launch.rs` | how machines come: launches, as the provider answers them |
//! | `boot.rs` | how long a machine takes until it takes pods |
//! | `leave.rs` | how machines go: drained, taken away, or given up |
//! | `holdings.rs` | spot machines and the pools they are from |
//!
//! Instants are handled in this order: what was due (machines that joined, are ready, drained, or
//! are taken away; by instant, then machine), what changed on the spot market (by instant, then
//! pool), then the controller, whose commands are carried out in their order. The engine then ends
//! and submits jobs and makes a pass; what that changes is shown to the controller at the same
//! instant. Where nothing changes and no timer is due, nothing is looked at.

mod boot;
mod desk;
mod holdings;
mod launch;
mod leave;
mod slots;
mod types;
mod wishes;

pub use boot::{Boot, Stage};
pub use types::{GPU, PRODUCT, REPLICAS, machine, published};

use super::catalog::CapacityType;
use super::controller::{Command, Controller, Event, MachineId};
use super::karpenter::objects::NodeType;
use super::spot::{PoolId, SpotMarket};
use super::{Billing, Change, Ending, Lifetime, Provisioning};
use crate::cluster::Inventory;
use crate::ids::{JobId, NodeId};
use crate::performance::Residence;
use crate::units::{MICROS, Span, Time};
use crate::workload::Workload;
use desk::Desk;
use holdings::Holdings;
use slots::Slots;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A machine that has not joined by then is given up: Karpenter's registration time and Cluster
/// Autoscaler's `max-node-provision-time`.
const GIVE_UP: Span = Span(15 * 60 * MICROS);

/// With nothing running and nothing to come, a replay in which only a controller's timers are left
/// ends so long after the last thing happened: what waits then waits for what no timer will bring.
const PATIENCE: Span = Span(7 * 86_400 * MICROS);

/// What a provider says of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How time is paid for.
    pub billing: Billing,
    /// How long before it is taken away a spot machine is told.
    pub notice: Span,
}

impl Terms {
    /// The terms of a provider, by the name catalogues use. AWS tells two minutes before; GCP 30 s;
    /// so does Azure (assumed), and everybody else.
    pub fn of_cloud(cloud: &str) -> Terms {
        Terms {
            billing: Billing::of_cloud(cloud),
            notice: Span::from_secs(if cloud == "aws" { 120 } else { 30 }),
        }
    }
}

/// Spot pools by type and offering.
pub type Pools = BTreeMap<(usize, usize), PoolId>;

/// What there is to launch, and how that goes.
pub struct Cloud {
    /// Instance types as controllers see them ([`published`]).
    pub types: Arc<Vec<NodeType>>,
    /// By type: the terms of its provider.
    pub terms: Vec<Terms>,
    /// By type: places in the inventory, whose machines stand in the order of types.
    pub places: Vec<u32>,
    /// By type and offering: the most machines there may be at once (a quota); none = no limit.
    pub quotas: BTreeMap<(usize, usize), u32>,
    /// How long pods have to end once they are evicted (`terminationGracePeriodSeconds`): a
    /// controller that gives them more gives them that.
    pub pod_grace: Span,
    /// Parts each GPU is published in: 1, or [`REPLICAS`] where pods ask for shares.
    pub replicas: i64,
    /// How machines boot.
    pub boot: Boot,
    /// Spot pools, and which offerings are of which; offerings of none are never out, and their
    /// machines are never taken away.
    pub spot: Option<(Box<dyn SpotMarket>, Pools)>,
    /// By job: whether spot capacity will do.
    pub spot_ok: Vec<bool>,
    /// By job: whether its pods must not be disrupted (`karpenter.sh/do-not-disrupt`).
    pub keep: Vec<bool>,
}

/// What comes of a machine without anybody's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Registered,
    Initialized,
    GivenUp,
    Drained,
    Reclaimed,
}

/// What the view does not show of a machine.
#[derive(Clone, Copy, Debug)]
struct Held {
    place: NodeId,
    option: (usize, usize),
    /// When it was told that it would go: its jobs know since then.
    told: Option<Time>,
    drained: Option<Time>,
}

/// See the module.
pub struct Controlled {
    controller: Box<dyn Controller>,
    terms: Vec<Terms>,
    quotas: BTreeMap<(usize, usize), u32>,
    in_use: BTreeMap<(usize, usize), u32>,
    boot: Boot,
    pod_grace: Span,
    desk: Desk,
    slots: Slots,
    holdings: Option<Holdings>,
    /// By machine, gone ones included.
    held: Vec<Held>,
    /// By machine, gone ones included.
    lives: Vec<Lifetime>,
    due: BTreeSet<(Time, MachineId, Due)>,
    commands: Vec<Command>,
    /// The version of the view the controller saw last; none is as large at first.
    seen: u64,
    wake: Option<Time>,
    begun: bool,
    full: Option<usize>,
}

impl Controlled {
    /// `controller` over the places of `inventory`; nothing exists at first.
    pub fn new(controller: Box<dyn Controller>, cloud: Cloud, inventory: &Inventory) -> Controlled {
        let models = inventory.models().iter();
        let models = models.filter(|(name, _)| !name.is_empty()).cloned();
        Controlled {
            controller,
            terms: cloud.terms,
            quotas: cloud.quotas,
            in_use: BTreeMap::new(),
            boot: cloud.boot,
            pod_grace: cloud.pod_grace,
            slots: Slots::new(&cloud.places),
            holdings: cloud
                .spot
                .map(|(market, pools)| Holdings::new(market, pools)),
            desk: Desk::new(
                cloud.types,
                wishes::Wishes::new(models.collect(), cloud.replicas),
                cloud.spot_ok,
                cloud.keep,
            ),
            held: Vec::new(),
            lives: Vec::new(),
            due: BTreeSet::new(),
            commands: Vec::new(),
            seen: u64::MAX,
            wake: None,
            begun: false,
            full: None,
        }
    }

    fn tell(&mut self, event: &Event) {
        self.controller.told(event, &self.desk.view);
    }

    /// What was due by now.
    fn pass_time(&mut self, now: Time, changes: &mut Vec<Change>) {
        while let Some(&(at, machine, due)) = self.due.first() {
            if at > now {
                return;
            }
            self.due.pop_first();
            let there = self.desk.view.machines.get(&machine);
            let Some(cordoned) = there.map(|one| one.cordoned) else {
                continue;
            };
            let place = self.held[machine.0 as usize].place;
            match due {
                Due::Registered => self.desk.stamp(machine),
                Due::Initialized => {
                    self.lives[machine.0 as usize].ready = Some(now);
                    self.desk.stamp(machine);
                    if !cordoned {
                        changes.push(self.opening(machine, place));
                    }
                    self.tell(&Event::Initialized(machine));
                }
                Due::GivenUp => {
                    self.lose(machine, Ending::NeverJoined, now);
                    self.tell(&Event::NeverJoined(machine));
                }
                Due::Drained => self.empty(machine, Ending::There, changes),
                Due::Reclaimed => self.empty(machine, Ending::Interrupted, changes),
            }
        }
    }

    /// A machine begins to take pods: all, or on spot those that may be there.
    fn opening(&self, machine: MachineId, place: NodeId) -> Change {
        let bought = self.lives[machine.0 as usize].bought.as_ref();
        match bought.map(|bought| bought.capacity_type) {
            Some(CapacityType::Spot) => Change::OpenToSpot(place),
            _ => Change::Open(place),
        }
    }

    /// What changed on the spot market.
    fn trade(&mut self, now: Time) {
        while let Some(turn) = self.holdings.as_mut().and_then(|all| all.turn(now)) {
            for machine in turn.kept {
                if let Some(bought) = &mut self.lives[machine.0 as usize].bought {
                    bought.prices.push(now, turn.quote.price);
                }
            }
            for machine in turn.lost {
                let held = &mut self.held[machine.0 as usize];
                held.told = Some(held.told.map_or(now, |told| told.min(now)));
                let at = now + self.terms[held.option.0].notice;
                if let Some(bought) = &mut self.lives[machine.0 as usize].bought {
                    bought.noticed = Some(now);
                }
                self.due.insert((at, machine, Due::Reclaimed));
                self.desk.stamp(machine);
                self.tell(&Event::Notice { machine, at });
            }
        }
    }

    fn carry_out(&mut self, command: Command, changes: &mut Vec<Change>) {
        let now = self.desk.view.now;
        match command {
            Command::Launch(launch) => self.launch(launch, now),
            Command::Cordon(machine) => {
                if self.desk.cordon(machine, true) {
                    changes.push(Change::Close(self.held[machine.0 as usize].place));
                }
            }
            Command::Uncordon(machine) => {
                let ready = |of: &Controlled| of.lives[machine.0 as usize].ready.is_some();
                if self.desk.cordon(machine, false) && ready(self) {
                    let place = self.held[machine.0 as usize].place;
                    changes.push(self.opening(machine, place));
                }
            }
            Command::Delete {
                machine,
                grace,
                reason,
            } => self.delete(machine, grace, reason, changes),
        }
    }

    /// The jobs and places of `at`, each machine once, in the order of the pods.
    fn machines_of(&self, at: &Residence<'_>) -> Vec<MachineId> {
        let machines = at
            .spots
            .iter()
            .filter_map(|spot| self.slots.holder(spot.node));
        let mut once = Vec::new();
        for machine in machines {
            if !once.contains(&machine) {
                once.push(machine);
            }
        }
        once
    }
}

impl Provisioning for Controlled {
    fn name(&self) -> String {
        self.controller.name()
    }

    fn wake(&self) -> Option<Time> {
        if !self.begun {
            return Some(Time(i64::MIN));
        }
        if self.seen != self.desk.view.version {
            return Some(self.desk.view.now);
        }
        let due = self.due.first().map(|&(at, ..)| at);
        let market = self.holdings.as_ref().and_then(Holdings::wake);
        let next = [due, market, self.wake].into_iter().flatten().min()?;
        let patient = self.desk.running > 0 || next - self.desk.stirred < PATIENCE;
        patient.then_some(next)
    }

    fn decide(&mut self, stage: &mut super::Stage<'_>, changes: &mut Vec<Change>) {
        let now = stage.now;
        self.desk.view.now = now;
        if !self.begun {
            self.begun = true;
            self.desk.stirred = now;
            changes.extend(self.slots.all().map(Change::Close));
        }
        self.pass_time(now, changes);
        self.trade(now);
        if self.seen != self.desk.view.version || self.wake.is_some_and(|at| at <= now) {
            self.seen = self.desk.view.version;
            let mut commands = std::mem::take(&mut self.commands);
            self.controller.step(&self.desk.view, &mut commands);
            for command in commands.drain(..) {
                self.carry_out(command, changes);
            }
            self.commands = commands;
        }
        // Asked again for the instant it has just seen, it would be asked for ever.
        let wake = self.controller.wake(&self.desk.view);
        self.wake = wake.map(|at| at.max(now + Span(1)));
    }

    fn follows_jobs(&self) -> bool {
        true
    }

    fn waits(&mut self, work: &Workload, job: JobId, now: Time) {
        self.desk.waits(work, job, now);
    }

    fn started(&mut self, at: Residence<'_>, now: Time) {
        let slots = &self.slots;
        self.desk.started(&at, now, |place| slots.holder(place));
    }

    fn ended(&mut self, at: Residence<'_>, now: Time) {
        let machines = self.machines_of(&at);
        self.desk.ended(at.job, &machines, now);
        for machine in machines {
            let there = &self.desk.view.machines[&machine];
            if there.leaving.is_some() && there.pods.is_empty() {
                self.gone(machine, now);
            }
        }
    }

    fn lifetimes(&self) -> Option<&[Lifetime]> {
        Some(&self.lives)
    }

    fn full(&self) -> Option<usize> {
        self.full
    }
}

#[cfg(test)]
mod tests;
