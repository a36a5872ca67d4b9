//! What jobs ask of locality, under policies that know nothing of it; links and network cards.

use crate::world::{Job, World, decisions, inventory, level, nodes};
use gpusched_core::cluster::{CapacityError, Cluster, Inventory, Node, Spot};
use gpusched_core::ids::{NodeId, ShapeId};
use gpusched_core::queueing::Reason;
use gpusched_core::topology::{Board, Fabric, Link, Path, Scope, Topology};
use gpusched_core::workload::Shape;
use std::sync::Arc;

const RACKS: [&str; 7] = ["a/1", "a/1", "a/2", "a/2", "a/2", "b/1", "b/1"];

#[test]
fn the_tightest_domain_that_holds_the_gang_is_offered_first() {
    let rack = nodes(2).required(Scope::Rack);
    assert_eq!(
        decisions("first-fit", &RACKS, &[], &[rack])[0],
        Some(vec![0, 1])
    );
    assert_eq!(
        decisions("first-fit", &RACKS, &[0], &[rack])[0],
        Some(vec![5, 6])
    );
    assert_eq!(
        decisions("first-fit", &RACKS, &[0, 5], &[rack])[0],
        Some(vec![2, 3])
    );
}

#[test]
fn free_but_not_together_is_a_reason_of_its_own() {
    let jobs = [nodes(1), nodes(3).required(Scope::Rack)];
    let mut world = World::new(inventory(&RACKS), &jobs);
    let spec = world.work.spec(world.work.jobs()[1].spec).clone();
    // Two nodes are left in each rack.
    world.fill(&[3]);
    let mut policy = world.policy("first-fit");
    assert_eq!(world.place(policy.as_mut(), 1), None);
    assert_eq!(world.cluster.why_not(&spec), Reason::Locality);
    world.fill(&[0, 1, 2, 5]);
    assert_eq!(world.cluster.why_not(&spec), Reason::Capacity);
}

#[test]
fn one_node_is_a_scope_too() {
    let job = Job {
        gpus: 2,
        ..nodes(4)
    }
    .required(Scope::Node);
    assert_eq!(
        decisions("worst-fit", &RACKS, &[0, 1], &[job])[0],
        Some(vec![2; 4])
    );
    let job = Job {
        gpus: 2,
        ..nodes(5)
    }
    .required(Scope::Node);
    assert_eq!(decisions("worst-fit", &RACKS, &[], &[job])[0], None);
}

#[test]
fn what_is_preferred_is_given_up_level_by_level() {
    let rack = |pods| nodes(pods).preferred(Scope::Rack);
    assert_eq!(
        decisions("first-fit", &RACKS, &[], &[rack(3)])[0],
        Some(vec![2, 3, 4])
    );
    assert_eq!(
        decisions("first-fit", &RACKS, &[], &[rack(4)])[0],
        Some(vec![0, 1, 2, 3])
    );
    assert_eq!(
        decisions("first-fit", &RACKS, &[], &[rack(6)])[0],
        Some(vec![0, 1, 2, 3, 4, 5])
    );
}

#[test]
fn each_slice_is_within_a_domain_of_its_own() {
    let job = nodes(4).slices(2).required(Scope::Rack);
    assert_eq!(
        decisions("first-fit", &RACKS, &[], &[job])[0],
        Some(vec![0, 1, 5, 6])
    );
    let odd = nodes(5).slices(2).required(Scope::Rack);
    // Pairs in racks of two, the last one where least is left over.
    assert_eq!(
        decisions("first-fit", &RACKS, &[], &[odd])[0],
        Some(vec![0, 1, 2, 5, 6])
    );
}

#[test]
fn what_nothing_here_is_called_cannot_be_required() {
    let zone = nodes(1).required(Scope::Zone);
    assert_eq!(decisions("first-fit", &RACKS, &[], &[zone])[0], None);
    let zone = nodes(1).preferred(Scope::Zone);
    assert_eq!(
        decisions("first-fit", &RACKS, &[], &[zone])[0],
        Some(vec![0])
    );
}

#[test]
fn a_refused_job_leaves_no_trace() {
    let mut world = World::new(
        inventory(&RACKS),
        &[nodes(1), nodes(4).required(Scope::Rack)],
    );
    world.fill(&[3]);
    let before = world.cluster.clone();
    let mut policy = world.policy("first-fit");
    assert_eq!(world.place(policy.as_mut(), 1), None);
    assert!(world.cluster.same_free(&before));
    assert_eq!(world.cluster.releases(), before.releases());
}

