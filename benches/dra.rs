//! The DRA allocator: a filter sweep over all nodes of a cluster.
//!
//! Aims: 1,000 nodes of eight whole GPUs in at most 2 ms (2 µs a node); nodes of eight H100 that
//! MIG cuts on demand, half in use, 100 in at most 5 ms and 1,000 in at most 50 ms.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::dra::{Published, Sweep};
use std::hint::black_box;

/// Publishes a cluster of so many nodes.
type Publish = fn(u16) -> Published;

fn sweeps(criterion: &mut Criterion) {
    let kinds: [(&str, Publish); 2] = [
        ("whole", Published::whole),
        ("dynamic-mig", Published::dynamic_mig),
    ];
    for (kind, publish) in kinds {
        let mut group = criterion.benchmark_group(format!("dra/sweep/{kind}"));
        group.sample_size(10);
        for nodes in [100, 1000] {
            let mut sweep = Sweep::new(publish(nodes));
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
        // What a driver says of its node, and the allocator with everything found out once.
        criterion.bench_function(&format!("dra/publish/{kind}/100-nodes"), |bencher| {
            bencher.iter(|| black_box(publish(100)));
        });
        for nodes in [100, 1000] {
            let published = publish(nodes);
            let mut group = criterion.benchmark_group(format!("dra/build/{kind}"));
            group.sample_size(10);
            group.bench_function(format!("{nodes}-nodes"), |bencher| {
                bencher.iter_batched(
                    || published.clone(),
                    |published| black_box(Sweep::new(published).warm()),
                    BatchSize::PerIteration,
                );
            });
            group.finish();
        }
    }
}

criterion_group!(benches, sweeps);
criterion_main!(benches);
