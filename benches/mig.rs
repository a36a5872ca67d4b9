//! MIG: allocations and frees per second on one core, and the scan of a fleet for the best start.
//!
//! Aims: at least 50 million allocations and frees per second; 10,000 GPUs in at most 10 µs.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::mig as speed;
use gpusched_core::gpu::mig::{Geometry, board};
use std::hint::black_box;

fn allocate_and_free(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mig/allocate-free");
    for (name, gpus) in [
        ("A100-40GB", 64),
        ("A100-40GB", 10_000),
        ("RTX-PRO-6000-96GB", 64),
    ] {
        let mut churn = speed::Churn::new(name, gpus, 1 << 20);
        // From the steady state every step does exactly one allocation or one free.
        let steady = (churn.run(), churn.run()).1;
        group.throughput(Throughput::Elements(steady));
        group.bench_function(format!("{name}/{gpus}-gpus"), |bencher| {
            bencher.iter(|| black_box(churn.run()));
        });
    }
    group.finish();
}

fn scan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mig/best-start");
    for gpus in [1_000, 10_000, 100_000] {
        let fleet = speed::Fleet::new(gpus);
        group.throughput(Throughput::Elements(gpus as u64));
        group.bench_function(format!("{gpus}-gpus"), |bencher| {
            bencher.iter(|| black_box(black_box(&fleet).best()));
        });
    }
    group.finish();
}

fn build(criterion: &mut Criterion) {
    for name in ["A100-40GB", "RTX-PRO-6000-96GB"] {
        let board = board(name).expect("a known board");
        criterion.bench_function(&format!("mig/build-tables/{name}"), |bencher| {
            bencher.iter(|| black_box(Geometry::of(board)));
        });
    }
}

criterion_group!(benches, allocate_and_free, scan, build);
criterion_main!(benches);
