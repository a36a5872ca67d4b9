//! `waitForPodsReady` in replays: each case is named after its rule.

use crate::cli::Desk;
use crate::kueue_replay::{check_usage, jobs};
use crate::kueue_world::{GPU, condition, job, running, world};
use gpusched_core::queueing::kueue::objects::{Condition, RequeueState};
use gpusched_core::queueing::kueue::{
    Configuration, Gates, Objects, PodsReady, RequeuingTimestamp,
};
use gpusched_core::units::{Span, Time};
use gpusched_sim::kueue::replay::{
    ControlPlane, Fidelity, Job, Options, Outcome, State, Step, WorkloadRun, replay,
};
use proptest::prelude::*;

/// 300 s until pods have to be ready, 100 s of first backoff.
fn rules() -> PodsReady {
    PodsReady {
        timeout: Span::from_secs(300),
        backoff_base: Span::from_secs(100),
        ..PodsReady::default()
    }
}

fn with(rules: PodsReady) -> Configuration {
    Configuration {
        pods_ready: Some(rules),
        ..Configuration::default()
    }
}

/// One queue of so many GPUs, in order of arrival.
fn queue(gpus: i64) -> Objects {
    world(&[(gpus, None, None)], 0, 0, true)
}

/// A job of 1 GPU.
fn one(name: &str, arrival: i64, run: i64) -> Job {
    job("lab/q0", name, &[(GPU, 1)], arrival, run)
}

fn run(objects: &Objects, configuration: &Configuration, jobs: Vec<Job>, delay: &str) -> Outcome {
    let options = Options {
        ready: delay.parse().unwrap(),
        horizon: Some(Time::from_secs(5_000)),
        ..Options::default()
    };
    replay(objects, configuration, Gates::MAIN, jobs, &options)
}

fn of<'o>(outcome: &'o Outcome, name: &str) -> &'o WorkloadRun {
    let mut all = outcome.workloads.iter();
    all.find(|one| one.name == name).unwrap()
}

/// When a workload was admitted, each time, s.
fn admissions(outcome: &Outcome, name: &str) -> Vec<f64> {
    let all = outcome.workloads.iter();
    let at = all.zip(0..).find(|(one, _)| one.name == name).unwrap().1;
    let changes = outcome.changes.iter();
    let admitted = changes.filter(|one| one.workload == at && one.step == Step::Admitted);
    admitted.map(|one| one.at.as_secs_f64()).collect()
}

fn evictions(outcome: &Outcome) -> Vec<(String, u64)> {
    let all = outcome.queues[0].evictions.iter();
    all.map(|(why, n)| (why.to_string(), *n)).collect()
}

fn finished(outcome: &Outcome, name: &str) -> Option<f64> {
    of(outcome, name).finished.map(Time::as_secs_f64)
}

/// Ready 40 s after its admission, it ends 40 s + 100 s after it; its quota is its own meanwhile.
#[test]
fn work_begins_when_pods_are_ready() {
    let jobs = vec![one("a", 0, 100), one("b", 0, 10)];
    let outcome = run(&queue(1), &with(rules()), jobs, "40");
    assert_eq!(finished(&outcome, "a"), Some(140.0));
    assert_eq!(admissions(&outcome, "b"), [140.0]);
    assert_eq!(evictions(&outcome), []);
}

#[test]
fn a_delay_of_none_changes_nothing() {
    let (objects, jobs) = crate::kueue_load::load(1, 6, 10);
    let strict = PodsReady {
        timeout: Span::from_secs(1),
        block_admission: true,
        ..rules()
    };
    let options = Options::default();
    let plain = replay(
        &objects,
        &Configuration::default(),
        Gates::MAIN,
        jobs.clone(),
        &options,
    );
    let ruled = replay(&objects, &with(strict), Gates::MAIN, jobs, &options);
    assert_eq!(plain, ruled);
}

/// Admitted at 0, evicted at 300, back after 100 s, evicted at 700, back after 200 s at 900, evicted
/// at 1200, back after 400 s at 1600, and again at 1900 until 1900 + 800 = 2700, evicted at 3000:
/// the next 1600 s are over at 4600.
#[test]
fn a_backoff_doubles_each_time() {
    let outcome = run(&queue(1), &with(rules()), vec![one("a", 0, 100)], "never");
    assert_eq!(
        admissions(&outcome, "a"),
        [0.0, 400.0, 900.0, 1600.0, 2700.0, 4600.0]
    );
    assert_eq!(evictions(&outcome), [("PodsReadyTimeout".to_owned(), 6)]);
    // It never worked, so nothing is lost.
    assert_eq!(of(&outcome, "a").lost, Span::ZERO);
}

