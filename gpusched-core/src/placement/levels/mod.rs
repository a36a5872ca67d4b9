//! Placement by topology: which nodes a gang gets, by the domains they are in.
//!
//! | file | what |
//! |---|---|
//! | `rooms` | how many pods of a kind every node and domain has room for |
//! | `pour` | handing pods out below a domain |
//! | `rack_pack`, `tas`, `slurm_block`, `slurm_tree`, `volcano_tier`, `kai_topology` | one policy each |
//!
//! A policy is a function of these counts ([`LevelPolicy`]); [`ByLevel`] makes it a
//! [`Placement`]: it keeps the counts, takes the places, and keeps a record of what was looked at.
//! Devices of a node are the lowest-numbered ones, or those a device policy prefers.

mod kai_topology;
mod pour;
mod rack_pack;
mod rooms;
mod slurm_block;
mod slurm_tree;
mod tas;
mod volcano_tier;

pub use kai_topology::KaiTopology;
pub use pour::{pour, pour_anywhere};
pub use rack_pack::RackPack;
pub use rooms::{Levels, Rooms};
pub use slurm_block::{Segments, SlurmBlock};
pub use slurm_tree::SlurmTree;
pub use tas::{Profile, Tas};
pub use volcano_tier::VolcanoTier;

pub(super) use kai_topology::INFO as KAI_TOPOLOGY;
pub(super) use rack_pack::INFO as RACK_PACK;
pub(super) use slurm_tree::INFO as SLURM_TREE;
pub(super) use volcano_tier::INFO as VOLCANO_TIER;

use super::{Explanation, Look, Placement, Pod, Trial, View};
use crate::cluster::{Inventory, Spot};
use crate::ids::NodeId;
use crate::policy::PolicyInfo;
use crate::topology::{DomainId, LevelId, Within};
use crate::workload::{Locality, PodSet, Spec};

/// Pods of one kind that want places.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// How many.
    pub pods: u32,
    /// How near to one another they must, or should, be.
    pub locality: Locality,
}

/// Chooses nodes by domains.
pub trait LevelPolicy: Send {
    /// Name, rule and source.
    fn info(&self) -> &'static PolicyInfo;

    /// Whether it knows [`Locality::slice`] itself; else groups come one after the other.
    fn knows_slices(&self, _: &Wanted) -> bool {
        false
    }

    /// Whether it keeps to [`Locality::within`] itself.
    fn knows_within(&self) -> bool;

    /// Nodes, and the pods each takes; `None` when there is no place. What was looked at goes into
    /// `record`.
    fn choose(
        &mut self,
        levels: &Levels<'_>,
        wanted: &Wanted,
        record: &mut Explanation,
    ) -> Option<Vec<(NodeId, u32)>>;
}

/// A [`LevelPolicy`] as a [`Placement`].
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::JobId;
/// use gpusched_core::placement::Trial;
/// use gpusched_core::placement::levels::{ByLevel, RackPack};
/// use gpusched_core::topology::{Fabric, Level, Scope, Topology};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// use std::sync::Arc;
/// let rack = Level { name: "rack".into(), scope: Scope::Rack, oversubscription: 1.0, latency_ns: 0.0 };
/// let racks = ["r1", "r2", "r2"].map(|rack| Some(vec![rack.to_owned()]));
/// let fabric = Fabric::new(vec![rack], &racks).unwrap();
/// let topology = Topology::new(fabric, Vec::new(), vec![None; 3]);
/// let nodes = (0..3).map(|i| Node::with_gpus(format!("n{i}"), 8, "H100")).collect();
/// let inventory = Inventory::new(nodes).unwrap().with_topology(Arc::new(topology));
/// let mut builder = WorkloadBuilder::new();
/// let job = JobDraft { count: 2, ..JobDraft::new("a", Time::ZERO, Span::from_secs(1), Shape::whole_gpus(8)) };
/// builder.push(&job).unwrap();
/// let work = builder.finish().unwrap();
/// let mut cluster = Cluster::new(inventory.clone(), work.shapes());
/// let mut spots = Vec::new();
/// let trial = Trial::new(&mut cluster, &work.specs()[0], JobId(0), &mut spots);
/// assert!(trial.run(&mut ByLevel::new(RackPack, &inventory)).unwrap());
/// // Only the second rack takes both.
/// assert_eq!(spots.iter().map(|spot| spot.node.0).collect::<Vec<_>>(), [1, 2]);
/// ```
pub struct ByLevel<P> {
    policy: P,
    rooms: Rooms,
    record: Explanation,
}

