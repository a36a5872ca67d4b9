//! Replay throughput: FIFO with first-fit, records and summary, beside the bare loop.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::bare::fifo_first_fit;
use gpusched_bench::speed::replay::fifo;
use gpusched_bench::speed::workload::{PlainJob, inventory, jobs, workload};
use std::hint::black_box;

const JOBS: usize = 200_000;

fn replays(criterion: &mut Criterion) {
    for nodes in [1_000, 10_000] {
        let plain: Vec<PlainJob> = jobs(JOBS, nodes, 0.9).collect();
        let work = workload(JOBS, nodes, 0.9);
        let mut group = criterion.benchmark_group(format!("fifo-first-fit/{nodes}-nodes"));
        group.sample_size(10);
        group.throughput(Throughput::Elements(JOBS as u64));
        group.bench_function("engine", |bencher| {
            bencher.iter_batched(
                || inventory(nodes),
                |machines| black_box(fifo(&work, &machines)),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("bare-loop", |bencher| {
            bencher.iter(|| black_box(fifo_first_fit(&plain, nodes)));
        });
        group.finish();
    }
}

criterion_group!(benches, replays);
criterion_main!(benches);
