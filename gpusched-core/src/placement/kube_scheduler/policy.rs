//! `kube-scheduler`: the policy, over the inventory of a replay.

use super::tie::heap_root;
use super::{
    Balance, Profile, Sampling, ScoredResource, Share, Strategy, TieBreak, balanced_allocation,
};
use crate::cluster::{Ask, Node, NodeView, Spot};
use crate::placement::random::draw;
use crate::placement::{Finals, NodeScore, Placement, Pod, Score, Scored, View};
use crate::policy::PolicyInfo;

const SOURCE: &str = "Kubernetes 1.36.3, pkg/scheduler/framework/plugins/noderesources";

pub(in crate::placement) const INFO: PolicyInfo = PolicyInfo {
    name: "kube-scheduler",
    summary: "the default profile of Kubernetes 1.36: spread by CPU and memory, evenly used",
    rule: "NodeResourcesFit (LeastAllocated, cpu and memory) + NodeResourcesBalancedAllocation, \
           weight 1 each; GPUs are not scored by default. Taints, affinities, spread and images are \
           not in traces and rate all nodes alike. From 100 nodes on, only as many feasible nodes as \
           percentageOfNodesToScore says, searched one after the other from where the last search \
           ended. Ties: the root of the heap of 1.36. Devices: the tightest that fit.",
    source: SOURCE,
};

pub(in crate::placement) const INFO_1_35: PolicyInfo = PolicyInfo {
    name: "kube-scheduler-1.35",
    summary: "the default profile of Kubernetes up to 1.35: as kube-scheduler, ties drawn by lot",
    rule: "As kube-scheduler, but BalancedAllocation is (1 - standard deviation of the fractions in \
           use with the pod) * 100, cut, and ties are drawn evenly among the best nodes.",
    source: "Kubernetes 1.35, pkg/scheduler/framework/plugins/noderesources and schedule_one.go; \
             changed by kubernetes/kubernetes#135573",
};

pub(in crate::placement) const LEAST: PolicyInfo = PolicyInfo {
    name: "kube-least-allocated",
    summary: "NodeResourcesFit with LeastAllocated: spread by CPU and memory",
    rule: "mean over cpu and memory of (capacity - requested) * 100 / capacity, all divisions cut, \
           the pod included; ties: lowest rank.",
    source: SOURCE,
};

pub(in crate::placement) const MOST: PolicyInfo = PolicyInfo {
    name: "kube-most-allocated",
    summary: "NodeResourcesFit with MostAllocated: pack by CPU and memory",
    rule: "mean over cpu and memory of requested * 100 / capacity, all divisions cut, the pod \
           included; ties: lowest rank.",
    source: SOURCE,
};

pub(in crate::placement) const BALANCED: PolicyInfo = PolicyInfo {
    name: "kube-balanced",
    summary: "NodeResourcesBalancedAllocation of 1.36: CPU and memory used evenly",
    rule: "50 + (50 + b(with the pod) - b(without)) / 2, b = (1 - standard deviation of the \
           fractions in use) * 100, cut; ties: lowest rank.",
    source: SOURCE,
};

/// What of a node a resource name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cpu,
    Memory,
    /// Any extended resource called `…/gpu`.
    Gpu,
}

/// A resource plugin as a rating of nodes.
///
/// What pods asked for counts as recorded; upstream counts 100 milli-cores and 200 MiB for
/// containers that ask for none, which is done here for the pod to be placed. A resource of a node
/// that was not recorded is left out. O(resources) per node.
#[derive(Clone, Debug)]
pub struct KubeRating {
    name: &'static str,
    plugin: Plugin,
    resources: Vec<(Kind, i64)>,
}

#[derive(Clone, Debug)]
enum Plugin {
    Fit(Strategy),
    Balanced(Balance),
}

impl KubeRating {
    /// NodeResourcesFit.
    pub fn fit(strategy: Strategy, resources: &[ScoredResource]) -> KubeRating {
        let name = match strategy {
            Strategy::MostAllocated => MOST.name,
            _ => LEAST.name,
        };
        KubeRating::new(name, Plugin::Fit(strategy), resources)
    }

    /// NodeResourcesBalancedAllocation.
    pub fn balanced(balance: Balance, resources: &[ScoredResource]) -> KubeRating {
        KubeRating::new(BALANCED.name, Plugin::Balanced(balance), resources)
    }

    /// Resources that nodes of a replay do not have are left out, as on any node without them.
    fn new(name: &'static str, plugin: Plugin, resources: &[ScoredResource]) -> KubeRating {
        let kind = |name: &str| match name {
            "cpu" => Some(Kind::Cpu),
            "memory" => Some(Kind::Memory),
            name if name.ends_with("/gpu") => Some(Kind::Gpu),
            _ => None,
        };
        let resources = resources
            .iter()
            .filter_map(|one| kind(&one.name).map(|kind| (kind, one.weight.max(1))))
            .collect();
        KubeRating {
            name,
            plugin,
            resources,
        }
    }