impl<P: LevelPolicy> ByLevel<P> {
    /// The policy on the machines of an inventory.
    pub fn new(policy: P, inventory: &Inventory) -> ByLevel<P> {
        ByLevel {
            policy,
            rooms: Rooms::new(inventory),
            record: Explanation::default(),
        }
    }

    fn place_group(&mut self, trial: &mut Trial<'_>, set: &PodSet) -> bool {
        let wanted = Wanted {
            pods: set.count,
            locality: set.locality,
        };
        let chosen = {
            let view = trial.view();
            let levels = self.rooms.levels(view.cluster(), set.shape);
            match self.policy.choose(&levels, &wanted, &mut self.record) {
                Some(chosen) => chosen,
                None => return false,
            }
        };
        let placed = chosen.iter().all(|&(node, pods)| {
            (0..pods).all(|_| {
                let view = trial.view();
                let devices = view.node(node).lowest_devices(&view.ask(set.shape));
                trial.take(set.shape, Spot { node, devices })
            })
        });
        self.record.nodes.extend(chosen);
        placed
    }
}

impl<P: LevelPolicy> Placement for ByLevel<P> {
    fn name(&self) -> String {
        self.policy.info().name.into()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let wanted = Wanted {
            pods: 1,
            locality: Locality::default(),
        };
        let levels = self.rooms.levels(view.cluster(), pod.shape);
        let chosen = self.policy.choose(&levels, &wanted, &mut self.record)?;
        let &(node, _) = chosen.first()?;
        let devices = view.node(node).lowest_devices(&view.ask(pod.shape));
        Some(Spot { node, devices })
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        self.record.clear();
        let spec: &Spec = trial.spec();
        let mut before = 0;
        let placed = spec.pod_sets.iter().all(|set| {
            let first = before;
            before += set.count;
            let wanted = Wanted {
                pods: set.count,
                locality: set.locality,
            };
            let whole = set.locality.within.is_none() || self.policy.knows_slices(&wanted);
            match whole {
                true => self.place_group(trial, set),
                false => each_group(trial, set, first, |trial, group| {
                    self.place_group(trial, group)
                }),
            }
        });
        self.record.placed = placed;
        placed
    }

    fn honours_locality(&self) -> bool {
        self.policy.knows_within()
    }

    fn may_refuse(&self) -> bool {
        true
    }

    fn explanation(&self) -> Option<&Explanation> {
        Some(&self.record)
    }
}

