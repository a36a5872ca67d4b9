//! The allocator: a cluster with its devices, which of them are in use, and attempts of pods.

use super::choice::Choice;
use super::counters::CounterSources;
use super::explain::{self, Explanation};
use super::failure::Failure;
use super::features::Features;
use super::inventory::Inventory;
use super::objects::{AllocationResult, DeviceClass, DeviceTaint, ResourceClaim, ResourceSlice};
use super::problem::{Problem, Terms};
use super::quirks::Quirks;
use super::result::Maker;
use super::search::{Scratch, Search};
use super::selectors::Selectors;
use super::solution::{Outcome, Solution};
use super::trial::{Given, State, Trial};
use super::usage::{Usage, UseOf, uses};
use super::view::{Afar, View, gather};
use crate::cel::Env;
use crate::ids::NodeId;
use crate::kube::Node;
use std::collections::BTreeMap;

/// What the allocator decides about.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Device classes.
    pub classes: Vec<DeviceClass>,
    /// What drivers publish, in the order in which it is listed.
    pub slices: Vec<ResourceSlice>,
    /// Nodes; ids are positions.
    pub nodes: Vec<Node>,
}

/// Gives devices to claims.
///
/// It lives as long as the cluster: what is in use changes with [`commit`](Allocator::commit) and
/// [`release`](Allocator::release), and everything that does not depend on that (which devices a
/// node sees, what selectors say of them) is found out once.
#[derive(Debug)]
pub struct Allocator {
    features: Features,
    quirks: Quirks,
    choice: Choice,
    classes: BTreeMap<String, DeviceClass>,
    nodes: Vec<Node>,
    inventory: Inventory,
    usage: Usage,
    selectors: Selectors,
    sources: CounterSources,
    afar: Afar,
    views: Vec<Option<View>>,
    scratch: Scratch,
    next_share: u64,
}

impl Allocator {
    /// An allocator with nothing in use. O(devices + slices).
    pub fn new(cluster: Cluster, features: Features, quirks: Quirks) -> Allocator {
        let inventory = Inventory::new(cluster.slices);
        let mut sources = CounterSources::default();
        let env = Env {
            consumable_capacity: features.consumable_capacity,
            list_type_attributes: features.list_type_attributes,
            ..Env::default()
        };
        let classes = cluster.classes.into_iter();
        Allocator {
            features,
            quirks,
            choice: Choice::FirstFit,
            classes: classes.map(|class| (class.name.clone(), class)).collect(),
            views: vec![None; cluster.nodes.len()],
            nodes: cluster.nodes,
            usage: Usage::new(&inventory),
            selectors: Selectors::new(env),
            afar: Afar::new(&inventory, features, &mut sources),
            sources,
            inventory,
            scratch: Scratch::default(),
            next_share: 0,
        }
    }

