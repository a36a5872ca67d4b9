//! Replay a workload against named policies, in one call.

mod checks;
mod drive;
mod reckon;
mod roles;

use crate::cloud::{Cloud, is_rented};
use crate::diagnostic::Diagnostic;
use crate::engine::{Discipline, Engine, EngineError, Records};
use crate::metrics::{
    BusyDevices, MigMeter, MigPeak, MigSummary, Paid, PlaceLog, PlaceStory, Played, Sample,
    Sampler, SpeedOrigins, Split, Summary, TopologySummary, WaitInterval, WaitLog, WarmUp,
    device_use, summarise, topology_summary,
};
use crate::network::{JobProfiles, NetworkMode};
use crate::sharing::{Risks, SharingMode};
use drive::drive;
use gpusched_core::cluster::{Cluster, Inventory};
use gpusched_core::performance::sharing::calibrate::Profile;
use gpusched_core::placement::device::registry;
use gpusched_core::placement::kube_scheduler::Profile as SchedulerProfile;
use gpusched_core::policy::PolicyError;
use gpusched_core::provisioning::Billing;
use gpusched_core::provisioning::controlled::Controlled;
use gpusched_core::provisioning::registry::ProvisioningOptions;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Shape, Workload};
use reckon::reckon;
use roles::{Stage, cast};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// The MIG placement policy where none is named: hard to beat, and it goes with every way to cut.
pub const DEFAULT_MIG_PLACEMENT: &str = "best-fit-slots";

/// The device policy where none is named.
pub const DEFAULT_DEVICE_POLICY: &str = registry::DEFAULT;

/// How to replay.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// Queueing policy, by name.
    pub queueing: String,
    /// Placement policy, by name.
    pub placement: String,
    /// Provisioning policy, by name: which machines exist.
    pub provisioning: String,
    /// What provisioning policies are told.
    pub provisioning_options: ProvisioningOptions,
    /// What policies that rent machines may rent; `None` = [`Cloud::default`].
    pub cloud: Option<Arc<Cloud>>,
    /// How the time of machines is rounded before it is paid for.
    pub billing: Billing,
    /// Device policy, by name: which devices of a node pods of whole GPUs get.
    pub device_policy: String,
    /// MIG placement policy, by name: where instances go.
    pub mig_placement: String,
    /// Seed of placement policies that draw lots.
    pub seed: u64,
    /// Order of simultaneous events.
    pub discipline: Discipline,
    /// How GPUs are shared; the workload given is the recorded one. Tables of jobs are to be
    /// written with workload and inventory as [`SharingMode::interpret`] makes them.
    pub sharing: SharingMode,
    /// What the network costs.
    pub network: NetworkMode,
    /// What jobs exchange, where the model of the network asks.
    pub job_profiles: Arc<JobProfiles>,
    /// What may go wrong where GPUs are shared.
    pub risks: Risks,
    /// Software licences, USD per GPU and year.
    pub licence_price: Option<f64>,
    /// Energy, USD per kWh.
    pub energy_price: Option<f64>,
    /// How the price of a machine is shared between its parts.
    pub cost_split: Split,
    /// The profile of `kube-scheduler`, where that is the placement policy; `None` = the default.
    pub scheduler: Option<Arc<SchedulerProfile>>,
    /// How its ties end (one of `TieBreak::NAMES`); `None` = as in its release.
    pub scheduler_ties: Option<String>,
    /// Measurements of one's own, which go before the laws of sharing.
    pub profile: Option<Arc<Profile>>,
    /// Stop here: what has not ended by then is censored.
    pub horizon: Option<Time>,
    /// Which jobs are in no mean of times; `None` = all are.
    pub warm_up: Option<WarmUp>,
    /// Interval of the series. `None` = 1/500 of the span from first to last submission, at least
    /// 1 s, doubled whenever a long tail would make more than 4,096 samples.
    pub sample_every: Option<Span>,
    /// Tell the use of devices even where every pod has whole ones.
    pub device_use: bool,
    /// Return the series.
    pub keep_series: bool,
    /// Return the wait intervals; `jobs.csv` has its columns by reason only with them.
    pub keep_waits: bool,
    /// Return how the places of jobs were found, where the placement policy says.
    pub keep_places: bool,
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
            provisioning: "static".into(),
            provisioning_options: ProvisioningOptions::default(),
            cloud: None,
            billing: Billing::EXACT,
            device_policy: DEFAULT_DEVICE_POLICY.into(),
            mig_placement: DEFAULT_MIG_PLACEMENT.into(),
            seed: 0,
            discipline: Discipline::default(),
            sharing: SharingMode::default(),
            network: NetworkMode::default(),
            job_profiles: Arc::default(),
            risks: Risks::default(),
            licence_price: None,
            energy_price: None,
            cost_split: Split::default(),
            scheduler: None,
            scheduler_ties: None,
            profile: None,
            horizon: None,
            warm_up: None,
            sample_every: None,
            device_use: false,
            keep_series: false,
            keep_waits: false,
            keep_places: false,
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
    /// How the places of jobs were found, by job, if kept and where the placement policy says.
    pub places: Vec<PlaceStory>,
    /// The GPUs that MIG cuts when most of their slots were in use; `None` where none is cut.
    pub mig_peak: Option<MigPeak>,
    /// The places of machines that were rented, in whose terms records name nodes; `None` where
    /// machines are those of the inventory.
    pub machines: Option<Arc<Inventory>>,
    /// The lives of machines and what each schedulable job cost, where machines have prices.
    pub costs: Option<Costs>,
    /// Whether the stop flag ended it.
    pub interrupted: bool,
}

