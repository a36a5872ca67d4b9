//! MIG in replays: golden ones, one rule each, and what must hold in every world.

use crate::cases::{Run, job, keeping, run, workload};
use gpusched_core::cluster::{Inventory, MigMode, Node, Spot};
use gpusched_core::gpu::mig::{Held, Instance};
use gpusched_core::ids::JobId;
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::queueing::Reason;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use gpusched_sim::engine::{Discipline, Fate};
use gpusched_sim::metrics::MigSummary;
use gpusched_sim::replay::{ReplayError, ReplayOptions, RunResult, replay};
use gpusched_sim::report::{write_jobs_csv, write_mig_holes_csv};
use gpusched_sim::sharing::SharingMode;
use proptest::prelude::*;
use rustc_hash::FxHashMap;

/// A job of one pod that asks for instances by name.
fn asks<'a>(name: &'a str, submit: i64, run: i64, profile: &str, count: u32) -> JobDraft<'a> {
    let shape = Shape::mig_instances(profile, count, 100);
    JobDraft::new(name, Time::from_secs(submit), Span::from_secs(run), shape)
}

/// A job of one pod that asks for a share of a device.
fn shares(name: &str, submit: i64, run: i64, gpu_milli: u32) -> JobDraft<'_> {
    let shape = Shape {
        gpu_milli,
        ..Shape::whole_gpus(1)
    };
    JobDraft::new(name, Time::from_secs(submit), Span::from_secs(run), shape)
}

/// One node of `gpus` GPUs that are not cut yet.
fn one(gpus: u32, model: &str) -> Vec<Node> {
    vec![Node::with_gpus("n0", gpus, model)]
}

const A100: &str = "A100-SXM4-40GB";
/// A board without a reset: creating takes half a second, destroying 0.3 s.
const H100: &str = "H100-SXM5-80GB";

fn mode(queueing: &str, sharing: &str, mig_placement: &str) -> ReplayOptions {
    ReplayOptions {
        sharing: SharingMode::parse(sharing).unwrap(),
        mig_placement: mig_placement.into(),
        ..keeping(queueing)
    }
}

impl Run {
    /// Where the only pod of a job ran: GPU and first slot of each instance.
    fn instances(&self, name: &str) -> Vec<(u32, u8)> {
        let job = self.find(name);
        let spots = self.result.records.places(job, 1);
        self.inventory_cut().instances(spots[0]).collect()
    }

    fn inventory_cut(&self) -> Inventory {
        let on_demand = self.inventory.nodes().iter().map(|_| MigMode::OnDemand);
        self.inventory.recut(on_demand).unwrap()
    }

    /// Seconds its places were prepared.
    fn setup(&self, name: &str) -> f64 {
        self.result.records.setup(self.find(name)).as_secs_f64()
    }

    fn end(&self, name: &str) -> f64 {
        let end = self.result.records.end_of(self.find(name)).unwrap();
        end.as_secs_f64()
    }

    fn begin(&self, name: &str) -> f64 {
        let start = self.result.records.start(self.find(name)).unwrap();
        start.as_secs_f64()
    }

    fn mig(&self) -> &MigSummary {
        self.result.summary.mig.as_ref().unwrap()
    }
}

#[test]
fn under_a_layout_the_third_waits_for_one_of_two() {
    let jobs = [
        asks("a", 0, 10, "3g.20gb", 1),
        asks("b", 0, 20, "3g.20gb", 1),
        asks("c", 0, 5, "3g.20gb", 1),
    ];
    let options = mode("fifo", "mig:all-3g.20gb", "best-fit-slots");
    let run = run(&options, one(1, A100), &jobs);
    assert_eq!(run.starts(["a", "b", "c"]), [0, 0, 10]);
    assert_eq!(run.waits("c"), [(Reason::Capacity, 0, 10)]);
    // What stands costs nothing.
    assert_eq!(run.end("c"), 15.0);
    let mig = run.mig();
    assert_eq!((mig.created, mig.setup_s), (0, 0.0));
    // Both for 10 s, then one for 10 s: c takes a's place for five of them.
    // 8 × 15 + 4 × 5 slot-seconds of 8 × 20.
    assert_eq!(mig.slot_use, 140.0 / 160.0);
    assert_eq!(mig.slots_beyond_need, 0.0);
}

