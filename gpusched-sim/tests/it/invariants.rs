//! What must hold in every world, under every policy. The checks recompute from the records what
//! the engine keeps incrementally.

use crate::worlds::{World, device_mem, world};
use gpusched_core::cluster::{Cluster, Spot};
use gpusched_core::ids::JobId;
use gpusched_core::placement::registry::{PlacementContext, placement, placements};
use gpusched_core::queueing::registry::{queueing, queueings};
use gpusched_core::units::{MILLI, Span, Time};
use gpusched_core::workload::Workload;
use gpusched_sim::engine::{Discipline, Engine, Fate, Records, Roles};
use gpusched_sim::replay::{ReplayOptions, RunResult, replay};
use gpusched_sim::report::{write_jobs_csv, write_summary_json};
use proptest::prelude::*;

/// How a case is replayed, apart from the queueing policy: every case tries all of those.
#[derive(Clone, Debug)]
struct Setting {
    placement: &'static str,
    discipline: Discipline,
    horizon: Option<i64>,
}

fn setting() -> impl Strategy<Value = Setting> {
    let names: Vec<&str> = placements().iter().map(|policy| policy.name).collect();
    let discipline = prop_oneof![Just(Discipline::Batched), Just(Discipline::PerEvent)];
    let horizon = prop_oneof![2 => Just(None), 1 => (0i64..80).prop_map(Some)];
    (prop::sample::select(names), discipline, horizon).prop_map(
        |(placement, discipline, horizon)| Setting {
            placement,
            discipline,
            horizon,
        },
    )
}

fn run(world: &World, queueing: &str, setting: &Setting) -> RunResult {
    let options = ReplayOptions {
        queueing: queueing.into(),
        placement: setting.placement.into(),
        seed: 7,
        discipline: setting.discipline,
        horizon: setting.horizon.map(Time::from_secs),
        sample_every: Some(Span::from_secs(1)),
        keep_series: true,
        keep_waits: true,
        ..ReplayOptions::default()
    };
    replay(&world.work, &world.inventory, &options).unwrap()
}

fn jobs(work: &Workload) -> impl Iterator<Item = JobId> + use<> {
    (0..work.len() as u32).map(JobId)
}

/// When a job held its places: from its start to its end, or the close.
fn held(records: &Records, job: JobId) -> Option<(Time, Time)> {
    let start = records.start(job)?;
    Some((start, records.end_of(job).unwrap_or(records.closed_at())))
}

/// The pods of a job: shape and place.
fn pods<'a>(
    work: &'a Workload,
    records: &'a Records,
    job: JobId,
) -> impl Iterator<Item = (gpusched_core::ids::ShapeId, Spot)> + 'a {
    let spec = work.spec(work.job(job).spec);
    let shapes = spec
        .pod_sets
        .iter()
        .flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize));
    shapes.zip(records.places(job, spec.pods).iter().copied())
}

/// What pods on one node take together.
#[derive(Clone, Debug)]
struct Load {
    cpu: u64,
    mem: u64,
    milli: [u32; 64],
    vram: [u32; 64],
}

fn check_places(world: &World, records: &Records, job: JobId) -> Result<(), TestCaseError> {
    let spec = world.work.spec(world.work.job(job).spec);
    let (start, _) = held(records, job).unwrap();
    prop_assert_eq!(pods(&world.work, records, job).count(), spec.pods as usize);
    let mut places = records.places(job, spec.pods).iter();
    for set in &spec.pod_sets {
        let shape = world.work.shape(set.shape);
        let here: Vec<Spot> = places.by_ref().take(set.count as usize).copied().collect();
        for spot in &here {
            let node = world.inventory.node(spot.node);
            prop_assert_eq!(spot.devices.count_ones(), shape.gpus);
            prop_assert!(spot.devices >> node.gpus == 0, "no such device");
            prop_assert!(node.from <= start && start < node.to, "closed node");
            prop_assert!(shape.gpus == 0 || shape.accepts(&node.gpu_model));
            prop_assert!(shape.gpu_mem_mib <= device_mem(node));
            let together = here.iter().filter(|other| other.node == spot.node).count();
            prop_assert!(shape.max_per_node == 0 || together as u32 <= shape.max_per_node);
        }
    }
    Ok(())
}

/// At every start, adds up all that runs at that instant.
fn check_capacity(world: &World, records: &Records) -> Result<(), TestCaseError> {
    let running: Vec<(JobId, Time, Time)> = jobs(&world.work)
        .filter_map(|job| held(records, job).map(|(start, end)| (job, start, end)))
        .collect();
    for &(job, now, _) in &running {
        check_places(world, records, job)?;
        let none = Load {
            cpu: 0,
            mem: 0,
            milli: [0; 64],
            vram: [0; 64],
        };
        let mut loads = vec![none; world.inventory.nodes().len()];
        let present = running
            .iter()
            .filter(|&&(_, start, end)| start <= now && now < end);
        for &(other, ..) in present {
            for (shape, spot) in pods(&world.work, records, other) {
                let shape = world.work.shape(shape);
                let load = &mut loads[spot.node.index()];
                load.cpu += shape.cpu_milli;
                load.mem += shape.mem_mib;
                for device in spot.device_list() {
                    load.milli[device as usize] += shape.gpu_milli;
                    load.vram[device as usize] += shape.gpu_mem_mib;
                }
            }
        }
        for (node, load) in world.inventory.nodes().iter().zip(loads) {
            prop_assert!(load.cpu <= node.cpu_milli && load.mem <= node.mem_mib);
            prop_assert!(load.milli.iter().all(|&milli| milli <= MILLI));
            prop_assert!(load.vram.iter().all(|&vram| vram <= device_mem(node)));
        }
    }
    Ok(())
}

