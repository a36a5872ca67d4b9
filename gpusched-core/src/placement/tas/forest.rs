//! The trees of all flavors, and what is in use.

use super::assignment::{Assignment, Usage};
use super::failure::Failure;
use super::flavor::{Ask, Flavor, PodSet};
use super::plan::Plan;
use super::requests::{RequestTable, RequestsId};
use super::tree::{FlavorTopology, NONE, Tree};
use crate::kube::{BoundPod, Node, Resources};
use crate::queueing::kueue::objects::{
    Topology, TopologyAssignment, TopologyDomain, TopologyRequest,
};
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

/// The beginning of a transaction.
#[derive(Debug)]
#[must_use]
pub struct Mark(usize);

/// Pods put on a leaf (negative: taken off).
#[derive(Clone, Copy, Debug)]
struct Change {
    tree: u16,
    leaf: u32,
    requests: RequestsId,
    pods: i64,
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
    hosts: FxHashMap<String, u32>,
    /// By host, the flavors and leaves it is in.
    leaves_of: Vec<Vec<(u16, u32)>>,
    nodes: FxHashMap<String, Vec<(u16, u32)>>,
    groups: FxHashMap<String, u32>,
    open: u32,
    log: Vec<Change>,
    /// What earlier pod sets of the workload looked at will use.
    assumed: Vec<Change>,
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

    /// What an assignment uses. O(domains).
    pub fn usage(&self, assignment: &Assignment, requests: RequestsId) -> Usage {
        let flavor = self.get(assignment.tree);
        let site = |&(leaf, pods): &(u32, i32)| (flavor.site_of(leaf), pods);
        Usage {
            tree: assignment.tree,
            requests,
            sites: assignment.domains.iter().map(site).collect(),
        }
    }

    /// What an assignment by names uses. Domains that do not exist (any more) use nothing and fit
    /// nowhere. O(domains).
    pub fn usage_by_name(
        &self,
        tree: TreeId,
        assignment: &TopologyAssignment,
        requests: RequestsId,
    ) -> Usage {
        let flavor = self.get(tree);
        let site = |values: &[String]| match (flavor.tree.of_hosts, values) {
            // A host may have left this flavor and still be another's.
            (true, [host]) => self.hosts.get(host).copied(),
            (true, _) => None,
            (false, _) => flavor.tree.find(values),
        };
        let sites = assignment
            .domains
            .iter()
            .map(|one| (site(&one.values).unwrap_or(NONE), one.count));
        Usage {
            tree,
            requests,
            sites: sites.collect(),
        }
    }

    /// Uses more, as its own flavor sees it. O(domains · resources).
    pub fn add_usage(&mut self, usage: &Usage) {
        self.change_own(usage, 1);
    }

    /// Uses less: the reverse of [`Forest::add_usage`].
    pub fn remove_usage(&mut self, usage: &Usage) {
        self.change_own(usage, -1);
    }

    /// Uses more, as every flavor that has the host sees it. O(domains · flavors · resources).
    pub fn admit(&mut self, usage: &Usage) {
        self.change_all(usage, 1);
    }

    /// Uses less: the reverse of [`Forest::admit`].
    pub fn release(&mut self, usage: &Usage) {
        self.change_all(usage, -1);
    }

    fn change_own(&mut self, usage: &Usage, sign: i64) {
        for &(site, pods) in &usage.sites {
            if let Some(leaf) = self.get(usage.tree).leaf_at(site) {
                self.change(Change {
                    tree: usage.tree.0,
                    leaf,
                    requests: usage.requests,
                    pods: sign * i64::from(pods),
                });
            }
        }
    }

    fn change_all(&mut self, usage: &Usage, sign: i64) {
        if !self.rules.handle_overlapping_flavors || !self.get(usage.tree).tree.of_hosts {
            self.change_own(usage, sign);
            return;
        }
        for &(site, pods) in &usage.sites {
            let places = self.leaves_of.get(site as usize).map_or(0, Vec::len);
            for at in 0..places {
                let (tree, leaf) = self.leaves_of[site as usize][at];
                self.change(Change {
                    tree,
                    leaf,
                    requests: usage.requests,
                    pods: sign * i64::from(pods),
                });
            }
        }
    }

    fn change(&mut self, change: Change) {
        let requests = self.table.get(change.requests);
        let free = &mut self.flavors[usize::from(change.tree)].now;
        free.take(change.leaf, requests, change.pods);
        if self.open > 0 {
            self.log.push(change);
        }
    }