#[test]
fn every_policy_uses_what_stands_under_a_layout_and_where_it_prefers() {
    // all-balanced on an A100-40: the driver puts 3g at 4, 2g at 0, 1g at 2 and 3.
    let jobs = [
        asks("one", 0, 10, "1g.5gb", 1),
        asks("two", 0, 10, "1g.5gb", 1),
        asks("three", 0, 10, "3g.20gb", 1),
        asks("four", 0, 10, "1g.5gb", 1),
    ];
    for info in mig_placements() {
        let options = mode("fifo", "mig:all-balanced", info.name);
        let run = run(&options, one(1, A100), &jobs);
        let mut ones = [run.instances("one"), run.instances("two")];
        let highest_first = info.name == "hami";
        assert_eq!(ones[0] > ones[1], highest_first, "{}: {ones:?}", info.name);
        ones.sort();
        assert_eq!(ones, [[(0, 2)], [(0, 3)]], "{}", info.name);
        assert_eq!(run.instances("three"), [(0, 4)], "{}", info.name);
        assert_eq!(run.start("four"), Some(10), "{}", info.name);
    }
}

#[test]
fn creating_takes_time_and_what_stands_does_not() {
    let jobs = [
        asks("a", 0, 10, "1g.10gb", 1),
        asks("b", 20, 10, "1g.10gb", 1),
    ];
    let ran = run(
        &mode("fifo", "mig:dynamic", "lowest-start"),
        one(1, H100),
        &jobs,
    );
    assert_eq!((ran.setup("a"), ran.end("a")), (0.5, 10.5));
    assert_eq!((ran.setup("b"), ran.end("b")), (0.0, 30.0));
    // An Ampere GPU is reset when MIG mode is turned on.
    let jobs = [asks("a", 0, 10, "1g.5gb", 1)];
    let ran = run(
        &mode("fifo", "mig:dynamic", "lowest-start"),
        one(1, A100),
        &jobs,
    );
    assert_eq!((ran.setup("a"), ran.end("a")), (8.5, 18.5));
    assert_eq!((ran.mig().created, ran.mig().toggled), (1, 1));
}

#[test]
fn freed_small_instances_make_room_for_a_large_one() {
    let small = ["a", "b", "c", "d", "e", "f", "g"];
    let mut jobs: Vec<_> = small.map(|name| asks(name, 0, 10, "1g.10gb", 1)).into();
    jobs.push(asks("large", 1, 10, "3g.40gb", 1));
    let run = run(
        &mode("fifo", "mig:dynamic", "lowest-start"),
        one(1, H100),
        &jobs,
    );
    assert_eq!(run.begin("large"), 10.5);
    // Four free 1g.10gb stood at 0 to 3: 4 × 0.3 s, and 0.5 s to create.
    assert_eq!(run.instances("large"), [(0, 0)]);
    assert_eq!((run.setup("large"), run.end("large")), (1.7, 22.2));
    assert_eq!((run.mig().created, run.mig().destroyed), (8, 4));
    assert_eq!(run.waits("large").last(), Some(&(Reason::Capacity, 1, 10)));
}

#[test]
fn what_is_used_never_moves() {
    let jobs = [
        asks("small", 0, 100, "1g.10gb", 1),
        asks("half", 1, 10, "4g.40gb", 1),
    ];
    let run = run(
        &mode("fifo", "mig:dynamic", "lowest-start"),
        one(1, H100),
        &jobs,
    );
    // Seven slots are free, but a 4g starts at 0 only.
    assert_eq!(run.begin("half"), 100.5);
    assert_eq!(run.waits("half"), [(Reason::Fragmentation, 1, 100)]);
}

#[test]
fn whole_devices_need_gpus_without_an_instance_in_use() {
    let jobs = [
        asks("a", 0, 10, "1g.5gb", 1),
        job("pair", 1, 5, 2),
        asks("b", 2, 10, "1g.5gb", 1),
    ];
    let run = run(
        &mode("fifo", "mig:dynamic", "lowest-start"),
        one(2, A100),
        &jobs,
    );
    // a: reset 8 s, create 0.5 s, run 10 s. Then its instance goes and the mode is turned off.
    assert_eq!(run.begin("pair"), 18.5);
    assert_eq!((run.setup("pair"), run.end("pair")), (8.3, 31.8));
    // And on again for b.
    assert_eq!((run.begin("b"), run.setup("b")), (31.8, 8.5));
    assert_eq!(run.mig().toggled, 3);
}

