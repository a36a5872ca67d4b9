//! Kueue's scheduler in the shapes of upstream's micro-benchmarks.
//!
//! Aims: a cycle that preempts on 1,000 full nodes in at most 2 ms. Upstream takes 360 ms for that
//! cycle, and 80 and 513 µs for the first strategy of fair sharing over 10 and 100 candidates (Go
//! 1.27 on two EPYC cores). Placement on 2,500 nodes is measured in `tas`.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gpusched_bench::speed::kueue::{BeforeCycle, FirstStrategy};
use std::hint::black_box;

fn cycles(criterion: &mut Criterion) {
    let shapes = [
        ("kueue/cycle/preempt-1000-nodes", BeforeCycle::preempting()),
        ("kueue/cycle/baseline-30-heads", BeforeCycle::baseline()),
    ];
    for (name, before) in shapes {
        criterion.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || before.clone(),
                |before| black_box(before.cycle()),
                BatchSize::PerIteration,
            );
        });
    }
}

fn first_strategy(criterion: &mut Criterion) {
    for candidates in [10, 100] {
        let mut search = FirstStrategy::new(candidates);
        let name = format!("kueue/first-strategy/{candidates}-candidates");
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| black_box(search.search()));
        });
    }
}

criterion_group!(benches, cycles, first_strategy);
criterion_main!(benches);
