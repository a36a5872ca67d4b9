//! What a decision costs under each policy, on fixed work: queueing policies on one trace, placement
//! policies on one order of openb pods. A group is an axis, a benchmark one of its policies.
//!
//! Policies decide differently, so this compares costs and not schedules; `gpusched compare` does
//! that.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use gpusched_bench::speed::openb;
use gpusched_bench::speed::replay::{POOL, pool, queueing, rigid_jobs};
use gpusched_core::queueing::registry::queueings;
use std::hint::black_box;
use std::path::Path;

/// Jobs on one pool at 0.6 of its processors, each estimated at three times its run time.
const JOBS: usize = 10_000;

/// Pods of the order, of 10,866: the cluster is a third full in the end.
const PODS: usize = 3_000;

/// Those that choose nodes one pod at a time.
const PLACEMENTS: [&str; 12] = [
    "first-fit",
    "random",
    "best-fit",
    "worst-fit",
    "dot-product",
    "gpu-packing",
    "gpu-clustering",
    "fgd",
    "pwr",
    "pwr:0.2+fgd:0.8",
    "consolidate",
    "kube-scheduler",
];

fn group<'a>(
    criterion: &'a mut Criterion,
    name: String,
    work: usize,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.throughput(Throughput::Elements(work as u64));
    group
}

fn queueing_policies(criterion: &mut Criterion) {
    let (work, machines) = pool(&rigid_jobs(JOBS), POOL);
    let mut group = group(criterion, format!("queueing/{JOBS}-jobs-one-pool"), JOBS);
    for policy in queueings() {
        group.bench_function(policy.name, |bencher| {
            bencher.iter(|| black_box(queueing(&work, &machines, policy.name)));
        });
    }
    group.finish();
}

fn placement_policies(criterion: &mut Criterion) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/fgd");
    let (input, setup) = openb::setup(&vectors);
    let mut group = group(criterion, format!("placement/{PODS}-pods-{input}"), PODS);
    for policy in PLACEMENTS {
        group.bench_function(policy, |bencher| {
            bencher.iter(|| black_box(openb::first_places(&setup, policy, PODS)));
        });
    }
    group.finish();
}

criterion_group!(benches, queueing_policies, placement_policies);
criterion_main!(benches);
