//! Replay a workload against named policies, in one call.

use crate::cloud::{Cloud, is_rented};
use crate::diagnostic::Diagnostic;
use crate::engine::{Discipline, Engine, EngineError, Observer, Records, Roles};
use crate::metrics::{
    BusyDevices, MigMeter, MigPeak, MigSummary, Paid, PlaceLog, PlaceStory, Sample, Sampler,
    SpeedOrigins, Split, Summary, TopologySummary, WaitInterval, WaitLog, bill, cost, device_use,
    job_costs, summarise, topology_summary,
};
use crate::network::{JobProfiles, NetworkMode};
use crate::sharing::mig::MigSharing;
use crate::sharing::{Risks, SharingMode};
use gpusched_core::cluster::{Cluster, Inventory, MigMode};
use gpusched_core::gpu::mig::repartition::repartition;
use gpusched_core::performance::Both;
use gpusched_core::performance::sharing::calibrate::Profile;
use gpusched_core::placement::device::Chooser;
use gpusched_core::placement::device::registry::{self, device_policy};
use gpusched_core::placement::kube_scheduler::{KubeScheduler, Profile as SchedulerProfile};
use gpusched_core::placement::mig::MigPlacement;
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::placement::{Placement, WithDevices, WithLocality, WithMig};
use gpusched_core::policy::PolicyError;
use gpusched_core::provisioning::Billing;
use gpusched_core::provisioning::controlled::Controlled;
use gpusched_core::provisioning::registry::{ProvisioningOptions, provisioning};
use gpusched_core::queueing::Queueing;
use gpusched_core::queueing::registry::queueing;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Shape, Workload};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
    /// Measurements of one's own, which go before the laws of sharing.
    pub profile: Option<Arc<Profile>>,
    /// Stop here: what has not ended by then is censored.
    pub horizon: Option<Time>,
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
            profile: None,
            horizon: None,
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
    let queueing = queueing(&options.queueing)?;
    let context = PlacementContext {
        work,
        inventory,
        seed: options.seed,
    };
    let placement = match &options.scheduler {
        Some(profile) if options.placement == "kube-scheduler" => {
            Box::new(KubeScheduler::new(profile))
        }
        _ => placement(&options.placement, &context)?,
    };
    let devices = device_policy(&options.device_policy)?;
    let instances = mig_placement(&options.mig_placement)?;
    check_mig(work, inventory, queueing.as_ref(), instances.as_ref())?;
    check_provisioning(&options.provisioning, queueing.as_ref())?;
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
    let parts = |shape: &Shape| shape.is_share() || shape.mig.is_some();
    let shares = options.device_use
        || options.sharing != SharingMode::Recorded
        || options.risks.faults_per_hour > 0.0
        || work.shapes().iter().any(parts);
    let cluster = Cluster::new(inventory.clone(), work.shapes());
    // The lowest-numbered devices are what policies take anyway.
    let placement: Box<dyn Placement> = match options.device_policy == DEFAULT_DEVICE_POLICY {
        true => placement,
        false => Box::new(WithDevices::new(
            placement,
            Chooser::new(devices, inventory),
        )),
    };
    let placement: Box<dyn Placement> = match asks_mig(work) {
        true => Box::new(WithMig::new(placement, instances)),
        false => placement,
    };
    let placement: Box<dyn Placement> = match asks_locality(work) && !placement.honours_locality() {
        true => Box::new(WithLocality::new(placement, inventory)),
        false => placement,
    };
    let mut roles = Roles::new(queueing, placement, &cluster);
    roles.performance =
        options
            .sharing
            .performance(recorded, work, inventory, options.profile.as_ref());
    roles.provisioning = match rented {
        Some(policy) => Box::new(policy(work, inventory)?),
        None => provisioning(
            &options.provisioning,
            inventory,
            &options.provisioning_options,
        )?,
    };
    let network = options
        .network
        .performance(work, inventory, &options.job_profiles);
    if let Some(network) = network {
        roles.performance = match roles.performance.name().as_str() {
            "ideal" => network,
            _ => Box::new(Both::new(roles.performance, network)),
        };
    }
    roles.hazard = options.risks.hazard(&options.sharing, recorded, inventory);
    if cluster.awaits_repartition() {
        roles.repartition = Some(repartition(
            MigSharing::Batched.repartition(),
            &roles.costs,
        )?);
    }
    let labels = Summary {
        sharing: options.sharing.to_string(),
        performance: roles.performance.name(),
        ..labels
    };
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
    let mut engine = Engine::observed(work, cluster, roles, options.discipline, watch);
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
    let mut summary = summarise(work, inventory, &records, labels);
    let makespan = Span((summary.window.makespan_s * 1e6).round() as i64);
    summary.devices = device_use(recorded, work, inventory, &records, &busy, makespan);
    let priced = inventory.nodes().iter().any(|node| node.price.is_some());
    let mut costs = None;
    if priced || options.provisioning != "static" {
        let from = work.jobs().first().map_or(Time::ZERO, |job| job.submit);
        let until = from + makespan;
        let paid = Paid::of(work, inventory, &records, options.billing, until);
        let mut sums = cost(
            work,
            inventory,
            &records,
            options.provisioning.clone(),
            &paid,
        );
        let energy = |price| price * summary.sampled.energy_kwh;
        sums.energy_usd = options.energy_price.map(energy);
        if sums.usd.is_some() {
            let (lives, window, split) = (&paid.lives, paid.window, options.cost_split);
            let by_job = job_costs(work, inventory, &records, lives, window, split);
            let shared = bill(work, inventory, &records, lives, window, split, &by_job);
            sums.bill = Some(shared);
            costs = Some(Costs { paid, by_job });
        }
        summary.cost = Some(sums);
    }
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

