//! One FGD experiment: pods arrive one by one on 1,213 nodes, with all metrics after each pod.
//!
//! Runs on the recorded openb run (10,866 pods) when the shared vectors are there, else on a
//! cluster and pods made here, which resemble it in size and in how many request kinds there are
//! but are not the trace. The name of the benchmark says which.

use criterion::{Criterion, criterion_group, criterion_main};
use gpusched_bench::conformance;
use gpusched_bench::experiment::{Setup, run};
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
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
    let (input, setup) = match conformance::fgd::setup(&vectors, "openb_default/seed42") {
        Ok(setup) => ("openb-seed42", setup),
        Err(_) => ("synthetic", synthetic()),
    };
    let mut group = criterion.benchmark_group(format!("experiment/{input}"));
    group.sample_size(10);
    for name in POLICIES {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| black_box(place_all(&setup, name)));
        });
    }
    group.finish();
}

/// Milli-GPU placed, so that nothing can be left out.
fn place_all(setup: &Setup, name: &str) -> i64 {
    let context = PlacementContext {
        work: &setup.work,
        inventory: &setup.inventory,
        seed: 42,
    };
    let mut policy = placement(name, &context).expect("a known policy");
    let mut used = 0;
    let experiment = setup.experiment();
    run(&experiment, policy.as_mut(), |_, _, state| {
        used = state.used_milli;
    })
    .expect("policies propose places that fit");
    used
}

/// 1,213 nodes of five kinds and 10,866 pods of some ninety kinds, all by a fixed recipe.
fn synthetic() -> Setup {
    const KINDS: [(u32, &str, u64); 5] = [
        (8, "G2", 96_000),
        (4, "T4", 96_000),
        (8, "G3", 128_000),
        (2, "P100", 64_000),
        (8, "V100M32", 96_000),
    ];
    let node = |index: usize| {
        let (gpus, model, cpu_milli) = KINDS[index * 7 % 13 % KINDS.len()];
        Node {
            cpu_milli,
            mem_mib: 393_216,
            ..Node::with_gpus(format!("node-{index:04}"), gpus, model)
        }
    };
    let inventory = Inventory::new((0..1_213).map(node).collect()).expect("distinct names");
    let mut builder = WorkloadBuilder::new();
    for index in 0..10_866u64 {
        let pod = JobDraft::new("", Time::ZERO, Span::from_secs(1), pod(index));
        builder.push(&pod).expect("few pods");
    }
    let work = builder.finish().expect("pods of one group");
    let first_shape = |job: &gpusched_core::workload::Job| work.spec(job.spec).pod_sets[0].shape;
    let pods = work.jobs().iter().map(first_shape).collect();
    Setup::new(work, inventory, pods)
}

/// A pod: half of them share a GPU, a fifth need none, few need many.
fn pod(index: u64) -> Shape {
    let mix = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let cpu_milli = 1_000 * (1 + mix % 12);
    let mem_mib = 4_096 * (1 + mix / 16 % 4);
    let (gpus, gpu_milli) = match mix / 64 % 20 {
        0..=3 => (0, 1_000),
        4..=13 => (1, 100 * (1 + (mix / 4096 % 9) as u32)),
        14..=17 => (1, 1_000),
        18 => (2, 1_000),
        _ => (8, 1_000),
    };
    Shape {
        gpus,
        gpu_milli,
        cpu_milli,
        mem_mib,
        ..Shape::default()
    }
}

criterion_group!(benches, experiments);
criterion_main!(benches);
