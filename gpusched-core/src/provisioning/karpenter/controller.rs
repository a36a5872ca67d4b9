//! `karpenter`: launches what pods need, and disrupts nodes that are not worth their price.

use super::batch::Batch;
use super::claims::{Choice, Claims, registration_timeout};
use super::disruption::{Action, Order, Queue, Rounds, Scene, Verdict};
use super::launch::Allocation;
use super::objects::PodSpec;
use super::pool::Pool;
use super::terminate::grace;
use super::unavailable::Unavailable;
use super::world::{Question, World};
use super::{NewNode, SolveOptions};
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{Command, Controller, Event, MachineId, View};
use crate::units::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// How Karpenter behaves; the defaults are its own.
#[derive(Clone, Debug, PartialEq)]
pub struct KarpenterOptions {
    /// Its pools.
    pub pools: Vec<Pool>,
    /// What daemon sets put on every node they match.
    pub daemons: Vec<PodSpec>,
    /// Settings of the solve.
    pub solve: SolveOptions,
    /// How long the batching window waits for another pod (`batch-idle-duration`).
    pub batch_idle: Span,
    /// How long it may be open (`batch-max-duration`).
    pub batch_max: Span,
    /// Which candidates of a disruption come first.
    pub order: Order,
    /// Whether a spot node may replace another (`SpotToSpotConsolidation`).
    pub spot_to_spot: bool,
    /// How the provider chooses among spot options. On demand it is always the cheapest.
    pub spot: Allocation,
    /// How long a pod has to end once it is evicted (`terminationGracePeriodSeconds`).
    pub pod_grace: Span,
    /// Microseconds from 1970 (UTC) to the start of the replay: what schedules of budgets go by.
    pub epoch: i64,
    /// Of what is drawn: see [`Allocation::PriceCapacity`].
    pub seed: u64,
}

impl Default for KarpenterOptions {
    fn default() -> KarpenterOptions {
        KarpenterOptions {
            pools: Vec::new(),
            daemons: Vec::new(),
            solve: SolveOptions::default(),
            batch_idle: Span::from_secs(1),
            batch_max: Span::from_secs(10),
            order: Order::V1_14,
            spot_to_spot: false,
            spot: Allocation::LowestPrice,
            pod_grace: Span::from_secs(30),
            epoch: 0,
            seed: 0,
        }
    }
}

/// Karpenter's controllers: provisioning, disruption, expiration, interruption.
///
/// At one instant, in this order: interruptions, expirations and machines that never joined; the
/// execution queue; provisioning; disruption. A solve waits until every launch has become a machine
/// or failed, as upstream waits for its cache; so does a round of disruption.
///
/// Not modelled: the 60 s a solve and the 1 and 3 minutes consolidation may take at most, since
/// there is no clock; repair of unhealthy nodes; static pools; buffers. The last pod event of a
/// node is exact, where upstream writes it down every ten seconds at most.
#[derive(Debug)]
pub struct Karpenter {
    options: KarpenterOptions,
    world: World,
    batch: Batch,
    claims: Claims,
    out: Unavailable,
    queue: Queue,
    rounds: Rounds,
    /// Machines that were told to go.
    deleted: BTreeSet<MachineId>,
    /// Those, those that leave, and those the queue is about to delete.
    going: BTreeSet<MachineId>,
    nominated: BTreeMap<MachineId, Time>,
    /// Machines that will be taken away, and when.
    noticed: Vec<(MachineId, Time)>,
    /// What the last solve saw, if it launched nothing, and which machines it gave pods.
    solved: Option<(u64, u64, Vec<MachineId>)>,
}

impl Karpenter {
    /// Karpenter, with nothing done yet.
    pub fn new(options: KarpenterOptions) -> Karpenter {
        Karpenter {
            world: World::new(
                &options.pools,
                options.daemons.clone(),
                options.solve.clone(),
            ),
            batch: Batch::new(options.batch_idle, options.batch_max),
            options,
            claims: Claims::default(),
            out: Unavailable::default(),
            queue: Queue::default(),
            rounds: Rounds::default(),
            deleted: BTreeSet::new(),
            going: BTreeSet::new(),
            nominated: BTreeMap::new(),
            noticed: Vec::new(),
            solved: None,
        }
    }

