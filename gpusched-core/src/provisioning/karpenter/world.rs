//! The cluster as Karpenter's solves see it: a [`View`] made into [`Problem`]s, over and over,
//! without making anew what did not change.

use super::effort::Effort;
use super::objects::{ExistingNode, NodeType, Pod, PodSpec};
use super::pdb::PodDisruptionBudget;
use super::pool::Pool;
use super::room::{Kinds, Room};
use super::sieve::{Load, Sieve};
use super::snapshot::{From, asked, charge, existing, made, minds_others, with_max_pods};
use super::unavailable::Unavailable;
use super::vacancies::Vacancies;
use super::{NewNode, Problem, Reserved, Solution, SolveError, SolveOptions, solve};
use crate::kube::{Effect, Resources};
use crate::provisioning::Price;
use crate::provisioning::controller::{Machine, MachineId, View, ViewPod};
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Machines that take pods, and what solves share.
#[derive(Debug)]
pub(super) struct World {
    problem: Problem,
    limits: Vec<Option<Resources>>,
    /// Machines that are not going.
    nodes: BTreeMap<MachineId, Node>,
    /// Whether a pod on one of them must be apart from others.
    apart: bool,
    kinds: Kinds,
    vacancies: Vacancies,
    sieve: Sieve,
    /// Whether solves are left out, or made smaller, where that decides the same.
    pub(super) shortcuts: bool,
    /// Changes whenever what can be had does.
    pub(super) availability: u64,
    until: Option<Time>,
    out: Option<u64>,
    /// The version of the view that was seen last, and who was going.
    seen: Option<u64>,
    going: BTreeSet<MachineId>,
    pub(super) effort: Effort,
    pod_budgets: Vec<PodDisruptionBudget>,
}

/// A machine that takes pods.
#[derive(Debug)]
pub(super) struct Node {
    version: u64,
    pub(super) existing: ExistingNode,
    /// What is left of it.
    pub(super) room: Room,
    /// Its pods.
    load: Load,
    /// Whether a pod on it must be apart from others.
    apart: bool,
}

/// What a solve is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// Machines to be emptied.
    pub(super) emptied: &'a [MachineId],
    /// Machines that take none of the pods that are moved.
    pub(super) closed: Option<&'a BTreeSet<MachineId>>,
    /// Machines whose pods go elsewhere anyway.
    pub(super) going: &'a BTreeSet<MachineId>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Nodes to make.
    pub(super) claims: Vec<NewNode>,
    /// Machines that get pods.
    pub(super) placed: Vec<MachineId>,
    /// The first pod that runs now and would find no place, in order of job and index.
    pub(super) homeless: Option<Homeless>,
}

/// A pod that would find no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Homeless {
    /// The pod.
    pub(super) pod: String,
    /// Why.
    pub(super) why: NoHome,
}

/// Why a pod would find no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoHome {
    /// There is none.
    Unschedulable(Box<SolveError>),
    /// It would be on a machine that takes no pods yet.
    Uninitialized(String),
}

impl World {
    pub(super) fn new(pools: &[Pool], daemons: Vec<PodSpec>, options: SolveOptions) -> World {
        let mut world = World {
            limits: Vec::new(),
            problem: Problem {
                daemons,
                options,
                ..Problem::default()
            },
            nodes: BTreeMap::new(),
            apart: false,
            kinds: Kinds::default(),
            vacancies: Vacancies::default(),
            sieve: Sieve::default(),
            shortcuts: true,
            availability: 0,
            until: None,
            out: None,
            seen: None,
            going: BTreeSet::new(),
            effort: Effort::default(),
            pod_budgets: Vec::new(),
        };
        world.set_pools(pools);
        world
    }

    /// Under these PodDisruptionBudgets.
    pub(super) fn with_pod_budgets(mut self, all: Vec<PodDisruptionBudget>) -> World {
        self.pod_budgets = all;
        self
    }

