//! Each case is worked out by hand from the rules of microsoft/hivedscheduler 66f26ac, pkg/algorithm.

use super::{CELLS, Job, World, clusters, guest, job, quota};
use crate::world::{GPUS, inventory};
use gpusched_core::cluster::{Inventory, Node, Quota, VirtualCluster, VirtualClusters};
use gpusched_core::ids::JobId;
use gpusched_core::queueing::Reason;
use gpusched_core::topology::{Board, Fabric, Link, Path, Scope, Topology};
use std::sync::Arc;

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
