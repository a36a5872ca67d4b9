//! Topology-aware scheduling in the shapes of Kueue's micro-benchmarks.
//!
//! Aims: a placement on 2,500 nodes in at most 1 ms; a victim search on 1,000 full nodes with a
//! request of 200 pods in at most 2 ms.

use criterion::{Criterion, criterion_group, criterion_main};
use gpusched_bench::speed::tas as speed;
use std::hint::black_box;

fn placing(criterion: &mut Criterion) {
    for nodes in [100, 500, 2500] {
        for (name, level, leader, balanced) in [
            ("rack", "rack", false, false),
            ("host", "kubernetes.io/hostname", false, false),
            ("rack-leader", "rack", true, false),
            ("rack-balanced", "rack", false, true),
            ("rack-balanced-leader", "rack", true, true),
        ] {
            let mut placing = speed::Placing::new(nodes, level, leader, balanced);
            let mut group = criterion.benchmark_group(format!("tas/place/{nodes}-nodes/{name}"));
            group.bench_function("warm", |bencher| bencher.iter(|| black_box(placing.warm())));
            group.bench_function("cold", |bencher| bencher.iter(|| black_box(placing.cold())));
            group.finish();
        }
    }
}

fn preempting(criterion: &mut Criterion) {
    let mut preempting = speed::Preempting::default();
    criterion.bench_function("tas/preempt/1000-nodes", |bencher| {
        bencher.iter(|| black_box(preempting.search()));
    });
}

criterion_group!(benches, placing, preempting);
criterion_main!(benches);
