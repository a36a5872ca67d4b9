//! Replay throughput and memory.

use super::bare::{Schedule, fifo_first_fit};
use super::bare_easy::{RigidJob, easy as bare_easy};
use super::workload::{PlainJob, inventory, jobs, workload};
use super::{Effort, Figure, decisions, least_seconds};
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use gpusched_sim::replay::{ReplayOptions, RunResult, replay};
use gpusched_sim::sharing::SharingMode;

/// The engine must reach this share of the bare loop: 2 of 7 million jobs a second.
const LEAST_SHARE: f64 = 2.0 / 7.0;

/// The most that ten times the nodes may cost.
const MOST_FOR_TEN_TIMES_THE_NODES: f64 = 2.5;

/// FIFO, first-fit, with records and summary.
pub fn fifo(work: &Workload, inventory: &Inventory) -> RunResult {
    replay(work, inventory, &ReplayOptions::default()).expect("the policies exist")
}

/// Whether the replay and the bare loop decided alike.
pub fn same(result: &RunResult, schedule: &Schedule) -> bool {
    schedule.iter().enumerate().all(|(index, &(start, node))| {
        let job = JobId(index as u32);
        let place = result.records.places(job, 1).first();
        result.records.start(job) == Some(Time(start))
            && place.is_some_and(|place| place.node.0 == node)
    })
}

pub(super) fn figures(effort: Effort) -> Vec<Figure> {
    let count = effort.of(1_000_000);
    let mut seconds_by_nodes = Vec::new();
    let mut figures = Vec::new();
    for (nodes, load) in [(1_000, 0.7), (1_000, 0.97), (10_000, 0.7)] {
        let plain: Vec<PlainJob> = jobs(count, nodes, load).collect();
        let work = workload(count, nodes, load);
        let machines = inventory(nodes);
        let (bare, schedule) = least_seconds(3, || fifo_first_fit(&plain, nodes));
        let (ours, result) = least_seconds(3, || fifo(&work, &machines));
        let same = same(&result, &schedule);
        let rate = |seconds: f64| count as f64 / seconds / 1e6;
        let share = bare / ours;
        figures.push(Figure {
            what: format!(
                "fifo, first-fit, records and summary: {count} jobs, {nodes} nodes of 8 GPUs, \
                 load {load}"
            ),
            figure: format!("{:.2} M jobs/s", rate(ours)),
            against: format!("bare loop: {:.2} M jobs/s", rate(bare)),
            ratio: format!("{share:.2} of the bare loop, {}", decisions(same)),
            bound: Some((
                format!("at least {LEAST_SHARE:.2}, same decisions"),
                share >= LEAST_SHARE && same,
            )),
        });
        if load == 0.7 {
            seconds_by_nodes.push(ours);
        }
    }
    if let [few, many] = seconds_by_nodes[..] {
        figures.push(Figure {
            what: "the same on 10,000 nodes and on 1,000".into(),
            figure: format!("{many:.3} s"),
            against: format!("{few:.3} s"),
            ratio: format!("{:.2}x the cost", many / few),
            bound: Some((
                format!("at most {MOST_FOR_TEN_TIMES_THE_NODES}x"),
                many / few <= MOST_FOR_TEN_TIMES_THE_NODES,
            )),
        });
    }
    figures
}

/// Rigid jobs for one pool, estimated at three times their run time: a queue of tens of jobs.
pub fn rigid_jobs(count: usize) -> Vec<RigidJob> {
    jobs(count, 64, 0.6).map(rigid).collect()
}

/// One of them.
pub fn rigid(job: PlainJob) -> RigidJob {
    RigidJob {
        submit: job.submit,
        run: job.run,
        estimate: job.run * 3,
        procs: job.gpus * (1 + (job.run % 3) as u32),
    }
}

/// Processors of the pool the rigid jobs are made for.
pub const POOL: u32 = 1_100;

/// The rigid jobs as a workload, and a pool of `procs` processors as a cluster.
pub fn pool(jobs: &[RigidJob], procs: u32) -> (Workload, Inventory) {
    let mut builder = WorkloadBuilder::numbered();
    for job in jobs {
        let shape = Shape {
            cpu_milli: u64::from(job.procs) * 1000,
            ..Shape::default()
        };
        let draft = JobDraft {
            estimate: Some(Span(job.estimate)),
            ..JobDraft::new("", Time(job.submit), Span(job.run), shape)
        };
        builder.push(&draft).expect("a benchmark fits its tables");
    }
    let node = Node {
        cpu_milli: u64::from(procs) * 1000,
        ..Node::with_gpus("pool", 0, "")
    };
    let work = builder.finish().expect("single pods form no groups");
    (work, Inventory::new(vec![node]).expect("one node"))
}

