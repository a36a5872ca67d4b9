//! HiveD with virtual clusters: rules worked out by hand, and what it guarantees.

mod rules;
mod safety;

use gpusched_core::cluster::{Cluster, Inventory, Quota, Spot, VirtualCluster, VirtualClusters};
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::placement::{Placement, Trial};
use gpusched_core::topology::Scope;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Locality, Owner, Shape, Workload, WorkloadBuilder};
use std::sync::Arc;

/// Blocks of two racks with two nodes each.
const CELLS: [&str; 8] = ["a/1", "a/1", "a/2", "a/2", "b/1", "b/1", "b/2", "b/2"];

/// A job: its queue, priority, pods and the GPUs of each.
#[derive(Clone, Copy, Debug)]
struct Job {
    queue: &'static str,
    priority: i32,
    pods: u32,
    gpus: u32,
    within: Option<Scope>,
    cpu_milli: u64,
}

fn job(queue: &'static str, priority: i32, pods: u32, gpus: u32) -> Job {
    Job {
        queue,
        priority,
        pods,
        gpus,
        within: None,
        cpu_milli: 0,
    }
}

/// An opportunistic job.
fn guest(pods: u32, gpus: u32) -> Job {
    job("", -1, pods, gpus)
}

fn quota(cell: &str, count: u32) -> Quota {
    Quota {
        cell: cell.into(),
        count,
        model: None,
        gpus: None,
    }
}

fn clusters(promises: &[(&str, &[(&str, u32)])]) -> Vec<VirtualCluster> {
    let quotas = |list: &[(&str, u32)]| {
        let each = list.iter().map(|&(cell, count)| quota(cell, count));
        each.collect()
    };
    let each = promises.iter().map(|&(name, list)| VirtualCluster {
        name: name.into(),
        quotas: quotas(list),
    });
    each.collect()
}

struct World {
    work: Workload,
    cluster: Cluster,
    policy: Box<dyn Placement>,
    running: Vec<(JobId, Vec<Spot>)>,
}

/// Nodes with their devices, and who had to leave.
type Start = Option<(Vec<(u32, u64)>, Vec<u32>)>;

impl World {
    fn new(
        inventory: &Inventory,
        promises: Vec<VirtualCluster>,
        lazy: bool,
        jobs: &[Job],
    ) -> World {
        let promised = VirtualClusters::new(inventory, promises, lazy).unwrap();
        let inventory = inventory.clone().with_virtual_clusters(Arc::new(promised));
        let mut builder = WorkloadBuilder::new();
        for (number, job) in jobs.iter().enumerate() {
            let name = format!("j{number}");
            let shape = Shape {
                cpu_milli: job.cpu_milli,
                ..Shape::whole_gpus(job.gpus)
            };
            let owner = Owner {
                queue: job.queue.into(),
                priority: job.priority,
                ..Owner::default()
            };
            let locality = Locality {
                within: job.within,
                required: true,
                ..Locality::default()
            };
            let draft = JobDraft {
                count: job.pods,
                owner,
                locality,
                ..JobDraft::new(&name, Time::ZERO, Span::from_secs(1), shape)
            };
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        let context = PlacementContext {
            work: &work,
            inventory: &inventory,
            seed: 1,
        };
        World {
            policy: placement("hived", &context).unwrap(),
            cluster: Cluster::new(inventory, work.shapes()),
            work,
            running: Vec::new(),
        }
    }

    fn place(&mut self, job: u32) -> Option<(Vec<Spot>, Vec<JobId>)> {
        let spec = self.work.spec(self.work.job(JobId(job)).spec);
        let (mut spots, mut victims) = (Vec::new(), Vec::new());
        let trial = Trial::new(&mut self.cluster, spec, JobId(job), &mut spots);
        let trial = trial.evicting(&mut victims);
        let placed = trial.run(self.policy.as_mut()).unwrap();
        placed.then_some((spots, victims))
    }

    /// Starts a job.
    fn start(&mut self, job: u32) -> Start {
        let (spots, victims) = self.place(job)?;
        let spec = self.work.spec(self.work.job(JobId(job)).spec);
        self.policy.started(JobId(job), spec, &spots);
        self.running.retain(|(other, _)| !victims.contains(other));
        self.running.push((JobId(job), spots.clone()));
        let places = spots.iter().map(|spot| (spot.node.0, spot.devices));
        let victims = victims.iter().map(|victim| victim.0);
        Some((places.collect(), victims.collect()))
    }

    /// The nodes a job is started on, one per pod.
    fn nodes(&mut self, job: u32) -> Option<Vec<u32>> {
        let (places, victims) = self.start(job)?;
        assert_eq!(victims, [], "job {job} evicts");
        Some(places.into_iter().map(|(node, _)| node).collect())
    }

    fn end(&mut self, job: u32) {
        let at = self.running.iter().position(|(other, _)| other.0 == job);
        let (job, spots) = self.running.remove(at.unwrap());
        let shape = self.work.spec(self.work.job(job).spec).pod_sets[0].shape;
        for spot in spots {
            self.cluster.release(shape, spot);
        }
        self.policy.ended(job);
    }

    fn down(&mut self, node: u32) {
        self.cluster.set_open(NodeId(node), false);
    }
}
