//! The cluster as a simulation sees it: pods can be tried on nodes, and everything taken back.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | nodes, what is left of them, and the log that takes changes back |
//! | `units.rs` | kinds of pods, resources as dense vectors |
//! | `fit.rs` | whether a pod fits a node, and if not, why |
//! | `neighbours.rs` | spread, affinity and anti-affinity among pods |
//! | `sync.rs` | following the machines of a view |
//!
//! Upstream keeps the nodes of a simulation in Go maps, so the order in which it tries them is not
//! defined. Here it is: machines by age, then nodes that are on their way by group, then those an
//! estimate adds, in the order it adds them; the first that fits is taken.

mod fit;
mod neighbours;
mod sync;
mod units;

pub use fit::Misfit;
pub(super) use units::Kind;

use super::gpu;
use super::node_group::Template;
use crate::ids::JobId;
use crate::kube::{Labels, Resources, Taint};
use crate::provisioning::controller::{MachineId, ViewPod};
use crate::provisioning::karpenter::labels::HOSTNAME;
use crate::provisioning::karpenter::objects::PodSpec;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use units::Kinds;

/// Where CPU stands among resources, and memory: they are named first.
const CPU: usize = 0;
const MEMORY: usize = 1;

/// Who a node of the snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NodeKey {
    /// A machine.
    Machine(MachineId),
    /// The n-th node that is on its way to a group.
    Upcoming(u32, u32),
    /// The n-th node of an estimate.
    New(u32),
}

/// Like nodes: equal labels, but for the host name, and equal taints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(u32);

/// A pod on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tenant {
    /// Its job and number.
    pub(super) pod: (JobId, u32),
    pub(super) kind: Kind,
    /// Whether it may not be moved.
    pub(super) keep: bool,
}

impl Tenant {
    pub(super) fn new(pod: &ViewPod, kind: Kind) -> Tenant {
        Tenant {
            pod: (pod.job, pod.index),
            kind,
            keep: pod.keep,
        }
    }

    /// Some pod of a kind: nobody will ask which.
    pub(super) fn any(kind: Kind) -> Tenant {
        Tenant {
            pod: (JobId(0), 0),
            kind,
            keep: false,
        }
    }
}

/// A node and what is left of it.
#[derive(Debug)]
pub(super) struct SimNode {
    pub(super) key: NodeKey,
    class: Class,
    name: String,
    /// What pods can have, by resource.
    all: Vec<i64>,
    /// What is left of it.
    free: Vec<i64>,
    /// Which resource its GPUs are.
    gpu: Option<usize>,
    /// The pods on it, in order of arrival.
    pub(super) pods: Vec<Tenant>,
    /// Whether it takes pods.
    pub(super) open: bool,
    /// The version of the machine it was made from.
    version: u64,
}

enum Undo {
    /// A node was added at the end.
    Added,
    Placed(usize, Kind),
    /// The first pod in the list was taken off.
    Taken(usize, Tenant),
    Closed(usize),
}

/// Nodes with the pods on them.
#[derive(Default)]
pub(super) struct Snapshot {
    nodes: Vec<SimNode>,
    classes: Vec<(Labels, Vec<Taint>)>,
    /// Classes by the hash of their labels and taints.
    alike: FxHashMap<u64, Vec<Class>>,
    kinds: Kinds,
    /// The provider's label of nodes with GPUs.
    gpu_label: String,
    /// By kind and class: whether labels and taints allow it, once somebody asked.
    allowed: Vec<Vec<Option<bool>>>,
    /// By kind and group: why a pod does not fit a fresh node, once somebody asked.
    on_fresh: FxHashMap<(Kind, usize), Option<Misfit>>,
    /// Whether some kind of pods minds its neighbours.
    any_minds: bool,
    log: Vec<Undo>,
    /// How often it was asked whether a pod fits a node.
    pub(super) checks: u64,
}

/// A point to come back to.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

impl Snapshot {
    /// Without nodes.
    pub(super) fn new(gpu_label: &str) -> Snapshot {
        let mut snapshot = Snapshot {
            gpu_label: gpu_label.to_owned(),
            ..Snapshot::default()
        };
        for name in ["cpu", "memory"].into_iter().chain(gpu::RESOURCES) {
            snapshot.kinds.index(name);
        }
        snapshot
    }

    /// The kind of a spec. Nodes that are there may have to be made anew for it ([`Snapshot::sync`])
    /// before anybody asks whether it fits them.
    pub(super) fn kind(&mut self, spec: &Arc<PodSpec>) -> Kind {
        let kind = self.kinds.of(spec);
        self.any_minds |= self.kinds.all[kind.0 as usize].neighbours;
        kind
    }

    /// What pods of a kind want.
    pub(super) fn spec(&self, kind: Kind) -> &Arc<PodSpec> {
        &self.kinds.all[kind.0 as usize].spec
    }

    /// Whether pods of a kind mind which pods are where: whether they fit a node may then change
    /// for the better as others are placed. For other pods it never does.
    pub(super) fn minds_neighbours(&self, kind: Kind) -> bool {
        self.kinds.all[kind.0 as usize].neighbours
    }

    /// Whether pods of a kind are spread over hosts.
    pub(super) fn spread_over_hosts(&self, kind: Kind) -> bool {
        let spread = &self.spec(kind).spread;
        spread.iter().any(|one| one.key == HOSTNAME)
    }

    /// Whether it is its spread that keeps a pod off a node.
    pub(super) fn spread_forbids(&self, kind: Kind, node: usize) -> bool {
        self.misfit(kind, node) == Some(Misfit::Neighbours(neighbours::SPREAD))
    }

