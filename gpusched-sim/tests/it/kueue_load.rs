//! Upstream's own load test (`test/performance/scheduler`) on virtual time.

use crate::kueue_world::job;
use gpusched_core::kube::LabelSelector;
use gpusched_core::queueing::kueue::objects::{
    ClusterQueue, FlavorQuotas, LocalQueue, Namespace, Preemption, PreemptionPolicy,
    ResourceFlavor, ResourceGroup, ResourceQuota,
};
use gpusched_core::queueing::kueue::{Amount, Configuration, Gates, Objects};
use gpusched_core::units::{Span, Time};
use gpusched_sim::kueue::replay::{ControlPlane, Fidelity, Job, Options, Outcome, replay};

/// Name, how many per ClusterQueue, how often one comes (ms), cores, run time (ms), priority.
const CLASSES: [(&str, i64, i64, i64, i64, i32); 3] = [
    ("small", 350, 100, 1, 200, 50),
    ("medium", 100, 500, 5, 500, 100),
    ("large", 50, 1200, 20, 1000, 200),
];

/// Cohorts of ClusterQueues with 20 cores each that borrow up to 100, reclaim what they lent and
/// preempt by priority; `share` of each class's workloads.
pub(crate) fn load(cohorts: usize, queues: usize, share: i64) -> (Objects, Vec<Job>) {
    let mut objects = Objects {
        namespaces: vec![Namespace {
            name: "load".into(),
            ..Namespace::default()
        }],
        flavors: vec![ResourceFlavor {
            name: "default".into(),
            ..ResourceFlavor::default()
        }],
        ..Objects::default()
    };
    let mut jobs = Vec::new();
    for queue in 0..cohorts * queues {
        let name = format!("queue-{queue:04}");
        objects.cluster_queues.push(ClusterQueue {
            name: name.clone(),
            cohort: Some(format!("cohort-{:02}", queue / queues)),
            namespace_selector: Some(LabelSelector::default()),
            resource_groups: vec![ResourceGroup {
                covered: vec!["cpu".into()],
                flavors: vec![FlavorQuotas {
                    flavor: "default".into(),
                    resources: vec![ResourceQuota {
                        resource: "cpu".into(),
                        nominal: Amount(20_000),
                        borrowing_limit: Some(Amount(100_000)),
                        lending_limit: None,
                    }],
                }],
            }],
            preemption: Preemption {
                within_cluster_queue: PreemptionPolicy::LowerPriority,
                reclaim_within_cohort: PreemptionPolicy::Any,
                ..Preemption::default()
            },
            ..ClusterQueue::default()
        });
        objects.local_queues.push(LocalQueue {
            namespace: "load".into(),
            name: name.clone(),
            cluster_queue: name.clone(),
            ..LocalQueue::default()
        });
        for (class, count, every, cores, run, priority) in CLASSES {
            for index in 0..count / share {
                let door = format!("load/{name}");
                let called = format!("{name}-{class}-{index:03}");
                let mut job = job(&door, &called, &[("cpu", cores * 1000)], 0, 0);
                job.workload.priority = Some(priority);
                job.arrival = Time(every * 1000 * (index + 1));
                job.run = Some(Span(run * 1000));
                jobs.push(job);
            }
        }
    }
    (objects, jobs)
}

fn run(cohorts: usize, queues: usize, fidelity: Fidelity) -> Outcome {
    let (objects, jobs) = load(cohorts, queues, 1);
    let options = Options {
        fidelity,
        ..Options::default()
    };
    let begin = std::time::Instant::now();
    let outcome = replay(
        &objects,
        &Configuration::default(),
        Gates::MAIN,
        jobs,
        &options,
    );
    let evictions: u32 = outcome.workloads.iter().map(|one| one.evictions).sum();
    eprintln!(
        "{} workloads, {} cycles ({} idle), {evictions} evictions, end {:?} in {:?}",
        outcome.workloads.len(),
        outcome.cycles,
        outcome.idle_cycles,
        outcome.end,
        begin.elapsed()
    );
    for (class, ..) in CLASSES {
        eprintln!("  {class}: {:.1} s", wait(&outcome, class));
    }
    outcome
}

/// Mean wait of a class, s.
fn wait(outcome: &Outcome, class: &str) -> f64 {
    let waits = outcome
        .workloads
        .iter()
        .filter(|one| one.name.contains(class));
    let waits: Vec<f64> = waits.map(|one| one.wait().unwrap().as_secs_f64()).collect();
    waits.iter().sum::<f64>() / waits.len() as f64
}

/// The cores asked for take at least 66 s of each queue's 20: 350 · 0.2 s + 100 · 5 · 0.5 s
/// + 50 · 20 · 1 s = 1,320 core-seconds.
#[test]
fn the_baseline_takes_at_least_what_its_cores_allow() {
    let outcome = run(5, 6, Fidelity::Ideal);
    assert!(outcome.workloads.iter().all(|one| one.finished.is_some()));
    assert!(outcome.end >= Time::from_secs(66));
    assert!(
        outcome.end <= Time::from_secs(99),
        "half as long again at most"
    );
}

/// Published: 351.1 s; mean time to admission of large, medium and small 16.5, 76.8 and 215.5 s.
/// Here no API server is measured, so the order of magnitude is what can be asked for, and the
/// order of the classes. The load test has no pods, so nothing is to be waited for.
#[test]
fn the_control_plane_is_what_the_baseline_waits_for() {
    let constants = ControlPlane {
        grace: Span::ZERO,
        ..ControlPlane::default()
    };
    let outcome = run(5, 6, Fidelity::ControlPlane(constants));
    assert!(outcome.workloads.iter().all(|one| one.finished.is_some()));
    let end = outcome.end.as_secs_f64();
    assert!((351.1 / 1.5..351.1 * 1.5).contains(&end), "{end}");
    let waits = ["large", "medium", "small"].map(|class| wait(&outcome, class));
    assert!(waits.is_sorted(), "{waits:?}");
}

/// Published for 10 cohorts of 100 ClusterQueues, 50,000 workloads: 1,179.4 s. A tenth of each
/// class comes to each queue, so it is the number of queues that counts.
#[test]
fn the_control_plane_is_what_the_large_load_waits_for() {
    let (objects, jobs) = load(10, 100, 10);
    assert_eq!(jobs.len(), 50_000);
    let options = Options {
        fidelity: Fidelity::ControlPlane(ControlPlane {
            grace: Span::ZERO,
            ..ControlPlane::default()
        }),
        ..Options::default()
    };
    let begin = std::time::Instant::now();
    let outcome = replay(
        &objects,
        &Configuration::default(),
        Gates::MAIN,
        jobs,
        &options,
    );
    let evictions: u32 = outcome.workloads.iter().map(|one| one.evictions).sum();
    let waits = ["large", "medium", "small"].map(|class| wait(&outcome, class));
    eprintln!(
        "50,000 workloads, {} cycles ({} idle), {evictions} evictions, end {:?}, {waits:?} in {:?}",
        outcome.cycles,
        outcome.idle_cycles,
        outcome.end,
        begin.elapsed()
    );
    assert!(outcome.workloads.iter().all(|one| one.finished.is_some()));
    let end = outcome.end.as_secs_f64();
    assert!((1_179.4 / 1.5..1_179.4 * 1.5).contains(&end), "{end}");
    assert!(waits.is_sorted(), "{waits:?}");
}
