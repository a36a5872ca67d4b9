//! Replay a workload against named policies, in one call.

use crate::engine::{Discipline, Engine, EngineError, Observer, Records, Roles};
use crate::metrics::{
    BusyDevices, Sample, Sampler, Summary, WaitInterval, WaitLog, device_use, summarise,
};
use crate::sharing::{Risks, SharingMode};
use gpusched_core::cluster::{Cluster, Inventory};
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::policy::PolicyError;
use gpusched_core::queueing::registry::queueing;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Workload;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How to replay.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// Queueing policy, by name.
    pub queueing: String,
    /// Placement policy, by name.
    pub placement: String,
    /// Seed of placement policies that draw lots.
    pub seed: u64,
    /// Order of simultaneous events.
    pub discipline: Discipline,
    /// How GPUs are shared; the workload given is the recorded one. Tables of jobs are to be
    /// written with the workload as [`SharingMode::reinterpret`] makes it.
    pub sharing: SharingMode,
    /// What may go wrong where GPUs are shared.
    pub risks: Risks,
    /// Stop here: what has not ended by then is censored.
    pub horizon: Option<Time>,
    /// Interval of the series. `None` = 1/500 of the span from first to last submission, at least
    /// 1 s, doubled whenever a long tail would make more than 4,096 samples.
    pub sample_every: Option<Span>,
    /// Return the series.
    pub keep_series: bool,
    /// Return the wait intervals; `jobs.csv` has its columns by reason only with them.
    pub keep_waits: bool,
    /// Set it from another thread to end the replay early.
    pub stop: Option<Arc<AtomicBool>>,
    /// Jobs that have arrived so far, for progress bars.
    pub progress: Option<Arc<AtomicU64>>,
}

impl Default for ReplayOptions {
    /// `fifo`, `first-fit`, seed 0, to the end, keeping nothing but records and summary.
    fn default() -> Self {
        ReplayOptions {
            queueing: "fifo".into(),
            placement: "first-fit".into(),
            seed: 0,
            discipline: Discipline::default(),
            sharing: SharingMode::default(),
            risks: Risks::default(),
            horizon: None,
            sample_every: None,
            keep_series: false,
            keep_waits: false,
            stop: None,
            progress: None,
        }
    }
}

/// What a replay returns.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// The run in numbers.
    pub summary: Summary,
    /// Start, end and place of every schedulable job.
    pub records: Records,
    /// The series, if kept.
    pub series: Vec<Sample>,
    /// The wait intervals by job, then time, if kept.
    pub waits: Vec<WaitInterval>,
    /// Whether the stop flag ended it.
    pub interrupted: bool,
}

/// Why a replay could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// A policy name that means nothing.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A policy broke its contract.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Replays `work` on `inventory`.
///
/// # Errors
/// [`ReplayError`]: unknown policies, or a policy that broke its contract.
///
/// ```
/// use gpusched_core::cluster::{Inventory, Node};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// use gpusched_sim::replay::{ReplayOptions, replay};
///
/// let mut jobs = WorkloadBuilder::new();
/// for name in ["a", "b"] {
///     let shape = Shape::whole_gpus(1);
///     jobs.push(&JobDraft::new(name, Time::ZERO, Span::from_secs(60), shape)).unwrap();
/// }
/// let inventory = Inventory::new(vec![Node::with_gpus("only", 1, "T4")]).unwrap();
/// let work = jobs.finish().unwrap();
/// let result = replay(&work, &inventory, &ReplayOptions::default()).unwrap();
/// // One starts at once, the other after a minute.
/// assert_eq!(result.summary.wait_s.unwrap().mean, 30.0);
/// assert_eq!(result.summary.utilisation.window, Some(1.0));
/// ```
pub fn replay(
    work: &Workload,
    inventory: &Inventory,
    options: &ReplayOptions,
) -> Result<RunResult, ReplayError> {
    let reinterpreted;
    let (recorded, work) = match options.sharing {
        SharingMode::Recorded => (work, work),
        mode => {
            reinterpreted = mode.reinterpret(work, options.risks.overcommit);
            (work, &reinterpreted)
        }
    };
    let queueing = queueing(&options.queueing)?;
    let context = PlacementContext {
        work,
        inventory,
        seed: options.seed,
    };
    let placement = placement(&options.placement, &context)?;
    let labels = Summary {
        queueing: queueing.name(),
        placement: placement.name(),
        seed: options.seed,
        discipline: options.discipline,
        fidelity: "ideal".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        horizon_s: options.horizon.map(Time::as_secs_f64),
        ..Summary::default()
    };
    let cluster = Cluster::new(inventory.clone(), work.shapes());
    let mut roles = Roles::new(queueing, placement, &cluster);
    roles.performance = options.sharing.performance(recorded, work);
    roles.hazard = options.risks.hazard(options.sharing, recorded, inventory);
    let labels = Summary {
        sharing: options.sharing.to_string(),
        performance: roles.performance.name(),
        ..labels
    };
    let watch = (
        Sampler::new(work, inventory, options.sample_every),
        (
            WaitLog::new(options.keep_waits),
            BusyDevices::new(inventory),
        ),
    );
    let mut engine = Engine::observed(work, cluster, roles, options.discipline, watch);
    let interrupted = drive(&mut engine, options)?;
    let (records, (sampler, (waits, busy))) = engine.finish();
    let labels = Summary {
        interrupted,
        waits: waits.shares(),
        sampled: sampler.means(),
        ..labels
    };
    let mut summary = summarise(work, inventory, &records, labels);
    let makespan = Span((summary.window.makespan_s * 1e6).round() as i64);
    summary.devices = device_use(recorded, work, inventory, &records, &busy, makespan);
    let series = match options.keep_series {
        true => sampler.into_samples(),
        false => Vec::new(),
    };
    Ok(RunResult {
        summary,
        records,
        series,
        waits: waits.into_intervals(),
        interrupted,
    })
}

/// Steps between looks at the stop flag.
const STEPS: usize = 1024;

/// Runs to the horizon or the end. `Ok(true)` = stopped from outside.
fn drive<O: Observer>(
    engine: &mut Engine<'_, O>,
    options: &ReplayOptions,
) -> Result<bool, EngineError> {
    let until = options.horizon.unwrap_or(Time::NEVER);
    let stopped = || {
        let flag = options.stop.as_ref();
        flag.is_some_and(|flag| flag.load(Ordering::Relaxed))
    };
    while !stopped() {
        for _ in 0..STEPS {
            if !engine.step_until(until)? {
                // Moves the clock to a horizon that lies beyond the last event.
                engine.run_until(until)?;
                report(engine, options);
                return Ok(false);
            }
        }
        report(engine, options);
    }
    Ok(true)
}

fn report<O: Observer>(engine: &Engine<'_, O>, options: &ReplayOptions) {
    if let Some(progress) = &options.progress {
        progress.store(engine.arrived() as u64, Ordering::Relaxed);
    }
}
