//! `hived` with virtual clusters: cells promised to queues, lent out while nobody claims them.
//!
//! | file | what |
//! |---|---|
//! | `free` | the free lists of buddy allocation |
//! | `state` | which virtual cell is bound to which physical one, and who uses both |
//! | `pack` | which nodes pods get, and which GPUs within |
//! | `bind` | physical cells for virtual ones: buddy, safe relaxed buddy, machines that are down |
//! | `decide` | one decision: cells, who has to leave, who loses its claims |
//!
//! Zhao et al. (HiveD), OSDI 2020; microsoft/hivedscheduler 66f26ac, pkg/algorithm. What differs, and
//! why: lists are kept in the order of cells and not of history, so that a decision can be taken back
//! and ties have one rule; a cell allocated safe-relaxed counts as claimed at once, and a larger cell is split
//! for it only where no level in between is promised all it has; machines that are
//! down are avoided by trying again instead of binding *doomed* cells; victims leave at once, so there
//! are no groups that are being preempted, and no reserved cells.

mod bind;
mod decide;
mod free;
mod pack;
mod state;

use super::levels::{Rooms, each_group};
use super::registry::PlacementContext;
use super::{Explanation, Kinds, Placement, Pod, Trial, View};
use crate::cluster::{Spot, VirtualClusters};
use crate::ids::{JobId, NodeId, ShapeId};
use crate::queueing::Reason;
use crate::topology::{DomainId, Within};
use crate::workload::{PodSet, Spec};
use decide::{Decision, Request};
use pack::Wish;
use rustc_hash::FxHashMap;
use state::{Group, HIGHEST, OPPORTUNISTIC, State};

/// HiveD over the virtual clusters of an inventory.
///
/// The queue of a job is its virtual cluster. Priority 0 and above is guaranteed (at most 1000): the
/// job gets cells of its virtual cluster, which are bound to free physical ones, and whoever is there
/// on sufferance is evicted. Below 0 is opportunistic: the job gets GPUs nobody uses, whosesoever they
/// are promised to, and may be evicted at any time. A pod that shares a GPU holds the whole cell;
/// pods without GPUs go first-fit; jobs that ask for MIG instances are refused.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Quota, VirtualCluster, VirtualClusters};
/// use gpusched_core::ids::JobId;
/// use gpusched_core::placement::registry::{PlacementContext, placement};
/// use gpusched_core::placement::Trial;
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Owner, Shape, WorkloadBuilder};
/// use std::sync::Arc;
/// let nodes = (0..2).map(|i| Node::with_gpus(format!("n{i}"), 8, "H100")).collect();
/// let inventory = Inventory::new(nodes).unwrap();
/// let quota = Quota { cell: "node".into(), count: 1, model: None, gpus: None };
/// let team = VirtualCluster { name: "team".into(), quotas: vec![quota] };
/// let clusters = VirtualClusters::new(&inventory, vec![team], false).unwrap();
/// let inventory = inventory.with_virtual_clusters(Arc::new(clusters));
/// let mut builder = WorkloadBuilder::new();
/// for (name, queue, priority) in [("guest", "", -1), ("first", "team", 0), ("second", "team", 0)] {
///     let owner = Owner { queue: queue.into(), priority, ..Owner::default() };
///     let draft = JobDraft::new(name, Time::ZERO, Span::from_secs(1), Shape::whole_gpus(8));
///     builder.push(&JobDraft { owner, ..draft }).unwrap();
/// }
/// let work = builder.finish().unwrap();
/// let context = PlacementContext { work: &work, inventory: &inventory, seed: 0 };
/// let mut hived = placement("hived", &context).unwrap();
/// let mut cluster = Cluster::new(inventory.clone(), work.shapes());
/// let mut start = |job: u32| {
///     let spec = work.spec(work.job(JobId(job)).spec);
///     let mut spots = Vec::new();
///     let placed = Trial::new(&mut cluster, spec, JobId(job), &mut spots).run(hived.as_mut());
///     if placed == Ok(true) {
///         hived.started(JobId(job), spec, &spots);
///     }
///     spots.first().map(|spot| spot.node.0)
/// };
/// // The guest takes one node, so the team gets the other one. That is its quota.
/// assert_eq!([start(0), start(1), start(2)], [Some(0), Some(1), None]);
/// ```
pub struct Hived {
    state: State,
    lazy: bool,
    rooms: Rooms,
    kinds: Kinds,
    /// By kind: virtual cluster and priority.
    claims: Vec<(Option<usize>, i32)>,
    /// The places of running jobs.
    held: FxHashMap<JobId, Vec<(ShapeId, Spot)>>,
    /// A job that was placed and is not known to have started, with what takes it back. A trial may
    /// be rolled back without a word, so what nobody started is undone before the next question.
    pending: Vec<Applied>,
    record: Explanation,
    refusal: Option<(JobId, Reason)>,
    openings: u64,
}

/// A part of a job that was given cells.
struct Applied {
    job: JobId,
    pods: usize,
    victims: Vec<(JobId, Group)>,
    demoted: Vec<(JobId, Group)>,
}

