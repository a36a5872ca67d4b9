//! Replays on rented machines, worked out by hand, and what must hold of every one.

use super::*;
use crate::engine::Fate;
use crate::replay::replay;
use gpusched_core::provisioning::{Ending, Lifetime};
use gpusched_core::units::MICROS;
use gpusched_core::workload::{Behaviour, Checkpointing, JobDraft, Owner, Shape, WorkloadBuilder};
use proptest::prelude::*;

mod evictions;
mod own;

/// Two types: one GPU for a thousandth of a dollar a second on demand and a third of that as spot;
/// four GPUs for four times as much.
const CATALOG: &str = "\
cloud,instance_type,gpu_vendor,gpu_model,gpus,gpu_memory_gib,vcpus,memory_gib,region,on_demand_usd_h,spot_usd_h
aws,small,nvidia,t4,1,16,4,16,a,3.6,1.2
aws,large,nvidia,t4,4,16,16,64,a,14.4,4.8
";

/// What a file says of these two types.
fn cloud(text: &str) -> Cloud {
    static FILE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let catalog = FILE.get_or_init(|| {
        let name = format!("gpusched-catalog-{}.csv", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, CATALOG).unwrap();
        path.display().to_string()
    });
    read::load("cloud.yaml", &format!("catalog: {catalog}\n{text}")).unwrap()
}

/// Jobs: when they come, how long they run, GPUs of each pod, pods; none may run on spot.
fn jobs(asks: &[(i64, i64, u32, u32)], owner: &Owner, behaviour: &Behaviour) -> Workload {
    let mut builder = WorkloadBuilder::new();
    for (index, &(submit, run, gpus, count)) in asks.iter().enumerate() {
        let (submit, run) = (Time::from_secs(submit), Span::from_secs(run));
        let name = format!("j{index}");
        let draft = JobDraft::new(&name, submit, run, Shape::whole_gpus(gpus));
        builder
            .push(&JobDraft {
                count,
                owner: owner.clone(),
                behaviour: behaviour.clone(),
                ..draft
            })
            .unwrap();
    }
    builder.finish().unwrap()
}

fn plain(asks: &[(i64, i64, u32, u32)]) -> Workload {
    jobs(asks, &Owner::default(), &Behaviour::default())
}

fn run(work: &Workload, cloud: Cloud, policy: &str) -> RunResult {
    run_by(work, cloud, policy, "best-fit")
}

fn run_by(work: &Workload, cloud: Cloud, policy: &str, placement: &str) -> RunResult {
    let inventory = cloud.samples().unwrap();
    let options = ReplayOptions {
        queueing: "fifo-greedy".into(),
        provisioning: policy.into(),
        placement: placement.into(),
        cloud: Some(Arc::new(cloud)),
        ..ReplayOptions::default()
    };
    replay(work, &inventory, &options).unwrap()
}

fn starts(result: &RunResult, jobs: u32) -> Vec<i64> {
    let start = |job| result.records.start(JobId(job)).unwrap().0 / MICROS;
    (0..jobs).map(start).collect()
}

fn usd(result: &RunResult) -> f64 {
    result.summary.cost.as_ref().unwrap().usd.unwrap()
}

#[test]
fn the_oracle_starts_everybody_at_once_and_bills_what_is_held_at_the_lowest_price() {
    let result = run(
        &plain(&[(0, 100, 1, 1), (50, 100, 2, 1)]),
        cloud(""),
        "oracle",
    );
    assert_eq!(starts(&result, 2), [0, 50]);
    // A thousandth of a dollar per GPU-second: 100 and 200 of them.
    assert!((usd(&result) - 0.3).abs() < 1e-9);
}

#[test]
fn karpenter_launches_the_cheapest_type_after_its_window_and_gives_it_back_when_it_is_empty() {
    let result = run(
        &plain(&[(0, 100, 1, 1), (1_000, 100, 1, 1)]),
        cloud(""),
        "karpenter",
    );
    // The window closes a second after the pod came; the boot takes 180 s.
    assert_eq!(starts(&result, 2), [181, 1_181]);
    let lives = result.records.lifetimes().unwrap();
    assert_eq!(lives[0].launched, Time::from_secs(1));
    let bought = lives[0].bought.as_ref().unwrap();
    assert_eq!(
        (bought.node_type, bought.capacity_type),
        (0, CapacityType::OnDemand)
    );
    assert_eq!(bought.ending, Ending::GivenBack("Empty"));
}

