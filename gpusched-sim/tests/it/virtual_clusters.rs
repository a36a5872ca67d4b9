//! Replays on virtual clusters: who is evicted, when, and what is refused with which words.

use crate::common::Scratch;
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::queueing::Reason;
use gpusched_core::units::Time;
use gpusched_sim::engine::Fate;
use gpusched_sim::replay::{ReplayOptions, RunResult, replay};
use gpusched_sim::scenario::{Origins, Scenario};
use gpusched_sim::virtual_clusters::{check, parse};

const JOBS: &str = "\
job_id,count,submit_s,run_s,gpu,priority,queue
guest,2,0,100,8,-1,
first,1,10,20,8,0,a
second,1,20,5,8,0,b
";

const PROMISES: &str =
    "virtual-clusters:\n  a: [{cell: node, count: 1}]\n  b: [{cell: node, count: 1}]\n";

fn load(test: &str, jobs: &str, promises: &str, more: &str) -> Result<RunResult, String> {
    let desk = Scratch::new(&format!("virtual-clusters-{test}"));
    let jobs = desk.write("jobs.csv", jobs.as_bytes());
    let promises = desk.write("vc.yaml", promises.as_bytes());
    let text = format!(
        "trace: {jobs}\ncluster: 2x8:H100\nplacement: hived\nvirtual-clusters: {promises}\n{more}"
    );
    let said = |problem: Box<gpusched_sim::diagnostic::Diagnostic>| {
        problem.render(false).replace(&desk.spec(), "")
    };
    let (scenario, origins): (Scenario, Origins) =
        Scenario::parse("s.yaml", &text).map_err(said)?;
    let plan = scenario.plan(&origins).map_err(said)?;
    let loaded = plan.load().map_err(said)?;
    let options = ReplayOptions {
        keep_waits: true,
        ..plan.replay_options()
    };
    replay(&loaded.work, &loaded.inventory, &options).map_err(|error| error.to_string())
}

fn secs(at: Option<Time>) -> Option<i64> {
    at.map(|at| at.0 / 1_000_000)
}

/// Last start and end of each job.
fn times(result: &RunResult) -> Vec<(i64, i64)> {
    let time = |job: u32| {
        let start = secs(result.records.start(JobId(job))).unwrap();
        (start, secs(result.records.end_of(JobId(job))).unwrap())
    };
    (0..3).map(time).collect()
}

/// When the attempts of a job began and ended.
fn attempts(result: &RunResult, job: u32) -> Vec<(i64, i64)> {
    let attempts = result.records.attempts(JobId(job)).iter();
    attempts
        .map(|one| (one.start.0 / 1_000_000, one.end.0 / 1_000_000))
        .collect()
}

#[test]
fn a_guest_leaves_when_a_cell_is_claimed_and_starts_over_when_both_are_free() {
    let result = load("greedy", JOBS, PROMISES, "queueing: fifo-greedy\n").unwrap();
    assert_eq!(times(&result), [(30, 130), (10, 30), (20, 25)]);
    assert_eq!(attempts(&result, 0), [(0, 10)]);
}

#[test]
fn a_guest_may_start_and_have_to_leave_at_one_instant() {
    // Strictly in arrival order the guest, evicted at 10, is in front of `second`. It starts when
    // `first` ends, and then it is the turn of `second`, which evicts it again.
    let result = load("fifo", JOBS, PROMISES, "queueing: fifo\n").unwrap();
    assert_eq!(times(&result), [(35, 135), (10, 30), (30, 35)]);
    assert_eq!(attempts(&result, 0), [(0, 10), (30, 30)]);
}

#[test]
fn kinds_are_told_apart_by_virtual_cluster() {
    // The second job of a is refused for its quota, and the one of b, which asks for the same, is not.
    let jobs = "job_id,count,submit_s,run_s,gpu,priority,queue\n\
                one,1,0,50,8,0,a\ntwo,1,1,50,8,0,a\nthree,1,2,50,8,0,b\n";
    let result = load("kinds", jobs, PROMISES, "queueing: fifo-greedy\n").unwrap();
    assert_eq!(times(&result), [(0, 50), (50, 100), (2, 52)]);
    let waits = result.waits.iter();
    let waits: Vec<_> = waits.map(|wait| (wait.job, wait.reason)).collect();
    assert_eq!(waits, [(JobId(1), Reason::Quota)]);
}

#[test]
fn what_no_virtual_cluster_could_ever_hold_is_rejected() {
    let jobs = "job_id,count,submit_s,run_s,gpu,priority,queue\n\
                wide,2,0,50,8,0,a\nnarrow,1,1,50,8,0,a\nguest,2,60,50,8,-1,a\n";
    let result = load("never", jobs, PROMISES, "queueing: fifo\n").unwrap();
    assert_eq!(result.records.fate(JobId(0)), Fate::Unschedulable);
    assert_eq!(secs(result.records.start(JobId(1))), Some(1));
    assert_eq!(secs(result.records.start(JobId(2))), Some(60));
}

