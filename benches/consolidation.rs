//! A week of 1,000 rented GPU nodes (1,013 on average) under Karpenter with consolidation every 10 s.
//!
//! 1,640 jobs are there at the start; one more comes every 70 to 214 s (4,260 in the week), so that
//! something comes or ends about once a minute. Jobs are one pod of 1, 2, 4 or 8 GPUs with 4, 8 or
//! 12 cores each, and run for 6 to 124 hours. A node boots in two minutes; one pool on demand,
//! budgets of 10 %, `consolidateAfter: 0s`. Before the measurement the same week is run once and
//! told: what was launched and moved, rounds, questions, and how many of those took a solve.

#[path = "consolidation/fleet.rs"]
mod fleet;

use criterion::{Criterion, criterion_group, criterion_main};
use fleet::{Draw, Fleet, kinds, types};
use gpusched_core::provisioning::karpenter::labels::CAPACITY_TYPE;
use gpusched_core::provisioning::karpenter::objects::NodePool;
use gpusched_core::provisioning::karpenter::{Karpenter, KarpenterOptions, Pool, Requirement};
use gpusched_core::units::{Span, Time};

const HOUR: i64 = 3600;
const WEEK: i64 = 7 * 24 * HOUR;
/// Jobs there at the start: as many as come in the mean run of one.
const THERE: i64 = 1640;

fn fleet() -> Fleet<Karpenter> {
    let karpenter = Karpenter::new(KarpenterOptions {
        pools: vec![Pool::from(NodePool {
            name: "default".into(),
            // There is nothing else to be had, and a pool that allows spot asks for it.
            requirements: [Requirement::one_of(CAPACITY_TYPE, &["on-demand"])]
                .into_iter()
                .collect(),
            ..NodePool::default()
        })],
        ..KarpenterOptions::default()
    });
    let mut fleet = Fleet::new(karpenter, types());
    let (mut draw, kinds) = (Draw(7), kinds());
    let mut job = |at: i64, there: bool| {
        let run = 6 * HOUR + draw.below(118 * HOUR);
        // One that is there already has been at it for some time.
        let left = if there { 1 + draw.below(run) } else { run };
        let kind = kinds[draw.below(kinds.len() as i64) as usize].clone();
        (Time::from_secs(at), Span::from_secs(left), kind)
    };
    let mut coming: Vec<_> = (0..THERE).map(|_| job(0, true)).collect();
    let (mut at, mut gaps) = (0, Draw(8));
    while at < WEEK {
        at += 70 + gaps.below(145);
        coming.push(job(at, false));
    }
    coming.reverse();
    fleet.coming = coming;
    fleet
}

fn week(mut fleet: Fleet<Karpenter>) -> Fleet<Karpenter> {
    fleet.run(Time::from_secs(WEEK));
    fleet
}

fn consolidation(criterion: &mut Criterion) {
    let told = week(fleet());
    let nodes = told.held / i128::from(Time::from_secs(WEEK).0);
    println!(
        "{nodes} nodes on average, {} launched, {} pods moved; {:?}",
        told.launched,
        told.moved,
        told.controller.effort()
    );
    let mut group = criterion.benchmark_group("karpenter-consolidation");
    group.sample_size(10);
    group.bench_function("week-1000-nodes", |bench| {
        bench.iter_with_large_drop(|| week(fleet()));
    });
    group.finish();
}

criterion_group!(benches, consolidation);
criterion_main!(benches);