    /// The pools say something else from now on.
    pub(super) fn set_pools(&mut self, pools: &[Pool]) {
        // Pods make no nodes of static pools.
        let pools = pools.iter().filter(|pool| pool.replicas.is_none());
        self.problem.pools = pools.map(|pool| pool.template.clone()).collect();
        let pools = self.problem.pools.iter();
        self.limits = pools.map(|pool| pool.limits.clone()).collect();
        self.seen = None;
    }

    /// The types as they can be had now.
    pub(super) fn types(&self) -> &[NodeType] {
        &self.problem.types
    }

    /// Labels the provider knows beyond the core's.
    pub(super) fn well_known(&self) -> Vec<&str> {
        let known = &self.problem.options.well_known;
        known.iter().map(String::as_str).collect()
    }

    /// When something that cannot be had may be had again.
    pub(super) fn until(&self) -> Option<Time> {
        self.until
    }

    /// Follows the view, in which these machines are going. O(machines) when either changed.
    pub(super) fn refresh(&mut self, view: &View, going: &BTreeSet<MachineId>, out: &Unavailable) {
        if self.seen != Some(view.version) || self.going != *going {
            self.seen = Some(view.version);
            self.going.clone_from(going);
            self.follow(view, going);
            self.availability += u64::from(self.reserve(view));
        }
        self.offer(view, out);
    }

    fn follow(&mut self, view: &View, going: &BTreeSet<MachineId>) {
        if self.problem.types.is_empty() {
            self.problem.types = view.types.iter().cloned().map(with_max_pods).collect();
        }
        let stays = |id: &MachineId| view.machines.contains_key(id) && !going.contains(id);
        let gone = self.nodes.keys().filter(|id| !stays(id)).copied();
        let gone: Vec<MachineId> = gone.collect();
        for id in gone {
            self.vacancies.note(id, None, &self.kinds);
            self.nodes.remove(&id);
        }
        // Both are in order of id, and nearly all nodes are as they were.
        let mut known = self.nodes.iter().peekable();
        let there = view.machines.iter().filter(|(id, _)| !going.contains(id));
        let changed = there.filter(|(id, machine)| {
            let node = known.next_if(|(known, _)| known == id);
            node.is_none_or(|(_, node)| node.version != machine.version)
        });
        let changed: Vec<(&MachineId, &Machine)> = changed.collect();
        for (id, machine) in changed {
            let node = self.node(machine);
            self.vacancies.note(*id, Some(&node.room), &self.kinds);
            self.nodes.insert(*id, node);
        }
        self.apart = self.nodes.values().any(|node| node.apart);
    }

    fn node(&mut self, machine: &Machine) -> Node {
        let of = &self.problem.types[machine.node_type];
        let existing = existing(machine, of);
        let mut load: BTreeMap<usize, u32> = BTreeMap::new();
        for one in &machine.pods {
            *load.entry(self.kinds.of(&one.pod.spec)).or_insert(0) += 1;
        }
        Node {
            version: machine.version,
            room: self.kinds.room(&existing.available),
            apart: existing
                .pods
                .iter()
                .any(|pod| !pod.anti_affinity.is_empty()),
            existing,
            load: load.into_iter().collect(),
        }
    }

    /// Takes what the provider is out of off what can be had.
    pub(super) fn offer(&mut self, view: &View, out: &Unavailable) {
        let same = self.out == Some(out.version());
        if same && self.until.is_none_or(|until| until > view.now) {
            return;
        }
        if self.problem.types.is_empty() {
            return;
        }
        self.out = Some(out.version());
        self.until = out.until(view.now);
        self.availability += 1;
        for (of, base) in self.problem.types.iter_mut().zip(view.types.iter()) {
            for (offer, base) in of.offerings.iter_mut().zip(&base.offerings) {
                let offering = &mut offer.offering;
                let gone = out.is_out(&of.name, &offering.zone, offering.capacity_type, view.now);
                offering.available = base.offering.available && !gone;
            }
        }
        self.reserve(view);
    }