/// Nobody starts early or runs for another time; every second of a wait has one reason.
fn check_times(world: &World, result: &RunResult) -> Result<(), TestCaseError> {
    let records = &result.records;
    let closed = records.closed_at();
    for job in jobs(&world.work) {
        let arrival = world.work.job(job).submit;
        if let Some(start) = records.start(job) {
            prop_assert!(start >= arrival);
            if let Some(end) = records.end_of(job) {
                prop_assert_eq!(end - start, world.work.job(job).run);
            }
        }
        let until = match records.fate(job) {
            Fate::Waiting => closed,
            Fate::Future | Fate::Unschedulable => arrival,
            Fate::Running | Fate::Done | Fate::Failed(_) => records.start(job).unwrap(),
        };
        let mut explained = arrival;
        for wait in result.waits.iter().filter(|wait| wait.job == job) {
            prop_assert_eq!(wait.from, explained, "gap in the reasons of {:?}", job);
            prop_assert!(wait.from < wait.to);
            explained = wait.to;
        }
        prop_assert_eq!(explained, until, "unexplained wait of {:?}", job);
    }
    Ok(())
}

/// GPU time by records, by summary and by series is the same. All instants are whole seconds, so
/// a sample each second misses nothing.
fn check_gpu_time(world: &World, result: &RunResult) -> Result<(), TestCaseError> {
    let by_records: i64 = jobs(&world.work)
        .filter_map(|job| {
            let (start, end) = held(&result.records, job)?;
            Some((end - start).0 / 1_000_000 * world.work.gpu_milli(job) as i64)
        })
        .sum();
    let (_, samples) = match result.series.split_last() {
        Some((last, samples)) => (last, samples),
        None => return Ok(()),
    };
    let by_series: u64 = samples.iter().map(|sample| sample.allocated_milli).sum();
    prop_assert_eq!(by_series as i64, by_records);
    let hours = by_records as f64 / 3_600_000.0;
    prop_assert!((result.summary.gpu_hours - hours).abs() < 1e-9);
    Ok(())
}

fn check_counts(result: &RunResult) -> Result<(), TestCaseError> {
    let jobs = result.summary.jobs;
    let sum = jobs.finished + jobs.running + jobs.waiting + jobs.unschedulable + jobs.not_arrived;
    prop_assert_eq!(sum, jobs.total);
    for sample in &result.series {
        prop_assert!(sample.frag_milli <= sample.idle_milli as f64 * (1.0 + 1e-9));
        prop_assert!(sample.requested_milli >= sample.allocated_milli);
    }
    Ok(())
}

fn bytes(world: &World, result: &RunResult) -> Vec<u8> {
    let mut out = Vec::new();
    write_jobs_csv(&mut out, &world.work, result, &world.inventory).unwrap();
    write_summary_json(&mut out, &result.summary).unwrap();
    out
}

fn engine<'w>(world: &'w World, policy: &str, setting: &Setting) -> Engine<'w> {
    let cluster = Cluster::new(world.inventory.clone(), world.work.shapes());
    let context = PlacementContext {
        work: &world.work,
        inventory: &world.inventory,
        seed: 7,
    };
    let placement = placement(setting.placement, &context).unwrap();
    let roles = Roles::new(queueing(policy).unwrap(), placement, &cluster);
    Engine::new(&world.work, cluster, roles, setting.discipline)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn replays_are_consistent(world in world(), setting in setting()) {
        for policy in queueings() {
            let result = run(&world, policy.name, &setting);
            check_capacity(&world, &result.records)?;
            check_times(&world, &result)?;
            check_gpu_time(&world, &result)?;
            check_counts(&result)?;
        }
    }

    #[test]
    fn the_same_replay_gives_the_same_bytes(world in world(), setting in setting()) {
        for policy in queueings() {
            let [one, two] = [(); 2].map(|()| bytes(&world, &run(&world, policy.name, &setting)));
            prop_assert!(one == two, "{}", policy.name);
        }
    }

    #[test]
    fn a_replay_in_pieces_is_the_whole_replay(
        world in world(), setting in setting(),
        mut stops in prop::collection::vec(0i64..60_000_000, 0..20),
    ) {
        stops.sort_unstable();
        for policy in queueings() {
            let mut whole = engine(&world, policy.name, &setting);
            whole.run().unwrap();
            let mut pieces = engine(&world, policy.name, &setting);
            for &stop in &stops {
                pieces.run_until(Time(stop)).unwrap();
            }
            pieces.run().unwrap();
            prop_assert!(whole.cluster().same_free(pieces.cluster()));
            for job in jobs(&world.work) {
                let of = |engine: &Engine<'_>| {
                    let records = engine.records();
                    (records.fate(job), records.start(job), records.end_of(job))
                };
                prop_assert_eq!(of(&whole), of(&pieces), "{} {:?}", policy.name, job);
            }
        }
    }
}
