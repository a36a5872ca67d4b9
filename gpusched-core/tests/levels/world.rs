//! A small cluster of nodes with 8 GPUs each, and jobs to place on it.

use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::JobId;
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::placement::{Explanation, Placement, Trial, WithLocality};
use gpusched_core::topology::{Fabric, Level, Scope, Topology};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Locality, Shape, Workload, WorkloadBuilder};
use std::sync::Arc;

pub(crate) const GPUS: u32 = 8;

/// Pods, GPUs of each, and what they ask of locality.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub(crate) pods: u32,
    pub(crate) gpus: u32,
    pub(crate) locality: Locality,
}

/// A job of whole nodes.
pub(crate) fn nodes(pods: u32) -> Job {
    Job {
        pods,
        gpus: GPUS,
        locality: Locality::default(),
    }
}

impl Job {
    pub(crate) fn required(self, scope: Scope) -> Job {
        let locality = Locality {
            within: Some(scope),
            required: true,
            ..self.locality
        };
        Job { locality, ..self }
    }

    pub(crate) fn preferred(self, scope: Scope) -> Job {
        let locality = Locality {
            within: Some(scope),
            ..self.locality
        };
        Job { locality, ..self }
    }

    pub(crate) fn slices(self, slice: u32) -> Job {
        let locality = Locality {
            slice,
            ..self.locality
        };
        Job { locality, ..self }
    }
}

pub(crate) fn level(name: &str, scope: Scope) -> Level {
    Level {
        name: name.into(),
        scope,
        oversubscription: 1.0,
        latency_ns: 0.0,
    }
}

/// An inventory whose nodes stand in racks within blocks: one `block/rack` per node.
pub(crate) fn inventory(places: &[&str]) -> Inventory {
    let levels = vec![level("block", Scope::Block), level("rack", Scope::Rack)];
    let path = |place: &&str| {
        let (block, rack) = place.split_once('/')?;
        Some(vec![block.to_owned(), rack.to_owned()])
    };
    let paths: Vec<_> = places.iter().map(path).collect();
    let fabric = Fabric::new(levels, &paths).unwrap();
    let topology = Topology::new(fabric, Vec::new(), vec![None; places.len()]);
    let nodes = (0..places.len()).map(|at| Node::with_gpus(format!("n{at:02}"), GPUS, "H100"));
    let inventory = Inventory::new(nodes.collect()).unwrap();
    inventory.with_topology(Arc::new(topology))
}

pub(crate) struct World {
    pub(crate) work: Workload,
    pub(crate) inventory: Inventory,
    pub(crate) cluster: Cluster,
}

impl World {
    pub(crate) fn new(inventory: Inventory, jobs: &[Job]) -> World {
        let mut builder = WorkloadBuilder::new();
        for (number, job) in jobs.iter().enumerate() {
            let name = format!("j{number}");
            let shape = Shape::whole_gpus(job.gpus);
            let draft = JobDraft::new(&name, Time::ZERO, Span::from_secs(1), shape);
            let draft = JobDraft {
                count: job.pods,
                locality: job.locality,
                ..draft
            };
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        World {
            cluster: Cluster::new(inventory.clone(), work.shapes()),
            inventory,
            work,
        }
    }

    pub(crate) fn policy(&self, name: &str) -> Box<dyn Placement> {
        let context = PlacementContext {
            work: &self.work,
            inventory: &self.inventory,
            seed: 1,
        };
        let policy = placement(name, &context).unwrap();
        match policy.honours_locality() {
            true => policy,
            false => Box::new(WithLocality::new(policy, &self.inventory)),
        }
    }

    /// Places a job; its places, in order.
    pub(crate) fn spots(&mut self, policy: &mut dyn Placement, job: usize) -> Option<Vec<Spot>> {
        let spec = self.work.spec(self.work.jobs()[job].spec);
        let mut spots = Vec::new();
        let trial = Trial::new(&mut self.cluster, spec, JobId(job as u32), &mut spots);
        trial.run(policy).unwrap().then_some(spots)
    }

    /// Places a job; the numbers of its nodes in ascending order, one per pod.
    pub(crate) fn place(&mut self, policy: &mut dyn Placement, job: usize) -> Option<Vec<u32>> {
        let spots = self.spots(policy, job)?;
        let mut nodes: Vec<u32> = spots.iter().map(|spot| spot.node.0).collect();
        nodes.sort_unstable();
        Some(nodes)
    }

    /// Uses all GPUs of some nodes. The workload must begin with a job of whole nodes.
    pub(crate) fn fill(&mut self, nodes: &[u32]) {
        let shape = self.work.spec(self.work.jobs()[0].spec).pod_sets[0].shape;
        for &node in nodes {
            let spot = Spot {
                node: gpusched_core::ids::NodeId(node),
                devices: 0xff,
            };
            self.cluster.take(shape, spot).unwrap();
        }
    }
}

/// Places jobs one after the other by a policy of that name, on nodes in those places, some of
/// which are in use.
pub(crate) fn decisions(
    name: &str,
    places: &[&str],
    used: &[u32],
    jobs: &[Job],
) -> Vec<Option<Vec<u32>>> {
    let all: Vec<Job> = [nodes(1)].into_iter().chain(jobs.iter().copied()).collect();
    let mut world = World::new(inventory(places), &all);
    world.fill(used);
    let mut policy = world.policy(name);
    let numbers = 1..all.len();
    numbers
        .map(|job| world.place(policy.as_mut(), job))
        .collect()
}

/// What the policy says of its decision about one job.
pub(crate) fn explained(
    name: &str,
    places: &[&str],
    used: &[u32],
    job: Job,
) -> (Explanation, String) {
    let mut world = World::new(inventory(places), &[nodes(1), job]);
    world.fill(used);
    let mut policy = world.policy(name);
    world.place(policy.as_mut(), 1);
    let record = policy.explanation().unwrap().clone();
    let topology = world.inventory.topology().unwrap();
    let text = record.tell(topology.fabric(), &world.inventory);
    (record, text)
}