#[test]
fn a_lost_claim_lets_others_of_the_queue_in() {
    // Two nodes are promised to a. `wide` holds both claims and loses them to `high`, which needs
    // one; the other claim is `low`'s at that instant, and `wide` has to leave.
    let jobs = "job_id,count,submit_s,run_s,gpu,priority,queue\n\
                wide,2,0,100,8,0,a\nlow,1,5,10,8,0,a\nhigh,1,10,10,8,1,a\n";
    let promises = "lazy-preemption: true\nvirtual-clusters:\n  a: [{cell: node, count: 2}]\n";
    let result = load("lazy", jobs, promises, "queueing: fifo-greedy\n").unwrap();
    assert_eq!(times(&result), [(20, 120), (10, 20), (10, 20)]);
    assert_eq!(attempts(&result, 0), [(0, 10)]);
}

#[test]
fn evictions_are_told() {
    let result = load("told", JOBS, PROMISES, "queueing: fifo-greedy\n").unwrap();
    let cost = result.summary.cost.unwrap();
    assert_eq!(cost.evictions, 1);
    // Sixteen GPUs for ten seconds.
    assert!((cost.gpu_hours.lost - 160.0 / 3_600.0).abs() < 1e-9);
}

#[test]
fn policies_that_do_not_go_with_evictions_are_refused() {
    let said = |more: &str| load("refused", JOBS, PROMISES, more).unwrap_err();
    assert!(said("queueing: easy\n").starts_with("`easy` plans with the ends of running jobs"));
    assert!(said("queueing: conservative\n").starts_with("`conservative` plans"));
    assert!(said("device-policy: numa\n").contains("chooses the GPUs of a node itself"));
    let desk = Scratch::new("virtual-clusters-other");
    let promises = desk.write("vc.yaml", PROMISES.as_bytes());
    let text = format!("placement: first-fit\nvirtual-clusters: {promises}\n");
    let (scenario, origins) = Scenario::parse("s.yaml", &text).unwrap();
    let problem = scenario.plan(&origins).unwrap_err().render(false);
    assert!(
        problem.contains("means nothing with `placement: first-fit`"),
        "{problem}"
    );
    assert!(problem.contains("s.yaml:2:"), "{problem}");
}

#[test]
fn a_job_of_a_queue_that_is_promised_nothing_is_named_with_its_line() {
    let jobs =
        "job_id,count,submit_s,run_s,gpu,priority,queue\none,1,0,50,8,0,a\ntwo,1,0,50,4,0,bb\n";
    let said = load("stranger", jobs, PROMISES, "").unwrap_err();
    assert!(
        said.contains("job two is in queue bb, which is no virtual cluster"),
        "{said}"
    );
    assert!(said.contains("/jobs.csv:3"), "{said}");
    let jobs = "job_id,count,submit_s,run_s,gpu,priority,queue\none,1,0,50,8,0,\n";
    let said = load("nowhere", jobs, PROMISES, "").unwrap_err();
    assert!(
        said.contains("job one is in no queue, so in no virtual cluster"),
        "{said}"
    );
    let result = load("lenient", jobs, PROMISES, "lenient: true\n").unwrap();
    assert_eq!(result.records.fate(JobId(0)), Fate::Unschedulable);
}

fn machines() -> Inventory {
    let nodes = (0..2).map(|at| Node::with_gpus(format!("n{at}"), 8, "H100"));
    Inventory::new(nodes.collect()).unwrap()
}

#[test]
fn what_cannot_be_promised_is_said_where_it_stands() {
    let said = |text: &str| {
        parse("vc.yaml", text, &machines())
            .unwrap_err()
            .render(false)
    };
    let a = |quota: &str| format!("virtual-clusters:\n  a:\n    - {quota}\n");
    for (text, place, problem) in [
        (
            a("{cell: node, count: 3}"),
            "vc.yaml:3:14",
            "3 cells `node` are promised to a, and 2 are left",
        ),
        (
            a("{cell: rack, count: 1}"),
            "vc.yaml:3:14",
            "there are no cells `rack` here",
        ),
        (
            a("{cell: node, count: 0}"),
            "vc.yaml:3:27",
            "no cells are promised here",
        ),
        (
            a("{cell: node, count: 1, gpus: 4}"),
            "vc.yaml:3:14",
            "of that model and size here",
        ),
        (
            a("{cell: node, cout: 1}"),
            "vc.yaml:3:",
            "the key `cout` is not known here",
        ),
        (a("{cell: node}"), "vc.yaml:3:", "`count` is missing"),
        (
            "lazy: true\n".to_owned(),
            "vc.yaml:1:",
            "the key `lazy` is not known here",
        ),
        ("a: 1\n  b\n".to_owned(), "vc.yaml", ""),
    ] {
        let said = said(&text);
        assert!(
            said.contains(place) && said.contains(problem),
            "{text}\n{said}"
        );
    }
}

#[test]
fn the_example_is_one() {
    let text = include_str!("../../../examples/virtual-clusters.yaml");
    let clusters = parse("example", text, &machines()).unwrap();
    let names: Vec<&str> = clusters
        .clusters()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["research", "service"]);
    assert!(clusters.lazy());
    let nobody = gpusched_core::workload::Workload::default();
    assert!(
        check(&nobody, &clusters, "jobs.csv", false)
            .unwrap()
            .is_none()
    );
}
