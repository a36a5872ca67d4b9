//! A week of about 1,000 nodes under controllers that come and go with them: what a replay costs
//! beside the same jobs on machines that are there all the time (the twin).
//!
//! Jobs of 1, 2, 4 and 8 GPUs come every half a minute and run for 1 to 16 hours, so that about
//! 6,000 GPUs are held. Karpenter looks for nodes to consolidate every 10 s, Cluster Autoscaler
//! scans every 10 s; where nothing changed nothing is looked at.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use gpusched_sim::cloud::Cloud;
use gpusched_sim::replay::{ReplayOptions, replay};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const WEEK: i64 = 7 * 86_400;

/// Seconds between jobs.
const EVERY: i64 = 30;

/// A fixed sequence of numbers (a linear congruential generator; Knuth's MMIX constants).
fn draw(state: &mut u64) -> i64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as i64
}

fn week() -> Workload {
    let mut state = 1;
    let mut jobs = WorkloadBuilder::new();
    for at in (0..WEEK).step_by(EVERY as usize) {
        let gpus = [1, 2, 4, 8][draw(&mut state) as usize % 4];
        let run = Span::from_secs(3_600 + draw(&mut state) % (15 * 3_600));
        let shape = Shape {
            cpu_milli: 4_000 * u64::from(gpus),
            mem_mib: 16_384 * u64::from(gpus),
            ..Shape::whole_gpus(gpus)
        };
        let name = format!("j{at}");
        let draft = JobDraft::new(&name, Time::from_secs(at), run, shape);
        jobs.push(&draft).expect("few jobs");
    }
    jobs.finish().expect("sound jobs")
}

fn provisioning(criterion: &mut Criterion) {
    let work = week();
    let nodes = (0..1_000).map(|index| Node::with_gpus(format!("n{index}"), 8, "A100-SXM4-40GB"));
    let inventory = Inventory::new(nodes.collect()).expect("sound nodes");
    let cloud = Arc::new(Cloud::default());
    let mut group = criterion.benchmark_group("provisioning");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100));
    for policy in ["static", "oracle", "karpenter", "cluster-autoscaler"] {
        let options = ReplayOptions {
            queueing: "fifo-greedy".into(),
            placement: "best-fit".into(),
            provisioning: policy.into(),
            cloud: Some(cloud.clone()),
            ..ReplayOptions::default()
        };
        group.bench_function(BenchmarkId::new("week", policy), |bench| {
            bench.iter(|| black_box(replay(&work, &inventory, &options)).expect("a replay"));
        });
    }
    group.finish();
}

criterion_group!(benches, provisioning);
criterion_main!(benches);