    /// How long a node stays promised to a pod.
    fn nomination(&self) -> Span {
        Span(2 * self.options.batch_max.0).max(Span::from_secs(10))
    }

    fn pool(&self, name: &str) -> Option<&Pool> {
        let mut pools = self.options.pools.iter();
        pools.find(|pool| pool.template.name == name)
    }

    /// Works out anew who is going.
    fn follow(&mut self, view: &View) {
        self.deleted.retain(|id| view.machines.contains_key(id));
        let leaving = view
            .machines
            .iter()
            .filter(|(_, machine)| machine.leaving.is_some());
        let going = leaving.map(|(id, _)| *id).chain(self.queue.candidates());
        self.going = going.chain(self.deleted.iter().copied()).collect();
        self.nominated.retain(|_, until| *until > view.now);
        self.world.refresh(view, &self.going, &self.out);
    }

    fn delete(
        &mut self,
        view: &View,
        id: MachineId,
        limit: Option<Span>,
        reason: &'static str,
        commands: &mut Vec<Command>,
    ) {
        let Some(machine) = view.machines.get(&id) else {
            return;
        };
        if machine.leaving.is_some() || !self.deleted.insert(id) {
            return;
        }
        let pool = machine.owner.as_ref().and_then(|owner| self.pool(owner));
        let bound = pool.and_then(|pool| pool.termination_grace);
        let limit = [limit, bound].into_iter().flatten().min();
        commands.push(Command::Delete {
            machine: id,
            grace: grace(machine, self.options.pod_grace, limit),
            reason,
        });
    }

    /// Machines that will be taken away, have expired, or never joined.
    fn retire(&mut self, view: &View, commands: &mut Vec<Command>) {
        for (id, at) in std::mem::take(&mut self.noticed) {
            let left = Some((at - view.now).max(Span::ZERO));
            self.delete(view, id, left, "Interrupted", commands);
        }
        for (at, id, reason) in self.retirements(view) {
            if at <= view.now {
                self.delete(view, id, None, reason, commands);
            }
        }
    }

    /// When machines expire, the next of every pool, and when those that have not joined are
    /// given up.
    fn retirements(&self, view: &View) -> Vec<(Time, MachineId, &'static str)> {
        let mut all = Vec::new();
        for (id, machine) in &view.machines {
            let stays = machine.leaving.is_none() && !self.deleted.contains(id);
            let pool = machine.owner.as_ref().and_then(|owner| self.pool(owner));
            let Some(pool) = pool.filter(|_| stays) else {
                continue;
            };
            if let Some(after) = pool.expire_after {
                all.push((machine.launched + after, *id, "Expired"));
            }
            if machine.registered > view.now
                && let Some(at) = registration_timeout(view, *id)
            {
                all.push((at, *id, "RegistrationTimeout"));
            }
        }
        all
    }

    fn provision(&mut self, view: &View, commands: &mut Vec<Command>) {
        if self.claims.outstanding() || !self.batch.close(view.now) {
            return;
        }
        let seen = (view.version, self.world.availability);
        let known = self
            .solved
            .as_ref()
            .filter(|(view, types, _)| (*view, *types) == seen);
        if let Some((_, _, placed)) = known {
            let placed = placed.clone();
            return self.nominate(&placed, view.now);
        }
        let question = Question {
            emptied: &[],
            closed: None,
            going: &self.going,
        };
        let answer = self.world.ask(view, question);
        self.nominate(&answer.placed, view.now);
        for node in &answer.claims {
            self.launch(node, view.now, commands);
        }
        let idle = answer.claims.is_empty();
        self.solved = idle.then_some((seen.0, seen.1, answer.placed));
    }

    fn nominate(&mut self, machines: &[MachineId], now: Time) {
        let until = now + self.nomination();
        self.nominated
            .extend(machines.iter().map(|id| (*id, until)));
    }

    /// Launches a planned node; the ticket of the launch, unless nothing it may be can be had.
    fn launch(&mut self, node: &NewNode, now: Time, commands: &mut Vec<Command>) -> Option<u64> {
        let well_known = &self.options.solve.well_known;
        let well_known: Vec<&str> = well_known.iter().map(String::as_str).collect();
        let choice = Choice {
            spot: self.options.spot,
            well_known: &well_known,
            seed: self.options.seed,
        };
        let pool = self
            .options
            .pools
            .iter()
            .find(|pool| pool.template.name == node.pool)?;
        match self.claims.plan(node, pool, self.world.types(), choice) {
            Some(launch) => {
                let ticket = launch.ticket;
                commands.push(Command::Launch(launch));
                Some(ticket)
            }
            None => {
                self.batch.trigger(now);
                None
            }
        }
    }