    /// Counts what is left of reservations; whether that changed anything.
    fn reserve(&mut self, view: &View) -> bool {
        let mut types = view.types.iter();
        if !types.any(|of| {
            of.offerings
                .iter()
                .any(|one| one.offering.reservation.is_some())
        }) {
            return false;
        }
        let mut used: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for machine in view.machines.values() {
            let offering = view.offering(machine);
            if offering.reservation.is_some() {
                *used
                    .entry((machine.node_type, machine.offering))
                    .or_insert(0) += 1;
            }
        }
        let mut changed = false;
        for (index, of) in self.problem.types.iter_mut().enumerate() {
            for (number, offer) in of.offerings.iter_mut().enumerate() {
                let base = &view.types[index].offerings[number].offering;
                let Some(all) = &base.reservation else {
                    continue;
                };
                let used = used.get(&(index, number)).copied().unwrap_or(0);
                let left = all.instances.saturating_sub(used);
                let offering = &mut offer.offering;
                let available = base.available && left > 0;
                changed |= offering.available != available;
                offering.available = available;
                if let Some(there) = &mut offering.reservation {
                    changed |= there.instances != left;
                    there.instances = left;
                }
            }
        }
        changed
    }

    /// Where everyone goes who waits, or whose machine is going or would be emptied.
    ///
    /// Machines on which none of these pods has room are left out, unless pods want to be near or
    /// apart from others: that decides the same. O(machines with room × kinds of pods), all of them
    /// if pools have limits; and the solve.
    pub(super) fn ask(&mut self, view: &View, question: Question<'_>) -> Answer {
        let pods = asked(view, question, &self.pod_budgets);
        let mut kinds: BTreeSet<usize> = BTreeSet::new();
        kinds.extend(pods.iter().map(|(pod, _)| self.kinds.of(&pod.spec)));
        let minds = |kind: &usize| minds_others(&self.kinds.get(*kind).spec);
        let every = !self.shortcuts || self.apart || kinds.iter().any(minds);
        let mut ids: BTreeSet<MachineId> = BTreeSet::new();
        match every {
            true => ids.extend(self.nodes.keys()),
            false => {
                for kind in kinds {
                    ids.extend(self.vacancies.of(kind, &self.kinds, &self.nodes));
                }
            }
        }
        // What is left out of the problem still counts against limits.
        let mut left_out: BTreeMap<&str, Resources> = BTreeMap::new();
        if self.limits.iter().any(Option::is_some) {
            let out = |id: &&MachineId| !ids.contains(id) && !question.emptied.contains(id);
            for id in self.nodes.keys().filter(out) {
                charge(&mut left_out, &view.machines[id], &self.problem.types);
            }
        }
        ids.retain(|id| !question.emptied.contains(id));
        let node = |id: &MachineId| {
            let mut existing = self.nodes[id].existing.clone();
            existing.initialized = view.machines[id].is_initialized(view.now);
            existing.closed = question.closed.is_some_and(|closed| closed.contains(id));
            existing
        };
        let nodes: Vec<ExistingNode> = ids.iter().map(node).collect();
        let ids: Vec<MachineId> = ids.into_iter().collect();
        for (pool, limits) in self.problem.pools.iter_mut().zip(&self.limits) {
            pool.limits.clone_from(limits);
            for (resource, limit) in pool.limits.iter_mut().flatten() {
                let out = left_out
                    .get(pool.name.as_str())
                    .and_then(|out| out.get(resource));
                *limit = limit.saturating_sub(out.copied().unwrap_or(0));
            }
        }
        let (made, from): (Vec<Pod>, Vec<From>) = pods
            .into_iter()
            .map(|(pod, from)| (made(pod, from != From::Emptied), from))
            .unzip();
        self.problem.nodes = nodes;
        self.problem.pods = made;
        self.problem.options.reserved = match (self.problem.options.reserved, question.emptied) {
            (Reserved::Off, _) => Reserved::Off,
            (_, []) => Reserved::Strict,
            _ => Reserved::Fallback,
        };
        self.effort.solves += 1;
        self.effort.nodes += self.problem.nodes.len() as u64;
        let solution = solve(&self.problem);
        self.answer(solution, &ids, &from)
    }