#[test]
fn easy_reserves_instances_and_backfills_beside_them() {
    // Two 3g stand. b needs both and is reserved at 10; c ends by then, d does not.
    let jobs = [
        asks("a", 0, 10, "3g.20gb", 1),
        asks("b", 1, 5, "3g.20gb", 2),
        asks("c", 2, 5, "3g.20gb", 1),
        asks("d", 3, 20, "3g.20gb", 1),
    ];
    let options = mode("easy", "mig:all-3g.20gb", "best-fit-slots");
    let run = run(&options, one(1, A100), &jobs);
    assert_eq!(run.starts(["a", "b", "c", "d"]), [0, 10, 2, 15]);
    assert_eq!(
        run.waits("d"),
        [
            (Reason::Capacity, 3, 7),
            (Reason::Reservation, 7, 10),
            (Reason::Capacity, 10, 15)
        ]
    );
}

#[test]
fn a_repartitioner_acts_ten_quiet_seconds_after_the_last_request() {
    let jobs = [
        asks("a", 0, 100, "1g.10gb", 1),
        asks("b", 5, 100, "1g.10gb", 1),
    ];
    let options = mode("fifo-greedy", "mig:batched", "best-fit-slots");
    let run = run(&options, one(1, H100), &jobs);
    assert_eq!(run.starts(["a", "b"]), [15, 15]);
    // 7g goes; two requests are served best, in list order, by 4g + 1g × 3: 0.3 + 4 × 0.5 s.
    assert_eq!((run.setup("a"), run.setup("b")), (2.3, 2.3));
    let mig = run.mig();
    assert_eq!((mig.created, mig.destroyed, mig.repartitions), (4, 1, 1));
}

#[test]
fn a_batch_closes_after_a_minute_however_many_come() {
    let names: Vec<String> = (0..20).map(|at| at.to_string()).collect();
    let at = |at: usize| asks(&names[at], at as i64 * 5, 1000, "1g.10gb", 1);
    let jobs: Vec<_> = (0..20).map(at).collect();
    let options = mode("fifo-greedy", "mig:batched", "best-fit-slots");
    let run = run(&options, one(3, H100), &jobs);
    // The twelve that had been refused by then start: 1g × 7 and 1g × 5 + 2g.
    let at_60 = names.iter().filter(|name| run.start(name) == Some(60));
    assert_eq!(at_60.count(), 12);
}

#[test]
fn a_request_that_misses_a_batch_is_in_the_next() {
    // a's batch closes at 10, when b comes: too late, and nothing is released for long.
    let jobs = [
        asks("a", 0, 1000, "1g.10gb", 1),
        asks("b", 10, 10, "7g.80gb", 1),
    ];
    let options = mode("fifo", "mig:batched", "best-fit-slots");
    let ran = run(&options, one(2, H100), &jobs);
    // The other GPU is still one 7g.
    assert_eq!(ran.starts(["a", "b"]), [10, 10]);
    let jobs = [
        asks("a", 0, 1000, "7g.80gb", 1),
        asks("b", 1, 1000, "1g.10gb", 1),
        asks("c", 11, 10, "3g.40gb", 1),
    ];
    let ran = run(&options, one(3, H100), &jobs);
    assert_eq!(ran.begin("b"), 11.0);
    // Refused a moment after 11 s: the batch that then begins closes ten seconds later.
    assert_eq!(ran.begin("c"), 21.000001);
}

#[test]
fn a_share_becomes_the_smallest_profile_that_is_enough() {
    let jobs = [
        shares("seventh", 0, 10, 142),
        shares("quarter", 0, 10, 250),
        job("device", 0, 10, 1),
    ];
    let ran = run(
        &mode("fifo", "mig:dynamic", "lowest-start"),
        one(2, H100),
        &jobs,
    );
    // 1g at 0; 2g for a quarter, at 2; 7g alone on the other GPU.
    assert_eq!(ran.instances("seventh"), [(0, 0)]);
    assert_eq!(ran.instances("quarter"), [(0, 2)]);
    assert_eq!(ran.instances("device"), [(1, 0)]);
    // A layout of 1g has nothing for a quarter, nor for a device.
    let layout = mode("fifo", "mig:all-1g.10gb", "lowest-start");
    let ran = run(&layout, one(2, H100), &jobs);
    assert_eq!(ran.result.summary.jobs.unschedulable, 2);
    assert_eq!(ran.mig().acceptance, 1.0 / 3.0);
}