    /// All nodes.
    pub(super) fn nodes(&self) -> &[SimNode] {
        &self.nodes
    }

    /// The machine of that id; O(log nodes).
    pub(super) fn machine(&self, id: MachineId) -> Option<usize> {
        let key = NodeKey::Machine(id);
        self.nodes.binary_search_by_key(&key, |node| node.key).ok()
    }

    /// Labels of a node.
    fn label<'s>(&'s self, node: &'s SimNode, key: &str) -> Option<&'s str> {
        match key {
            HOSTNAME => Some(&node.name),
            _ => self.classes[node.class.0 as usize]
                .0
                .get(key)
                .map(String::as_str),
        }
    }

    /// Adds a node like the template.
    pub(super) fn add(&mut self, key: NodeKey, template: &Template) -> usize {
        let name = match key {
            NodeKey::Machine(id) => format!("machine-{}", id.0),
            NodeKey::Upcoming(group, at) => format!("upcoming-{group}-{at}"),
            NodeKey::New(at) => format!("new-{at}"),
        };
        let node = self.empty(
            key,
            name,
            (&template.labels, &template.taints),
            &template.allocatable,
        );
        self.nodes.push(node);
        self.log.push(Undo::Added);
        self.nodes.len() - 1
    }

    /// A node with nothing on it.
    fn empty(
        &mut self,
        key: NodeKey,
        name: String,
        (labels, taints): (&Labels, &[Taint]),
        allocatable: &Resources,
    ) -> SimNode {
        let all = self.kinds.dense(allocatable);
        let gpu = gpu::resource(labels, allocatable, &self.gpu_label);
        SimNode {
            key,
            class: self.class(labels, taints),
            name,
            free: all.clone(),
            all,
            gpu: gpu.map(|name| self.kinds.index(name)),
            pods: Vec::new(),
            open: true,
            version: 0,
        }
    }

    /// The share of a node that its pods request: of its GPUs if it has some, else of CPU or memory,
    /// whichever is more. `None` when it offers no CPU or no memory, so that nobody knows. A node
    /// that has the label of GPUs and offers none yet is not used at all.
    pub(super) fn utilization(&self, node: usize) -> Option<(f64, bool)> {
        let at = &self.nodes[node];
        let share = |resource: usize| match at.all[resource] {
            0 => None,
            all => Some((all - at.free[resource]) as f64 / all as f64),
        };
        match at.gpu {
            Some(gpu) => Some((share(gpu).unwrap_or(0.0), true)),
            None => Some((f64::max(share(CPU)?, share(MEMORY)?), false)),
        }
    }

    /// The class of nodes with these labels, the host name aside, and taints. O(labels + taints).
    fn class(&mut self, labels: &Labels, taints: &[Taint]) -> Class {
        let shared = labels.iter().filter(|(key, _)| *key != HOSTNAME);
        let mut hasher = FxHasher::default();
        shared.clone().for_each(|label| label.hash(&mut hasher));
        taints.hash(&mut hasher);
        let alike = self.alike.entry(hasher.finish()).or_default();
        let same = |class: &&Class| {
            let (own, tainted) = &self.classes[class.0 as usize];
            tainted == taints && own.iter().eq(shared.clone())
        };
        if let Some(known) = alike.iter().find(same) {
            return *known;
        }
        let class = Class(self.classes.len() as u32);
        alike.push(class);
        let labels = shared.map(|(key, value)| (key.clone(), value.clone()));
        self.classes.push((labels.collect(), taints.to_vec()));
        class
    }

    /// Puts a pod on a node, whether it fits or not.
    pub(super) fn place(&mut self, node: usize, tenant: Tenant) {
        self.charge(node, tenant.kind, -1);
        self.nodes[node].pods.push(tenant);
        self.log.push(Undo::Placed(node, tenant.kind));
    }

    /// Takes all pods off a node.
    pub(super) fn take_all(&mut self, node: usize) -> Vec<Tenant> {
        let pods = std::mem::take(&mut self.nodes[node].pods);
        for tenant in &pods {
            self.charge(node, tenant.kind, 1);
            self.log.push(Undo::Taken(node, *tenant));
        }
        pods
    }

    /// No pod goes there any more.
    pub(super) fn close(&mut self, node: usize) {
        if std::mem::replace(&mut self.nodes[node].open, false) {
            self.log.push(Undo::Closed(node));
        }
    }

    fn charge(&mut self, node: usize, kind: Kind, sign: i64) {
        let free = &mut self.nodes[node].free;
        for &(at, amount) in &self.kinds.all[kind.0 as usize].amounts {
            free[at] = free[at].saturating_add(sign * amount);
        }
    }

    /// A point to come back to.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Takes back everything since the mark.
    pub(super) fn rollback(&mut self, mark: Mark) {
        while self.log.len() > mark.0 {
            match self.log.pop() {
                Some(Undo::Added) => drop(self.nodes.pop()),
                Some(Undo::Placed(node, kind)) => {
                    self.nodes[node].pods.pop();
                    self.charge(node, kind, 1);
                }
                Some(Undo::Taken(node, tenant)) => {
                    self.nodes[node].pods.insert(0, tenant);
                    self.charge(node, tenant.kind, -1);
                }
                Some(Undo::Closed(node)) => self.nodes[node].open = true,
                None => break,
            }
        }
    }

    /// The first open node from `from` on that a pod fits and `acceptable` allows.
    pub(super) fn find(
        &mut self,
        kind: Kind,
        from: usize,
        acceptable: impl Fn(&SimNode) -> bool,
    ) -> Option<usize> {
        (from..self.nodes.len()).find(|&node| {
            self.nodes[node].open && acceptable(&self.nodes[node]) && self.fits(kind, node)
        })
    }
}
