//! HiveD with virtual clusters: each case is worked out by hand from the rules of
//! microsoft/hivedscheduler 66f26ac, pkg/algorithm.

use crate::world::{GPUS, inventory};
use gpusched_core::cluster::{
    Cluster, Inventory, Node, Quota, Spot, VirtualCluster, VirtualClusters,
};
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::placement::{Placement, Trial};
use gpusched_core::queueing::Reason;
use gpusched_core::topology::{Board, Fabric, Link, Path, Scope, Topology};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Locality, Owner, Shape, Workload, WorkloadBuilder};
use proptest::prelude::*;
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

fn world(promises: &[(&str, &[(&str, u32)])], jobs: &[Job]) -> World {
    World::new(&inventory(&CELLS), clusters(promises), false, jobs)
}

const NODE: u64 = 0xff;

#[test]
fn the_smallest_free_cell_is_split_so_that_large_ones_stay_whole() {
    let promises: &[(&str, &[(&str, u32)])] =
        &[("a", &[("node", 1)]), ("b", &[("rack", 1), ("block", 1)])];
    let jobs = [job("a", 0, 1, 8), job("b", 0, 2, 8), job("b", 0, 4, 8)];
    let mut world = world(promises, &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    // The virtual cluster's own larger cell comes first: a block; the second one is whole.
    assert_eq!(world.nodes(1), Some(vec![4, 5]));
    // Two nodes of the block and the rack: of physical cells the free rack of the block that is split.
    assert_eq!(world.nodes(2), Some(vec![6, 7, 2, 3]));
}

#[test]
fn a_virtual_cluster_gets_no_more_than_its_quota_however_much_is_idle() {
    let mut world = world(
        &[("a", &[("node", 1)])],
        &[job("a", 0, 1, 8), job("a", 0, 1, 1)],
    );
    assert_eq!(world.nodes(0), Some(vec![0]));
    assert_eq!(world.start(1), None);
    assert_eq!(world.policy.refusal(JobId(1)), Some(Reason::Quota));
    world.end(0);
    assert_eq!(world.nodes(1), Some(vec![0]));
}

#[test]
fn idle_cells_of_others_are_lent_and_taken_back() {
    let jobs = [guest(8, 8), job("a", 0, 1, 8)];
    let mut world = world(&[("a", &[("node", 1)])], &jobs);
    assert_eq!(world.nodes(0), Some((0..8).collect()));
    // The whole gang leaves.
    assert_eq!(world.start(1), Some((vec![(0, NODE)], vec![0])));
    assert_eq!(world.start(0), None);
}

#[test]
fn only_who_is_in_the_way_leaves() {
    let mut jobs = vec![guest(1, 8); 8];
    jobs.push(job("a", 0, 1, 8));
    let mut world = world(&[("a", &[("node", 1)])], &jobs);
    for number in 0..8 {
        assert_eq!(world.nodes(number), Some(vec![number]));
    }
    assert_eq!(world.start(8), Some((vec![(0, NODE)], vec![0])));
}

#[test]
fn cells_with_fewer_opportunistic_gpus_come_first() {
    let jobs = [guest(1, 8), job("a", 0, 1, 8)];
    let mut world = world(&[("a", &[("node", 1)])], &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    // Block a has eight GPUs lent out, block b none.
    assert_eq!(world.nodes(1), Some(vec![4]));
}

#[test]
fn opportunistic_jobs_pack_with_their_like_and_keep_away_from_guaranteed_ones() {
    let jobs = [job("a", 0, 1, 4), guest(1, 4), guest(1, 4), guest(1, 1)];
    let mut world = world(&[("a", &[("node", 1)])], &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    assert_eq!(world.nodes(1), Some(vec![1]));
    assert_eq!(world.nodes(2), Some(vec![1]));
    assert_eq!(world.nodes(3), Some(vec![2]));
}

#[test]
fn within_a_virtual_cluster_all_priorities_are_packed_together() {
    let jobs = [job("a", 0, 1, 4), job("a", 5, 1, 2), job("a", 1, 1, 4)];
    let mut world = world(&[("a", &[("node", 2)])], &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    assert_eq!(world.nodes(1), Some(vec![0]));
    // Two are left there: the second node of the quota, the buddy of the first.
    assert_eq!(world.nodes(2), Some(vec![1]));
}

#[test]
fn a_higher_priority_takes_cells_of_its_own_virtual_cluster_only() {
    let jobs = [
        job("a", 0, 1, 8),
        job("b", 0, 1, 8),
        job("a", 7, 1, 8),
        job("a", 7, 1, 8),
    ];
    let mut world = world(&[("a", &[("node", 1)]), ("b", &[("node", 1)])], &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    assert_eq!(world.nodes(1), Some(vec![1]));
    assert_eq!(world.start(2), Some((vec![(0, NODE)], vec![0])));
    assert_eq!(world.start(3), None);
}

#[test]
fn who_is_preempted_lazily_runs_on_until_its_gpus_are_claimed() {
    let two = inventory(&["a/1", "b/1"]);
    let promises = clusters(&[("a", &[("node", 1)]), ("b", &[("node", 1)])]);
    let jobs = [job("a", 0, 1, 8), job("a", 1, 1, 8), job("b", 0, 1, 8)];
    let mut world = World::new(&two, promises, true, &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    // The claim is taken from job 0 and not its node: the other one is idle.
    let openings = world.policy.openings();
    assert_eq!(world.nodes(1), Some(vec![1]));
    assert_eq!(world.policy.openings(), openings + 1);
    assert_eq!(world.start(2), Some((vec![(0, NODE)], vec![0])));
}

#[test]
fn a_lazy_preemption_that_does_not_happen_leaves_no_trace() {
    let two = inventory(&["a/1", "b/1"]);
    let promises = clusters(&[("a", &[("node", 1)]), ("b", &[("node", 1)])]);
    let jobs = [
        job("a", 0, 1, 8),
        job("a", 1, 1, 8),
        job("b", 0, 1, 8),
        job("a", 0, 1, 8),
    ];
    let mut world = World::new(&two, promises, true, &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    // Placed, and never started.
    let before = world.cluster.clone();
    let mark = world.cluster.begin();
    assert!(world.place(1).is_some());
    world.cluster.rollback(mark);
    assert!(world.cluster.same_free(&before));
    // So job 0 has its claim still: b gets the other node, and a has nothing left.
    assert_eq!(world.nodes(2), Some(vec![1]));
    assert_eq!(world.start(3), None);
    assert_eq!(world.policy.refusal(JobId(3)), Some(Reason::Quota));
}

/// Blocks of one rack with two nodes.
const PAIRS: [&str; 4] = ["a/1", "a/1", "b/1", "b/1"];

#[test]
fn a_larger_cell_is_split_for_one_that_is_down_where_that_is_safe() {
    let jobs = [job("a", 0, 1, 8), job("a", 0, 1, 8)];
    let promises = clusters(&[("a", &[("node", 2)])]);
    let mut world = World::new(&inventory(&PAIRS), promises, false, &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    world.down(1);
    assert_eq!(world.nodes(1), Some(vec![2]));
}

#[test]
fn a_larger_cell_that_is_promised_is_not_split_for_one_that_is_down() {
    let jobs = [job("a", 0, 1, 8), job("a", 0, 1, 8), job("b", 0, 2, 8)];
    let promises = clusters(&[("a", &[("node", 2)]), ("b", &[("rack", 1)])]);
    let mut world = World::new(&inventory(&PAIRS), promises, false, &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    world.down(1);
    assert_eq!(world.start(1), None);
    assert_eq!(world.policy.refusal(JobId(1)), None);
    assert_eq!(world.nodes(2), Some(vec![2, 3]));
}

#[test]
fn machines_that_are_down_are_avoided_by_trying_the_next_cell() {
    let jobs = [job("a", 0, 1, 8), job("a", 0, 2, 8)];
    let promises = clusters(&[("a", &[("rack", 2)])]);
    let mut world = World::new(&inventory(&PAIRS), promises, false, &jobs);
    world.down(0);
    // Two pods: rack a/1 has one node left, so rack b/1.
    assert_eq!(world.nodes(1), Some(vec![2, 3]));
    assert_eq!(world.nodes(0), Some(vec![1]));
}

#[test]
fn pods_avoid_cells_of_their_virtual_cluster_that_no_machine_is_left_for() {
    // A rack and a node are promised, three of four nodes are down: of the rack's nodes and the
    // single one, one can be used, once.
    let jobs = [job("a", 0, 1, 8), job("a", 0, 1, 8)];
    let promises = clusters(&[("a", &[("rack", 1), ("node", 1)])]);
    let mut world = World::new(&inventory(&PAIRS), promises, false, &jobs);
    for node in [0, 1, 3] {
        world.down(node);
    }
    assert_eq!(world.nodes(0), Some(vec![2]));
    assert_eq!(world.start(1), None);
}

#[test]
fn gpus_of_a_pod_are_those_with_the_smallest_cell_around_them() {
    let link = Link {
        nvlinks: 0,
        path: Some(Path::Sys),
        gbps: 10.0,
    };
    let numa = vec![0, 0, 0, 0, 1, 1, 1, 1];
    let board = Board::new("two sockets", vec![link; 64], numa, None, Vec::new()).unwrap();
    let topology = Topology::new(Fabric::flat(1), vec![Arc::new(board)], vec![Some(0)]);
    let one = Inventory::new(vec![Node::with_gpus("n", GPUS, "H100")]).unwrap();
    let one = one.with_topology(Arc::new(topology));
    let jobs = [
        job("a", 0, 1, 3),
        job("a", 0, 1, 2),
        job("a", 0, 1, 3),
        job("a", 0, 1, 1),
    ];
    let promises = || clusters(&[("a", &[("node", 1)])]);
    let mut world = World::new(&one, promises(), false, &jobs);
    assert_eq!(world.start(0).unwrap().0, [(0, 0b0000_0111)]);
    // GPU 3 and one of the other socket would be across sockets.
    assert_eq!(world.start(1).unwrap().0, [(0, 0b0011_0000)]);
    // No socket has three left.
    assert_eq!(world.start(2).unwrap().0, [(0, 0b1100_1000)]);
    // A socket can be promised by itself; a pod of three fits one, a gang of four is not in a node.
    let halves = clusters(&[("a", &[("socket", 1)]), ("b", &[("socket", 1)])]);
    let jobs = [job("a", 0, 1, 3), job("b", 0, 1, 4), job("a", 0, 1, 5)];
    let mut world = World::new(&one, halves, false, &jobs);
    assert_eq!(world.start(0).unwrap().0, [(0, 0b0000_0111)]);
    assert_eq!(world.start(1).unwrap().0, [(0, 0b1111_0000)]);
    world.end(0);
    assert_eq!(world.start(2), None);
}

#[test]
fn small_pods_are_seated_first_and_seats_are_not_gone_back_to() {
    // Sizes ascending over seats in order: 2 and 4 on the first node, 4 on the second.
    let jobs = [job("a", 0, 1, 2), job("a", 0, 2, 4)];
    let mut world = world(&[("a", &[("node", 2)])], &jobs);
    assert_eq!(world.start(0).unwrap().0, [(0, 0b0000_0011)]);
    assert_eq!(
        world.start(1).unwrap().0,
        [(0, 0b0011_1100), (1, 0b0000_1111)]
    );
}

#[test]
fn nodes_that_lack_something_else_than_gpus_are_passed_over() {
    let nodes = [2_000, 1_000, 4_000].map(|cpu_milli| Node {
        cpu_milli,
        ..Node::with_gpus(format!("n{cpu_milli}"), 8, "H100")
    });
    let nodes = Inventory::new(nodes.to_vec()).unwrap();
    let needs = |job: Job, cpu_milli| Job { cpu_milli, ..job };
    let jobs = [
        needs(job("a", 0, 1, 8), 3_000),
        needs(guest(1, 1), 2_000),
        needs(guest(1, 1), 2_000),
    ];
    let promises = clusters(&[("a", &[("node", 1)])]);
    let mut world = World::new(&nodes, promises, false, &jobs);
    assert_eq!(world.nodes(1), Some(vec![0]));
    assert_eq!(world.nodes(2), Some(vec![2]));
    // The guest there makes room for its cores too.
    assert_eq!(world.start(0), Some((vec![(2, NODE)], vec![2])));
}

#[test]
fn a_gang_that_must_be_near_together_evicts_only_where_it_is() {
    let near = |job: Job, within| Job {
        within: Some(within),
        ..job
    };
    let jobs = [
        guest(1, 8),
        near(job("a", 0, 2, 8), Scope::Rack),
        near(job("a", 0, 2, 8), Scope::Node),
        near(job("a", 0, 4, 8), Scope::Rack),
        guest(5, 8),
    ];
    let mut world = world(&[("a", &[("node", 4)])], &jobs);
    assert_eq!(world.nodes(0), Some(vec![0]));
    assert_eq!(world.nodes(1), Some(vec![2, 3]));
    assert_eq!(world.start(2), None);
    assert_eq!(world.start(3), None);
    world.end(1);
    // Only node 0 and two others are free: a rack has to be cleared.
    assert!(world.start(4).is_some());
    let (places, victims) = world.start(1).unwrap();
    assert_eq!((places, victims), (vec![(6, NODE), (7, NODE)], vec![]));
}

#[test]
fn mixed_machines_are_chains_of_their_own() {
    let nodes =
        ["V100", "H100", "V100"].map(|model| Node::with_gpus(format!("n{model}"), 8, model));
    let mut nodes = nodes.to_vec();
    nodes[2].name = "n2".into();
    let mixed = Inventory::new(nodes).unwrap();
    let refused = |quota: Quota| {
        let one = VirtualCluster {
            name: "a".into(),
            quotas: vec![quota],
        };
        VirtualClusters::new(&mixed, vec![one], false).unwrap_err()
    };
    let error = refused(quota("node", 1));
    assert_eq!(error.problem, "cells `node` are of several kinds here");
    assert_eq!(
        error.help,
        "say `model` or `gpus`: they have 8 GPUs of V100, or 8 GPUs of H100"
    );
    assert_eq!(
        refused(quota("rack", 1)).help,
        "the cells here are: gpu, node"
    );
    let of = |model: &str, count| Quota {
        model: Some(model.into()),
        ..quota("node", count)
    };
    let error = refused(of("V100", 3));
    assert_eq!(
        error.problem,
        "3 cells `node` are promised to a, and 2 are left for it"
    );
    let error = refused(of("T4", 1));
    assert_eq!(
        error.problem,
        "there are no cells `node` of that model and size here"
    );
    let both = VirtualCluster {
        name: "a".into(),
        quotas: vec![of("H100", 1), of("V100", 2)],
    };
    let jobs = [job("a", 0, 2, 8), job("a", 0, 2, 8)];
    let mut world = World::new(&mixed, vec![both], false, &jobs);
    // Two nodes of one chain: the H100 by itself is too few.
    assert_eq!(world.nodes(0), Some(vec![0, 2]));
    assert_eq!(world.start(1), None);
}

#[derive(Clone, Debug)]
enum Step {
    Start {
        queue: usize,
        priority: i32,
        pods: u32,
        gpus: u32,
    },
    End(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![Just(1u32), Just(2), Just(3), Just(4), Just(8)];
    let start =
        (0usize..3, 0i32..2, 1u32..4, size).prop_map(|(queue, priority, pods, gpus)| Step::Start {
            queue,
            priority,
            pods,
            gpus,
        });
    prop::collection::vec(
        prop_oneof![3 => start, 2 => (0usize..64).prop_map(Step::End)],
        1..60,
    )
}

/// Jobs of the steps, by number; queue 2 is that of opportunistic jobs.
fn jobs_of(steps: &[Step]) -> Vec<Job> {
    let each = steps.iter().filter_map(|step| match *step {
        Step::Start {
            queue: 2,
            pods,
            gpus,
            ..
        } => Some(guest(pods, gpus)),
        Step::Start {
            queue,
            priority,
            pods,
            gpus,
        } => Some(job(["a", "b"][queue], priority, pods, gpus)),
        Step::End(_) => None,
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// HiveD's guarantee (OSDI 2020, section 3): a virtual cluster serves whatever a private cluster of
    /// its quota would, and evicts within itself whomever that would, whatever all others do.
    #[test]
    fn a_virtual_cluster_is_as_good_as_a_private_one(
        steps in steps(),
        first in prop::collection::vec((0usize..4, 1u32..3), 1..3),
        second in prop::collection::vec((0usize..4, 1u32..3), 1..3),
    ) {
        let names = ["gpu", "node", "rack", "block"];
        let quotas = |list: &[(usize, u32)]| list.iter().map(|&(cell, count)| quota(names[cell], count)).collect();
        let both = vec![
            VirtualCluster { name: "a".into(), quotas: quotas(&first) },
            VirtualCluster { name: "b".into(), quotas: quotas(&second) },
        ];
        let machines = inventory(&CELLS);
        prop_assume!(VirtualClusters::new(&machines, both.clone(), false).is_ok());
        let jobs = jobs_of(&steps);
        prop_assume!(!jobs.is_empty());
        let mut shared = World::new(&machines, both.clone(), false, &jobs);
        let mut private: Vec<World> = (0..2)
            .map(|at| World::new(&machines, vec![both[at].clone()], false, &jobs))
            .collect();
        let mut next = 0;
        for step in &steps {
            match step {
                Step::Start { queue, .. } => {
                    let number = next;
                    next += 1;
                    // The cluster checks that no GPU is given away twice.
                    let start = shared.start(number);
                    let mine = |victim: &u32| jobs[*victim as usize].queue == jobs[number as usize].queue;
                    if *queue == 2 {
                        prop_assert!(start.is_none_or(|(_, victims)| victims.is_empty()));
                        continue;
                    }
                    let twin = private[*queue].start(number);
                    prop_assert_eq!(start.is_some(), twin.is_some(), "job {}", number);
                    let (Some((_, victims)), Some((_, alone))) = (start, twin) else { continue };
                    let guests = |victim: &u32| jobs[*victim as usize].priority < 0;
                    prop_assert!(victims.iter().all(|victim| mine(victim) || guests(victim)));
                    let own: Vec<u32> = victims.into_iter().filter(mine).collect();
                    prop_assert_eq!(own, alone);
                }
                Step::End(at) => {
                    if shared.running.is_empty() {
                        continue;
                    }
                    let job = shared.running[at % shared.running.len()].0.0;
                    shared.end(job);
                    match jobs[job as usize].queue {
                        "a" => private[0].end(job),
                        "b" => private[1].end(job),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Claims come and go, are lost lazily, and machines with them: nobody is given what somebody has,
    /// and when all have gone everything is as at first.
    #[test]
    fn cells_never_overlap_and_all_come_back(
        steps in steps(),
        outages in prop::collection::vec((0usize..60, 0u32..8, any::<bool>()), 0..20),
        tried in prop::collection::vec(any::<bool>(), 60),
    ) {
        let promises = clusters(&[("a", &[("gpu", 3), ("rack", 1)]), ("b", &[("node", 1), ("block", 1)])]);
        let mut jobs = jobs_of(&steps);
        let rest = jobs.len() as u32;
        jobs.extend([job("a", 0, 2, 8), job("b", 0, 5, 8), job("a", 0, 3, 1)]);
        let mut world = World::new(&inventory(&CELLS), promises, true, &jobs);
        let mut next = 0;
        for (at, step) in steps.iter().enumerate() {
            for &(_, node, open) in outages.iter().filter(|(when, _, _)| *when == at) {
                world.cluster.set_open(NodeId(node), open);
            }
            match step {
                Step::Start { .. } => {
                    let mark = world.cluster.begin();
                    // A trial that comes to nothing changes nothing.
                    let before = world.place(next);
                    world.cluster.rollback(mark);
                    if tried[at] {
                        let again = world.place(next);
                        prop_assert_eq!(&again, &before);
                        if let Some((spots, victims)) = again {
                            let spec = world.work.spec(world.work.job(JobId(next)).spec);
                            world.policy.started(JobId(next), spec, &spots);
                            world.running.retain(|(other, _)| !victims.contains(other));
                            world.running.push((JobId(next), spots));
                        }
                    }
                    next += 1;
                }
                Step::End(at) => {
                    if !world.running.is_empty() {
                        let job = world.running[at % world.running.len()].0.0;
                        world.end(job);
                    }
                }
            }
        }
        while let Some((job, _)) = world.running.first() {
            let job = job.0;
            world.end(job);
        }
        for node in 0..8 {
            world.cluster.set_open(NodeId(node), true);
        }
        // Everything promised is there.
        for job in rest..rest + 3 {
            prop_assert!(world.nodes(job).is_some());
        }
    }
}