/// As above, but no backoff is longer than 150 s.
#[test]
fn a_backoff_has_a_longest() {
    let rules = PodsReady {
        backoff_max: Span::from_secs(150),
        ..rules()
    };
    let outcome = run(&queue(1), &with(rules), vec![one("a", 0, 100)], "never");
    let first: Vec<f64> = admissions(&outcome, "a").into_iter().take(4).collect();
    assert_eq!(first, [0.0, 400.0, 850.0, 1300.0]);
}

/// Of three evictions two may be by the timeout; with the third, at 1200, it is over.
#[test]
fn after_the_limit_a_workload_is_deactivated() {
    let rules = PodsReady {
        backoff_limit: Some(2),
        ..rules()
    };
    let jobs = vec![one("a", 0, 100), one("b", 1000, 10)];
    let outcome = run(&queue(1), &with(rules), jobs, "never");
    let a = of(&outcome, "a");
    assert_eq!((a.admissions, a.evictions), (3, 3));
    let State::Pending(why) = &a.state else {
        panic!("{a:?}");
    };
    assert_eq!(why.reason, "Deactivated");
    let deactivated = "DeactivatedDueToRequeuingLimitExceeded";
    let counts = evictions(&outcome);
    assert!(counts.contains(&(deactivated.to_owned(), 2)), "{counts:?}");
    // What it held is free for the next from 1200 on.
    assert_eq!(admissions(&outcome, "b")[0], 1200.0);
}

/// Ready in the instant they have to be is in time.
#[test]
fn pods_may_take_as_long_as_the_timeout() {
    let outcome = run(&queue(1), &with(rules()), vec![one("a", 0, 100)], "300");
    assert_eq!(finished(&outcome, "a"), Some(400.0));
    assert_eq!(evictions(&outcome), []);
}

/// None is ever ready, so each holds the one GPU for 300 s: `a`, `b`, and `a` again, which is back
/// at 400 and whose place (300, or 0) is before that of `c` (350). At 900 it is between `c` and
/// `b`, which was evicted at 600: by evictions `c` goes first, by creations `b`.
#[test]
fn the_queue_order_after_a_timeout_is_configured() {
    let admitted = |timestamp| {
        let configuration = Configuration {
            requeuing_timestamp: timestamp,
            ..with(rules())
        };
        let jobs = vec![one("a", 0, 100), one("b", 10, 100), one("c", 350, 100)];
        let outcome = run(&queue(1), &configuration, jobs, "never");
        (
            admissions(&outcome, "a"),
            admissions(&outcome, "b")[0],
            admissions(&outcome, "c")[0],
        )
    };
    let (a, b, c) = admitted(RequeuingTimestamp::Eviction);
    assert_eq!((a[1], b), (600.0, 300.0));
    assert_eq!(c, 900.0);
    // `a`, evicted at 900 for the second time, is back at 1100, and first again at 1200.
    let (a, _, c) = admitted(RequeuingTimestamp::Creation);
    assert_eq!((a[1], a[2]), (600.0, 1200.0));
    assert!(c > 1200.0, "{c}");
}

/// There is room for all, and pods are ready after 40 s: each is admitted when those of the one
/// before are.
#[test]
fn admission_is_blocked_until_all_pods_are_ready() {
    let blocking = PodsReady {
        block_admission: true,
        ..rules()
    };
    let jobs = || vec![one("a", 0, 500), one("b", 0, 500), one("c", 5, 500)];
    let outcome = run(&queue(3), &with(blocking.clone()), jobs(), "40");
    let all = ["a", "b", "c"].map(|name| admissions(&outcome, name));
    assert_eq!(all, [[0.0], [40.0], [80.0]]);
    let outcome = run(&queue(3), &with(rules()), jobs(), "40");
    let all = ["a", "b", "c"].map(|name| admissions(&outcome, name));
    assert_eq!(all, [[0.0], [0.0], [5.0]]);
    // Whoever is never ready blocks until he is gone.
    let outcome = run(&queue(3), &with(blocking), jobs(), "never");
    assert_eq!(admissions(&outcome, "b")[0], 300.0);
    assert_eq!(admissions(&outcome, "c")[0], 600.0);
}

/// Heads of two queues are decided in one cycle, at 0; the second is carried out at 40, and
/// until then it says what it waits for.
#[test]
fn a_cycle_stops_in_the_middle() {
    let blocking = PodsReady {
        block_admission: true,
        ..rules()
    };
    let objects = world(&[(1, None, None), (1, None, None)], 0, 0, true);
    let jobs = || {
        vec![
            job("lab/q0", "a", &[(GPU, 1)], 0, 500),
            job("lab/q1", "b", &[(GPU, 1)], 0, 500),
        ]
    };
    let mut second = jobs();
    second[1].workload.priority = Some(-1);
    let outcome = run(&objects, &with(blocking.clone()), second.clone(), "40");
    assert_eq!(admissions(&outcome, "a"), [0.0]);
    assert_eq!(admissions(&outcome, "b"), [40.0]);
    assert_eq!(outcome.cycles, 1);
    let options = Options {
        ready: "40".parse().unwrap(),
        horizon: Some(Time::from_secs(20)),
        ..Options::default()
    };
    let early = replay(&objects, &with(blocking), Gates::MAIN, second, &options);
    let State::Pending(why) = &of(&early, "b").state else {
        panic!("{early:?}");
    };
    assert_eq!(why.reason, "WaitingForPodsReady");
}

