//! The topologies of all flavors, and who is where.

use super::super::flavors::Flavors;
use super::super::ids::{FlavorId, WorkloadId};
use super::super::objects::{TopologyAssignment, Workload};
use super::super::preemption::Topology;
use super::super::quota::Names;
use super::super::{Gates, Objects};
use crate::kube::pod_requests;
use crate::placement::tas::{
    Ask, FlavorTopology as TreeSpec, Forest, Mark, Options, Rules, TreeId, Usage,
};

/// The place of one pod set.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its index.
    pub pod_set: usize,
    /// Where its pods are.
    pub assignment: TopologyAssignment,
    /// What they use there; `None` for what the workload has already.
    pub usage: Option<Usage>,
}

/// Places of the pod sets of one workload.
#[derive(Clone, Debug, Default)]
pub struct Places(Vec<Place>);

impl Places {
    /// That of a pod set, if it has one.
    pub fn get(&self, pod_set: usize) -> Option<&Place> {
        self.0.iter().find(|one| one.pod_set == pod_set)
    }

    /// Puts a pod set somewhere, or (`None`) nowhere.
    pub fn set(&mut self, pod_set: usize, place: Option<Place>) {
        self.0.retain(|one| one.pod_set != pod_set);
        self.0.extend(place);
    }
}

/// The topologies. Use within a cycle is undone at its end, as that of quota is.
#[derive(Clone, Debug)]
pub struct Topologies {
    pub(super) forest: Forest,
    /// By flavor.
    trees: Vec<Option<TreeId>>,
    /// By workload: what its pod sets use.
    held: Vec<Vec<(usize, Usage)>>,
}

impl Topologies {
    /// Those of the objects, with nobody in them.
    pub fn new(objects: &Objects, flavors: &Flavors, names: &Names, gates: Gates) -> Topologies {
        let ids = || (0..flavors.len()).map(FlavorId::from);
        let specs: Vec<TreeSpec<'_>> = ids()
            .filter(|_| gates.topology_aware_scheduling)
            .filter_map(|id| {
                let flavor = flavors.get(id)?;
                let topology = flavor.topology.as_ref()?;
                let topology = objects
                    .topologies
                    .iter()
                    .find(|one| one.name == *topology)?;
                Some(TreeSpec {
                    name: names.flavor_name(id),
                    topology: &topology.name,
                    levels: &topology.levels,
                    node_labels: &flavor.node_labels,
                    tolerations: &flavor.tolerations,
                })
            })
            .collect();
        let forest = Forest::new(&specs, &objects.nodes, &objects.pods, Rules::from(&gates));
        Topologies {
            trees: ids().map(|id| forest.tree(names.flavor_name(id))).collect(),
            forest,
            held: Vec::new(),
        }
    }

    /// The tree of a flavor, if it has one.
    pub fn tree(&self, flavor: FlavorId) -> Option<TreeId> {
        self.trees[flavor.index()]
    }

    /// What a workload uses.
    pub fn held(&self, workload: WorkloadId) -> &[(usize, Usage)] {
        self.held.get(workload.index()).map_or(&[], Vec::as_slice)
    }

    /// A workload uses its places from now on, as every flavor sees it. Replaces what it used.
    pub fn hold(&mut self, workload: WorkloadId, usage: Vec<(usize, Usage)>) {
        self.release(workload);
        for (_, usage) in &usage {
            self.forest.admit(usage);
        }
        if self.held.len() <= workload.index() {
            self.held.resize(workload.index() + 1, Vec::new());
        }
        self.held[workload.index()] = usage;
    }

    /// It uses none any more.
    pub fn release(&mut self, workload: WorkloadId) {
        let Some(held) = self.held.get_mut(workload.index()) else {
            return;
        };
        for (_, usage) in held.drain(..) {
            self.forest.release(&usage);
        }
    }

    /// What a workload's reservation uses by its object: places of pods that ended are used until
    /// the workload leaves, as upstream has it.
    pub fn usage_of(&mut self, object: &Workload, names: &Names) -> Vec<(usize, Usage)> {
        let mut used = Vec::new();
        let Some(admission) = &object.admission else {
            return used;
        };
        for assigned in &admission.pod_sets {
            let position = object
                .pod_sets
                .iter()
                .position(|one| one.name == assigned.name);
            let (Some(index), Some(topology)) = (position, &assigned.topology) else {
                continue;
            };
            let requests = pod_requests(&object.pod_sets[index].template);
            let requests = self.forest.requests(&requests);
            let flavors = assigned.flavors.values();
            let mut trees: Vec<TreeId> = flavors
                .filter_map(|flavor| self.tree(names.flavor(flavor)?))
                .collect();
            trees.sort_unstable();
            trees.dedup();
            for tree in trees {
                let usage = self.forest.usage_by_name(tree, topology, requests);
                used.push((index, usage));
            }
        }
        used
    }

    /// What new places add to those the workload has already.
    pub fn net_usage(&self, workload: WorkloadId, places: &Places) -> Vec<Usage> {
        let held = self.held(workload);
        let added = places.0.iter().filter_map(|place| {
            let usage = place.usage.as_ref()?;
            let before = held.iter().find(|(index, _)| *index == place.pod_set);
            let net = before.map_or_else(|| usage.clone(), |(_, before)| usage.above(before));
            (!net.is_empty()).then_some(net)
        });
        added.collect()
    }

    /// Begins a transaction.
    pub fn begin(&mut self) -> Mark {
        self.forest.begin()
    }

    /// Undoes what changed since the mark.
    pub fn rollback(&mut self, mark: Mark) {
        self.forest.rollback(mark);
    }

    /// Uses more, for the rest of the cycle.
    pub fn take(&mut self, usage: &[Usage]) {
        for usage in usage {
            self.forest.add_usage(usage);
        }
    }

    /// A workload leaves, for the rest of the transaction.
    pub fn leave(&mut self, workload: WorkloadId) {
        let Topologies { forest, held, .. } = self;
        for (_, usage) in held.get(workload.index()).into_iter().flatten() {
            forest.remove_usage(usage);
        }
    }

    /// It is back.
    fn come_back(&mut self, workload: WorkloadId) {
        let Topologies { forest, held, .. } = self;
        for (_, usage) in held.get(workload.index()).into_iter().flatten() {
            forest.add_usage(usage);
        }
    }

    /// Whether there is room for more use.
    pub fn fit(&self, usage: &[Usage]) -> bool {
        self.forest.fits(usage)
    }

    /// Room for these, as a search for victims asks for it.
    pub fn room_for<'a>(&'a mut self, asks: &'a [Ask], options: Options<'a>) -> Room<'a> {
        Room {
            topologies: self,
            asks,
            options,
        }
    }
}

/// Room for the pod sets of an incoming workload.
pub struct Room<'a> {
    topologies: &'a mut Topologies,
    asks: &'a [Ask],
    options: Options<'a>,
}

impl Topology for Room<'_> {
    fn remove(&mut self, victim: WorkloadId) {
        self.topologies.leave(victim);
    }

    fn restore(&mut self, victim: WorkloadId) {
        self.topologies.come_back(victim);
    }

    fn fits(&mut self) -> bool {
        self.asks.is_empty()
            || self
                .topologies
                .forest
                .fits_somewhere(self.asks, self.options)
    }
}
