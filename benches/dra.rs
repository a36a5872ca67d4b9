//! The DRA allocator: a filter sweep over all nodes of a cluster.
//!
//! Aims: 1,000 nodes of eight whole GPUs in at most 2 ms (2 µs a node); nodes of eight H100 that
//! MIG cuts on demand, half in use, 100 in at most 5 ms and 1,000 in at most 50 ms.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::dra::Sweep;
use std::hint::black_box;

/// Makes a cluster of so many nodes.
type Make = fn(u16) -> Sweep;

fn sweeps(criterion: &mut Criterion) {
    let kinds: [(&str, Make); 2] = [("whole", Sweep::whole), ("dynamic-mig", Sweep::dynamic_mig)];
    for (kind, sweep) in kinds {
        let mut group = criterion.benchmark_group(format!("dra/sweep/{kind}"));
        group.sample_size(10);
        for nodes in [100, 1000] {
            let mut sweep = sweep(nodes);
            assert_eq!(sweep.warm(), usize::from(nodes), "every node has a device");
            group.throughput(Throughput::Elements(u64::from(nodes)));
            group.bench_function(format!("{nodes}-nodes"), |bencher| {
                bencher.iter(|| black_box(sweep.warm()));
            });
            group.bench_function(format!("{nodes}-nodes/after-changes"), |bencher| {
                bencher.iter(|| black_box(sweep.after_changes()));
            });
        }
        group.finish();
        criterion.bench_function(&format!("dra/build/{kind}/100-nodes"), |bencher| {
            bencher.iter(|| black_box(sweep(100).warm()));
        });
    }
}

criterion_group!(benches, sweeps);
criterion_main!(benches);
