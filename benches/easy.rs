//! EASY backfilling on one pool, beside the bare loop on counts.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::bare_easy::easy;
use gpusched_bench::speed::replay::{POOL, easy_replay, pool, rigid_jobs};
use std::hint::black_box;

const JOBS: usize = 50_000;

fn backfilling(criterion: &mut Criterion) {
    let jobs = rigid_jobs(JOBS);
    let (work, machines) = pool(&jobs, POOL);
    let mut group = criterion.benchmark_group("easy/one-pool");
    group.sample_size(10);
    group.throughput(Throughput::Elements(JOBS as u64));
    group.bench_function("engine", |bencher| {
        bencher.iter(|| black_box(easy_replay(&work, &machines)));
    });
    group.bench_function("bare-loop", |bencher| {
        bencher.iter(|| black_box(easy(&jobs, POOL)));
    });
    group.finish();
}

criterion_group!(benches, backfilling);
criterion_main!(benches);
