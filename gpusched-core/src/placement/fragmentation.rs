//! Fragmentation: how much of a node's free GPU capacity the pods that usually come cannot use.
//!
//! The measure of "Beware of Fragmentation" (Weng et al., USENIX ATC 2023) as its simulator
//! computes it (`pkg/utils/frag.go`). Every typical class is asked what it could do with the node;
//! what it cannot use counts as fragment, weighted by how many pods are of that class. The node's
//! fragment is thus an expectation over the next pod.
//!
//! Scores compare these floats and truncate, so the order of every addition is part of the rule:
//! one accumulator per category, classes in their order, categories added at the end. Grouping
//! the classes by the category they can reach (as done here, per GPU model) keeps each
//! accumulator's own order and is therefore exact.

use super::TypicalPods;
use crate::cluster::{Changes, Cluster, Inventory, NodeView};
use crate::ids::{ModelId, NodeId};

/// Milli-GPU of fragment (and of usable capacity) by category, see [`CATEGORIES`].
pub type Amounts = [f64; 7];

/// Names of the categories, in order: the class lacks CPU and GPU; lacks GPU; is satisfied (the
/// only one that is not fragment); lacks CPU; needs no GPU and fits; needs no GPU and lacks CPU;
/// may not use the model.
pub const CATEGORIES: [&str; 7] = [
    "q1_lack_both",
    "q2_lack_gpu",
    "q3_satisfied",
    "q4_lack_cpu",
    "xl_satisfied",
    "xr_lack_cpu",
    "no_access",
];

/// All categories that are fragment, in the order they are summed.
const FRAGMENT: [usize; 6] = [0, 1, 3, 4, 5, 6];

/// Fragment in all: every category but `q3_satisfied`.
#[inline]
pub fn fragment(amounts: &Amounts) -> f64 {
    FRAGMENT.iter().fold(0.0, |sum, &at| sum + amounts[at])
}

/// Fragment that comes of GPU pods on GPUs they may use (Q1 + Q2 + Q4).
pub fn fragment_q124(amounts: &Amounts) -> f64 {
    amounts[0] + amounts[1] + amounts[3]
}

/// Free capacity in all, fragment or not.
pub fn idle(amounts: &Amounts) -> f64 {
    amounts.iter().sum()
}

/// Measures nodes of one cluster against one target workload.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::NodeId;
/// use gpusched_core::placement::fragmentation::{fragment, Fragmentation};
/// use gpusched_core::placement::{TypicalConfig, TypicalPods};
/// use gpusched_core::workload::Shape;
/// let inventory = Inventory::new(vec![Node::with_gpus("a", 2, "T4")]).unwrap();
/// let kinds = [(Shape::whole_gpus(1), 3), (Shape::whole_gpus(8), 1)];
/// let typical = TypicalPods::select(kinds, &TypicalConfig::default());
/// let measure = Fragmentation::new(typical, &inventory);
/// let cluster = Cluster::new(inventory, &[]);
/// // A quarter of the pods need 8 GPUs: to them both GPUs here are fragment.
/// assert_eq!(fragment(&measure.node(cluster.node(NodeId(0)))), 0.25 * 2000.0);
/// ```
#[derive(Clone, Debug)]
pub struct Fragmentation {
    typical: TypicalPods,
    by_model: Vec<ModelClasses>,
}

/// The classes as one GPU model sees them, each list in the order of the target workload.
#[derive(Clone, Debug, Default)]
struct ModelClasses {
    gpu: Vec<GpuClass>,
    /// Weight and CPU of classes without GPU.
    cpu_only: Vec<(f64, i64)>,
    /// Weights of classes that may not use the model.
    barred: Vec<f64>,
    /// Distinct CPU requests, ascending.
    cpu_steps: Vec<i64>,
}

#[derive(Clone, Copy, Debug)]
struct GpuClass {
    weight: f64,
    cpu: i64,
    milli: u32,
    gpus: u32,
}

/// What fragmentation sees of a node: CPU left, whole devices, and what is left on shared ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct FreeState {
    pub(super) model: ModelId,
    pub(super) cpu: i64,
    pub(super) whole: u32,
    shared: [u16; 64],
    len: usize,
}

impl FreeState {
    #[inline]
    pub(super) fn of(node: NodeView<'_>) -> FreeState {
        let mut state = FreeState {
            model: node.model(),
            cpu: node.cpu(),
            whole: node.free_devices(),
            shared: [0; 64],
            len: 0,
        };
        for (_, left) in node.shared_devices() {
            state.shared[state.len] = left as u16;
            state.len += 1;
        }
        state
    }

    /// The state once `milli` is taken from a device with `left` left.
    #[inline]
    pub(super) fn share_taken(mut self, left: u32, milli: u32) -> FreeState {
        if left == crate::units::MILLI {
            self.whole -= 1;
            self.shared[self.len] = (left - milli) as u16;
            self.len += 1;
        } else if let Some(slot) = self.shared[..self.len]
            .iter()
            .position(|&other| u32::from(other) == left)
        {
            self.shared[slot] -= milli as u16;
        }
        self
    }

    #[inline]
    pub(super) fn shared(&self) -> &[u16] {
        &self.shared[..self.len]
    }

    fn left(&self) -> u32 {
        let shared: u32 = self.shared().iter().map(|&left| u32::from(left)).sum();
        self.whole * crate::units::MILLI + shared
    }
}

impl Fragmentation {
    /// Compiles the target workload against the GPU models of a cluster.
    pub fn new(typical: TypicalPods, inventory: &Inventory) -> Fragmentation {
        let by_model = inventory
            .models()
            .iter()
            .map(|(name, mem)| ModelClasses::new(&typical, name, *mem))
            .collect();
        Fragmentation { typical, by_model }
    }