#[test]
fn what_a_policy_never_places_is_rejected_not_left_waiting() {
    // ParvaGPU puts a 3g at slot 4 only: a pod of two needs two GPUs.
    let jobs = [asks("pair", 0, 10, "3g.20gb", 2)];
    let options = mode("fifo", "mig:dynamic", "parvagpu");
    let small = run(&options, one(1, A100), &jobs);
    assert_eq!(small.result.summary.jobs.unschedulable, 1);
    let large = run(&options, one(2, A100), &jobs);
    assert_eq!(large.instances("pair"), [(0, 4), (1, 4)]);
}

#[test]
fn nodes_without_the_cpu_for_a_pod_are_passed_over() {
    let mut nodes = one(1, H100);
    nodes[0].cpu_milli = 1000;
    nodes.push(Node::with_gpus("n1", 1, H100));
    let mut wide = asks("wide", 0, 10, "1g.10gb", 1);
    wide.shape.cpu_milli = 2000;
    let jobs = [asks("first", 0, 10, "1g.10gb", 1), wide];
    for info in mig_placements().filter(|info| mig_placement(info.name).unwrap().creates()) {
        let ran = run(
            &mode("fifo", "mig:dynamic", info.name),
            nodes.clone(),
            &jobs,
        );
        let wide = ran.find("wide");
        let spot = ran.result.records.places(wide, 1)[0];
        assert_eq!(spot.node.0, 1, "{}", info.name);
    }
}

#[test]
fn policies_that_cannot_be_right_are_refused() {
    let work = workload(&[asks("a", 0, 10, "1g.5gb", 1)]);
    let inventory = Inventory::new(one(1, A100)).unwrap();
    let refused = |queueing: &str, sharing: &str, placement: &str| {
        let options = mode(queueing, sharing, placement);
        match replay(&work, &inventory, &options) {
            Err(ReplayError::Sharing(problem)) => problem,
            other => panic!("{other:?}"),
        }
    };
    let plans = refused("conservative", "mig:dynamic", "hami");
    assert!(plans.message.contains("`conservative` plans with totals"));
    assert!(plans.help.unwrap().contains("`easy`"));
    let standing = refused("fifo", "mig:dynamic", "device-plugin-packed");
    assert!(standing.message.contains("none stands at first"));
    assert!(
        standing
            .help
            .unwrap()
            .contains("best-fit-slots, lowest-start")
    );
}

#[test]
fn tables_say_which_slots() {
    let jobs = [
        asks("a", 0, 10, "3g.20gb", 1),
        asks("b", 0, 10, "1g.5gb", 2),
        job("c", 30, 10, 2),
    ];
    let options = mode("fifo", "mig:dynamic", "hami");
    let ran = run(&options, one(2, A100), &jobs);
    let (work, inventory) = (&ran.work, &ran.inventory_cut());
    let mut table = Vec::new();
    write_jobs_csv(&mut table, work, &ran.result, inventory).unwrap();
    let table = String::from_utf8(table).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[0].ends_with(",setup_s"), "{}", rows[0]);
    assert!(rows[1].contains(",n0[0:4],"), "{}", rows[1]);
    assert!(rows[2].contains("\"n0[0:2,0:3]\""), "{}", rows[2]);
    assert!(rows[3].contains("n0[0-1]"), "{}", rows[3]);
    let mut holes = Vec::new();
    write_mig_holes_csv(&mut holes, ran.result.mig_peak.as_ref().unwrap(), inventory).unwrap();
    // c holds most: both devices.
    assert_eq!(
        String::from_utf8(holes).unwrap(),
        "at_s,node,gpu,board,slots,free,lost,largest,instances\n\
         30,n0,0,A100-40GB,WWWWWWWW,0,0,,\n\
         30,n0,1,A100-40GB,WWWWWWWW,0,0,,\n"
    );
}

#[test]
fn blocked_profiles_are_counted_by_free_slot_time() {
    // Seven 1g fill the GPU for 10.5 s (create 0.5 s); slot 7 alone is free and lost.
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let jobs = names.map(|name| asks(name, 0, 10, "1g.10gb", 1));
    let ran = run(
        &mode("fifo", "mig:dynamic", "lowest-start"),
        one(1, H100),
        &jobs,
    );
    let mig = ran.mig();
    assert_eq!((mig.slots_lost, mig.slot_use), (1.0, 7.0 / 8.0));
    assert!(mig.blocked.len() == 5 && mig.blocked.iter().all(|blocked| blocked.share == 1.0));
    let peak = ran.result.mig_peak.as_ref().unwrap();
    assert_eq!(peak.gpus[0].map(), "1111111x");
}

