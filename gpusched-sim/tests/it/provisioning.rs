//! Machines that come when jobs wait and go when they idle, and what they cost.

use crate::worlds::{lasting, world};
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::provisioning::registry::ProvisioningOptions;
use gpusched_core::provisioning::{Lifetime, Money, Price};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use gpusched_sim::engine::Fate;
use gpusched_sim::replay::{ReplayOptions, RunResult, replay};
use gpusched_sim::sharing::SharingMode;
use proptest::prelude::*;

/// A job: when it comes, how long it runs, GPUs of each pod, pods.
type Ask = (i64, i64, u32, u32);

fn jobs(asks: &[Ask]) -> Workload {
    let mut builder = WorkloadBuilder::new();
    for (index, &(submit, run, gpus, count)) in asks.iter().enumerate() {
        let (submit, run) = (Time::from_secs(submit), Span::from_secs(run));
        let name = format!("j{index}");
        let shape = Shape::whole_gpus(gpus);
        builder
            .push(&JobDraft {
                count,
                ..JobDraft::new(&name, submit, run, shape)
            })
            .unwrap();
    }
    builder.finish().unwrap()
}

/// Machines: GPUs and price.
fn machines(list: &[(u32, &str)]) -> Inventory {
    let node = |(index, &(gpus, price)): (usize, &(u32, &str))| Node {
        price: Some(Price::parse(price).unwrap()),
        ..Node::with_gpus(format!("n{index}"), gpus, "T4")
    };
    Inventory::new(list.iter().enumerate().map(node).collect()).unwrap()
}

/// Boots take 180 s, idling 600 s, and the queue is looked at every 10 s.
fn run(work: &Workload, inventory: &Inventory, provisioning: &str) -> RunResult {
    let options = ReplayOptions {
        provisioning: provisioning.into(),
        ..ReplayOptions::default()
    };
    replay(work, inventory, &options).unwrap()
}

fn starts(result: &RunResult, jobs: u32) -> Vec<i64> {
    let start = |job| result.records.start(JobId(job)).unwrap().0 / 1_000_000;
    (0..jobs).map(start).collect()
}

fn launched(result: &RunResult) -> Vec<(u32, i64, Option<i64>)> {
    let secs = |at: Time| at.0 / 1_000_000;
    let lives = result.records.lifetimes().unwrap().iter();
    lives
        .map(|life| (life.node.0, secs(life.launched), life.gone.map(secs)))
        .collect()
}

#[test]
fn a_machine_comes_for_a_job_that_waits_and_goes_when_it_idles() {
    let work = jobs(&[(0, 100, 1, 1), (2_000, 100, 1, 1)]);
    let result = run(&work, &machines(&[(1, "3.6")]), "reactive");
    assert_eq!(starts(&result, 2), [180, 2_180]);
    assert_eq!(launched(&result), [(0, 0, Some(880)), (0, 2_000, None)]);
    // 880 s and 280 s at a thousandth of a dollar per second.
    let cost = result.summary.cost.unwrap();
    assert!((cost.usd.unwrap() - 1.16).abs() < 1e-9);
    assert_eq!(cost.launches, 2);
    let hours = |seconds: f64| seconds / 3_600.0;
    let parts = cost.gpu_hours;
    assert!((parts.boot - hours(360.0)).abs() < 1e-9);
    assert!((parts.idle - hours(600.0)).abs() < 1e-9);
    assert!((parts.useful - hours(200.0)).abs() < 1e-9);
    assert_eq!((parts.lost, parts.overhead), (0.0, 0.0));
    // Everything it offered while it took pods: 700 s and 100 s, of which 200 s were used.
    assert_eq!(result.summary.utilisation.window, Some(0.25));
}

#[test]
fn machines_that_are_always_there_cost_their_price_times_the_window() {
    let work = jobs(&[(0, 100, 1, 1), (2_000, 100, 1, 1)]);
    let result = run(&work, &machines(&[(1, "3.6")]), "static");
    assert_eq!(starts(&result, 2), [0, 2_000]);
    let cost = result.summary.cost.unwrap();
    assert!((cost.usd.unwrap() - 2.1).abs() < 1e-9);
    assert!((cost.usd_per_useful_gpu_hour.unwrap() - 2.1 * 18.0).abs() < 1e-9);
}

/// Jobs of 0.3 GPU for 100 s and 0.5 GPU for 50 s, one after the other, as each gets the only GPU
/// to itself.
#[test]
fn what_is_held_and_not_needed_is_told_apart_from_what_is() {
    let mut builder = WorkloadBuilder::new();
    for (name, run, milli) in [("a", 100, 300), ("b", 50, 500)] {
        let shape = Shape {
            gpu_milli: milli,
            ..Shape::whole_gpus(1)
        };
        let job = JobDraft::new(name, Time::ZERO, Span::from_secs(run), shape);
        builder.push(&job).unwrap();
    }
    let options = ReplayOptions {
        sharing: SharingMode::Exclusive,
        ..ReplayOptions::default()
    };
    let inventory = machines(&[(1, "1")]);
    let result = replay(&builder.finish().unwrap(), &inventory, &options).unwrap();
    let parts = result.summary.cost.unwrap().gpu_hours;
    let hours = |seconds: f64| seconds / 3600.0;
    assert!((parts.useful - hours(150.0)).abs() < 1e-9);
    assert!((parts.unneeded - hours(0.7 * 100.0 + 0.5 * 50.0)).abs() < 1e-9);
}

