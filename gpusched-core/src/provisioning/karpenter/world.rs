//! The cluster as Karpenter's solves see it: a [`View`] made into [`Problem`]s, over and over,
//! without making anew what did not change. `world/` holds what can be had (`offers.rs`), what is
//! answered without a solve (`recall.rs`), and what need not be asked (`foregone.rs`).

use super::effort::Effort;
use super::likes::Likes;
use super::objects::{ExistingNode, NodeType, Pod, PodSpec};
use super::pdb::PodDisruptionBudget;
use super::pool::Pool;
use super::recipes::Recipes;
use super::room::{Kinds, Room};
use super::sieve::{Load, Sieve};
use super::snapshot::{From, asked, charge, existing, made, minds_others, with_max_pods};
use super::unavailable::Unavailable;
use super::vacancies::{Turn, Vacancies};
use super::{NewNode, Problem, Reserved, Solution, SolveError, SolveOptions, solve};
use crate::kube::Resources;
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{Machine, MachineId, View};
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

mod foregone;
mod offers;
mod recall;

/// Machines that take pods, and what solves share.
#[derive(Debug)]
pub(super) struct World {
    problem: Problem,
    limits: Vec<Option<Resources>>,
    /// Machines that are not going.
    nodes: BTreeMap<MachineId, Node>,
    /// Those of them that took no pods yet when the world was refreshed last.
    booting: BTreeSet<MachineId>,
    /// On how many of them a pod must be apart from others.
    apart: usize,
    kinds: Kinds,
    vacancies: Vacancies,
    sieve: Sieve,
    recipes: Recipes,
    pub(super) likes: Likes,
    /// Pods that are asked about in this round whatever is emptied, in the order of a solve.
    standing: Option<Vec<Turn>>,
    /// Whether solves are left out, or made smaller, where that decides the same.
    pub(super) shortcuts: bool,
    /// Changes whenever what can be had does.
    pub(super) availability: u64,
    until: Option<Time>,
    out: Option<u64>,
    /// Machines to be looked at again.
    stale: BTreeSet<MachineId>,
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

impl Question<'_> {
    /// Whether a machine takes none of the pods that are moved.
    pub(super) fn closes(&self, id: &MachineId) -> bool {
        self.closed.is_some_and(|closed| closed.contains(id))
    }
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
            booting: BTreeSet::new(),
            apart: 0,
            kinds: Kinds::default(),
            vacancies: Vacancies::default(),
            sieve: Sieve::default(),
            recipes: Recipes::default(),
            likes: Likes::default(),
            standing: None,
            shortcuts: true,
            availability: 0,
            until: None,
            out: None,
            stale: BTreeSet::new(),
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
        self.sieve.forget_prices();
        self.recipes.forget();
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

    /// These machines have changed, or have come to be going, or to stay.
    pub(super) fn note(&mut self, machines: impl Iterator<Item = MachineId>) {
        self.stale.extend(machines);
    }

    /// Follows the view, in which these machines are going. O(machines noted).
    pub(super) fn refresh(&mut self, view: &View, going: &BTreeSet<MachineId>, out: &Unavailable) {
        let first = self.problem.types.is_empty();
        if first {
            self.problem.types = view.types.iter().cloned().map(with_max_pods).collect();
        }
        if first || !self.stale.is_empty() {
            for id in std::mem::take(&mut self.stale) {
                let machine = view.machines.get(&id).filter(|_| !going.contains(&id));
                self.follow(view, id, machine);
            }
            self.availability += u64::from(self.reserve(view));
        }
        let takes_none = |id: &MachineId| {
            let there = self.nodes.contains_key(id);
            there && !view.machines[id].is_initialized(view.now)
        };
        self.booting.retain(takes_none);
        self.offer(view, out);
    }

    fn follow(&mut self, view: &View, id: MachineId, machine: Option<&Machine>) {
        let known = self.nodes.get(&id).map(|node| node.version);
        if known == machine.map(|machine| machine.version) {
            return;
        }
        let node = machine.map(|machine| self.node(machine));
        let room = node.as_ref().map(|node| &node.room);
        self.vacancies.note(id, room, &self.kinds);
        let gist = node.as_ref().zip(machine).map(|(node, machine)| {
            let bought = view.offering(machine);
            let spot = bought.capacity_type == CapacityType::Spot;
            ((node.load.clone(), bought.price, spot), &node.room, machine)
        });
        self.likes.note(id, gist, &mut self.kinds);
        self.booting.insert(id);
        self.apart += usize::from(node.as_ref().is_some_and(|node| node.apart));
        let before = match node {
            Some(node) => self.nodes.insert(id, node),
            None => self.nodes.remove(&id),
        };
        self.apart -= usize::from(before.is_some_and(|node| node.apart));
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

    /// Where everyone goes who waits, or whose machine is going or would be emptied.
    pub(super) fn ask(&mut self, view: &View, question: Question<'_>) -> Answer {
        self.effort.asked += 1;
        let recalled = self.recall(view, question);
        #[cfg(test)]
        if let Some(answer) = &recalled {
            assert_eq!(*answer, self.solve(view, question), "{question:?}");
        }
        recalled.unwrap_or_else(|| self.solve(view, question))
    }

    /// What a solve says of a question.
    ///
    /// Machines on which none of these pods has room are left out, unless pods want to be near or
    /// apart from others: that decides the same. O(machines with room × kinds of pods), all of them
    /// if pools have limits; and the solve.
    fn solve(&mut self, view: &View, question: Question<'_>) -> Answer {
        let pods = asked(view, question, &self.pod_budgets);
        let mut kinds: BTreeSet<usize> = BTreeSet::new();
        kinds.extend(pods.iter().map(|(pod, _)| self.kinds.of(&pod.spec)));
        let minds = |kind: &usize| minds_others(&self.kinds.get(*kind).spec);
        let every = !self.shortcuts || self.apart > 0 || kinds.iter().any(minds);
        let mut ids: BTreeSet<MachineId> = BTreeSet::new();
        match every {
            true => ids.extend(self.nodes.keys()),
            false => {
                for kind in kinds {
                    let roomy = self.vacancies.of(kind, &self.kinds, &self.nodes);
                    ids.extend(roomy);
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
            existing.closed = question.closes(id);
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
        self.problem.options.reserved = self.reserved_for(question);
        self.effort.solves += 1;
        let solution = solve(&self.problem);
        self.answer(solution, &ids, &from)
    }

    /// How reserved capacity is treated: strictly, unless machines are emptied.
    fn reserved_for(&self, question: Question<'_>) -> Reserved {
        match (self.problem.options.reserved, question.emptied) {
            (Reserved::Off, _) => Reserved::Off,
            (_, []) => Reserved::Strict,
            _ => Reserved::Fallback,
        }
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
