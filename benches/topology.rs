//! Counts of topology domains over 10,000 nodes in racks of 16 and blocks of 16 racks.
//!
//! `one-node` and `64-nodes` is what bringing the counts up to date costs after that many nodes
//! changed; `anew` is the twin that counts all nodes.

use criterion::{Criterion, criterion_group, criterion_main};
use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::{NodeId, ShapeId};
use gpusched_core::topology::{Fabric, LevelCounts, fabric_preset};
use gpusched_core::workload::Shape;
use std::hint::black_box;

const NODES: usize = 10_000;

struct Counting {
    fabric: Fabric,
    cluster: Cluster,
    counts: LevelCounts,
    next: usize,
}

impl Counting {
    fn new() -> Counting {
        let nodes = (0..NODES).map(|rank| Node::with_gpus(format!("n{rank:05}"), 8, "H100"));
        let inventory = Inventory::new(nodes.collect()).expect("names differ");
        let shape = fabric_preset("fat-tree").expect("it is in the table").shape;
        let fabric = shape.fabric(NODES).expect("the shape of a preset");
        let mut counting = Counting {
            counts: LevelCounts::new(&fabric),
            cluster: Cluster::new(inventory, &[Shape::whole_gpus(8)]),
            fabric,
            next: 0,
        };
        counting.refresh();
        counting
    }

    fn refresh(&mut self) -> (u32, u32) {
        self.counts.refresh(&self.fabric, &self.cluster);
        self.counts.in_all()
    }

    /// Takes `nodes` nodes that lie apart, and gives back those of the last call's place.
    fn change(&mut self, nodes: usize) {
        for _ in 0..nodes {
            self.next = (self.next + 7919) % NODES;
            let spot = Spot {
                node: NodeId::from(self.next),
                devices: 0xff,
            };
            let shape = ShapeId(0);
            match self.cluster.node(spot.node).free_devices() {
                8 => self.cluster.take(shape, spot).expect("it is free"),
                _ => self.cluster.release(shape, spot),
            }
        }
    }
}

fn counting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("topology/counts/{NODES}-nodes"));
    for (name, nodes) in [("one-node", 1), ("64-nodes", 64)] {
        let mut counting = Counting::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                counting.change(nodes);
                black_box(counting.refresh())
            });
        });
    }
    let mut counting = Counting::new();
    group.bench_function("anew", |bencher| {
        bencher.iter(|| {
            counting.change(1);
            counting.counts = LevelCounts::new(&counting.fabric);
            black_box(counting.refresh())
        });
    });
    group.finish();
}

criterion_group!(benches, counting);
criterion_main!(benches);
