//! One FGD experiment: pods arrive one by one on 1,213 nodes, with all metrics after each pod.
//!
//! The name of the benchmark says whether the recorded run or a synthetic one was measured.

use criterion::{Criterion, criterion_group, criterion_main};
use gpusched_bench::speed::openb;
use std::hint::black_box;
use std::path::Path;

const POLICIES: &[&str] = &[
    "fgd",
    "best-fit",
    "gpu-packing",
    "pwr:0.2+fgd:0.8",
    "random",
];

fn experiments(criterion: &mut Criterion) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/fgd");
    let (input, setup) = openb::setup(&vectors);
    let mut group = criterion.benchmark_group(format!("experiment/{input}"));
    group.sample_size(10);
    for name in POLICIES {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| black_box(openb::place_all(&setup, name)));
        });
    }
    group.finish();
}

criterion_group!(benches, experiments);
criterion_main!(benches);