/// Places the groups of a pod set one after the other. The last may be smaller. `first` is the
/// number of the first pod within the job.
///
/// Where the set allows so many pods on a node, a node that has some is closed to the groups after:
/// the limit holds for the set, and each group is placed by itself.
pub(super) fn each_group(
    trial: &mut Trial<'_>,
    set: &PodSet,
    first: u32,
    mut place: impl FnMut(&mut Trial<'_>, &PodSet) -> bool,
) -> bool {
    let size = match set.locality.slice {
        0 => set.count,
        slice => slice.min(set.count),
    };
    if size == set.count {
        return place(trial, set);
    }
    let limited = trial.view().ask(set.shape).max_per_node < set.count;
    let from = trial.spots().len();
    let mut hidden: Vec<NodeId> = Vec::new();
    let mut done = 0;
    let mut placed = true;
    while placed && done < set.count {
        let group = PodSet {
            count: size.min(set.count - done),
            ..set.clone()
        };
        let spec = Spec {
            pods: group.count,
            gpu_milli: 0,
            first_line: trial.spec().first_line,
            pod_sets: vec![group],
        };
        placed = trial.part(&spec, first + done, |trial| place(trial, &spec.pod_sets[0]));
        done += spec.pods;
        if limited {
            let used: Vec<NodeId> = trial.spots()[from..].iter().map(|spot| spot.node).collect();
            for node in used {
                if trial.view().node(node).is_open() {
                    trial.hide(node, true);
                    hidden.push(node);
                }
            }
        }
    }
    for node in hidden {
        trial.hide(node, false);
    }
    placed
}

/// Notes a look at the domains of a place, and returns those that hold everything, the tightest
/// first; ties: lowest number.
pub(super) fn holding(
    levels: &Levels<'_>,
    level: LevelId,
    pods: u64,
    record: &mut Explanation,
) -> Vec<(u64, DomainId)> {
    let mut most = 0;
    let mut domains = 0;
    let mut fitting = Vec::new();
    for domain in levels.domains(level) {
        let room = levels.room_in(domain);
        domains += 1;
        most = most.max(room);
        if room >= pods {
            fitting.push((room, domain));
        }
    }
    fitting.sort_unstable();
    record.looks.push(Look {
        within: Some(Within::Level(level)),
        wanted: pods,
        domains,
        fitting: fitting.len() as u32,
        most,
        taken: fitting.first().map(|&(room, domain)| (domain, room)),
        note: "",
    });
    fitting
}

/// Notes a look at single nodes, and returns those that hold everything, the tightest first; ties:
/// lowest rank.
pub(super) fn holding_nodes(
    levels: &Levels<'_>,
    pods: u64,
    record: &mut Explanation,
) -> Vec<(u32, NodeId)> {
    let (mut most, mut nodes) = (0, 0);
    let mut fitting = Vec::new();
    for node in levels.nodes() {
        let room = levels.room(node);
        nodes += 1;
        most = most.max(room);
        if u64::from(room) >= pods {
            fitting.push((room, node));
        }
    }
    fitting.sort_unstable();
    record.looks.push(Look {
        within: Some(Within::Node),
        wanted: pods,
        domains: nodes,
        fitting: fitting.len() as u32,
        most: u64::from(most),
        taken: None,
        note: "",
    });
    fitting
}

/// The tightest node that holds everything.
fn holding_node(levels: &Levels<'_>, pods: u64, record: &mut Explanation) -> Option<NodeId> {
    holding_nodes(levels, pods, record)
        .first()
        .map(|&(_, node)| node)
}

/// Notes a look at all machines together. Whether they hold everything.
pub(super) fn all_hold(levels: &Levels<'_>, pods: u64, record: &mut Explanation) -> bool {
    let room = levels.total();
    record.looks.push(Look {
        within: None,
        wanted: pods,
        domains: 1,
        fitting: u32::from(room >= pods),
        most: room,
        taken: None,
        note: "",
    });
    room >= pods
}

/// Pods of the kind the emptiest node could have: what a job of pods is in nodes. At least 1. For
/// MIG instances it is what the roomiest node has room for now. O(nodes).
fn per_node(levels: &Levels<'_>) -> u32 {
    let cluster = levels.cluster();
    let ask = cluster.ask(levels.shape());
    if ask.is_mig() {
        return levels
            .nodes()
            .map(|node| levels.room(node))
            .max()
            .unwrap_or(1)
            .max(1);
    }
    let by = |have: u64, need: u64| have.checked_div(need).unwrap_or(u64::MAX);
    let size = |node: &crate::cluster::Node| {
        let devices = match ask.is_share() {
            true => u64::from(node.gpus) * by(1000, u64::from(ask.milli)),
            false => by(u64::from(node.gpus), u64::from(ask.gpus)),
        };
        devices
            .min(by(node.cpu_milli, ask.cpu as u64))
            .min(by(node.mem_mib, ask.mem as u64))
            .min(by(100, u64::from(ask.rdma)))
            .min(u64::from(ask.max_per_node))
    };
    let nodes = cluster.inventory().nodes().iter();
    let most = nodes.map(size).max().unwrap_or(1);
    most.clamp(1, u64::from(u32::MAX)) as u32
}