/// Four GPUs: 0 and 2 bridged at 100 GB/s, 1 and 3 at 50.
fn bridged(nodes: usize) -> Inventory {
    let plain = Link {
        nvlinks: 0,
        path: Some(Path::Sys),
        gbps: 200.0,
    };
    let mut links = vec![plain; 16];
    for (one, other, gbps) in [(0, 2, 100.0), (1, 3, 50.0)] {
        let bridge = Link {
            nvlinks: 4,
            gbps,
            ..plain
        };
        links[one * 4 + other] = bridge;
        links[other * 4 + one] = bridge;
    }
    let board = Board::new("bridged", links, vec![0; 4], None, Vec::new()).unwrap();
    let fabric = Fabric::new(vec![level("rack", Scope::Rack)], &vec![None; nodes]).unwrap();
    let topology = Topology::new(fabric, vec![Arc::new(board)], vec![Some(0); nodes]);
    let nodes = (0..nodes).map(|at| Node::with_gpus(format!("n{at}"), 4, "A100"));
    let inventory = Inventory::new(nodes.collect()).unwrap();
    inventory.with_topology(Arc::new(topology))
}

#[test]
fn devices_must_be_linked_by_nvlink_as_fast_as_asked() {
    let asks = |gpus, nvlink_gbps| Shape {
        nvlink_gbps,
        ..Shape::whole_gpus(gpus)
    };
    let shapes = [
        asks(2, 50),
        asks(2, 100),
        asks(2, 101),
        asks(3, 50),
        asks(1, 500),
    ];
    let mut cluster = Cluster::new(bridged(1), &shapes);
    let room =
        |cluster: &Cluster, shape: u32| cluster.room_on(cluster.ask(ShapeId(shape)), NodeId(0));
    let rooms: Vec<u32> = (0..5).map(|shape| room(&cluster, shape)).collect();
    // PCIe is faster than the bridges here, and counts nothing. One GPU has nobody to talk to.
    assert_eq!(rooms, [2, 1, 0, 0, 4]);
    let lowest = |cluster: &Cluster, shape: u32| {
        cluster
            .node(NodeId(0))
            .lowest_devices(cluster.ask(ShapeId(shape)))
    };
    assert_eq!(lowest(&cluster, 0), 0b0101);
    let spot = |devices| Spot {
        node: NodeId(0),
        devices,
    };
    assert_eq!(
        cluster.take(ShapeId(0), spot(0b0011)),
        Err(CapacityError::Devices(0))
    );
    cluster.take(ShapeId(0), spot(0b0101)).unwrap();
    assert_eq!((room(&cluster, 0), room(&cluster, 1)), (1, 0));
    assert_eq!(lowest(&cluster, 0), 0b1010);
}

#[test]
fn where_links_are_not_known_they_are_never_fast_enough() {
    let linked = Shape {
        nvlink_gbps: 1,
        ..Shape::whole_gpus(2)
    };
    let inventory = Inventory::new(vec![Node::with_gpus("a", 8, "H100")]).unwrap();
    let mut cluster = Cluster::new(inventory, &[linked]);
    assert_eq!(cluster.first_fit(ShapeId(0)), None);
}

#[test]
fn network_cards_are_shared_up_to_the_whole() {
    let half = Shape {
        rdma_percent: 50,
        ..Shape::whole_gpus(1)
    };
    let inventory = Inventory::new(vec![Node::with_gpus("a", 8, "H100")]).unwrap();
    let mut cluster = Cluster::new(inventory, &[half]);
    let id = ShapeId(0);
    assert_eq!(cluster.room_on(cluster.ask(id), NodeId(0)), 2);
    let spot = |devices| Spot {
        node: NodeId(0),
        devices,
    };
    cluster.take(id, spot(0b01)).unwrap();
    cluster.take(id, spot(0b10)).unwrap();
    assert_eq!(cluster.node(NodeId(0)).rdma_left(), 0);
    assert_eq!(cluster.take(id, spot(0b100)), Err(CapacityError::Nics(0)));
    cluster.release(id, spot(0b01));
    assert_eq!(cluster.node(NodeId(0)).rdma_left(), 50);
    assert_eq!(cluster.first_fit(id), Some(NodeId(0)));
}