    fn disrupt(&mut self, view: &View, commands: &mut Vec<Command>) {
        while !self.claims.outstanding() {
            let scene = Scene {
                view,
                pools: &self.options.pools,
                claims: &self.claims,
                going: &self.going,
                nominated: &self.nominated,
                epoch: self.options.epoch,
                order: self.options.order,
                spot_to_spot: self.options.spot_to_spot,
            };
            match self.rounds.run(&scene) {
                Verdict::Nothing => return,
                Verdict::Do(action) => self.carry_out(view, action, commands),
            }
        }
    }

    /// Taints the candidates, launches what is to come in their place, and promises machines to
    /// their pods.
    fn carry_out(&mut self, view: &View, action: Action, commands: &mut Vec<Command>) {
        let candidates: Vec<MachineId> = action.candidates.iter().map(|one| one.machine).collect();
        let mut launches = Vec::new();
        let mut tickets = Vec::new();
        for node in &action.replacements {
            match self.launch(node, view.now, &mut launches) {
                Some(ticket) => tickets.push(ticket),
                None => return,
            }
        }
        let reason = action.method.reason();
        self.queue
            .start(candidates, tickets, reason, view.now, commands);
        commands.append(&mut launches);
        self.nominate(&action.placed, view.now);
        self.progress(view, commands);
        self.follow(view);
    }

    fn progress(&mut self, view: &View, commands: &mut Vec<Command>) {
        let mut deleted = Vec::new();
        self.queue.progress(view.now, &mut deleted, commands);
        for (id, reason) in deleted {
            self.delete(view, id, None, reason.name(), commands);
        }
    }
}

impl Controller for Karpenter {
    fn name(&self) -> String {
        "karpenter".into()
    }

    fn wake(&self, view: &View) -> Option<Time> {
        let noticed = (!self.noticed.is_empty()).then_some(view.now);
        let retired = self
            .retirements(view)
            .into_iter()
            .map(|(at, _, _)| at)
            .min();
        let waits = !self.claims.outstanding();
        let provision = self.batch.wake().filter(|_| waits);
        let disrupt = Some(self.rounds.wake()).filter(|_| waits);
        let all = [noticed, retired, provision, disrupt, self.queue.wake()];
        let next = all.into_iter().flatten().min();
        next.map(|at| at.max(view.now))
    }

    fn step(&mut self, view: &View, commands: &mut Vec<Command>) {
        self.rounds.look(view);
        self.retire(view, commands);
        self.progress(view, commands);
        self.follow(view);
        self.batch.look(view, &self.going);
        self.provision(view, commands);
        self.disrupt(view, commands);
    }

    fn told(&mut self, event: &Event, view: &View) {
        match event {
            Event::Launched { ticket, machine } => {
                self.claims.launched(*ticket, *machine);
                self.queue.launched(*ticket, *machine);
            }
            Event::OutOfCapacity {
                ticket,
                options,
                machine,
            } => {
                for (of, offering) in options {
                    let of = &view.types[*of];
                    let offering = &of.offerings[*offering].offering;
                    let way = offering.capacity_type;
                    self.out.mark(&of.name, &offering.zone, way, view.now);
                }
                if machine.is_none() {
                    self.claims.failed(*ticket);
                    self.queue.failed(*ticket);
                    self.batch.trigger(view.now);
                }
            }
            Event::Initialized(machine) => self.queue.initialized(*machine),
            Event::NeverJoined(machine) => self.queue.gone(*machine),
            Event::Notice { machine, at } => {
                self.noticed.push((*machine, *at));
                let Some(there) = view.machines.get(machine) else {
                    return;
                };
                let (of, offering) = (&view.types[there.node_type], view.offering(there));
                if offering.capacity_type == CapacityType::Spot {
                    self.out
                        .mark(&of.name, &offering.zone, CapacityType::Spot, view.now);
                }
            }
            Event::Gone(machine) => {
                self.claims.forget(*machine);
                self.queue.gone(*machine);
                self.nominated.remove(machine);
            }
        }
    }
}
