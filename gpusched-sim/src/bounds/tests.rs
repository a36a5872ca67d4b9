//! Bounds by hand, and below every schedule.

use super::*;
use crate::replay::{ReplayOptions, replay};
use gpusched_core::cluster::Node;
use gpusched_core::provisioning::Price;
use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
use proptest::prelude::*;

/// Jobs of (submit, run, GPUs, model).
fn work(jobs: &[(i64, i64, u32, &str)]) -> Workload {
    let mut builder = WorkloadBuilder::numbered();
    for (submit, run, gpus, model) in jobs {
        let mut shape = Shape::whole_gpus(*gpus);
        shape
            .models
            .extend((!model.is_empty()).then(|| (*model).to_owned()));
        let (submit, run) = (Time::from_secs(*submit), Span::from_secs(*run));
        builder
            .push(&JobDraft::new("", submit, run, shape))
            .unwrap();
    }
    builder.finish().unwrap()
}

fn cluster(nodes: &[(u32, &str)]) -> Inventory {
    let node = |(at, (gpus, model)): (usize, &(u32, &str))| {
        Node::with_gpus(format!("n{at}"), *gpus, *model)
    };
    Inventory::new(nodes.iter().enumerate().map(node).collect()).unwrap()
}

fn close(value: f64, expected: f64) {
    assert!(
        (value - expected).abs() < 1e-4 * expected,
        "{value} {expected}"
    );
}

#[test]
fn nobody_waits_on_an_empty_cluster() {
    let found = bounds(
        &work(&[(0, 60, 1, ""), (10, 20, 2, "")]),
        &cluster(&[(8, "T4")]),
    )
    .unwrap();
    assert_eq!((found.mean_jct_s, found.makespan_s), (40.0, 60.0));
    assert_eq!(found.cost_usd, None);
}

/// A machine of so many GPUs for so many dollars an hour.
fn priced(name: &str, gpus: u32, usd: i64) -> Node {
    Node {
        price: (usd > 0).then_some(Price(usd * 1_000_000_000)),
        ..Node::with_gpus(name, gpus, "T4")
    }
}

#[test]
fn machines_that_are_always_there_are_paid_up_to_the_least_makespan() {
    // Three hours of GPU time on two GPUs: an hour and a half at 2 + 1 dollars; what has no price
    // does not count, but may be worked on.
    let hour = 3_600;
    let jobs = work(&[(0, hour, 1, ""), (0, hour, 1, ""), (0, hour, 1, "")]);
    let nodes = vec![priced("a", 1, 2), priced("b", 1, 1)];
    let found = bounds(&jobs, &Inventory::new(nodes).unwrap()).unwrap();
    close(found.makespan_s, 5_400.0);
    close(found.cost_usd.unwrap(), 4.5);
    let nodes = vec![priced("a", 1, 2), priced("b", 2, 0)];
    let found = bounds(&jobs, &Inventory::new(nodes).unwrap()).unwrap();
    close(found.cost_usd.unwrap(), 2.0);
}

#[test]
fn work_costs_its_gpu_time_at_the_lowest_price_it_can_have() {
    // A dollar per GPU on the small machine, half a dollar on the large one, which a gang of three in
    // one pod needs anyway.
    let jobs = work(&[(0, 3_600, 1, ""), (0, 1_800, 3, "")]);
    let nodes = vec![priced("small", 1, 1), priced("large", 4, 2)];
    let ran = |job: JobId| jobs.job(job).run;
    let least = cost::of_work(&jobs, &Inventory::new(nodes).unwrap(), ran);
    close(least.as_usd(), 0.5 + 0.75);
    // Where it could run for nothing, nothing can be said.
    let nodes = vec![priced("small", 1, 0), priced("large", 4, 2)];
    let least = cost::of_work(&jobs, &Inventory::new(nodes).unwrap(), ran);
    close(least.as_usd(), 0.75);
}

