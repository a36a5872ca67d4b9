//! Shares of links among 1,000 gangs on 4,096 nodes: what one start or end costs.
//!
//! Aim: at most 50 µs an event. The twin solves all gangs from scratch.

use criterion::{Criterion, criterion_group, criterion_main};
use gpusched_bench::speed::flow as speed;
use std::hint::black_box;

fn flow(criterion: &mut Criterion) {
    for crossing in [10, 100] {
        let mut gangs = speed::Gangs::new(1000, crossing);
        let mut group = criterion.benchmark_group(format!("flow/1000-gangs/{crossing}-crossing"));
        group.bench_function("model", |bencher| bencher.iter(|| black_box(gangs.turn())));
        let mut shares = gangs.shares();
        group.bench_function("shares", |bencher| {
            bencher.iter(|| black_box(shares.turn()))
        });
        group.bench_function("from-scratch", |bencher| {
            bencher.iter(|| black_box(shares.from_scratch()));
        });
        group.finish();
    }
}

criterion_group!(benches, flow);
criterion_main!(benches);