/// A bill line by line.
#[derive(Clone, Debug)]
pub struct Costs {
    /// What was paid for.
    pub paid: Paid,
    /// By schedulable job: its part of the bill, USD.
    pub by_job: Vec<f64>,
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
    /// A way to share GPUs that these machines or policies do not go with.
    #[error("{}", .0.message)]
    Sharing(Box<Diagnostic>),
}

/// Replays `work` on `inventory`.
///
/// # Errors
/// [`ReplayError`]: unknown policies, machines that cannot be shared as asked, or a policy that broke
/// its contract.
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
    match (is_rented(&options.provisioning), &options.cloud) {
        (false, _) => replay_on(work, inventory, options, None),
        (true, Some(cloud)) => cloud.replay(work, options),
        (true, None) => Cloud::default().replay(work, options),
    }
}

/// Makes the provisioning policy for the jobs and machines as they are replayed.
type MakePolicy<'a> = &'a dyn Fn(&Workload, &Inventory) -> Result<Controlled, ReplayError>;

/// Replays on `inventory`; `rented` makes the provisioning policy where `options` do not.
pub(crate) fn replay_on(
    work: &Workload,
    inventory: &Inventory,
    options: &ReplayOptions,
    rented: Option<MakePolicy<'_>>,
) -> Result<RunResult, ReplayError> {
    let recorded = work;
    let interpreted = options
        .sharing
        .interpret(work, inventory, options.risks.overcommit);
    let (work, inventory) = interpreted.map_err(ReplayError::Sharing)?;
    let (work, inventory) = (work.as_ref(), inventory.as_ref());
    let cluster = Cluster::new(inventory.clone(), work.shapes());
    let stage = Stage {
        recorded,
        work,
        inventory,
        cluster: &cluster,
    };
    let cast = cast(&stage, options, rented)?;
    let labels = Summary {
        queueing: cast.queueing,
        placement: cast.placement,
        seed: options.seed,
        discipline: options.discipline,
        fidelity: "ideal".into(),
        sharing: options.sharing.to_string(),
        performance: cast.roles.performance.name(),
        version: env!("CARGO_PKG_VERSION").into(),
        horizon_s: options.horizon.map(Time::as_secs_f64),
        ..Summary::default()
    };
    let parts = |shape: &Shape| shape.is_share() || shape.mig.is_some();
    let shares = options.device_use
        || options.sharing != SharingMode::Recorded
        || options.risks.faults_per_hour > 0.0
        || work.shapes().iter().any(parts);
    let watch = (
        Sampler::new(work, inventory, options.sample_every),
        (
            (
                WaitLog::new(options.keep_waits),
                PlaceLog::new(inventory, options.keep_places),
            ),
            (
                BusyDevices::new(work, inventory, shares),
                MigMeter::new(work, inventory),
            ),
        ),
    );
    let mut engine = Engine::observed(work, cluster, cast.roles, options.discipline, watch);
    let interrupted = drive(&mut engine, options)?;
    let speeds = engine.speed_origins().map(SpeedOrigins::from);
    let (records, (sampler, ((waits, places), (busy, slots)))) = engine.finish();
    let mig = slots.summary(records.mig()).map(|mig| MigSummary {
        placement: options.mig_placement.clone(),
        repartition: match &options.sharing {
            SharingMode::Mig(how) => how.repartition().into(),
            _ => "static".into(),
        },
        ..mig
    });
    let labels = Summary {
        speeds,
        interrupted,
        waits: waits.shares(),
        sampled: sampler.means(),
        mig,
        topology: topology_summary(
            work,
            inventory,
            &records,
            sampler.samples(),
            TopologySummary {
                network: options.network.to_string(),
                job_profile: options
                    .network
                    .asks_profiles()
                    .then(|| options.job_profiles.said().to_owned()),
                ..TopologySummary::default()
            },
        ),
        ..labels
    };
    let mut summary = summarise(work, inventory, &records, options.warm_up, labels);
    let makespan = Span((summary.window.makespan_s * 1e6).round() as i64);
    let from = work.jobs().first().map_or(Time::ZERO, |job| job.submit);
    let window = (from, from + makespan);
    summary.devices = device_use(recorded, work, inventory, &records, &busy, window);
    let played = Played {
        recorded,
        work,
        inventory,
        records: &records,
    };
    let (cost, costs) = reckon(played, options, window.1, &summary.sampled);
    summary.cost = cost;
    let gpu_years = match (rented, &summary.cost) {
        (Some(_), Some(cost)) => cost.gpu_hours.paid / (365.0 * 24.0),
        _ => inventory.gpus() as f64 * makespan.as_secs_f64() / (365.0 * 86_400.0),
    };
    summary.licence_usd = options.licence_price.map(|price| price * gpu_years);
    let wasted = summary.mig.as_ref().and_then(MigSummary::wasted);
    if let (Some(devices), Some(wasted)) = (&mut summary.devices, wasted) {
        devices.wasted = Some(wasted);
    }
    let series = match options.keep_series {
        true => sampler.into_samples(),
        false => Vec::new(),
    };
    Ok(RunResult {
        summary,
        records,
        series,
        waits: waits.into_intervals(),
        places: places.into_stories(),
        mig_peak: slots.into_peak(),
        machines: None,
        costs,
        interrupted,
    })
}