/// Whole GPUs stand idle with one core left: no job of two cores can use them.
#[test]
fn idle_gpus_that_no_job_of_the_trace_can_use_are_fragmented() {
    let mut builder = WorkloadBuilder::new();
    let shape = Shape {
        cpu_milli: 2_000,
        ..Shape::whole_gpus(1)
    };
    let job = JobDraft::new("a", Time::ZERO, Span::from_secs(100), shape);
    builder.push(&job).unwrap();
    let node = Node {
        price: Some(Price::parse("1").unwrap()),
        cpu_milli: 3_000,
        ..Node::with_gpus("n", 4, "T4")
    };
    let inventory = Inventory::new(vec![node]).unwrap();
    let result = run(&builder.finish().unwrap(), &inventory, "static");
    let parts = result.summary.cost.unwrap().gpu_hours;
    assert!((parts.idle - 300.0 / 3600.0).abs() < 1e-9);
    assert!((parts.fragmented - parts.idle).abs() < 1e-9, "{parts:?}");
    assert_eq!(parts.unneeded, 0.0);
}

#[test]
fn the_lowest_price_per_gpu_is_launched_first_then_rank() {
    let fleet = machines(&[(1, "1"), (8, "4"), (1, "0.6"), (1, "0.6")]);
    // Half a dollar per GPU; then 0.6 by rank; then a dollar.
    let result = run(&jobs(&[(0, 9, 1, 1)]), &fleet, "reactive");
    assert_eq!(launched(&result), [(1, 0, None)]);
    let fleet = machines(&[(1, "1"), (1, "0.6"), (1, "0.6")]);
    let result = run(&jobs(&[(0, 9, 1, 2)]), &fleet, "reactive");
    assert_eq!(launched(&result), [(1, 0, None), (2, 0, None)]);
}

#[test]
fn nothing_is_launched_for_a_gang_that_cannot_start_whole() {
    // The gang needs three machines, and one is in use for long.
    let fleet = machines(&[(1, "1"), (1, "1"), (1, "1")]);
    let result = run(
        &jobs(&[(0, 5_000, 1, 1), (10, 100, 1, 3)]),
        &fleet,
        "reactive",
    );
    assert_eq!(result.records.fate(JobId(1)), Fate::Done);
    let [first, rest @ ..] = launched(&result).try_into().unwrap_or([(9, 9, None); 3]);
    assert_eq!((first.0, first.1), (0, 0));
    // The job before it ends at 5,180 s; only then is it worth launching the others.
    assert_eq!(rest, [(1, 5_180, None), (2, 5_180, None)]);
}

#[test]
fn what_boots_is_counted_and_not_launched_twice() {
    let fleet = machines(&[(2, "1"), (2, "1")]);
    let result = run(
        &jobs(&[(0, 50, 1, 1), (60, 50, 1, 1), (65, 50, 2, 1)]),
        &fleet,
        "reactive",
    );
    // The second job fits beside the first on the machine that boots; the third does not. The
    // queue was last looked at at 60 s, so it is looked at again at 70 s.
    assert_eq!(launched(&result), [(0, 0, None), (1, 70, None)]);
    assert_eq!(starts(&result, 3), [180, 180, 230]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Jobs run on machines that are there, the parts of the waterfall add up to what was paid,
    /// and the bill is the sum of its lines.
    #[test]
    fn pods_are_on_machines_that_exist_and_bills_add_up(world in world().prop_map(lasting)) {
        let price = |index: usize| Price(1_000_000_000 + 7 * index as i64);
        let nodes = world.inventory.nodes().iter().enumerate().map(|(index, node)| Node {
            price: Some(price(index)),
            ..node.clone()
        });
        let inventory = Inventory::new(nodes.collect()).unwrap();
        for queueing in ["fifo", "fifo-greedy", "easy"] {
            let options = ReplayOptions {
                queueing: queueing.into(),
                provisioning: "reactive".into(),
                provisioning_options: ProvisioningOptions::default(),
                ..ReplayOptions::default()
            };
            let result = replay(&world.work, &inventory, &options).unwrap();
            let records = &result.records;
            let lives = records.lifetimes().unwrap();
            for index in 0..world.work.len() {
                let job = JobId::from(index);
                let Some(start) = records.start(job) else { continue };
                let end = records.end_of(job).unwrap_or(records.closed_at());
                let spec = world.work.spec(world.work.job(job).spec);
                for spot in records.places(job, spec.pods) {
                    let there = |life: &Lifetime| {
                        let until = life.gone.unwrap_or(Time::NEVER);
                        life.node == spot.node
                            && life.ready.is_some_and(|ready| ready <= start)
                            && end <= until
                    };
                    prop_assert!(lives.iter().any(there), "{queueing} {job:?}");
                }
            }
            let cost = result.summary.cost.clone().unwrap();
            let parts = cost.gpu_hours;
            let sum = parts.boot + parts.idle + parts.overhead + parts.lost + parts.useful;
            prop_assert!((sum - parts.paid).abs() < 1e-6);
            prop_assert!(parts.idle > -1e-9 && parts.overhead.abs() < 1e-9, "{queueing} {parts:?}");
            if let Some(first) = world.work.jobs().first() {
                let window = Span((result.summary.window.makespan_s * 1e6).round() as i64);
                let ends = (0..world.work.len()).filter_map(|job| records.end_of(JobId::from(job)));
                let until = ends.max().unwrap_or(Time::ZERO).max(first.submit + window);
                let line = |life: &Lifetime| {
                    let end = life.gone.unwrap_or(until).min(until);
                    price(life.node.index()).over((end - life.launched).max(Span::ZERO))
                };
                let lines: Money = lives.iter().filter(|life| life.launched < until).map(line).sum();
                prop_assert!((lines.as_usd() - cost.usd.unwrap_or(0.0)).abs() < 1e-9);
            }
        }
    }
}