    /// Capacity and use of a resource, and what the pod asks for, `least` if it asks for none.
    fn share(node: NodeView<'_>, ask: &Ask, kind: Kind, defaults: bool) -> Option<(Share, i64)> {
        let has = node.describe();
        let (capacity, left, asked, least) = match kind {
            Kind::Cpu if has.cpu_milli < Node::UNLIMITED => {
                (has.cpu_milli as i64, node.cpu(), ask.cpu, 100)
            }
            Kind::Memory if has.mem_mib < Node::UNLIMITED => {
                (has.mem_mib as i64, node.mem(), ask.mem, 200)
            }
            Kind::Gpu if ask.total_milli() > 0 && !ask.is_mig() => (
                i64::from(node.gpus()) * 1000,
                node.gpu_left().into(),
                ask.total_milli(),
                0,
            ),
            _ => return None,
        };
        let asked = match defaults && asked == 0 {
            true => least,
            false => asked,
        };
        let share = Share {
            capacity,
            requested: capacity - left + asked,
            weight: 1,
        };
        (capacity > 0).then_some((share, asked))
    }
}

impl NodeScore for KubeRating {
    fn name(&self) -> &'static str {
        self.name
    }

    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        let defaults = matches!(self.plugin, Plugin::Fit(_));
        let mut after = Vec::with_capacity(self.resources.len());
        let mut before = Vec::with_capacity(self.resources.len());
        let mut wanted = 0;
        for (kind, weight) in &self.resources {
            if let Some((share, asked)) = KubeRating::share(node, ask, *kind, defaults) {
                let share = Share {
                    weight: *weight,
                    ..share
                };
                wanted += asked;
                after.push(share);
                before.push(Share {
                    requested: share.requested - asked,
                    ..share
                });
            }
        }
        let score = match &self.plugin {
            Plugin::Fit(strategy) => strategy.score(&after),
            // A pod that asks for none of the resources is not rated by their balance.
            Plugin::Balanced(_) if wanted == 0 => 0,
            Plugin::Balanced(balance) => balanced_allocation(&before, &after, *balance),
        };
        Score::plain(score as i32)
    }
}

/// kube-scheduler with a profile.
///
/// Nodes that have not changed are not rated again (see [`Scored`]); a decision is O(nodes) integer
/// operations.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::kube_scheduler::{KubeScheduler, Profile};
/// use gpusched_core::placement::{Placement, Pod, View};
/// use gpusched_core::workload::Shape;
/// let node = |name: &str, cores: u64| Node { cpu_milli: cores * 1000, ..Node::with_gpus(name, 8, "T4") };
/// let shape = Shape { cpu_milli: 4000, ..Shape::whole_gpus(1) };
/// let nodes = vec![node("small", 8), node("large", 64)];
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[shape]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// // Half of the small node would be in use, a sixteenth of the large one.
/// let spot = KubeScheduler::new(&Profile::default()).choose(&mut View::new(&mut cluster), pod);
/// assert_eq!(spot.unwrap().node, NodeId(1));
/// ```
pub struct KubeScheduler {
    name: &'static str,
    scored: Scored,
    sampling: Sampling,
    ties: TieBreak,
    finals: Finals,
}

impl KubeScheduler {
    /// The scheduler of a profile. Plugins of weight 0 do not score; if none is left, every
    /// feasible node is as good.
    pub fn new(profile: &Profile) -> KubeScheduler {
        let Profile { fit, balanced, .. } = profile;
        let mut terms: Vec<(i64, Box<dyn NodeScore>)> = Vec::new();
        let rating = KubeRating::fit(fit.strategy.clone(), &fit.resources);
        terms.push((fit.weight, Box::new(rating)));
        let rating = KubeRating::balanced(balanced.balance, &balanced.resources);
        terms.push((balanced.weight, Box::new(rating)));
        let name = profile.release.info().name;
        KubeScheduler {
            name,
            scored: Scored::weighted(name, terms),
            sampling: Sampling::new(profile.percentage_of_nodes_to_score),
            ties: profile.ties,
            finals: Finals::default(),
        }
    }
}

/// Tells the draws of ties from others under the same seed.
const PURPOSE: u128 = u128::from_be_bytes(*b"kube-tie-uniform");

impl Placement for KubeScheduler {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let cluster = view.cluster();
        self.scored.finals(cluster, pod.shape, &mut self.finals);
        let Finals { nodes, scores } = &self.finals;
        let ranks: Vec<usize> = nodes.iter().map(|node| node.index()).collect();
        let found = self.sampling.find(&ranks, cluster.len());
        let totals: Vec<i64> = found.iter().map(|at| scores[*at]).collect();
        let chosen = match self.ties {
            TieBreak::Heap136 => heap_root(&totals)?,
            TieBreak::First | TieBreak::Uniform(_) => {
                let most = totals.iter().max()?;
                let best: Vec<usize> = (0..totals.len())
                    .filter(|at| totals[*at] == *most)
                    .collect();
                match self.ties {
                    TieBreak::Uniform(seed) => {
                        best[draw(PURPOSE, seed, pod, best.len() as u32)? as usize]
                    }
                    _ => best[0],
                }
            }
        };
        let node = nodes[found[chosen]];
        let devices = self.scored.devices(cluster, pod.shape, node);
        Some(Spot { node, devices })
    }
}