/// A cluster and jobs that ask for shares, devices and instances.
#[derive(Clone, Debug)]
struct World {
    nodes: Vec<Node>,
    work: Workload,
}

const MODELS: [&str; 4] = [A100, "A30", "RTX-PRO-6000-Blackwell-Server", "T4"];

fn shape() -> impl Strategy<Value = Shape> {
    let profiles = [
        "1g.5gb", "2g.10gb", "3g.20gb", "1g.10gb", "1g.6gb", "2g.12gb", "2g.48gb",
    ];
    let named = (prop::sample::select(profiles.to_vec()), 1u32..3);
    let named = named.prop_map(|(name, count)| Shape::mig_instances(name, count, 200));
    let part = (1u32..10, prop_oneof![2 => Just(0u32), 1 => Just(9000)]);
    let part = part.prop_map(|(tenths, gpu_mem_mib)| Shape {
        gpu_milli: tenths * 100,
        gpu_mem_mib,
        ..Shape::whole_gpus(1)
    });
    let whole = (1u32..3).prop_map(Shape::whole_gpus);
    let asked = prop_oneof![4 => named, 4 => part, 1 => whole, 1 => Just(Shape::default())];
    let limits = (0u64..3, prop_oneof![3 => Just(0u32), 1 => Just(1)]);
    (asked, limits).prop_map(|(shape, (cpu_milli, max_per_node))| Shape {
        cpu_milli,
        max_per_node,
        ..shape
    })
}

fn mig_world() -> impl Strategy<Value = World> {
    let node = (
        0..MODELS.len(),
        1u32..4,
        prop_oneof![2 => Just(Node::UNLIMITED), 1 => Just(4)],
    );
    let nodes = prop::collection::vec(node, 1..4).prop_map(|nodes| {
        let mut nodes: Vec<Node> = nodes
            .into_iter()
            .enumerate()
            .map(|(at, (model, gpus, cpu_milli))| Node {
                cpu_milli,
                ..Node::with_gpus(format!("n{at}"), gpus, MODELS[model])
            })
            .collect();
        nodes.push(Node::with_gpus("last", 1, A100));
        nodes
    });
    let job = (
        shape(),
        0i64..30,
        1i64..20,
        1u32..4,
        prop::option::of(0i64..20),
    );
    let jobs = prop::collection::vec(job, 1..30).prop_map(|jobs| {
        let mut builder = WorkloadBuilder::new();
        for (at, (shape, submit, run, count, more)) in jobs.into_iter().enumerate() {
            let name = at.to_string();
            let (submit, run) = (Time::from_secs(submit), Span::from_secs(run));
            let draft = JobDraft {
                count,
                estimate: more.map(|more| run + Span::from_secs(more)),
                ..JobDraft::new(&name, submit, run, shape)
            };
            builder.push(&draft).unwrap();
        }
        builder.finish().unwrap()
    });
    (nodes, jobs).prop_map(|(nodes, work)| World { nodes, work })
}

/// From when to when, and on what: shape and first slot of an instance, `None` for a device.
type Holding = (Time, Time, Option<(u32, u8)>);

/// Every instance and device held, by node and GPU.
fn held(
    work: &Workload,
    inventory: &Inventory,
    result: &RunResult,
) -> FxHashMap<(u32, u32), Vec<Holding>> {
    let mut held: FxHashMap<_, Vec<_>> = FxHashMap::default();
    let records = &result.records;
    for job in (0..work.len() as u32).map(JobId) {
        let Some(start) = records.start(job) else {
            continue;
        };
        let end = records.end_of(job).unwrap_or(records.closed_at());
        let spec = work.spec(work.job(job).spec);
        let mut spots = records.places(job, spec.pods).iter();
        for set in &spec.pod_sets {
            for spot in spots.by_ref().take(set.count as usize) {
                let shape = work.shape(set.shape);
                let places: Vec<(u32, Option<(u32, u8)>)> = match shape.mig {
                    Some(_) => inventory
                        .instances(*spot)
                        .map(|(gpu, start)| (gpu, Some((set.shape.0, start))))
                        .collect(),
                    None if shape.is_share() => Vec::new(),
                    None => spot.device_list().map(|gpu| (gpu, None)).collect(),
                };
                for (gpu, place) in places {
                    let key = (spot.node.0, gpu);
                    held.entry(key).or_default().push((start, end, place));
                }
            }
        }
    }
    held
}

