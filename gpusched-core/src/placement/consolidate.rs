//! `consolidate`: a gang goes on as few nodes as can be: one node, or whole free nodes and a rest.

use super::{Placement, Pod, Trial, View};
use crate::cluster::{Ask, Cluster, Node, Spot};
use crate::ids::{NodeId, ShapeId};
use crate::policy::PolicyInfo;
use crate::workload::PodSet;
use std::cmp::Reverse;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "consolidate",
    summary: "one node, or whole free nodes plus one for the rest",
    rule: "A gang that an empty node can hold waits for one node and takes the one with least \
           free GPUs that holds it all. A larger gang takes wholly free nodes and puts what is \
           left on the next node in descending order of free GPUs. Ties: lowest rank. Shared and \
           CPU pods go one by one to the tightest fit.",
    source: "Hu et al. (Helios), SC 2021; HeliosArtifact, QSSF Service/policies/placer/consolidate.py",
};

/// Consolidated placement as in the Helios simulator.
///
/// There all nodes have 8 GPUs and a job is a number `k` of GPUs:
///
/// * `k ≤ 8`: the node with least free GPUs that has `k` free, or the job waits;
/// * `k` a multiple of 8: `k / 8` wholly free nodes, or it waits;
/// * else: `⌊k / 8⌋` wholly free nodes, and the next node in descending order of free GPUs takes
///   `k mod 8` if it has as many, or the job waits.
///
/// Equal free GPUs are ordered by rank. Here the source is silent; this is what is done:
///
/// * **Pods.** A job is pod sets; each is placed by itself, in order, with what the sets before it
///   left. A pod never spans nodes, so a node counts in pods: its *size* is how many pods of the
///   set it holds when empty, limited by GPUs, CPU, memory, model and the pods-per-node limit.
/// * **Node sizes differ.** A set no larger than the largest node (in pods) is a single-node job.
///   For a larger one the nodes are walked in descending order of free GPUs: a node smaller than
///   or equal to what remains is taken whole, if it is wholly free and nothing else limits it
///   below its size, and passed over if not; the first node larger than what remains takes the
///   rest if it has room. With nodes of one size this is the rule above.
/// * **Devices** are the lowest-numbered free ones.
/// * **Shared-GPU pods** go one by one on the device with least left that fits, over all nodes.
///   **CPU pods** go one by one on the node with fewest free GPUs, so that free nodes stay free.
///   Ties: lowest rank, then lowest device number.
///
/// One node: O(feasible nodes). Several: O(nodes log nodes).
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::JobId;
/// use gpusched_core::placement::{Consolidate, Trial};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// let mut builder = WorkloadBuilder::new();
/// let one_gpu = Shape::whole_gpus(1);
/// let job = JobDraft { count: 12, ..JobDraft::new("a", Time::ZERO, Span::from_secs(1), one_gpu) };
/// builder.push(&job).unwrap();
/// let work = builder.finish().unwrap();
/// let nodes = (0..3).map(|i| Node::with_gpus(format!("n{i}"), 8, "V100")).collect();
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), work.shapes());
/// let mut spots = Vec::new();
/// let trial = Trial::new(&mut cluster, &work.specs()[0], JobId(0), &mut spots);
/// assert!(trial.run(&mut Consolidate::new()).unwrap());
/// let on = |node: u32| spots.iter().filter(|spot| spot.node.0 == node).count();
/// assert_eq!((on(0), on(1), on(2)), (8, 4, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Consolidate {
    /// Per shape: the most pods an empty node holds; `None` until asked for.
    largest: Vec<Option<u32>>,
}

impl Consolidate {
    /// For one cluster: the sizes of its nodes are remembered.
    pub fn new() -> Consolidate {
        Consolidate::default()
    }

    /// The most pods of a shape any empty node holds.
    fn largest(&mut self, cluster: &Cluster, shape: ShapeId) -> u32 {
        if self.largest.len() <= shape.index() {
            self.largest.resize(shape.index() + 1, None);
        }
        *self.largest[shape.index()].get_or_insert_with(|| {
            let ask = cluster.ask(shape);
            let nodes = (0..cluster.len()).map(|node| NodeId(node as u32));
            nodes
                .map(|node| size(cluster, ask, node))
                .max()
                .unwrap_or(0)
        })
    }