/// A pod to be placed: its request, and its place among the wishes if it wants GPUs.
type Order = Vec<(ShapeId, Option<usize>)>;

impl Hived {
    /// On the machines of an inventory whose cells are promised to `clusters`.
    pub fn new(context: &PlacementContext<'_>, clusters: &VirtualClusters) -> Hived {
        let work = context.work;
        let kinds = Kinds::new(work, |job| {
            let owner = work.owner(job);
            let priority = owner.priority.clamp(OPPORTUNISTIC, HIGHEST);
            (clusters.find(&owner.queue), priority)
        });
        let (kinds, claims) = kinds;
        Hived {
            state: State::new(clusters),
            lazy: clusters.lazy(),
            rooms: Rooms::new(context.inventory),
            kinds,
            claims,
            held: FxHashMap::default(),
            pending: Vec::new(),
            record: Explanation::default(),
            refusal: None,
            openings: 0,
        }
    }

    /// Takes back what nobody started.
    fn settle(&mut self) {
        while let Some(part) = self.pending.pop() {
            self.state.drop_last(part.job, part.pods);
            for (victim, group) in part.victims.iter().rev() {
                self.state.add(*victim, group);
            }
            self.restore(&part.demoted);
        }
    }

    fn restore(&mut self, demoted: &[(JobId, Group)]) {
        for (job, had) in demoted.iter().rev() {
            self.state.promote(*job, had);
        }
    }

    /// Places pods that are within what they ask for: in the domains with room first, those with
    /// least of it, then in those where others have to make room, by number.
    fn place_within(&mut self, trial: &mut Trial<'_>, group: &PodSet) -> bool {
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
    fn place_group(&mut self, trial: &mut Trial<'_>, on: Option<&[NodeId]>) -> bool {
        let job = trial.job();
        let spec = trial.spec();
        let (cluster, priority) = self.claims[self.kinds.of(job) as usize];
        let Some((wishes, order, models)) = wishes(trial) else {
            return false;
        };
        let mut usable = self.usable(trial, on, priority);
        loop {
            let request = Request {
                job,
                cluster,
                priority,
                wishes: &wishes,
                models,
                usable: &usable,
            };
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
    fn blame(&mut self, trial: &mut Trial<'_>) -> Option<Reason> {
        let job = trial.job();
        let (cluster, priority) = self.claims[self.kinds.of(job) as usize];
        let (wishes, _, models) = wishes(trial)?;
        let usable = vec![true; trial.view().cluster().len()];
        let request = Request {
            job,
            cluster,
            priority,
            wishes: &wishes,
            models,
            usable: &usable,
        };
        let claims = priority != OPPORTUNISTIC && !wishes.is_empty();
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

impl Placement for Hived {
    fn name(&self) -> String {
        super::levels::HIVED.name.into()
    }

    /// Cells are given to jobs, and not to a pod by itself.
    fn choose(&mut self, _: &mut View<'_>, _: Pod) -> Option<Spot> {
        None
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        self.settle();
        self.record.clear();
        self.refusal = None;
        let spec: &Spec = trial.spec();
        let anywhere = spec
            .pod_sets
            .iter()
            .all(|set| set.locality.within.is_none());
        let mut before = 0;
        let placed = match anywhere {
            true => self.place_group(trial, None),
            false => spec.pod_sets.iter().all(|set| {
                let first = before;
                before += set.count;
                let only = Spec {
                    pods: set.count,
                    gpu_milli: 0,
                    first_line: spec.first_line,
                    pod_sets: vec![set.clone()],
                };
                trial.part(&only, first, |trial| {
                    each_group(trial, set, 0, |trial, group| {
                        self.place_within(trial, group)
                    })
                })
            }),
        };
        match placed {
            true => self.record.note_spots(trial.spots()),
            false => {
                self.settle();
                self.refusal = self.blame(trial).map(|reason| (trial.job(), reason));
            }
        }
        self.record.placed = placed;
        placed
    }

    fn honours_locality(&self) -> bool {
        true
    }

    fn may_refuse(&self) -> bool {
        true
    }

    fn may_evict(&self) -> bool {
        true
    }

    fn kinds(&self) -> Option<&Kinds> {
        Some(&self.kinds)
    }

    fn started(&mut self, job: JobId, spec: &Spec, spots: &[Spot]) {
        let sets = spec.pod_sets.iter();
        let shapes = sets.flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize));
        self.held
            .insert(job, shapes.zip(spots.iter().copied()).collect());
        for part in self.pending.drain(..) {
            for (victim, _) in &part.victims {
                self.held.remove(victim);
            }
            self.openings += u64::from(!part.demoted.is_empty());
        }
    }

    fn ended(&mut self, job: JobId) {
        self.settle();
        self.state.remove(job);
        self.held.remove(&job);
    }

    fn openings(&self) -> u64 {
        self.openings
    }

    fn refusal(&self, job: JobId) -> Option<Reason> {
        let (refused, reason) = self.refusal?;
        (refused == job).then_some(reason)
    }

    fn explanation(&self) -> Option<&Explanation> {
        Some(&self.record)
    }
}