/// A limit counts from the admission, whatever pods do: 250 s are over before they are ready.
#[test]
fn a_limit_of_execution_does_not_wait_for_pods() {
    let mut objects = queue(1);
    let mut there = running("lab/q0", "a", 1, Time::from_secs(900));
    there.max_execution_s = Some(250);
    there.conditions.push(since("Other", true, "Other", 1000));
    objects.workloads = vec![there];
    let outcome = run(&objects, &with(rules()), Vec::new(), "290");
    assert_eq!(finished(&outcome, "a"), Some(150.0));
}

/// The gate turns all of it off.
#[test]
fn a_gate_turns_it_off() {
    let gates = Gates {
        disable_wait_for_pods_ready: true,
        ..Gates::MAIN
    };
    let options = Options {
        ready: "400".parse().unwrap(),
        ..Options::default()
    };
    let outcome = replay(
        &queue(1),
        &with(rules()),
        gates,
        vec![one("a", 0, 100)],
        &options,
    );
    assert_eq!(finished(&outcome, "a"), Some(500.0));
}

/// With 30 s of grace what it held is free at 330, and the backoff counts from the eviction: it is
/// back at 400. Were the backoff over first, it would be back at once.
#[test]
fn a_backoff_counts_from_the_eviction() {
    let back = |base: i64| {
        let rules = PodsReady {
            backoff_base: Span::from_secs(base),
            ..rules()
        };
        let options = Options {
            ready: "never".parse().unwrap(),
            horizon: Some(Time::from_secs(500)),
            fidelity: Fidelity::ControlPlane(ControlPlane {
                grace: Span::from_secs(30),
                ..ControlPlane::INSTANT
            }),
            ..Options::default()
        };
        let outcome = replay(
            &queue(1),
            &with(rules),
            Gates::MAIN,
            vec![one("a", 0, 9)],
            &options,
        );
        admissions(&outcome, "a")
    };
    assert_eq!(back(100), [0.0, 400.0]);
    assert_eq!(back(10), [0.0, 330.0]);
}

/// A dump of 1000 s in which somebody waits for the end of a backoff, at 1250.
#[test]
fn the_backoff_of_a_dump_is_waited_for() {
    let mut waits = one("a", 0, 0).workload;
    waits.created = Time::from_secs(500);
    waits.requeue = Some(RequeueState {
        count: 3,
        at: Some(Time::from_secs(1250)),
    });
    waits.conditions = vec![
        since("Evicted", true, "PodsReadyTimeout", 1000),
        since("Requeued", false, "PodsReadyTimeout", 1000),
    ];
    let mut objects = queue(1);
    objects.workloads = vec![waits];
    let outcome = run(&objects, &with(rules()), vec![one("b", 0, 100)], "0");
    // The queue is free for `b`, which came later; times count from 1000.
    assert_eq!(admissions(&outcome, "b"), [0.0]);
    assert_eq!(admissions(&outcome, "a"), [250.0]);
    // It was evicted three times before; with a limit of 3 the fourth is the last.
    let rules = PodsReady {
        backoff_limit: Some(3),
        ..rules()
    };
    let outcome = run(&objects, &with(rules), Vec::new(), "never");
    let a = of(&outcome, "a");
    assert_eq!((a.admissions, a.evictions), (1, 1));
}

/// A dump of 1000 s: admitted at 900 with pods not ready, so late at 1200; the same since 950 after
/// a pod failed, with 100 s to recover: late at 1050; with pods that are ready, never.
#[test]
fn pods_of_a_dump_have_the_rest_of_their_time() {
    let evicted = |ready: Option<Condition>| {
        let rules = PodsReady {
            recovery_timeout: Some(Span::from_secs(100)),
            ..rules()
        };
        let mut objects = queue(1);
        let mut there = running("lab/q0", "a", 1, Time::from_secs(900));
        there.conditions.push(since("Other", true, "Other", 1000));
        there.conditions.extend(ready);
        objects.workloads = vec![there];
        let outcome = run(&objects, &with(rules), Vec::new(), "never");
        let mut changes = outcome.changes.iter();
        let first = changes.find(|one| matches!(one.step, Step::Evicted(_)));
        first.map(|one| one.at.as_secs_f64())
    };
    assert_eq!(evicted(None), Some(200.0));
    let recovers = since("PodsReady", false, "WaitForRecovery", 950);
    assert_eq!(evicted(Some(recovers)), Some(50.0));
    assert_eq!(
        evicted(Some(since("PodsReady", true, "Started", 950))),
        None
    );
}

