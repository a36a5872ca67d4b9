//! Kueue on virtual time, in the shapes of upstream's own load tests.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::kueue::{baseline, replay};
use std::hint::black_box;

fn load_tests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kueue");
    group.sample_size(10);
    for (name, load, workloads) in [
        ("baseline", baseline(5, 6, 1), 15_000),
        ("large-scale", baseline(10, 100, 10), 50_000),
    ] {
        group.throughput(Throughput::Elements(workloads));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(replay(&load))));
    }
    group.finish();
}

criterion_group!(benches, load_tests);
criterion_main!(benches);