#[test]
fn the_shortest_first_on_one_gpu() {
    // 10 s: done at 10. 30 s arrives first, stops for the other: busy 0–5 and 15–40, mean
    // (5 × 2.5 + 25 × 27.5) / 30 = 23.33; + 15 = 38.33 (it ends at 40, the bound is below).
    let found = bounds(
        &work(&[(0, 30, 1, ""), (5, 10, 1, "")]),
        &cluster(&[(1, "T4")]),
    )
    .unwrap();
    close(found.mean_jct_s, (23.0 + 1.0 / 3.0 + 15.0 + 10.0) / 2.0);
    close(found.makespan_s, 40.0);
}

#[test]
fn models_that_no_job_can_leave_are_bounded_apart() {
    // 100 GPU-s of T4 work on one T4 while seven A100s idle.
    let jobs = work(&[(0, 50, 1, "T4"), (0, 50, 1, "T4"), (0, 10, 1, "A100")]);
    let found = bounds(&jobs, &cluster(&[(1, "T4"), (7, "A100")])).unwrap();
    close(found.makespan_s, 100.0);
    // Two equal jobs on one GPU: 50 and 100.
    close(found.mean_jct_s, (50.0 + 100.0 + 10.0) / 3.0);
}

#[test]
fn work_that_may_go_anywhere_is_shared_out() {
    // 40 s on T4 only, and 80 that may go to either of two GPUs: 60 s, not 40 and not 80.
    let jobs = work(&[(0, 40, 1, "T4"), (0, 40, 1, ""), (0, 40, 1, "")]);
    let found = bounds(&jobs, &cluster(&[(1, "T4"), (1, "A100")])).unwrap();
    close(found.makespan_s, 60.0);
}

#[test]
fn late_work_cannot_be_done_early() {
    // 100 idle seconds first; then 40 GPU-s on 2 GPUs.
    let jobs = work(&[(0, 1, 1, ""), (100, 20, 1, ""), (100, 20, 1, "")]);
    close(
        bounds(&jobs, &cluster(&[(2, "T4")])).unwrap().makespan_s,
        120.0,
    );
}

#[test]
fn jobs_that_never_run_have_no_bound() {
    assert_eq!(
        bounds(&work(&[(0, 5, 9, "")]), &cluster(&[(8, "T4")])),
        None
    );
    assert_eq!(bounds(&Workload::default(), &cluster(&[(8, "T4")])), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_policy_is_better_than_the_bound(
        jobs in prop::collection::vec((0_i64..100, 1_i64..50, 1_u32..=4, 0_usize..3), 1..40),
    ) {
        let jobs: Vec<(i64, i64, u32, &str)> = jobs
            .into_iter()
            .map(|(submit, run, gpus, model)| (submit, run, gpus, ["", "T4", "A100"][model]))
            .collect();
        let (work, cluster) = (work(&jobs), cluster(&[(4, "T4"), (4, "A100"), (4, "A100")]));
        let found = bounds(&work, &cluster).unwrap();
        let nodes = cluster.nodes().iter().zip([3, 7, 5]).map(|(node, usd)| Node {
            price: Some(Price(usd * 1_000_000_000)),
            ..node.clone()
        });
        let rented = Inventory::new(nodes.collect()).unwrap();
        for queueing in ["fifo", "easy", "sjf", "fifo-greedy"] {
            let options = ReplayOptions { queueing: queueing.into(), ..ReplayOptions::default() };
            let run = replay(&work, &cluster, &options).unwrap().summary;
            let mean = run.jct_s.unwrap().mean;
            prop_assert!(found.mean_jct_s <= mean * (1.0 + 1e-9), "{queueing} {mean} {found:?}");
            let makespan = run.window.makespan_s;
            prop_assert!(found.makespan_s <= makespan * (1.0 + 1e-9), "{makespan} {found:?}");
            for provisioning in ["static", "reactive"] {
                let options = ReplayOptions { provisioning: provisioning.into(), ..options.clone() };
                let cost = replay(&work, &rented, &options).unwrap().summary.cost.unwrap();
                let (usd, least) = (cost.usd.unwrap(), cost.bound_usd.unwrap());
                prop_assert!(least <= usd * (1.0 + 1e-9), "{provisioning} {usd} {least}");
                if provisioning == "static" {
                    let least = bounds(&work, &rented).unwrap().cost_usd.unwrap();
                    prop_assert!(least <= usd * (1.0 + 1e-9), "{usd} {least}");
                }
            }
        }
    }
}
