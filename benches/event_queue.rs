//! The heap of finishes in the hold model, beside the standard library's heap.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::event_queue::{ours, standard};
use std::hint::black_box;

const HOLDS: usize = 100_000;

fn holds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event-queue/hold-8000");
    group.throughput(Throughput::Elements(HOLDS as u64));
    group.bench_function("4-ary", |bencher| {
        bencher.iter(|| black_box(ours(black_box(HOLDS))));
    });
    group.bench_function("std-binary-heap", |bencher| {
        bencher.iter(|| black_box(standard(black_box(HOLDS))));
    });
    group.finish();
}

criterion_group!(benches, holds);
criterion_main!(benches);