    /// A new round of questions begins.
    pub(super) fn new_round(&mut self) {
        self.sieve.new_round(self.availability);
        self.vacancies.new_round();
    }

    /// Whether emptying these machines is out of the question: the pods that have no room on any
    /// machine that stays, is initialized and open would need a node no cheaper than `price`.
    /// O(kinds of pods on them), once what is asked about kinds is known.
    pub(super) fn is_hopeless(
        &mut self,
        view: &View,
        emptied: &[MachineId],
        closed: &BTreeSet<MachineId>,
        price: Price,
    ) -> bool {
        if !self.shortcuts {
            return false;
        }
        let mut load: BTreeMap<usize, u32> = BTreeMap::new();
        for (kind, count) in emptied
            .iter()
            .filter_map(|id| self.nodes.get(id))
            .flat_map(|one| &one.load)
        {
            *load.entry(*kind).or_insert(0) += count;
        }
        let (nodes, kinds, vacancies) = (&self.nodes, &self.kinds, &mut self.vacancies);
        let sieve = &mut self.sieve;
        load.retain(|kind, _| {
            let roomy = vacancies.of(*kind, kinds, nodes);
            let takes = |id: &&MachineId| {
                !closed.contains(id) && view.machines[id].is_initialized(view.now)
            };
            let with_room = || roomy.iter().filter(takes).copied();
            !sieve.has_place(*kind, emptied, with_room)
        });
        if load.is_empty() {
            return false;
        }
        let load: Load = load.into_iter().collect();
        let least = sieve.least_price(&load, &mut self.kinds, &self.problem);
        least.is_none_or(|least| least >= price)
    }

    /// Whether emptying these machines would put some of their pods on machines that take none yet,
    /// which is as bad as no place at all; `false` if only a solve can tell.
    pub(super) fn is_unready(
        &mut self,
        view: &View,
        emptied: &[MachineId],
        closed: &BTreeSet<MachineId>,
    ) -> bool {
        let mut taints = self.problem.pools.iter().flat_map(|pool| &pool.taints);
        let prefers = taints.any(|taint| taint.effect == Effect::PreferNoSchedule);
        if !self.shortcuts || self.apart || prefers || !self.problem.daemons.is_empty() {
            return false;
        }
        let question = Question {
            emptied,
            closed: Some(closed),
            going: &self.going,
        };
        let pods = asked(view, question, &self.pod_budgets);
        let kinds = &mut self.kinds;
        let plain = |(pod, _): &(&ViewPod, From)| {
            let kind = kinds.of(&pod.spec);
            kinds.get(kind).plain
        };
        if !pods.iter().all(plain) {
            return false;
        }
        let who = (emptied, closed);
        self.vacancies
            .is_unready(view, pods, who, &mut self.kinds, &self.nodes)
    }

    fn answer(&self, solution: Solution, ids: &[MachineId], from: &[From]) -> Answer {
        let name = |pod: usize| self.problem.pods[pod].name.clone();
        let mut homeless: BTreeMap<&str, Homeless> = BTreeMap::new();
        for (pod, error) in &solution.errors {
            if from[*pod] != From::Queue {
                let why = NoHome::Unschedulable(Box::new(error.clone()));
                let uid = self.problem.pods[*pod].uid.as_str();
                homeless.insert(
                    uid,
                    Homeless {
                        pod: name(*pod),
                        why,
                    },
                );
            }
        }
        for (node, pods) in &solution.placed {
            let node = &self.problem.nodes[*node];
            for pod in pods.iter().filter(|pod| from[**pod] == From::Emptied) {
                if !node.initialized {
                    let why = NoHome::Uninitialized(node.name.clone());
                    let uid = self.problem.pods[*pod].uid.as_str();
                    homeless.insert(
                        uid,
                        Homeless {
                            pod: name(*pod),
                            why,
                        },
                    );
                }
            }
        }
        let homeless = homeless.into_values().next();
        Answer {
            placed: solution.placed.keys().map(|node| ids[*node]).collect(),
            claims: solution.claims,
            homeless,
        }
    }
}