    fn place_set(&mut self, trial: &mut Trial<'_>, set: &PodSet) -> bool {
        let largest = {
            let view = trial.view();
            self.largest(view.cluster(), set.shape)
        };
        if set.count > largest {
            return spread(trial, set);
        }
        match tightest_node(&mut trial.view(), set.shape, set.count) {
            Some(node) => take_lowest(trial, set.shape, node, set.count),
            None => false,
        }
    }
}

impl Placement for Consolidate {
    fn name(&self) -> String {
        INFO.name.into()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let ask = view.ask(pod.shape);
        let node = if ask.is_share() {
            tightest_share(view, pod.shape)?
        } else {
            tightest_node(view, pod.shape, 1)?
        };
        let devices = view.node(node).tightest_devices(&ask);
        Some(Spot { node, devices })
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        let sets = &trial.spec().pod_sets;
        let whole = |trial: &mut Trial<'_>, set: &PodSet| {
            let ask = trial.view().ask(set.shape);
            ask.gpus > 0 && !ask.is_share()
        };
        let mut ordinal = 0;
        sets.iter().all(|set| {
            let first = ordinal;
            ordinal += set.count;
            if whole(trial, set) {
                self.place_set(trial, set)
            } else {
                trial.set_one_by_one(set, first, |view, pod| self.choose(view, pod))
            }
        })
    }
}

/// How many pods an empty node holds.
fn size(cluster: &Cluster, ask: &Ask, node: NodeId) -> u32 {
    let view = cluster.node(node);
    if ask.gpus == 0 || ask.models >> view.model().0 & 1 == 0 {
        return 0;
    }
    let describe: &Node = view.describe();
    let by = |have: u64, need: i64| match need {
        0 => u64::MAX,
        need => have.min(Node::UNLIMITED) / need as u64,
    };
    let pods = u64::from(describe.gpus / ask.gpus)
        .min(by(describe.cpu_milli, ask.cpu))
        .min(by(describe.mem_mib, ask.mem));
    pods.min(u64::from(ask.max_per_node)) as u32
}

/// The node with fewest free GPUs that holds `count` such pods.
fn tightest_node(view: &mut View<'_>, shape: ShapeId, count: u32) -> Option<NodeId> {
    let ask = view.ask(shape);
    let feasible = view.feasible(shape).clone();
    feasible
        .iter()
        .filter(|&node| count == 1 || view.node(node).room(&ask) >= count)
        .min_by_key(|&node| view.node(node).free_devices())
}

/// The node with the device that has least left and still fits.
fn tightest_share(view: &mut View<'_>, shape: ShapeId) -> Option<NodeId> {
    let ask = view.ask(shape);
    let feasible = view.feasible(shape).clone();
    let left = |node: NodeId| {
        let node = view.node(node);
        node.left(node.tightest_devices(&ask).trailing_zeros())
    };
    feasible.iter().min_by_key(|&node| left(node))
}

/// Places a set that is larger than any node.
fn spread(trial: &mut Trial<'_>, set: &PodSet) -> bool {
    let view = trial.view();
    let ask = view.ask(set.shape);
    let nodes = (0..view.cluster().len()).map(|node| NodeId(node as u32));
    let mut order: Vec<NodeId> = nodes.filter(|&node| view.node(node).fits(&ask)).collect();
    order.sort_by_key(|&node| Reverse(view.node(node).free_devices()));
    let mut remaining = set.count;
    for node in order {
        let view = trial.view();
        let at = view.node(node);
        let size = size(view.cluster(), &ask, node);
        let room = at.room(&ask);
        let takes = if remaining < size {
            if room >= remaining { remaining } else { 0 }
        } else if at.free_devices() == at.gpus() && room == size {
            size
        } else {
            0
        };
        if takes > 0 && !take_lowest(trial, set.shape, node, takes) {
            return false;
        }
        remaining -= takes;
        if remaining == 0 {
            return true;
        }
    }
    false
}

fn take_lowest(trial: &mut Trial<'_>, shape: ShapeId, node: NodeId, count: u32) -> bool {
    (0..count).all(|_| {
        let view = trial.view();
        let devices = view.node(node).lowest_devices(&view.ask(shape));
        trial.take(shape, Spot { node, devices })
    })
}