/// A condition of so many seconds.
fn since(kind: &str, status: bool, reason: &str, at: i64) -> Condition {
    condition(kind, status, reason, Time::from_secs(at))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever pods do, quota is kept, work takes as long as it takes after the delay, and the
    /// same happens again. Where nobody preempts and all are ready in time, blocked admissions are
    /// a delay apart.
    #[test]
    fn what_holds_whatever_pods_do(
        quotas in prop::collection::vec(
            (0..12_i64, prop::option::of(0..8_i64), prop::option::of(0..8_i64)), 1..4),
        draws in prop::collection::vec((0..3_usize, 1..9_i64, 0..3_i32, 0..50_i64, 1..40_i64), 1..20),
        preempts in 0..2_usize,
        block in any::<bool>(),
        delay in 1..12_i64,
        broken in any::<bool>(),
    ) {
        let objects = world(&quotas, 2 * preempts, preempts, false);
        let rules = PodsReady {
            timeout: Span::from_secs(15),
            block_admission: block,
            backoff_base: Span::from_secs(5),
            backoff_limit: Some(3),
            ..PodsReady::default()
        };
        let text = format!("{delay}{}", if broken { "@3,never" } else { "" });
        let run = |fidelity| {
            let options = Options {
                fidelity,
                ready: text.parse().unwrap(),
                most_evictions: 50,
                ..Options::default()
            };
            let jobs = jobs(&draws, quotas.len());
            replay(&objects, &with(rules.clone()), Gates::MAIN, jobs, &options)
        };
        let outcome = run(Fidelity::Ideal);
        check_usage(&outcome, &quotas, &draws);
        check_usage(&run(Fidelity::ControlPlane(ControlPlane::default())), &quotas, &draws);
        prop_assert_eq!(&outcome, &run(Fidelity::Ideal));
        for one in &outcome.workloads {
            if let Some(finished) = one.finished {
                let draw = draws[one.name[1..].parse::<usize>().unwrap()];
                let ran = finished - one.last_admitted.unwrap();
                prop_assert_eq!(ran, Span::from_secs(draw.4 + delay));
            }
        }
        if block && !broken && preempts == 0 {
            let admitted = outcome.changes.iter().filter(|one| one.step == Step::Admitted);
            let admitted: Vec<Time> = admitted.map(|one| one.at).collect();
            let apart = admitted.windows(2).all(|pair| pair[1] - pair[0] >= Span::from_secs(delay));
            prop_assert!(apart, "{:?}", admitted);
        }
    }
}

const MANIFESTS: &str = "apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
waitForPodsReady: {timeout: 5m, requeuingStrategy: {backoffLimitCount: 0}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: t4}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: team}
spec:
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors: [{name: t4, resources: [{name: nvidia.com/gpu, nominalQuota: 8}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: vision, namespace: lab}
spec: {clusterQueue: team}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: speech, namespace: lab}
spec: {clusterQueue: team}
";

#[test]
fn on_the_command_line() {
    let desk = Desk::new("kueue-pods-ready");
    desk.write("queues/all.yaml", MANIFESTS);
    let line = "run --queueing kueue --manifests queues --trace trace";
    let ran = desk.line(&format!("{line} --pods-ready-delay 20@2,never --seed 4"));
    insta::assert_snapshot!("kueue_pods_ready", ran.screen());
    for (more, place, help) in [
        (
            "--pods-ready-delay soon",
            "--pods-ready-delay",
            "30@9,never",
        ),
        (
            "--pods-ready-delay -5",
            "--pods-ready-delay",
            "seconds or `never`",
        ),
        ("--seed 4", "--seed", "leave it out"),
    ] {
        let ran = desk.line(&format!("{line} {more}"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{more}");
        assert!(
            ran.err.contains(place) && ran.err.contains(help),
            "{}",
            ran.err
        );
    }
    let ran = desk.line("run --pods-ready-delay 5");
    assert!(
        ran.code == 2 && ran.err.contains("--queueing kueue"),
        "{}",
        ran.err
    );
    // The stored scenario says it, too.
    let ran = desk.line(&format!(
        "{line} --pods-ready-delay 20@2,never --seed 4 --out one"
    ));
    assert_eq!(ran.code, 0);
    assert_eq!(desk.line("run one/scenario.yaml --out two").code, 0);
    let read = |name: &str| std::fs::read_to_string(desk.path.join(name)).unwrap();
    assert_eq!(read("one/workloads.csv"), read("two/workloads.csv"));
}