fn asks_mig(work: &Workload) -> bool {
    work.shapes().iter().any(|shape| shape.mig.is_some())
}

fn asks_locality(work: &Workload) -> bool {
    let sets = work.specs().iter().flat_map(|spec| &spec.pod_sets);
    sets.into_iter().any(|set| set.locality.within.is_some())
}

/// Refuses policies that cannot be right where jobs ask for instances.
fn check_mig(
    work: &Workload,
    inventory: &Inventory,
    queueing: &dyn Queueing,
    instances: &dyn MigPlacement,
) -> Result<(), ReplayError> {
    if !asks_mig(work) || !inventory.has_mig() {
        return Ok(());
    }
    if queueing.plans_on_totals() {
        let problem = format!(
            "`{}` plans with totals of the cluster, and free slots say little about MIG instances",
            queueing.name()
        );
        return Err(ReplayError::Sharing(
            Diagnostic::new(problem).help("choose `easy`, `fifo-greedy`, or another that does not"),
        ));
    }
    let on_demand = inventory
        .nodes()
        .iter()
        .any(|node| node.mig == MigMode::OnDemand);
    if on_demand && !instances.creates() {
        let creating = mig_placements()
            .map(|info| info.name)
            .filter(|name| mig_placement(name).is_ok_and(|policy| policy.creates()));
        let problem = format!(
            "`{}` uses instances that stand, and under `mig:dynamic` none stands at first",
            instances.name()
        );
        return Err(ReplayError::Sharing(Diagnostic::new(problem).help(
            format!(
                "cut the GPUs with a layout, `mig:batched`, or choose one of: {}",
                creating.collect::<Vec<_>>().join(", ")
            ),
        )));
    }
    Ok(())
}

/// Refuses queueing policies that plan with machines that may not be there.
fn check_provisioning(provisioning: &str, queueing: &dyn Queueing) -> Result<(), ReplayError> {
    if provisioning == "static" || !queueing.plans_on_totals() {
        return Ok(());
    }
    let problem = format!(
        "`{}` plans with totals of the cluster, and under `{provisioning}` machines come and go",
        queueing.name()
    );
    Err(ReplayError::Sharing(Diagnostic::new(problem).help(
        "choose `easy`, `fifo-greedy`, or another that does not",
    )))
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
