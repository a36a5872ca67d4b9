//! Decisions carried out on a trial: domains, groups, machines that will not do.

use super::decide::{Decision, Request};
use super::pack::Wish;
use super::state::{Group, OPPORTUNISTIC};
use super::{Applied, Hived};
use crate::cluster::Spot;
use crate::ids::{JobId, NodeId, ShapeId};
use crate::placement::Trial;
use crate::queueing::Reason;
use crate::topology::{DomainId, Within};
use crate::workload::PodSet;

/// A pod to be placed: its request, and its place among the wishes if it wants GPUs.
type Order = Vec<(ShapeId, Option<usize>)>;

impl Hived {
    /// Places pods that are within what they ask for: in the domains with room first, those with
    /// least of it, then in those where others have to make room, by number.
    pub(super) fn place_within(&mut self, trial: &mut Trial<'_>, group: &PodSet) -> bool {
        let fabric = self.rooms.fabric();
        let within = group.locality.within.and_then(|scope| fabric.within(scope));
        let required = group.locality.required;
        let Some(within) = within else {
            return !required && self.place_group(trial, None);
        };
        let pods = u64::from(group.count);
        let places = {
            let view = trial.view();
            let levels = self.rooms.levels(view.cluster(), group.shape);
            levels.widening(within, required)
        };
        for place in places {
            let mut domains: Vec<(bool, u64, Vec<NodeId>)> = {
                let view = trial.view();
                let levels = self.rooms.levels(view.cluster(), group.shape);
                let fabric = levels.fabric();
                match place {
                    None => vec![(false, 0, (0..fabric.nodes()).map(NodeId::from).collect())],
                    Some(Within::Node) => (0..fabric.nodes())
                        .map(NodeId::from)
                        .map(|node| (u64::from(levels.room(node)), vec![node]))
                        .map(|(room, nodes)| (room < pods, room, nodes))
                        .collect(),
                    Some(Within::Level(level)) => fabric
                        .domains_of(level)
                        .map(DomainId)
                        .map(|domain| (levels.room_in(domain), fabric.nodes_of(domain).to_vec()))
                        .map(|(room, nodes)| (room < pods, room, nodes))
                        .collect(),
                }
            };
            domains.sort_by_key(|&(crowded, room, _)| (crowded, if crowded { 0 } else { room }));
            for (_, _, nodes) in domains {
                if self.place_group(trial, Some(&nodes)) {
                    return true;
                }
            }
        }
        false
    }

    /// Places all pods of the trial, on some nodes or on any.
    pub(super) fn place_group(&mut self, trial: &mut Trial<'_>, on: Option<&[NodeId]>) -> bool {
        let job = trial.job();
        let spec = trial.spec();
        let (_, priority) = self.claims[self.kinds.of(job) as usize];
        let Some((wishes, order, models)) = wishes(trial) else {
            return false;
        };
        let mut usable = self.usable(trial, on, priority);
        loop {
            let request = self.request(job, &wishes, models, &usable);
            let decision = match wishes.is_empty() {
                true => Some(Decision::nothing(priority)),
                false => self.state.decide(&request, self.lazy, &mut self.record),
            };
            let Some(decision) = decision else {
                return false;
            };
            let allowed = decision.victims.is_empty() || trial.may_evict();
            let mut bad = None;
            let placed = allowed
                && trial.part(spec, 0, |trial| {
                    self.take(trial, &order, &decision, &mut bad)
                });
            if placed {
                self.apply(job, decision);
                return true;
            }
            self.restore(&decision.demoted);
            match bad {
                Some(node) => usable[node.index()] = false,
                None => return false,
            }
        }
    }

