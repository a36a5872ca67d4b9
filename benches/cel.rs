//! A selector as people write it, beside the same question asked in Rust.
//!
//! Aim: an evaluation in at most ten times the twin; selectors are evaluated once for each shape of
//! device, so that a run asks for few.

use criterion::{Criterion, criterion_group, criterion_main};
use gpusched_core::cel::{Attribute, COST_LIMIT, DeviceFacts, Env, Program};
use gpusched_core::kube::Quantity;
use std::hint::black_box;

const SELECTOR: &str = "device.attributes['gpu.nvidia.com'].type == 'gpu' && \
     device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40Gi')) >= 0";

/// What the NVIDIA driver says of a GPU.
fn h100() -> DeviceFacts {
    let texts = [
        ("architecture", "Hopper"),
        ("brand", "Nvidia"),
        ("productName", "NVIDIA H100 80GB HBM3"),
        ("resource.kubernetes.io/pcieRoot", "pci0000:10"),
        ("type", "gpu"),
        ("uuid", "GPU-00000000-0000-4000-8000-000000000001"),
    ];
    let versions = [
        ("cudaComputeCapability", "9.0.0"),
        ("driverVersion", "580.65.6"),
    ];
    let texts = texts.map(|(name, text)| (name.to_owned(), Attribute::Text(text.to_owned())));
    let versions =
        versions.map(|(name, text)| (name.to_owned(), Attribute::Version(text.to_owned())));
    DeviceFacts {
        driver: "gpu.nvidia.com".to_owned(),
        attributes: texts.into_iter().chain(versions).collect(),
        capacity: [(
            "memory".to_owned(),
            Quantity::new(85_520_809_984, Default::default()),
        )]
        .into(),
        allow_multiple_allocations: None,
    }
}

/// The same question, written by hand.
fn twin(device: &DeviceFacts, least: Quantity) -> bool {
    device.driver == "gpu.nvidia.com"
        && device.attributes.get("type") == Some(&Attribute::Text("gpu".to_owned()))
        && device
            .capacity
            .get("memory")
            .is_some_and(|memory| *memory >= least)
}

fn selector(criterion: &mut Criterion) {
    let device = h100();
    let program = Program::compile(SELECTOR, &Env::default()).expect("it compiles");
    let mut group = criterion.benchmark_group("cel");
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Program::compile(black_box(SELECTOR), &Env::default()));
    });
    group.bench_function("evaluate", |bencher| {
        bencher.iter(|| program.evaluate(black_box(&device), COST_LIMIT));
    });
    group.bench_function("shape", |bencher| {
        bencher.iter(|| program.shape(black_box(&device)));
    });
    let least = "40Gi".parse().expect("a quantity");
    group.bench_function("twin", |bencher| {
        bencher.iter(|| twin(black_box(&device), black_box(least)));
    });
    group.finish();
}

criterion_group!(benches, selector);
criterion_main!(benches);