    /// Begins a transaction: use that changes from here on can be undone. Transactions nest; they
    /// end in the reverse order.
    pub fn begin(&mut self) -> Mark {
        self.open += 1;
        Mark(self.log.len())
    }

    /// Keeps what changed since the mark. It can still be undone by a transaction around this one.
    pub fn commit(&mut self, _mark: Mark) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.log.clear();
        }
    }

    /// Undoes what changed since the mark, exactly. O(changes · resources).
    pub fn rollback(&mut self, mark: Mark) {
        self.open = self.open.saturating_sub(1);
        while self.log.len() > mark.0 {
            let Some(change) = self.log.pop() else {
                return;
            };
            let requests = self.table.get(change.requests);
            let free = &mut self.flavors[usize::from(change.tree)].now;
            free.take(change.leaf, requests, -change.pods);
        }
    }

    /// Whether every domain has room for its pods. Each entry is looked at by itself, and the place
    /// of the pod as such is not counted, as upstream has it. O(domains · resources).
    pub fn fits(&self, usage: &[Usage]) -> bool {
        usage.iter().all(|usage| {
            let flavor = self.get(usage.tree);
            let requests = self.table.get(usage.requests);
            usage.sites.iter().all(|&(site, pods)| {
                flavor
                    .leaf_at(site)
                    .is_some_and(|leaf| requests.times_in(flavor.now.of(leaf)) >= i64::from(pods))
            })
        })
    }

    /// An assignment by names, as the API has it. O(domains).
    pub fn topology_assignment(&self, assignment: &Assignment) -> TopologyAssignment {
        let tree = &self.get(assignment.tree).tree;
        let domain = |&(leaf, count): &(u32, i32)| TopologyDomain {
            values: tree.name(leaf),
            count,
        };
        TopologyAssignment {
            levels: tree.named_levels().to_vec(),
            domains: assignment.domains.iter().map(domain).collect(),
        }
    }

    /// An assignment from names; `Err` is the first value of a domain that does not exist (any
    /// more): the assignment is stale. O(domains).
    pub fn resolve<'n>(
        &self,
        tree: TreeId,
        assignment: &'n TopologyAssignment,
    ) -> Result<Assignment, &'n str> {
        let leaves = &self.get(tree).tree;
        let leaf = |one: &'n TopologyDomain| match leaves.find(&one.values) {
            Some(leaf) => Ok((leaf, one.count)),
            None => Err(one.values.first().map_or("", String::as_str)),
        };
        let domains: Result<Vec<_>, _> = assignment.domains.iter().map(leaf).collect();
        Ok(Assignment {
            tree,
            domains: domains?,
        })
    }

    /// Until [`Forest::forget`], an assignment uses its leaves even of an empty cluster: pod sets of
    /// one workload must not get the same place twice. `others` are further flavors it matters to.
    pub(super) fn assume(
        &mut self,
        assignment: &Assignment,
        requests: RequestsId,
        others: impl Fn(TreeId) -> bool,
    ) {
        let TreeId(own) = assignment.tree;
        for &(leaf, pods) in &assignment.domains {
            let mut change = Change {
                tree: own,
                leaf,
                requests,
                pods: i64::from(pods),
            };
            self.change_assumed(change);
            if self.rules.handle_overlapping_flavors && self.get(assignment.tree).tree.of_hosts {
                let site = self.get(assignment.tree).site_of(leaf) as usize;
                for at in 0..self.leaves_of[site].len() {
                    (change.tree, change.leaf) = self.leaves_of[site][at];
                    if change.tree != own && others(TreeId(change.tree)) {
                        self.change_assumed(change);
                    }
                }
            }
        }
    }

    fn change_assumed(&mut self, change: Change) {
        let requests = self.table.get(change.requests);
        let flavor = &mut self.flavors[usize::from(change.tree)];
        flavor.now.take(change.leaf, requests, change.pods);
        flavor.bare.take(change.leaf, requests, change.pods);
        self.assumed.push(change);
    }

    /// Takes back what was assumed.
    pub(super) fn forget(&mut self) {
        while let Some(change) = self.assumed.pop() {
            let requests = self.table.get(change.requests);
            let flavor = &mut self.flavors[usize::from(change.tree)];
            flavor.now.take(change.leaf, requests, -change.pods);
            flavor.bare.take(change.leaf, requests, -change.pods);
        }
    }
}
