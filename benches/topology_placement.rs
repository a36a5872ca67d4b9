//! Placement by topology: 64 whole nodes among 10,000, and two devices among sixteen.
//!
//! Aims: a gang placed and taken back, counts updated, in at most 100 µs by any level policy; a
//! choice of devices that was made before in at most 1 µs.

use criterion::{Criterion, criterion_group, criterion_main};
use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::{JobId, NodeId, ShapeId};
use gpusched_core::placement::device::{BestEffort, Chooser, DevicePolicy, Request, Wiring};
use gpusched_core::placement::registry::{PlacementContext, placement, placements};
use gpusched_core::placement::{Placement, Trial};
use gpusched_core::topology::{Board, Fabric, Level, Link, Path, Scope, Topology};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Locality, Shape, Workload, WorkloadBuilder};
use std::hint::black_box;
use std::sync::Arc;

const NODES: usize = 10_000;
const GPUS: u32 = 8;

/// Racks of 16 nodes, blocks of 8 racks, zones of 10 blocks.
fn inventory() -> Inventory {
    let level = |name: &str, scope| Level {
        name: name.into(),
        scope,
        oversubscription: 1.0,
        latency_ns: 0.0,
    };
    let levels = vec![
        level("zone", Scope::Zone),
        level("block", Scope::Block),
        level("rack", Scope::Rack),
    ];
    let path = |node: usize| {
        let (rack, block, zone) = (node / 16, node / 128, node / 1280);
        Some(vec![
            format!("{zone:03}"),
            format!("{block:03}"),
            format!("{rack:03}"),
        ])
    };
    let paths: Vec<_> = (0..NODES).map(path).collect();
    let fabric = Fabric::new(levels, &paths).expect("a tree");
    let nodes = (0..NODES).map(|node| Node::with_gpus(format!("n{node:05}"), GPUS, "H100"));
    let topology = Topology::new(fabric, Vec::new(), vec![None; NODES]);
    let inventory = Inventory::new(nodes.collect()).expect("distinct names");
    inventory.with_topology(Arc::new(topology))
}

/// A gang of 64 nodes that should be within a block.
fn gang() -> Workload {
    let mut builder = WorkloadBuilder::new();
    let shape = Shape::whole_gpus(GPUS);
    let draft = JobDraft::new("gang", Time::ZERO, Span::from_secs(1), shape);
    let locality = Locality {
        within: Some(Scope::Block),
        ..Locality::default()
    };
    let draft = JobDraft {
        count: 64,
        locality,
        ..draft
    };
    builder.push(&draft).expect("one job");
    builder.finish().expect("one job")
}

/// Places the gang and takes it back.
fn turn(
    cluster: &mut Cluster,
    work: &Workload,
    policy: &mut dyn Placement,
    spots: &mut Vec<Spot>,
) -> bool {
    spots.clear();
    let spec = &work.specs()[0];
    let placed = Trial::new(cluster, spec, JobId(0), spots).run(policy);
    for &spot in spots.iter() {
        cluster.release(ShapeId(0), spot);
    }
    placed == Ok(true)
}

fn gangs(criterion: &mut Criterion) {
    let (inventory, work) = (inventory(), gang());
    let mut cluster = Cluster::new(inventory.clone(), work.shapes());
    // Two of five nodes are in use, in no pattern that racks have; but one in ten runs of four racks
    // is free, without which a gang of four racks waits under Slurm's rule of aligned runs.
    let used = |node: &usize| !(node / 64).is_multiple_of(10) && node * 7919 % 100 < 40;
    for node in (0..NODES).filter(used) {
        let spot = Spot {
            node: NodeId::from(node),
            devices: (1 << GPUS) - 1,
        };
        cluster.take(ShapeId(0), spot).expect("a free node");
    }
    let context = PlacementContext {
        work: &work,
        inventory: &inventory,
        seed: 0,
    };
    let mut group = criterion.benchmark_group("topology/64-of-10000-nodes");
    let mut spots = Vec::new();
    for info in placements() {
        let mut policy = placement(info.name, &context).expect("a policy of that name");
        let by_level = policy.explanation().is_some();
        if by_level || info.name == "first-fit" {
            // The first time counts everything.
            assert!(
                turn(&mut cluster, &work, policy.as_mut(), &mut spots),
                "{}",
                info.name
            );
            group.bench_function(info.name, |bencher| {
                bencher.iter(|| black_box(turn(&mut cluster, &work, policy.as_mut(), &mut spots)));
            });
        }
    }
    group.finish();
}

/// Sixteen GPUs with links in no pattern.
fn board() -> Board {
    let mut links = vec![
        Link {
            nvlinks: 0,
            path: Some(Path::Sys),
            gbps: 25.0
        };
        256
    ];
    for one in 0..16usize {
        for other in 0..one {
            let nvlinks = ((one * 31 + other * 17) % 5 % 3) as u8;
            links[one * 16 + other].nvlinks = nvlinks;
            links[other * 16 + one].nvlinks = nvlinks;
        }
    }
    Board::new("sixteen", links, vec![0; 16], None, Vec::new()).expect("a board")
}

fn devices(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("topology/devices-of-16");
    let available: Vec<u8> = (0..16).collect();
    let wiring = Wiring::of(&board());
    for size in [2, 3, 4, 8] {
        let request = Request {
            available: &available,
            required: &[],
            size,
        };
        group.bench_function(format!("best-effort/{size}/first"), |bencher| {
            bencher.iter(|| black_box(BestEffort::default().choose(&wiring, &request)));
        });
    }
    let topology = Topology::new(Fabric::flat(1), vec![Arc::new(board())], vec![Some(0)]);
    let inventory = Inventory::new(vec![Node::with_gpus("a", 16, "V100")]).expect("one node");
    let inventory = inventory.with_topology(Arc::new(topology));
    let cluster = Cluster::new(inventory.clone(), &[Shape::whole_gpus(2)]);
    let mut chooser = Chooser::new(Box::new(BestEffort::default()), &inventory);
    let lowest = Spot {
        node: NodeId(0),
        devices: 0b11,
    };
    group.bench_function("best-effort/2/again", |bencher| {
        bencher.iter(|| black_box(chooser.instead(&cluster, ShapeId(0), black_box(lowest))));
    });
    group.finish();
}

criterion_group!(benches, gangs, devices);
criterion_main!(benches);