#[test]
fn spot_is_for_jobs_that_the_rule_names() {
    for (rule, expected) in [
        ("none", CapacityType::OnDemand),
        ("queue=batch", CapacityType::Spot),
        ("queue=other", CapacityType::OnDemand),
    ] {
        let owner = Owner {
            queue: "batch".into(),
            ..Owner::default()
        };
        let work = jobs(&[(0, 100, 1, 1)], &owner, &Behaviour::default());
        let result = run(&work, cloud(&format!("spot-for: {rule}")), "karpenter");
        let bought = result.records.lifetimes().unwrap()[0]
            .bought
            .clone()
            .unwrap();
        assert_eq!(bought.capacity_type, expected, "{rule}");
    }
}

/// The first job has a spot machine, which is there when the second comes: one that may not be on
/// spot waits for a machine of its own.
#[test]
fn who_may_not_be_on_spot_is_not_put_there_by_anybody() {
    let mut builder = WorkloadBuilder::new();
    for (name, queue, submit, run) in [("a", "batch", 0, 300), ("b", "prod", 310, 100)] {
        let (submit, run) = (Time::from_secs(submit), Span::from_secs(run));
        let draft = JobDraft::new(name, submit, run, Shape::whole_gpus(1));
        let owner = Owner {
            queue: queue.into(),
            ..Owner::default()
        };
        builder.push(&JobDraft { owner, ..draft }).unwrap();
    }
    let work = builder.finish().unwrap();
    let text =
        "node-pools: [{name: p, disruption: {consolidate-after: Never}}]\nspot-for: queue=batch";
    for (may, text) in [
        (false, text.to_owned()),
        (true, text.replace("queue=batch", "all")),
    ] {
        let result = run(&work, cloud(&text), "karpenter");
        // The first starts after the window and a boot, and ends at 481.
        let starts = starts(&result, 2);
        assert_eq!(starts[0], 181);
        let lives = result.records.lifetimes().unwrap();
        let ways = lives
            .iter()
            .map(|life| life.bought.as_ref().unwrap().capacity_type);
        let ways: Vec<CapacityType> = ways.collect();
        assert!(ways.contains(&CapacityType::OnDemand) != may, "{ways:?}");
    }
}

