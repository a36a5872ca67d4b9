//! `karpenter`: launches what pods need, and disrupts nodes that are not worth their price.

use super::batch::Batch;
use super::claims::{Choice, Claims};
use super::disruption::{Action, Order, Outlook, Queue, Roster, Rounds, Scene, Verdict, outlook};
use super::news::Seen;
use super::options::KarpenterOptions;
use super::pool::Pool;
use super::unavailable::Unavailable;
use super::world::{Question, World};
use super::{Effort, NewNode};
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{Command, Controller, Event, MachineId, View};
use crate::units::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

mod retire;
mod static_pools;

/// Karpenter's controllers: provisioning, disruption, expiration, interruption.
///
/// At one instant, in this order: interruptions, expirations and machines that never joined; the
/// execution queue; static pools; provisioning; disruption. A solve waits until every launch has
/// become a machine or failed, as upstream waits for its cache; so does a round of disruption.
///
/// Not modelled: the 60 s a solve and the 1 and 3 minutes consolidation may take at most, since
/// there is no clock; repair of unhealthy nodes; drift of static pools; buffers. The last pod event
/// of a node is exact, where upstream writes it down every ten seconds at most.
#[derive(Debug)]
pub struct Karpenter {
    options: KarpenterOptions,
    world: World,
    batch: Batch,
    claims: Claims,
    out: Unavailable,
    queue: Queue,
    rounds: Rounds,
    roster: Roster,
    seen: Seen,
    /// Machines that leave, or were told to.
    deleted: BTreeSet<MachineId>,
    /// Those, and those the queue is about to delete.
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
            )
            .with_pod_budgets(options.pod_budgets.clone()),
            batch: Batch::new(options.batch_idle, options.batch_max),
            options,
            claims: Claims::default(),
            out: Unavailable::default(),
            queue: Queue::default(),
            rounds: Rounds::default(),
            roster: Roster::default(),
            seen: Seen::default(),
            deleted: BTreeSet::new(),
            going: BTreeSet::new(),
            nominated: BTreeMap::new(),
            noticed: Vec::new(),
            solved: None,
        }
    }

    /// The pools say something else from now on; nodes made from what they said before have
    /// drifted.
    pub fn set_pools(&mut self, pools: Vec<Pool>) {
        self.world.set_pools(&pools);
        self.options.pools = pools;
        self.roster = Roster::default();
        self.seen.forget();
        self.rounds.forget();
        self.solved = None;
    }

    /// What disruption would do now, and why not more. It does not change what it will do.
    ///
    /// ```
    /// use gpusched_core::provisioning::controller::View;
    /// use gpusched_core::provisioning::karpenter::{Karpenter, KarpenterOptions};
    /// let mut karpenter = Karpenter::new(KarpenterOptions::default());
    /// let outlook = karpenter.outlook(&View::default());
    /// assert!(outlook.next.is_none() && outlook.nodes.is_empty());
    /// ```
    pub fn outlook(&mut self, view: &View) -> Outlook {
        self.refresh(view);
        let (scene, world, _) = self.scene(view);
        let scene = Scene {
            explain: true,
            ..scene
        };
        outlook(&scene, world)
    }

    /// What deciding has taken so far.
    pub fn effort(&self) -> Effort {
        self.world.effort
    }

    /// Without what is left out because it decides the same.
    #[cfg(test)]
    pub(super) fn plain(mut self) -> Karpenter {
        self.world.shortcuts = false;
        self
    }

    /// How long a node stays promised to a pod.
    fn nomination(&self) -> Span {
        Span(2 * self.options.batch_max.0).max(Span::from_secs(10))
    }

    /// Looks at what has changed, and works out anew who is going. O(machines) if the view has
    /// changed.
    fn follow(&mut self, view: &View) {
        if let Some(news) = self.seen.look(view) {
            for id in &news.gone {
                self.deleted.remove(id);
            }
            let leaves = |id: &MachineId| view.machines[id].leaving.is_some();
            self.deleted.extend(news.there().filter(leaves));
            self.world.note(news.all());
            self.rounds.note(&news);
            self.roster.note(view, &self.options, &news);
        }
        let deleted = self.deleted.iter().copied();
        let going: BTreeSet<MachineId> = self.queue.candidates().chain(deleted).collect();
        if going != self.going {
            self.world
                .note(going.symmetric_difference(&self.going).copied());
            self.going = going;
        }
    }

    /// Makes the world what the view shows.
    fn refresh(&mut self, view: &View) {
        self.follow(view);
        self.nominated.retain(|_, until| *until > view.now);
        let promised = self.nominated.keys();
        let busy = self.going.iter().chain(promised).copied();
        self.roster.pass(view.now, busy);
        self.world.refresh(view, &self.going, &self.out);
        self.world.new_round();
    }

    /// What a round of disruption looks at, as of the last refresh; and what it works with.
    fn scene<'a>(&'a mut self, view: &'a View) -> (Scene<'a>, &'a mut World, &'a mut Rounds) {
        let scene = Scene {
            view,
            pools: &self.options.pools,
            pod_budgets: &self.options.pod_budgets,
            claims: &self.claims,
            roster: &self.roster,
            going: &self.going,
            nominated: &self.nominated,
            epoch: self.options.epoch,
            order: self.options.order,
            spot_to_spot: self.options.spot_to_spot,
            explain: false,
        };
        (scene, &mut self.world, &mut self.rounds)
    }

    fn provision(&mut self, view: &View, commands: &mut Vec<Command>) {
        if self.claims.outstanding() || !self.batch.close(view.now) {
            return;
        }
        self.refresh(view);
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

    /// Promises machines to pods that wait, as a solve does at the end of its batch: for a while
    /// they are not disrupted.
    pub fn nominate(&mut self, machines: &[MachineId], now: Time) {
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
        let due = self.rounds.wake(view, self.world.availability);
        if due.is_none_or(|due| due > view.now) {
            return;
        }
        while !self.claims.outstanding() {
            self.refresh(view);
            let (scene, world, rounds) = self.scene(view);
            match rounds.run(&scene, world) {
                Verdict::Nothing => return,
                Verdict::Do(action) => {
                    if !self.carry_out(view, action, commands) {
                        return self.rounds.postpone(view.now);
                    }
                }
            }
        }
    }

    /// Taints the candidates, launches what is to come in their place, and promises machines to
    /// their pods; or does nothing, where something of that cannot be had.
    fn carry_out(&mut self, view: &View, action: Action, commands: &mut Vec<Command>) -> bool {
        let candidates: Vec<MachineId> = action.candidates.iter().map(|one| one.machine).collect();
        let mut launches = Vec::new();
        let mut tickets = Vec::new();
        for node in &action.replacements {
            match self.launch(node, view.now, &mut launches) {
                Some(ticket) => tickets.push(ticket),
                None => {
                    tickets.into_iter().for_each(|one| self.claims.failed(one));
                    return false;
                }
            }
        }
        let reason = action.method.reason();
        self.queue
            .start(candidates, tickets, reason, view.now, commands);
        commands.append(&mut launches);
        self.nominate(&action.placed, view.now);
        self.progress(view, commands);
        true
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
        match self.options.order {
            Order::V1_14 => "karpenter".into(),
            Order::V1_13 => "karpenter:v1.13".into(),
        }
    }

    fn wake(&self, view: &View) -> Option<Time> {
        let noticed = (!self.noticed.is_empty()).then_some(view.now);
        let retired = self.retirement(view).map(|(at, _, _)| at);
        let waits = !self.claims.outstanding();
        let provision = self.batch.wake().filter(|_| waits);
        let disrupt = self
            .rounds
            .wake(view, self.world.availability)
            .filter(|_| waits);
        let all = [noticed, retired, provision, disrupt, self.queue.wake()];
        let next = all.into_iter().flatten().min();
        next.map(|at| at.max(view.now))
    }

    fn step(&mut self, view: &View, commands: &mut Vec<Command>) {
        self.rounds.look(view);
        self.retire(view, commands);
        self.progress(view, commands);
        self.follow(view);
        self.keep_replicas(view, commands);
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
                self.world.offer(view, &self.out);
                if machine.is_none() {
                    self.claims.failed(*ticket);
                    self.queue.failed(*ticket);
                    self.batch.trigger(view.now);
                }
            }
            Event::Initialized(machine) => self.queue.initialized(*machine),
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
            Event::NeverJoined(machine) | Event::Gone(machine) => {
                self.claims.forget(*machine);
                self.queue.gone(*machine);
                self.nominated.remove(machine);
            }
        }
    }
}