/// `easy` on the pool.
pub fn easy_replay(work: &Workload, machines: &Inventory) -> RunResult {
    queueing(work, machines, "easy")
}

/// Any queueing policy of the registry, with first-fit, records and summary.
pub fn queueing(work: &Workload, machines: &Inventory, policy: &str) -> RunResult {
    let options = ReplayOptions {
        queueing: policy.into(),
        ..ReplayOptions::default()
    };
    replay(work, machines, &options).expect("the policies exist")
}

pub(super) fn easy(effort: Effort) -> Figure {
    let jobs = rigid_jobs(effort.of(200_000));
    let (work, machines) = pool(&jobs, POOL);
    let (bare, starts) = least_seconds(2, || bare_easy(&jobs, POOL));
    let (ours, result) = least_seconds(2, || easy_replay(&work, &machines));
    let same = starts
        .iter()
        .enumerate()
        .all(|(job, &start)| result.records.start(JobId(job as u32)) == Some(Time(start)));
    let rate = |seconds: f64| jobs.len() as f64 / seconds / 1e6;
    Figure {
        what: format!("easy on one pool, records and summary: {} jobs", jobs.len()),
        figure: format!("{:.2} M jobs/s", rate(ours)),
        against: format!("bare loop on counts: {:.2} M jobs/s", rate(bare)),
        ratio: format!("{:.2} of the bare loop, {}", bare / ours, decisions(same)),
        bound: Some(("same decisions".into(), same)),
    }
}

/// Pods that share 1,000 GPUs of 125 nodes, four to a device or fewer.
pub fn shared_jobs(count: usize) -> (Workload, Inventory) {
    const NODES: usize = 125;
    // A request of 1, 2, 4 or 8 stands for a tenth to a half of a device: 0.275 on average where
    // the plain workload has 3.75, so the same load needs arrivals 13.6 times as dense.
    let milli = |gpus: u32| match gpus {
        1 => 100,
        2 => 200,
        4 => 300,
        _ => 500,
    };
    let mut builder = WorkloadBuilder::numbered();
    for job in jobs(count, NODES * 136 / 10, 0.9) {
        let shape = Shape {
            gpu_milli: milli(job.gpus),
            ..Shape::whole_gpus(1)
        };
        builder
            .push(&JobDraft::new("", Time(job.submit), Span(job.run), shape))
            .expect("a benchmark fits its tables");
    }
    let work = builder.finish().expect("single pods form no groups");
    (work, inventory(NODES))
}

/// FIFO with first-fit and GPUs shared some way.
pub fn sharing(work: &Workload, machines: &Inventory, sharing: SharingMode) -> RunResult {
    let options = ReplayOptions {
        sharing,
        ..ReplayOptions::default()
    };
    replay(work, machines, &options).expect("the policies exist")
}

pub(super) fn interference(effort: Effort) -> Figure {
    let (work, machines) = shared_jobs(effort.of(100_000));
    let run = |mode: SharingMode| least_seconds(3, || sharing(&work, &machines, mode.clone())).0;
    let (slowed, full) = (
        run(SharingMode::parse("mps:4").expect("a mode")),
        run(SharingMode::Recorded),
    );
    Figure {
        what: format!(
            "{} pods sharing 1,000 GPUs, with interference (mps:4)",
            work.len()
        ),
        figure: format!("{slowed:.3} s"),
        against: format!("shares as recorded, full speed: {full:.3} s"),
        ratio: format!("{:.1}x the cost", slowed / full),
        bound: Some(("at most 1 s".into(), slowed <= 1.0)),
    }
}

/// Replays ten million jobs in a process of its own and reports its peak resident memory.
pub(super) fn memory(effort: Effort) -> Option<Figure> {
    let count = effort.of(10_000_000);
    let program = std::env::current_exe().ok()?;
    let output = std::process::Command::new(program)
        .args(["memory-probe", &count.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let peak_kib: f64 = text.trim().parse().ok()?;
    let gib = peak_kib / (1 << 20) as f64;
    Some(Figure {
        what: format!("peak resident memory: {count} jobs, workload and summary included"),
        figure: format!("{gib:.2} GiB"),
        against: "the whole process".into(),
        ratio: format!("{:.0} bytes a job", peak_kib * 1024.0 / count as f64),
        bound: Some(("under 1 GB".into(), peak_kib * 1024.0 < 1e9)),
    })
}

/// Replays `count` jobs and returns the peak resident memory of this process in KiB, where the
/// system tells it.
pub fn memory_probe(count: usize) -> Option<u64> {
    let work = workload(count, 1_000, 0.7);
    let result = fifo(&work, &inventory(1_000));
    assert_eq!(result.records.len(), count);
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