    /// The same with devices tried in another order.
    pub fn with_choice(mut self, choice: Choice) -> Allocator {
        self.choice = choice;
        self
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The slices, as they are now.
    pub fn slices(&self) -> &[ResourceSlice] {
        self.inventory.slices()
    }

    /// How often a selector was evaluated so far: once for each kind of device.
    pub fn selector_evaluations(&self) -> u64 {
        self.selectors.evaluations()
    }

    /// The attempt of one pod with these claims, none of which has devices yet. Nodes are asked
    /// one after the other with [`Attempt::on`].
    pub fn attempt<'a>(&'a mut self, claims: &'a [ResourceClaim]) -> Attempt<'a> {
        self.attempt_as(claims, self.quirks)
    }

    /// The same with other quirks than the allocator's own, from the same state.
    pub fn attempt_as<'a>(
        &'a mut self,
        claims: &'a [ResourceClaim],
        quirks: Quirks,
    ) -> Attempt<'a> {
        let mut terms = Terms {
            features: self.features,
            quirks,
            classes: &self.classes,
            selectors: &mut self.selectors,
        };
        Attempt {
            problem: Problem::new(claims, &mut terms),
            features: self.features,
            quirks,
            choice: self.choice,
            nodes: &self.nodes,
            inventory: &self.inventory,
            usage: &self.usage,
            selectors: &mut self.selectors,
            sources: &mut self.sources,
            afar: &self.afar,
            views: &mut self.views,
            state: State::default(),
            scratch: &mut self.scratch,
            next_share: &mut self.next_share,
        }
    }

    /// Enters what a claim got. Devices that nobody publishes are passed over.
    pub fn commit(&mut self, allocation: &AllocationResult) {
        for (device, what) in uses(&self.inventory, allocation) {
            self.usage.take(&self.inventory, device, &what);
        }
    }

    /// Takes back what a claim had.
    pub fn release(&mut self, allocation: &AllocationResult) {
        for (device, what) in uses(&self.inventory, allocation) {
            self.usage.give_back(&self.inventory, device, &what);
        }
    }

    /// Enters one use of a device that is in no claim at hand; `false` when nobody publishes the
    /// device.
    pub fn take(&mut self, driver: &str, pool: &str, device: &str, what: &UseOf) -> bool {
        let Some(device) = self.inventory.device(driver, pool, device) else {
            return false;
        };
        self.usage.take(&self.inventory, device, what);
        true
    }

    /// Replaces the taints of a device, as when its driver publishes the slice again; `false` when
    /// nobody publishes the device. Who has the device keeps it.
    pub fn set_taints(
        &mut self,
        driver: &str,
        pool: &str,
        device: &str,
        taints: Vec<DeviceTaint>,
    ) -> bool {
        match self.inventory.device(driver, pool, device) {
            Some(device) => self.inventory.set_taints(device, taints),
            None => false,
        }
    }
}

/// The attempt of one pod to get devices for its claims.
#[derive(Debug)]
pub struct Attempt<'a> {
    problem: Problem<'a>,
    features: Features,
    quirks: Quirks,
    choice: Choice,
    nodes: &'a [Node],
    inventory: &'a Inventory,
    usage: &'a Usage,
    selectors: &'a mut Selectors,
    sources: &'a mut CounterSources,
    afar: &'a Afar,
    views: &'a mut [Option<View>],
    state: State<'a>,
    scratch: &'a mut Scratch,
    next_share: &'a mut u64,
}

impl<'a> Attempt<'a> {
    /// Asks one node. What one node fixes for the others (bug B4) stays within the attempt, so the
    /// order of nodes matters where upstream's does.
    ///
    /// Exponential in the worst case, as upstream; linear in the devices of the node where the
    /// first choice works out.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn on(&mut self, node: NodeId) -> Outcome {
        let choice = self.choice;
        let (trial, scratch) = self.trial(node);
        let mut search = Search::new(choice, trial, scratch);
        let found = search.run();
        Outcome {
            answer: found.map(|found| found.then(|| search.solution(node))),
            invocations: search.invocations(),
        }
    }

    /// Says of every device a node sees why it is not one for each request.
    ///
    /// # Errors
    /// A selector does not compile or fails.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn explain(&mut self, node: NodeId) -> Result<Explanation, Failure> {
        explain::explain(self.trial(node).0)
    }

    /// Choosing devices of a node, and the tables for the search.
    fn trial(&mut self, node: NodeId) -> (Trial<'_, 'a>, &mut Scratch) {
        let view = self.views[node.index()].get_or_insert_with(|| {
            let node = &self.nodes[node.index()];
            gather(self.inventory, self.features, node, self.afar, self.sources)
        });
        let given = Given {
            problem: &self.problem,
            view,
            inventory: self.inventory,
            usage: self.usage,
            features: self.features,
            quirks: self.quirks,
        };
        let trial = Trial::new(given, self.selectors, self.sources, &mut self.state);
        (trial, self.scratch)
    }

    /// What a solution gives each claim, in their order. Shares are numbered as they are made.
    pub fn results(&mut self, solution: &Solution) -> Vec<AllocationResult> {
        let maker = Maker {
            problem: &self.problem,
            inventory: self.inventory,
            node: &self.nodes[solution.node.index()].name,
            binding_conditions: self.features.binding_conditions,
        };
        maker.all(solution, self.next_share)
    }
}
