//! Planted violations, one of each kind, and schedules that have none.

use super::*;
use crate::trace::input::Source;
use gpusched_core::units::Span;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn read(text: &str) -> Schedule {
    Schedule::read(&Source::from_bytes("schedule.csv", text.as_bytes())).unwrap()
}

fn pool(gpus: i64) -> Capacity {
    Capacity {
        total: 1000 * gpus,
        ..Capacity::default()
    }
}

/// (kind, job, seconds) of findings.
fn short(found: &[Finding]) -> Vec<(Kind, &str, i64)> {
    let short = |one: &'_ Finding| (one.kind, one.at.0 / 1_000_000);
    found
        .iter()
        .map(|one| (short(one).0, one.job.as_str(), short(one).1))
        .collect()
}

#[test]
fn a_start_before_the_submission_is_impossible() {
    let schedule =
        read("job,submit_s,start_s,finish_s,gpus\na,10,5,20,1\nb,0,30,20,1\nc,0,0,9,1\n");
    let found = schedule.impossible();
    assert_eq!(
        short(&found),
        [(Kind::Impossible, "a", 5), (Kind::Impossible, "b", 30)]
    );
    assert_eq!(found[1].line, 3);
}

#[test]
fn more_gpus_than_there_are() {
    // 3 + 2 of 4 from 10 s on; what starts when `a` ends does not overlap it.
    let schedule = read("job,submit_s,start_s,run_s,gpus\na,0,0,20,3\nb,0,10,10,2\nc,0,20,5,4\n");
    let found = audit_capacity(&schedule, &pool(4));
    assert_eq!(short(&found), [(Kind::Capacity, "b", 10)]);
    assert_eq!(found[0].message, "5 GPUs in use of 4: the cluster");
    assert!(audit_capacity(&schedule, &pool(5)).is_empty());
}

#[test]
fn more_of_a_model_than_there_are() {
    let schedule = read(
        "job,submit_s,start_s,run_s,gpus,gpu_model\na,0,0,20,2,T4\nb,0,5,10,1,T4\nc,0,5,10,2,A100\n",
    );
    let mut capacity = pool(8);
    capacity.models = BTreeMap::from([("T4".into(), 2000), ("A100".into(), 6000)]);
    assert_eq!(
        short(&audit_capacity(&schedule, &capacity)),
        [(Kind::Capacity, "b", 5)]
    );
}

#[test]
fn a_device_given_twice_and_a_node_that_is_not_there() {
    let schedule = read(
        "job,submit_s,start_s,run_s,gpus,nodes\n\
         a,0,0,20,2,x[0-1]\nb,0,5,10,1,x[1]\nc,0,5,10,0.5,x[2]\nd,0,5,10,0.5,x[2]\ne,0,6,9,3,y\nf,0,6,9,1,z[0]\n",
    );
    let mut capacity = pool(100);
    capacity.nodes = BTreeMap::from([("x".into(), 4000), ("y".into(), 2000)]);
    let found = audit_nodes(&schedule, &capacity);
    assert_eq!(
        short(&found),
        [
            (Kind::Node, "e", 6),
            (Kind::Node, "f", 6),
            (Kind::Node, "b", 5)
        ]
    );
    assert_eq!(found[2].message, "2 GPUs in use of 1: device 1 of x");
    assert!(found[1].message.contains("which the cluster does not have"));
}

#[test]
fn more_than_a_quota() {
    let schedule = read(
        "job,queue,submit_s,start_s,run_s,gpus\na,red,0,0,20,2\nb,red,0,5,10,1\nc,blue,0,5,10,9\n",
    );
    let quotas = BTreeMap::from([("red".into(), 2000)]);
    let found = audit_quotas(&schedule, &quotas);
    assert_eq!(short(&found), [(Kind::Quota, "b", 5)]);
    assert_eq!(found[0].message, "3 GPUs in use of 2: the quota of red");
}

const HEADER: &str = "job,submit_s,start_s,run_s,estimate_s,gpus\n";

fn ordered(rows: &str, discipline: Discipline) -> Vec<Finding> {
    audit_order(&read(&format!("{HEADER}{rows}")), 4000, discipline)
}

#[test]
fn a_head_that_fits_and_waits_is_delayed() {
    // Two GPUs are free from 0 on.
    let rows = "a,0,0,10,10,2\nb,1,10,5,5,2\n";
    for discipline in [Discipline::Fifo, Discipline::Easy] {
        assert_eq!(
            short(&ordered(rows, discipline)),
            [(Kind::DelayedHead, "b", 1)]
        );
    }
}

#[test]
fn nobody_overtakes_in_a_fifo_queue() {
    let rows = "a,0,0,10,10,3\nb,1,10,5,5,2\nc,2,2,5,5,1\n";
    assert_eq!(
        short(&ordered(rows, Discipline::Fifo)),
        [(Kind::DelayedHead, "b", 2)]
    );
    // Under EASY it is a backfill: over at 7, before `b` can start.
    assert!(ordered(rows, Discipline::Easy).is_empty());
}