    /// The target workload.
    pub fn typical(&self) -> &TypicalPods {
        &self.typical
    }

    /// One node as it stands. O(classes × shared devices).
    pub fn node(&self, node: NodeView<'_>) -> Amounts {
        self.amounts(&FreeState::of(node))
    }

    /// The whole cluster, summed from scratch. O(nodes); see [`ClusterFragmentation`].
    pub fn total(&self, cluster: &Cluster) -> Amounts {
        ClusterFragmentation::new(self, cluster).total()
    }

    /// How many distinct CPU requests of the target workload `cpu` satisfies: nodes that differ
    /// only in CPU, but not in this, are equally fragmented.
    #[inline]
    pub(super) fn cpu_step(&self, model: ModelId, cpu: i64) -> usize {
        let steps = &self.by_model[model.index()].cpu_steps;
        steps.partition_point(|&step| step <= cpu)
    }

    #[inline]
    pub(super) fn amounts(&self, state: &FreeState) -> Amounts {
        let mut sums = [0.0; 7];
        let left = state.left();
        if left == 0 {
            return sums;
        }
        let all = f64::from(left);
        let classes = &self.by_model[state.model.index()];
        for &weight in &classes.barred {
            sums[6] += weight * all;
        }
        for &(weight, cpu) in &classes.cpu_only {
            sums[if state.cpu >= cpu { 4 } else { 5 }] += weight * all;
        }
        for class in &classes.gpu {
            class.add(state, left, &mut sums);
        }
        sums
    }
}

impl GpuClass {
    #[inline]
    fn add(&self, state: &FreeState, left: u32, sums: &mut Amounts) {
        let (mut hosts, mut below) = (state.whole, 0);
        for &device in state.shared() {
            let device = u32::from(device);
            if device >= self.milli {
                hosts += 1;
            } else {
                below += device;
            }
        }
        let enough_cpu = state.cpu >= self.cpu;
        let hostable = hosts >= self.gpus;
        if hostable && enough_cpu {
            sums[1] += self.weight * f64::from(below);
            sums[2] += self.weight * f64::from(left - below);
        } else {
            let category = match (hostable, enough_cpu) {
                (true, _) => 3,
                (false, true) => 1,
                (false, false) => 0,
            };
            sums[category] += self.weight * f64::from(left);
        }
    }
}

impl ModelClasses {
    fn new(typical: &TypicalPods, model: &str, mem: u32) -> ModelClasses {
        let mut classes = ModelClasses::default();
        for pod in typical.classes() {
            let shape = &pod.shape;
            let cpu = shape.cpu_milli.min(i64::MAX as u64) as i64;
            if shape.gpus == 0 || shape.gpu_milli == 0 {
                classes.cpu_only.push((pod.weight, cpu));
            } else if shape.accepts(model) && (mem == 0 || mem >= shape.gpu_mem_mib) {
                classes.gpu.push(GpuClass {
                    weight: pod.weight,
                    cpu,
                    milli: shape.gpu_milli,
                    gpus: shape.gpus,
                });
            } else {
                classes.barred.push(pod.weight);
                continue;
            }
            classes.cpu_steps.push(cpu);
        }
        classes.cpu_steps.sort_unstable();
        classes.cpu_steps.dedup();
        classes
    }
}

/// The fragmentation of a cluster, kept up to date as it changes.
///
/// A tree of sums over the nodes: leaf *i* is node *i*, every inner entry the sum of its two
/// children. An update replaces a leaf and adds up again on the way to the root, O(log nodes),
/// so the total is always the same function of the nodes' amounts and cannot drift.
#[derive(Clone, Debug)]
pub struct ClusterFragmentation {
    measure: Fragmentation,
    sums: Vec<Amounts>,
    leaves: usize,
    cursor: u64,
}

impl ClusterFragmentation {
    /// Measures all nodes once.
    pub fn new(measure: &Fragmentation, cluster: &Cluster) -> ClusterFragmentation {
        let leaves = cluster.len().next_power_of_two();
        let mut tree = ClusterFragmentation {
            measure: measure.clone(),
            sums: vec![[0.0; 7]; 2 * leaves],
            leaves,
            cursor: 0,
        };
        tree.update(cluster);
        tree
    }

    /// The measure used.
    pub fn measure(&self) -> &Fragmentation {
        &self.measure
    }

    /// Measures again the nodes that changed since the last call. O(changed × log nodes).
    pub fn update(&mut self, cluster: &Cluster) {
        match cluster.changes_since(self.cursor) {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    let at = self.set(cluster, NodeId(node));
                    self.sum_up_from(at);
                }
            }
            Changes::All => {
                for node in 0..cluster.len() {
                    self.set(cluster, NodeId(node as u32));
                }
                for at in (1..self.leaves).rev() {
                    self.sum_children(at);
                }
            }
        }
        self.cursor = cluster.cursor();
    }

    /// The sums over all nodes at the last update.
    pub fn total(&self) -> Amounts {
        self.sums[1]
    }

    /// One node at the last update.
    pub fn node(&self, node: NodeId) -> &Amounts {
        &self.sums[self.leaves + node.index()]
    }

    fn set(&mut self, cluster: &Cluster, node: NodeId) -> usize {
        let at = self.leaves + node.index();
        self.sums[at] = self.measure.node(cluster.node(node));
        at
    }

    fn sum_up_from(&mut self, leaf: usize) {
        let mut at = leaf / 2;
        while at > 0 {
            self.sum_children(at);
            at /= 2;
        }
    }

    fn sum_children(&mut self, at: usize) {
        let (left, right) = (self.sums[2 * at], self.sums[2 * at + 1]);
        self.sums[at] = std::array::from_fn(|category| left[category] + right[category]);
    }
}