/// A file of prices beside the catalogue.
fn prices(name: &str, rows: &str) -> String {
    let path = std::env::temp_dir().join(format!("gpusched-{name}-{}.csv", std::process::id()));
    let text = format!("time_s,instance_type,zone,price\n{rows}");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_spot_machine_costs_what_is_recorded_and_goes_when_that_is_above_on_demand() {
    let rows = "0,small,a,1.2\n1000,small,a,2.4\n1500,small,a,4\n";
    let file = prices("rising", rows);
    let text = format!("spot-for: all\nspot: {{prices: {{file: {file}}}}}");
    let result = run(&plain(&[(0, 2_000, 1, 1)]), cloud(&text), "karpenter");
    let lives = result.records.lifetimes().unwrap();
    let (first, second) = (&lives[0], &lives[1]);
    let bought = |life: &Lifetime| life.bought.clone().unwrap();
    assert_eq!(bought(first).capacity_type, CapacityType::Spot);
    assert_eq!(bought(first).noticed, Some(Time::from_secs(1_500)));
    assert_eq!(bought(second).capacity_type, CapacityType::OnDemand);
    // Launched after a second; Karpenter drains it at the notice, and so pays for it.
    let end = result.records.end_of(JobId(0)).unwrap();
    let until = |life: &Lifetime| life.gone.unwrap_or(end).0 as f64 / 1e6;
    // What takes it away is no price it is charged.
    let spot = 999.0 * 1.2 + (until(first) - 1_000.0) * 2.4;
    let on_demand = (until(second) - second.launched.0 as f64 / 1e6) * 3.6;
    let rounding = 3.6 / 3_600.0;
    assert!(
        (usd(&result) - (spot + on_demand) / 3_600.0).abs() <= rounding,
        "{} {spot} {on_demand} {lives:?}",
        usd(&result)
    );
}

#[test]
fn who_pays_at_most_half_gets_nothing_above_it() {
    let file = prices("half", "0,small,a,1.9\n");
    for (share, way) in [("0.5", CapacityType::OnDemand), ("0.6", CapacityType::Spot)] {
        let keys = format!("{{file: {file}, max-share: {share}}}");
        let text = format!("spot-for: all\nspot: {{prices: {keys}}}");
        let result = run(&plain(&[(0, 100, 1, 1)]), cloud(&text), "karpenter");
        let bought = result
            .records
            .lifetimes()
            .unwrap()
            .last()
            .unwrap()
            .bought
            .clone();
        assert_eq!(bought.unwrap().capacity_type, way, "{share}");
    }
}

#[test]
fn cluster_autoscaler_grows_a_group_that_helps() {
    let result = run(
        &plain(&[(0, 100, 1, 1)]),
        cloud(""),
        "cluster-autoscaler:price",
    );
    assert_eq!(result.records.fate(JobId(0)), Fate::Done);
    let bought = result.records.lifetimes().unwrap()[0]
        .bought
        .clone()
        .unwrap();
    assert_eq!(bought.node_type, 0);
}

#[test]
fn blocks_of_places_grow_until_everybody_has_one() {
    // 40 jobs of a second, one after the other: by the trace two GPUs would do for all of them, and
    // blocks begin with 16 places. But machines take 3 min to boot, and by then there are 40.
    let asks: Vec<_> = (0..40).map(|at| (at, 1, 1, 1)).collect();
    let text = "node-pools: [{name: p, requirements: [{key: node.kubernetes.io/instance-type, \
                operator: In, values: [small]}]}]";
    let result = run(&plain(&asks), cloud(text), "karpenter");
    assert_eq!(result.records.fate(JobId(39)), Fate::Done);
    assert!(result.summary.nodes > 16, "{}", result.summary.nodes);
}

#[test]
fn blocks_begin_with_twice_what_jobs_hold_at_once() {
    let cloud = cloud("");
    // 30 GPUs from 0 to 1,000 s, 30 from then on: never 60.
    let asks: Vec<_> = (0..60).map(|at| (at / 30 * 1_000, 1_000, 1, 1)).collect();
    assert_eq!(peak_milli(&plain(&asks)), 30_000);
    assert_eq!(cloud.places(&plain(&asks)).unwrap(), [60, FEWEST]);
    // A gang of 100 needs so many places of the small type, whatever is held at once.
    assert_eq!(cloud.places(&plain(&[(0, 1, 1, 100)])).unwrap(), [200, 50]);
}

#[test]
fn a_gang_larger_than_the_first_places_waits_for_its_machines_not_for_ever() {
    let result = run(&plain(&[(0, 100, 1, 30)]), cloud(""), "karpenter");
    assert_eq!(result.records.fate(JobId(0)), Fate::Done);
}

#[test]
fn a_limit_that_is_reached_ends_the_replay_with_the_job_waiting() {
    let text = "node-pools: [{name: p, limits: {nvidia.com/gpu: 4}}]";
    let result = run(
        &plain(&[(0, 100, 4, 1), (0, 100, 4, 2)]),
        cloud(text),
        "karpenter",
    );
    assert_eq!(result.records.fate(JobId(0)), Fate::Done);
    assert_eq!(result.records.fate(JobId(1)), Fate::Waiting);
}

#[test]
fn costs_are_shared_out_by_what_is_held_and_the_rest_is_idle() {
    let owner = Owner {
        queue: "batch".into(),
        ..Owner::default()
    };
    let work = jobs(&[(0, 100, 1, 1)], &owner, &Behaviour::default());
    let result = run(&work, cloud(""), "karpenter");
    let cost = result.summary.cost.as_ref().unwrap();
    let bill = cost.bill.as_ref().unwrap();
    // 100 s of a machine that costs a thousandth of a dollar a second, 180 s of which it boots.
    assert_eq!(bill.by_queue[0].name, "batch");
    assert!((bill.by_queue[0].usd - 0.1).abs() < 1e-9, "{bill:?}");
    assert!((bill.idle_usd - 0.18).abs() < 1e-9);
    assert!((usd(&result) - 0.28).abs() < 1e-9);
    assert_eq!(bill.by_capacity_type[0].capacity_type, "on-demand");
}

/// A market in which pools are up for a quarter of an hour and away for as long, on average.
const ROUGH: &str = "spot: {model: {up: {exponential: {mean: 0.25}}, down: {exponential: {mean: 0.25}}}}\n\
                     spot-for: all\n";

fn asks() -> impl Strategy<Value = Vec<(i64, i64, u32, u32)>> {
    let ask = (0i64..4_000, 1i64..4_000, 0u32..5, 1u32..4);
    prop::collection::vec(ask, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Pods are on machines that take pods for as long as they run; the waterfall adds up to what
    /// was paid, jobs' useful, lost and other time to what they held; the bill is the sum of its
    /// lines and of its parts; the same input gives the same records.
    #[test]
    fn bills_add_up_and_pods_are_on_machines_that_are_there(
        asks in asks(),
        placement in prop::sample::select(vec![
            "first-fit", "best-fit", "worst-fit", "random", "fgd", "pwr:0.2+fgd:0.8",
            "kube-scheduler", "rack-pack", "tas",
        ]),
    ) {
        let checkpoints = Checkpointing {
            every: Span::from_secs(300),
            cost: Span::from_secs(10),
            restart: Span::from_secs(20),
        };
        let behaviour = Behaviour { checkpoints, ..Behaviour::default() };
        let work = jobs(&asks, &Owner::default(), &behaviour);
        // Half of the jobs may be on spot.
        let rough = || Cloud {
            spot_for: JobRule::default(),
            spot_share: 0.5,
            ..cloud(ROUGH)
        };
        let may = rough().spot_jobs(&work, 0);
        for policy in ["karpenter", "cluster-autoscaler", "cluster-autoscaler:price"] {
            let result = run_by(&work, rough(), policy, placement);
            let records = &result.records;
            let lives = records.lifetimes().unwrap();
            for (index, may) in may.iter().enumerate() {
                let job = JobId::from(index);
                prop_assert_eq!(records.fate(job), Fate::Done, "{}", policy);
                let pods = work.spec(work.job(job).spec).pods;
                let last = (records.start(job).unwrap(), records.end_of(job).unwrap());
                let last = (last.0, last.1, records.places(job, pods));
                let earlier = records.attempts(job).iter();
                let earlier = earlier.map(|one| (one.start, one.end, records.places_of(one, pods)));
                for (start, end, places) in earlier.chain([last]) {
                    for spot in places {
                        let there = |life: &Lifetime| {
                            let way = life.bought.as_ref().map(|bought| bought.capacity_type);
                            life.node == spot.node
                                && (*may || way != Some(CapacityType::Spot))
                                && life.ready.is_some_and(|ready| ready <= start)
                                && end <= life.gone.unwrap_or(Time::NEVER)
                        };
                        prop_assert!(lives.iter().any(there), "{policy} {job:?} at {start:?}");
                    }
                }
            }
            let cost = result.summary.cost.clone().unwrap();
            let parts = cost.gpu_hours;
            let sum = parts.boot + parts.idle + parts.overhead + parts.lost + parts.useful;
            prop_assert!((sum - parts.paid).abs() < 1e-6);
            prop_assert!(parts.idle > -1e-9, "{policy} {parts:?}");
            let paid = &result.costs.as_ref().unwrap().paid;
            let window = paid.window;
            let line = |life: &Lifetime| life.cost(None, window.billing, window.from, window.until);
            let lines: Money = paid.lives.iter().filter_map(line).sum();
            prop_assert!((lines.as_usd() - cost.usd.unwrap()).abs() < 1e-9);
            let bill = cost.bill.unwrap();
            let ways: f64 = bill.by_capacity_type.iter().map(|one| one.usd).sum();
            prop_assert!((ways - cost.usd.unwrap()).abs() < 1e-6);
            let queues: f64 = bill.by_queue.iter().map(|one| one.usd).sum();
            prop_assert!((queues + bill.idle_usd - cost.usd.unwrap()).abs() < 1e-6);
            let again = run_by(&work, rough(), policy, placement);
            prop_assert_eq!(again.records.lifetimes(), records.lifetimes());
            prop_assert_eq!(&again.summary.cost.unwrap().usd, &cost.usd);
        }
    }
}

#[test]
fn wrong_files_are_refused_where_they_are_wrong() {
    let refused = |text: &str| {
        let problem = read::load("cloud.yaml", text).unwrap_err();
        format!("{}:{}: {}", problem.line, problem.column, problem.message)
    };
    let (mars, earth) = (prices("mars", "0,g5.xlarge,mars,1\n"), "us-east-1a");
    let real = prices("earth", &format!("0,g5.xlarge,{earth},1\n"));
    let of_mars = format!("spot: {{prices: {{file: {mars}}}}}");
    let of_noon = format!("spot: {{prices: {{from: noon, file: {real}}}}}");
    let of_nothing = format!("spot: {{prices: {{max-share: 0, file: {real}}}}}");
    for (text, expected) in [
        (
            of_mars.as_str(),
            "0:0: these prices are about nothing that may be launched",
        ),
        (of_noon.as_str(), "1:23: `noon` is no instant"),
        (
            of_nothing.as_str(),
            "1:17: nothing can be had for 0 of a price",
        ),
        ("zone: [a]", "1:1: the key `zone` is not known here"),
        ("provider: asw", "1:11: the catalogue has no types of `asw`"),
        (
            "instance-types: [g5.xlarg]",
            "1:18: no instance type matches `g5.xlarg`",
        ),
        (
            "boot: {join: 120-40}",
            "1:14: `120-40` is no length of a stage",
        ),
        ("spot-for: queue", "1:11: `queue` names no jobs"),
        (
            "spot: {model: {up: {exponential: {mean: 0}}, down: {exponential: {mean: 1}}}}",
            "1:35: lengths of this kind cannot be drawn",
        ),
        (
            "spot: {trace: {file: x.csv, polarity: ones, zones: {}}}",
            "1:39: `ones` is no polarity",
        ),
        (
            "quotas: [{instance-type: g5.xlarge, zone: mars, most: 1}]",
            "1:26: this quota is about nothing that may be launched",
        ),
        (
            "node-pools: [{name: p, requirements: [{key: a, operator: Near}]}]",
            "1:58: `Near` is no operator",
        ),
        (
            "node-pools: [{name: p, limits: {gpus: 1}}]",
            "1:33: pools are not limited by `gpus` here",
        ),
        (
            "node-pools: [{name: p, disruption: {budget: -1}}]",
            "1:45: \"-1\" is neither a number of nodes, like 5, nor a share from 0% to 100%",
        ),
        (
            "node-groups: [{name: odd, instance-type: g5.xlarge, min: 3, max: 2}]",
            "1:22: at least 3 and at most 2 nodes",
        ),
        (
            "node-groups: [{name: g, instance-type: g5.huge}]",
            "1:40: `g5.huge` is no type that may be launched",
        ),
        (
            "priorities: {10: [\"(\"]}",
            "1:20: `(` is no regular expression",
        ),
    ] {
        let problem = refused(text);
        assert!(
            problem.starts_with(expected),
            "{text}\n  got  {problem}\n  want {expected}"
        );
    }
}

#[test]
fn the_default_cloud_has_gpus_on_x86_and_two_ways_to_buy_them() {
    let cloud = Cloud::default();
    let names: Vec<&str> = cloud.types.iter().map(|of| of.name.as_str()).collect();
    assert!(names.contains(&"g5.xlarge") && names.contains(&"p4d.24xlarge"));
    // On Arm; a share of a GPU; another vendor's; another cloud's.
    for missing in ["g5g.xlarge", "g6f.large", "g4ad.xlarge", "a2-highgpu-1g"] {
        assert!(!names.contains(&missing), "{missing}");
    }
}

#[test]
fn patterns_match_what_they_say() {
    for (pattern, name, expected) in [
        ("*", "g5.xlarge", true),
        ("g5.*", "g5.xlarge", true),
        ("g5.*", "g5g.xlarge", false),
        ("*.metal", "g4dn.metal", true),
        ("p*24*", "p4d.24xlarge", true),
        ("g5", "g5.xlarge", false),
    ] {
        assert_eq!(read::matches(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cloud.schema.json");
    let published = std::fs::read_to_string(published).unwrap_or_default();
    assert!(
        published == format!("{:#}\n", schema()),
        "run `gpusched catalog --schema > docs/cloud.schema.json`"
    );
}

#[test]
fn the_examples_are_read() {
    for name in ["spot", "on-demand"] {
        let file = format!(
            "{}/../examples/provisioning/{name}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let cloud = Cloud::load(Path::new(&file)).unwrap();
        assert!(cloud.types.len() > 10, "{name}");
    }
}