    fn request<'a>(
        &self,
        job: JobId,
        wishes: &'a [Wish],
        models: u64,
        usable: &'a [bool],
    ) -> Request<'a> {
        let (cluster, priority) = self.claims[self.kinds.of(job) as usize];
        Request {
            job,
            cluster,
            priority,
            wishes,
            models,
            usable,
        }
    }

    /// The machines that can be used: those that take pods, among `on`. An opportunistic job evicts
    /// nobody, so that it also needs room there for one of each of its pods.
    fn usable(&mut self, trial: &mut Trial<'_>, on: Option<&[NodeId]>, priority: i32) -> Vec<bool> {
        let sets = &trial.spec().pod_sets;
        let view = trial.view();
        let cluster = view.cluster();
        let mut usable = vec![on.is_none(); cluster.len()];
        for node in on.unwrap_or_default() {
            usable[node.index()] = true;
        }
        for (rank, usable) in usable.iter_mut().enumerate() {
            let node = NodeId::from(rank);
            *usable &= cluster.node(node).is_open();
            if *usable && priority == OPPORTUNISTIC {
                let mut asks = sets.iter().map(|set| cluster.ask(set.shape));
                *usable = asks.all(|ask| ask.gpus == 0 || cluster.fits_on(ask, node));
            }
        }
        usable
    }

    /// Evicts the victims of a decision and takes the places. A node where a pod does not fit for
    /// want of something else than GPUs is named in `bad`.
    fn take(
        &self,
        trial: &mut Trial<'_>,
        order: &Order,
        decision: &Decision,
        bad: &mut Option<NodeId>,
    ) -> bool {
        for victim in &decision.victims {
            let places = self.held.get(victim).map_or(&[][..], Vec::as_slice);
            trial.evict(*victim, places);
        }
        order.iter().all(|&(shape, wish)| {
            let Some(wish) = wish else {
                let node = trial.view().first_fit(shape);
                return node.is_some_and(|node| trial.take(shape, Spot { node, devices: 0 }));
            };
            let cells = &decision.part.pods[wish].cells;
            let node = self.state.cells.node(cells[0]);
            let device = |cell: &_| 1u64 << self.state.cells.device(*cell);
            let devices = cells.iter().map(device).fold(0, |mask, bit| mask | bit);
            let spot = Spot { node, devices };
            let view = trial.view();
            let fits = view.cluster().grants(shape, spot);
            let here = trial.spots().iter().zip(order);
            let here = here.filter(|(other, (kind, _))| other.node == node && *kind == shape);
            let here = here.count() as u32;
            if !fits || here >= trial.view().ask(shape).max_per_node {
                *bad = Some(node);
                return false;
            }
            trial.take(shape, spot)
        })
    }

    fn apply(&mut self, job: JobId, decision: Decision) {
        let victims = decision.victims.iter();
        let victims = victims.filter_map(|&victim| Some((victim, self.state.remove(victim)?)));
        let victims: Vec<(JobId, Group)> = victims.collect();
        self.state.add(job, &decision.part);
        self.pending.push(Applied {
            job,
            pods: decision.part.pods.len(),
            victims,
            demoted: decision.demoted,
        });
    }

    /// Why the trial's job was refused, where it is not for want of machines.
    pub(super) fn blame(&mut self, trial: &mut Trial<'_>) -> Option<Reason> {
        let job = trial.job();
        let (wishes, _, models) = wishes(trial)?;
        let usable = vec![true; trial.view().cluster().len()];
        let request = self.request(job, &wishes, models, &usable);
        let claims = request.priority != OPPORTUNISTIC && !wishes.is_empty();
        (claims && !self.state.has_claims(&request)).then_some(Reason::Quota)
    }
}

/// What the pods of a trial want: GPUs, smallest first; which wish is whose; and the models all
/// accept. `None` = one asks for MIG instances.
fn wishes(trial: &mut Trial<'_>) -> Option<(Vec<Wish>, Order, u64)> {
    let spec = trial.spec();
    let view = trial.view();
    let mut order: Order = Vec::with_capacity(spec.pods as usize);
    let mut wanted: Vec<(Wish, usize)> = Vec::new();
    let mut models = u64::MAX;
    for set in &spec.pod_sets {
        let ask = view.ask(set.shape);
        if ask.is_mig() {
            return None;
        }
        if ask.gpus > 0 {
            models &= ask.models;
        }
        for _ in 0..set.count {
            if ask.gpus > 0 {
                let wish = Wish {
                    gpus: ask.gpus,
                    limit: ask.max_per_node,
                };
                wanted.push((wish, order.len()));
            }
            order.push((set.shape, None));
        }
    }
    wanted.sort_by_key(|(wish, _)| wish.gpus);
    for (wish, (_, pod)) in wanted.iter().enumerate() {
        order[*pod].1 = Some(wish);
    }
    Some((
        wanted.into_iter().map(|(wish, _)| wish).collect(),
        order,
        models,
    ))
}
