//! The trees of all flavors, and what is in use.

use super::failure::Failure;
use super::flavor::{Ask, Flavor, PodSet};
use super::plan::Plan;
use super::requests::{RequestTable, RequestsId};
use super::tree::{FlavorTopology, NONE, Tree};
use super::usage::Change;
use crate::kube::{BoundPod, Node, Resources};
use crate::queueing::kueue::objects::{Topology, TopologyRequest};
use crate::queueing::kueue::{Gates, Objects};
use rustc_hash::FxHashMap;

/// A flavor with a topology, by the position of its name among all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub(super) u16);

/// Rules that can be switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Pods that may be anywhere take the least free domains first (`TASProfileMixed`).
    pub profile_mixed: bool,
    /// Preferred pod sets are spread evenly (`TASBalancedPlacement`).
    pub balanced_placement: bool,
    /// Preferred node affinity ranks domains (`TASRespectNodeAffinityPreferred`).
    pub respect_preferred_affinity: bool,
    /// A host's use counts in every flavor that has it (`TASHandleOverlappingFlavors`).
    pub handle_overlapping_flavors: bool,
    /// A workload slice keeps the place of the one it replaces
    /// (`ElasticJobsViaWorkloadSlicesWithTAS`).
    pub elastic: bool,
}

impl From<&Gates> for Rules {
    fn from(gates: &Gates) -> Rules {
        Rules {
            profile_mixed: gates.tas_profile_mixed,
            balanced_placement: gates.tas_balanced_placement,
            respect_preferred_affinity: gates.tas_respect_node_affinity_preferred,
            handle_overlapping_flavors: gates.tas_handle_overlapping_flavors,
            elastic: gates.elastic_jobs_via_workload_slices_with_tas,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Rules::from(&Gates::default())
    }
}

/// The topology of all flavors and its use.
///
/// Use has two scopes, as upstream's cache and snapshot have. What [`Forest::admit`] adds is known
/// to every flavor that shares the host. What [`Forest::add_usage`] adds within a scheduling cycle
/// is known to its own flavor only; at the end of the cycle it is rolled back, and the workloads
/// that were admitted are admitted.
#[derive(Clone, Debug)]
pub struct Forest {
    pub(super) rules: Rules,
    pub(super) table: RequestTable,
    pub(super) flavors: Vec<Flavor>,
    pub(super) hosts: FxHashMap<String, u32>,
    /// By host, the flavors and leaves it is in.
    pub(super) leaves_of: Vec<Vec<(u16, u32)>>,
    nodes: FxHashMap<String, Vec<(u16, u32)>>,
    groups: FxHashMap<String, u32>,
    pub(super) open: u32,
    pub(super) log: Vec<Change>,
    /// What earlier pod sets of the workload looked at will use.
    pub(super) assumed: Vec<Change>,
}

impl Forest {
    /// Trees of these flavors. Pods hold what they request until they have ended; those of
    /// workloads placed here do not belong among them.
    /// O(flavors · nodes · (levels · log nodes + resources)).
    pub fn new(
        flavors: &[FlavorTopology<'_>],
        nodes: &[Node],
        pods: &[BoundPod],
        rules: Rules,
    ) -> Self {
        let mut nodes: Vec<&Node> = nodes.iter().collect();
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        let mut flavors: Vec<&FlavorTopology<'_>> = flavors.iter().collect();
        flavors.sort_by_key(|flavor| flavor.name);
        let mut forest = Forest {
            rules,
            table: RequestTable::new(&nodes),
            flavors: Vec::new(),
            hosts: FxHashMap::default(),
            leaves_of: Vec::new(),
            nodes: FxHashMap::default(),
            groups: FxHashMap::default(),
            open: 0,
            log: Vec::new(),
            assumed: Vec::new(),
        };
        for flavor in flavors.into_iter().take(usize::from(u16::MAX)) {
            forest.plant(flavor, &nodes);
        }
        for pod in pods.iter().filter(|pod| !pod.terminated) {
            forest.add_pod(&pod.node, &pod.requests);
        }
        forest
    }

    /// Trees of the flavors of a cluster whose topology exists. What its workloads use is not
    /// counted yet: see [`Forest::usage_by_name`] and [`Forest::admit`].
    pub fn of(objects: &Objects, gates: &Gates) -> Self {
        let mut flavors = Vec::new();
        for flavor in &objects.flavors {
            let named = |one: &&Topology| Some(&one.name) == flavor.topology.as_ref();
            if let Some(topology) = objects.topologies.iter().find(named) {
                flavors.push(FlavorTopology {
                    name: &flavor.name,
                    topology: &topology.name,
                    levels: &topology.levels,
                    node_labels: &flavor.node_labels,
                    tolerations: &flavor.tolerations,
                });
            }
        }
        Forest::new(&flavors, &objects.nodes, &objects.pods, Rules::from(gates))
    }

    fn plant(&mut self, flavor: &FlavorTopology<'_>, nodes: &[&Node]) {
        let (tree, members) = Tree::grow(flavor, nodes);
        let id = self.flavors.len() as u16;
        let width = self.table.width();
        let mut free = vec![0i64; width * members.len()];
        let mut host_of = Vec::new();
        for (leaf, members) in members.iter().enumerate() {
            let row = &mut free[leaf * width..][..width];
            for node in members {
                for (name, &amount) in &node.allocatable {
                    if let Some(resource) = self.table.resource(name) {
                        row[resource] = row[resource].wrapping_add(amount);
                    }
                }
                let places = self.nodes.entry(node.name.clone()).or_default();
                places.push((id, leaf as u32));
            }
            if tree.of_hosts {
                let name = tree.value(tree.domain(leaf as u32));
                let next = self.leaves_of.len() as u32;
                let host = *self.hosts.entry(name.to_owned()).or_insert(next);
                if host == next {
                    self.leaves_of.push(Vec::new());
                }
                self.leaves_of[host as usize].push((id, leaf as u32));
                host_of.push(host);
            }
        }
        let mut leaf_of = vec![NONE; self.leaves_of.len()];
        for (leaf, &host) in host_of.iter().enumerate() {
            leaf_of[host as usize] = leaf as u32;
        }
        let mut flavor = Flavor::new(tree, width, free);
        (flavor.host_of, flavor.leaf_of) = (host_of, leaf_of);
        self.flavors.push(flavor);
    }

    /// The tree of a flavor. O(log flavors).
    pub fn tree(&self, flavor: &str) -> Option<TreeId> {
        let at = self
            .flavors
            .binary_search_by(|one| one.tree.flavor.as_str().cmp(flavor));
        at.ok().map(|at| TreeId(at as u16))
    }

    /// Name of a flavor.
    pub fn flavor(&self, tree: TreeId) -> &str {
        &self.get(tree).tree.flavor
    }

    /// Label of each level, the widest first.
    pub fn levels(&self, tree: TreeId) -> &[String] {
        &self.get(tree).tree.levels
    }

    /// Number of leaves.
    pub fn leaves(&self, tree: TreeId) -> usize {
        self.get(tree).tree.leaf_count()
    }

    /// Names of the resources, in the order of [`Forest::free`].
    pub fn resources(&self) -> &[String] {
        self.table.names()
    }

    /// What is free on a leaf, by resource; negative where it is overdrawn.
    pub fn free(&self, tree: TreeId, leaf: u32) -> &[i64] {
        self.get(tree).now.of(leaf)
    }

    /// Whether a flavor has every level a request names.
    pub fn has_levels(&self, tree: TreeId, request: &TopologyRequest) -> bool {
        Plan::possible(&self.get(tree).tree, request)
    }

    pub(super) fn get(&self, tree: TreeId) -> &Flavor {
        &self.flavors[usize::from(tree.0)]
    }

    /// The number of what one pod requests. Equal requests have one number.
    pub fn requests(&mut self, requests: &Resources) -> RequestsId {
        self.table.intern(requests)
    }

    /// Makes a request ready for a flavor. Equal filters and topology requests are looked at once,
    /// so this is cheap for all but the first pod set of a kind; still, it compares strings, and
    /// what asks repeatedly should keep what it gets.
    pub fn ask(&mut self, tree: TreeId, pod_set: &PodSet<'_>) -> Ask {
        let requests = self.table.intern(pod_set.requests);
        let groups = &mut self.groups;
        let group = pod_set.group.map(|name| {
            let next = groups.len() as u32;
            *groups.entry(name.to_owned()).or_insert(next)
        });
        let flavor = &mut self.flavors[usize::from(tree.0)];
        Ask {
            pod_set: pod_set.pod_set,
            count: pod_set.count,
            tree,
            requests,
            filter: flavor.filter(pod_set, self.rules),
            plan: flavor.resolve(pod_set.topology),
            group,
            previous: pod_set.previous.cloned(),
        }
    }

    /// Why a request can never be met in its flavor, whatever is free.
    pub fn impossible(&self, ask: &Ask) -> Option<&Failure> {
        self.get(ask.tree).resolved[ask.plan as usize]
            .plan
            .as_ref()
            .err()
    }

    /// A pod that no workload placed here owns begins to hold resources of a node. O(flavors).
    pub fn add_pod(&mut self, node: &str, requests: &Resources) {
        self.pod(node, requests, 1);
    }

    /// It ends.
    pub fn remove_pod(&mut self, node: &str, requests: &Resources) {
        self.pod(node, requests, -1);
    }

    fn pod(&mut self, node: &str, requests: &Resources, pods: i64) {
        let requests = self.table.intern(requests);
        let requests = self.table.get(requests);
        for &(tree, leaf) in self.nodes.get(node).into_iter().flatten() {
            let flavor = &mut self.flavors[usize::from(tree)];
            flavor.now.take(leaf, requests, pods);
            flavor.bare.take(leaf, requests, pods);
        }
    }
}