#[test]
fn a_backfill_that_moves_the_reservation_delays_the_head() {
    // `b` needs all 4 and could start at 10; `c` is believed to run to 14.
    let rows = "a,0,0,10,10,3\nb,1,14,5,5,4\nc,2,2,12,12,1\n";
    let found = ordered(rows, Discipline::Easy);
    assert_eq!(short(&found), [(Kind::DelayedHead, "b", 2)]);
    assert!(found[0].message.contains("and c, which starts now"));
    // With one GPU to spare at 10 it does not.
    let rows = "a,0,0,10,10,3\nb,1,10,5,5,3\nc,2,2,12,12,1\n";
    assert!(ordered(rows, Discipline::Easy).is_empty());
}

#[test]
fn a_job_that_could_have_been_backfilled() {
    let rows = "a,0,0,10,10,3\nb,1,10,5,5,4\nc,2,15,5,5,1\n";
    let found = ordered(rows, Discipline::Easy);
    assert_eq!(short(&found), [(Kind::MissedBackfill, "c", 2)]);
    assert!(ordered(rows, Discipline::Fifo).is_empty());
}

#[test]
fn a_job_that_never_fits_holds_nobody_up() {
    let rows = "a,0,,,5,9\nb,1,1,5,5,4\n";
    assert!(ordered(rows, Discipline::Fifo).is_empty());
}

#[test]
fn load_by_day_and_model() {
    // 4 GPUs: 2 GPU-days on the first day, 6 on the second; a last job ends the third.
    let schedule = read(
        "job,submit_s,run_s,gpus,gpu_model\n\
         a,0,86400,2,T4\nb,86400,172800,3,T4\nc,259200,0,1,A100\n",
    );
    let mut capacity = pool(4);
    capacity.models = BTreeMap::from([("T4".into(), 2000)]);
    assert!(!schedule.has_starts);
    let loads: Vec<(String, f64)> = offered_load(&schedule, &capacity)
        .into_iter()
        .map(|window| (window.model, window.load))
        .collect();
    let expected = [
        ("", 8.0 / 12.0),
        ("", 0.5),
        ("", 1.5),
        ("T4", 8.0 / 6.0),
        ("T4", 1.0),
        ("T4", 3.0),
    ];
    assert_eq!(loads.len(), expected.len());
    for ((model, load), (of, value)) in loads.iter().zip(expected) {
        assert_eq!(model, of);
        assert!((load - value).abs() < 1e-9, "{load} {value}");
    }
}

#[test]
fn what_cannot_be_read_says_where() {
    for (text, words) in [
        ("job,submit_s,gpus\na,1,2\n", "finish_s"),
        ("job,submit_s,finish_s\na,1,2\n", "gpus"),
        ("submit_s,finish_s,gpus\n1,2,3\n", "job"),
        ("job,submit_s,finish_s,gpus\na,x,2,1\n", "x"),
        ("job,submit_s,finish_s,gpus\na,1,2,-1\n", "gpus is negative"),
        (
            "job,submit_s,finish_s,gpus,nodes\na,1,2,1,x[0\n",
            "no node with devices",
        ),
        (
            "job,submit_s,finish_s,gpus,nodes\na,1,2,1,x[3-1]\n",
            "no node with devices",
        ),
        ("job,submit_s,finish_s,gpus\n", "no jobs"),
    ] {
        let source = Source::from_bytes("bad.csv", text.as_bytes());
        let problem = Schedule::read(&source).unwrap_err();
        assert!(problem.render(false).contains(words), "{text}: {problem:?}");
        assert_eq!(problem.file.as_deref(), Some("bad.csv"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Schedules our engine makes are what their policies allow.
    #[test]
    fn our_own_schedules_pass(
        jobs in prop::collection::vec((0_i64..60, 1_i64..40, 1_u32..=6, 1_i64..4), 1..40),
    ) {
        use crate::replay::{ReplayOptions, replay};
        use gpusched_core::cluster::{Inventory, Node};
        use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
        use gpusched_core::units::Time;
        let mut builder = WorkloadBuilder::new();
        let names: Vec<String> = (0..jobs.len()).map(|at| format!("j{at}")).collect();
        for ((submit, run, gpus, factor), name) in jobs.iter().zip(&names) {
            let submit = Time::from_secs(*submit);
            let mut draft = JobDraft::new(name, submit, Span::from_secs(*run), Shape::whole_gpus(*gpus));
            draft.estimate = Some(Span::from_secs(run * factor));
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        let node = Node::with_gpus("pool", 6, "T4");
        let inventory = Inventory::new(vec![node]).unwrap();
        for (policy, discipline) in [("fifo", Discipline::Fifo), ("easy", Discipline::Easy)] {
            let options = ReplayOptions { queueing: policy.into(), ..ReplayOptions::default() };
            let run = replay(&work, &inventory, &options).unwrap();
            let entries = (0..work.len()).map(|at| {
                let id = gpusched_core::ids::JobId::from(at);
                Entry {
                    job: work.name(id),
                    line: 0,
                    submit: work.job(id).submit,
                    start: run.records.start(id),
                    end: run.records.end_of(id),
                    milli: work.gpu_milli(id) as i64,
                    estimate: Some(work.estimate(id)),
                    queue: String::new(),
                    model: String::new(),
                    places: Vec::new(),
                    outcome: String::new(),
                }
            });
            let schedule = Schedule { entries: entries.collect(), has_starts: true, ignored: Vec::new() };
            prop_assert_eq!(schedule.impossible(), vec![]);
            prop_assert_eq!(audit_capacity(&schedule, &pool(6)), vec![]);
            prop_assert_eq!(audit_order(&schedule, 6000, discipline), vec![]);
        }
    }
}