/// Instances on one GPU at one time are legal together, and nobody shares a whole device.
fn check_places(work: &Workload, inventory: &Inventory, result: &RunResult) {
    for ((node, _), places) in held(work, inventory, result) {
        let node = gpusched_core::ids::NodeId(node);
        let model = inventory.model_of(node);
        for &(at, _, _) in &places {
            let there = places
                .iter()
                .filter(|(from, to, _)| *from <= at && at < *to);
            let there: Vec<_> = there.collect();
            let Some(geometry) = inventory.geometry(model) else {
                assert!(there.len() <= 1);
                continue;
            };
            if there.iter().any(|(_, _, place)| place.is_none()) {
                assert_eq!(there.len(), 1, "a whole device is nobody else's");
                continue;
            }
            let instances: Vec<Instance> = there
                .iter()
                .filter_map(|(_, _, place)| *place)
                .map(|(shape, start)| {
                    let shape = &work.shapes()[shape as usize];
                    let profile = match &shape.mig {
                        Some(gpusched_core::workload::MigRequest::Profile(name)) => {
                            geometry.board().by_name(name).unwrap()
                        }
                        _ => inventory.smallest_profile(model, shape).unwrap(),
                    };
                    Instance { profile, start }
                })
                .collect();
            assert!(Held::of(geometry, &instances).is_some(), "{instances:?}");
        }
    }
}

/// What became of a job.
type Facts = (Fate, Option<Time>, Option<Time>, Vec<Spot>);

fn facts(result: &RunResult, work: &Workload) -> Vec<Facts> {
    let records = &result.records;
    let of = |job| {
        let pods = work.spec(work.job(job).spec).pods;
        let places = records.places(job, pods).to_vec();
        (
            records.fate(job),
            records.start(job),
            records.end_of(job),
            places,
        )
    };
    (0..work.len() as u32).map(JobId).map(of).collect()
}

/// Every named layout of the cluster's boards that all of them have is `all-balanced`.
const WAYS: [&str; 3] = ["mig:dynamic", "mig:batched", "mig:all-balanced"];
const QUEUES: [&str; 5] = ["fifo", "fifo-greedy", "sjf", "easy", "easy-sjbf"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_slot_is_held_twice_and_nobody_is_forgotten(
        world in mig_world(),
        way in prop::sample::select(WAYS.to_vec()),
        queueing in prop::sample::select(QUEUES.to_vec()),
        per_event in any::<bool>(),
    ) {
        let mut nodes = world.nodes;
        if way == "mig:batched" {
            // nos knows boards of eight and of four slots.
            nodes.retain(|node| !node.gpu_model.starts_with("RTX"));
        }
        let inventory = Inventory::new(nodes).unwrap();
        for info in mig_placements() {
            if way == "mig:dynamic" && !mig_placement(info.name).unwrap().creates() {
                continue;
            }
            let options = ReplayOptions {
                discipline: match per_event {
                    true => Discipline::PerEvent,
                    false => Discipline::Batched,
                },
                ..mode(queueing, way, info.name)
            };
            let result = replay(&world.work, &inventory, &options).unwrap();
            let interpreted = options.sharing.interpret(&world.work, &inventory, false);
            let (work, cut) = interpreted.unwrap();
            check_places(&work, &cut, &result);
            let again = replay(&world.work, &inventory, &options).unwrap();
            prop_assert_eq!(facts(&result, &work), facts(&again, &work));
            prop_assert_eq!(&result.summary, &again.summary);
            for job in (0..work.len() as u32).map(JobId) {
                let records = &result.records;
                if let (Some(start), Some(end)) = (records.start(job), records.end_of(job)) {
                    prop_assert_eq!(end - start, work.job(job).run + records.setup(job));
                }
                // nos cuts without a look at CPU and memory, and passes over a GPU where a used
                // instance is in the way of the geometry it likes best: pods may wait for good.
                let nos = way == "mig:batched" || info.name == "nos-geometry";
                let ended = matches!(records.fate(job), Fate::Done | Fate::Unschedulable);
                prop_assert!(ended || nos);
            }
            let mig = result.summary.mig.unwrap();
            prop_assert!((0.0..=1.0).contains(&mig.slot_use) && mig.slots_lost >= 0.0);
            prop_assert!(mig.slots_beyond_need >= -1e-9);
        }
    }
}
