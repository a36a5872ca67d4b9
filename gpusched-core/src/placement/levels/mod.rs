//! Placement by topology: which nodes a gang gets, by the domains they are in.
//!
//! | file | what |
//! |---|---|
//! | `look` | looks at domains that are noted |
//! | `rooms` | how many pods of a kind every node and domain has room for |
//! | `pour` | handing pods out below a domain |
//! | `rack_pack`, `tas`, `slurm_block`, `slurm_tree`, `volcano_tier`, `kai_topology`, `hived` | one policy each |
//!
//! A policy is a function of these counts ([`LevelPolicy`]); [`ByLevel`] makes it a
//! [`Placement`]: it keeps the counts, takes the places, and keeps a record of what was looked at.
//! Devices of a node are the lowest-numbered ones, or those a device policy prefers.

mod hived;
mod kai_topology;
mod look;
mod pour;
mod rack_pack;
mod rooms;
mod slurm_block;
mod slurm_tree;
mod tas;
mod volcano_tier;

pub use hived::Hived;
pub use kai_topology::KaiTopology;
pub use pour::{pour, pour_anywhere};
pub use rack_pack::RackPack;
pub use rooms::{Levels, Rooms};
pub use slurm_block::{Segments, SlurmBlock};
pub use slurm_tree::SlurmTree;
pub use tas::{Profile, Tas};
pub use volcano_tier::VolcanoTier;

pub(super) use hived::INFO as HIVED;
pub(super) use kai_topology::INFO as KAI_TOPOLOGY;
pub(super) use look::{all_hold, holding, holding_nodes};
pub(super) use rack_pack::INFO as RACK_PACK;
pub(super) use slurm_tree::INFO as SLURM_TREE;
pub(super) use volcano_tier::INFO as VOLCANO_TIER;

use look::{fullest, holding_node};

use super::{Explanation, Placement, Pod, Trial, View};
use crate::cluster::{Inventory, Spot};
use crate::ids::NodeId;
use crate::policy::PolicyInfo;
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
