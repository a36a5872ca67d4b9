//! The summary of one run: every number with its formula and unit, ready for JSON and tables.
//!
//! Words used throughout. A *job* is a job of the trace; one that was scheduled in parts (a job
//! without a gang) is one job that starts with its first part and ends with its last. The
//! *window* of a run goes from the first submission to the last finish, or to the instant the
//! replay was closed when jobs were then still waiting or running. Totals are summed as integers
//! (milli-GPU × µs) and divided once; means of ratios are summed in arrival order.

use super::cost::CostSummary;
use super::device_use::DeviceUse;
use super::mig::MigSummary;
use super::quantiles::Distribution;
use super::restricted::RestrictedMeans;
use super::topology::TopologySummary;
use super::warm_up::WarmUpSummary;
use crate::bounds::Bounds;
use crate::engine::Discipline;
use crate::replay::DEFAULT_MIG_PLACEMENT;
use gpusched_core::performance::Origins;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An input of a run and its digest, as given by the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputDigest {
    /// What it was used as: `jobs`, `nodes`, `scenario` …
    pub role: String,
    /// Its name as the user gave it.
    pub name: String,
    /// Digest of its bytes.
    pub digest: String,
    /// The format it was read as.
    pub format: String,
}

/// Where the speeds of jobs that share devices came from, counted when they start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpeedOrigins {
    /// Measured in that very situation.
    pub table: u64,
    /// A law fitted to measurements of that job on that device.
    pub law: u64,
    /// No measurement of the job: a law for jobs in general, or as recorded.
    pub assumed: u64,
}

impl From<Origins> for SpeedOrigins {
    fn from(origins: Origins) -> SpeedOrigins {
        SpeedOrigins {
            table: origins.table,
            law: origins.law,
            assumed: origins.assumed,
        }
    }
}

/// What came of the jobs. `total` is the sum of the six counts below it: none is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobCounts {
    /// Jobs in the trace.
    pub total: u64,
    /// Jobs that ended.
    pub finished: u64,
    /// Jobs that died before their end: see `devices`.
    pub failed: u64,
    /// Censored: started, not ended when the replay was closed.
    pub running: u64,
    /// Censored: arrived, not started when the replay was closed.
    pub waiting: u64,
    /// Jobs (or jobs with a part) that do not fit the empty cluster and can never run.
    pub unschedulable: u64,
    /// Jobs whose submission lies beyond the instant the replay was closed.
    pub not_arrived: u64,
    /// Schedulable units: more than `total` when jobs are scheduled in parts.
    pub parts: u64,
}

/// The instants that bound a run, in seconds of trace time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// Submission of the first job.
    pub first_submit_s: f64,
    /// Submission of the last job of the trace, arrived or not.
    pub last_submit_s: f64,
    /// Last finish; absent when nothing finished.
    pub last_finish_s: Option<f64>,
    /// The instant the replay was closed: the last event, or the horizon.
    pub closed_s: f64,
    /// Length of the window: (last finish, or close when jobs are censored) − first submission.
    pub makespan_s: f64,
}

/// Where the scheduler's beliefs about run times came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Estimates {
    /// Schedulable units that carry an estimate or wall limit of their own.
    pub given: u64,
    /// `perfect` when none does (policies are then told the true run time), `trace` when all do,
    /// `mixed` otherwise (the true run time where none was given).
    pub source: String,
}

/// A number for one GPU model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelValue {
    /// GPU model, as the cluster names it.
    pub model: String,
    /// GPUs of that model.
    pub gpus: u64,
    /// The number.
    pub value: f64,
}

/// Shares of GPU capacity held by jobs, 0 to 1. Pods that outlive the closing of their node can
/// lift a share above 1: their GPUs count as held, no longer as capacity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Utilisation {
    /// GPU-seconds held in the window ÷ Σ over nodes of GPUs × seconds open in the window; with
    /// nodes that neither come nor go that is GPUs × makespan. Absent without GPUs or window.
    pub window: Option<f64>,
    /// The same from the first to the last submission: without the emptying tail.
    pub submissions: Option<f64>,
    /// As `window`, per GPU model in the order of their names.
    pub by_model: Vec<ModelValue>,
}

/// Jobs of one queue or user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupSummary {
    /// Queue or user; `(others)` stands for all beyond the 20 largest.
    pub name: String,
    /// Jobs, whatever became of them.
    pub jobs: u64,
    /// GPU-hours held up to the close.
    pub gpu_hours: f64,
    /// Mean wait of the jobs that started, s; absent when none did.
    pub mean_wait_s: Option<f64>,
    /// 95th percentile (nearest rank) of the wait of the jobs that started, s.
    pub p95_wait_s: Option<f64>,
}

/// Time waited for one reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonShare {
    /// The reason's name.
    pub reason: String,
    /// Seconds waited for it, summed over all schedulable units and up to the close for those
    /// that still wait.
    pub seconds: f64,
    /// Share of all waiting, 0 to 1; 0 when nobody waited.
    pub share: f64,
}

/// Means over the samples of a run. Each sample stands for the time until the next one (the last
/// until the close), so these are exact only up to the sampling interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampledMeans {
    /// Seconds between samples.
    pub every_s: f64,
    /// Samples taken.
    pub samples: u64,
    /// Time-weighted mean of `frag_gpus`, GPUs.
    pub frag_gpus: f64,
    /// Mean of `frag_gpus` ÷ mean of idle GPUs, 0 to 1; 0 when nothing was ever idle.
    pub frag_ratio: f64,
    /// Time-weighted mean power, W.
    pub power_w: f64,
    /// Power × time summed over the samples, kWh.
    pub energy_kwh: f64,
}

/// One run in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Queueing policy.
    pub queueing: String,
    /// Placement policy.
    pub placement: String,
    /// Seed of the placement policy.
    pub seed: u64,
    /// Order of simultaneous events.
    pub discipline: Discipline,
    /// How GPUs are shared ([`crate::sharing::SharingMode`]): `recorded` = as the trace says.
    pub sharing: String,
    /// The performance model: `ideal` = every job runs as recorded, wherever it is.
    pub performance: String,
    /// Where the speeds of jobs came from, when a profile of measurements was given.
    pub speeds: Option<SpeedOrigins>,
    /// Which latencies were modelled; `ideal` = none.
    pub fidelity: String,
    /// Version of gpusched.
    pub version: String,
    /// What was replayed, filled in by the caller.
    pub inputs: Vec<InputDigest>,
    /// What no schedule can beat, filled in by the caller; absent where it was not worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// The instant the replay was told to stop at, s.
    pub horizon_s: Option<f64>,
    /// Whether the replay was stopped from outside; everything unfinished is then censored.
    pub interrupted: bool,
    /// What came of the jobs.
    pub jobs: JobCounts,
    /// When it began and ended.
    pub window: Window,
    /// Nodes of the cluster.
    pub nodes: u64,
    /// GPUs of the cluster, open or not.
    pub capacity_gpus: u64,
    /// Σ GPUs × run time over all jobs of the trace ÷ (capacity × (last − first submission));
    /// above 1 the queue must grow. A job without an end counts up to the last submission. Absent
    /// without GPUs or when all jobs arrive at once.
    pub offered_load: Option<f64>,
    /// The same per GPU model, counting only pods that may run on no other model of the cluster,
    /// against the GPUs of that model. Empty when no pod is so constrained.
    pub offered_load_by_model: Vec<ModelValue>,
    /// Where run-time estimates came from.
    pub estimates: Estimates,
    /// What the warm-up left out of waits, completion times and slowdowns; absent where all jobs
    /// count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUpSummary>,
    /// Submission to start, s, of the jobs that started. Jobs still waiting are not in it: see
    /// `still_waiting_s`.
    pub wait_s: Option<Distribution>,
    /// Submission to the close, s, of the jobs still waiting then: lower bounds of their waits.
    pub still_waiting_s: Option<Distribution>,
    /// Means in which censored jobs count too; absent where no job is censored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<RestrictedMeans>,
    /// Submission to finish, s, of the jobs that finished.
    pub jct_s: Option<Distribution>,
    /// max(1, (wait + run) ÷ max(10 s, run)) of the jobs that finished.
    pub bounded_slowdown: Option<Distribution>,
    /// GPU-hours held by jobs up to the close, jobs still running included.
    pub gpu_hours: f64,
    /// Shares of capacity held.
    pub utilisation: Utilisation,
    /// How well devices are used; absent where pods have whole devices as the trace asks, of
    /// which `utilisation` says all there is to say.
    pub devices: Option<DeviceUse>,
    /// Software licences: GPUs of the cluster × the price given per GPU and year × window, USD.
    pub licence_usd: Option<f64>,
    /// What machines cost; absent where machines have no price and are there all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostSummary>,
    /// By queue, largest GPU-hours first (ties by name).
    pub queues: Vec<GroupSummary>,
    /// By user, likewise.
    pub users: Vec<GroupSummary>,
    /// Waits by reason, in the order of the reasons.
    pub waits: Vec<ReasonShare>,
    /// Fragmentation and power.
    pub sampled: SampledMeans,
    /// Slots of GPUs that MIG cuts; absent where none is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mig: Option<MigSummary>,
    /// Levels of the network; absent where nothing is known of it and it costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<TopologySummary>,
}

impl Summary {
    /// A short name for tables: `queueing/placement`, with the sharing mode, the MIG placement and
    /// the seed where they are not the default.
    pub fn label(&self) -> String {
        let mut label = format!("{}/{}", self.queueing, self.placement);
        if !matches!(self.sharing.as_str(), "" | "recorded") {
            label += &format!("/{}", self.sharing);
        }
        if let Some(mig) = &self.mig
            && mig.placement != DEFAULT_MIG_PLACEMENT
        {
            label += &format!("/{}", mig.placement);
        }
        if let Some(cost) = &self.cost
            && cost.provisioning != "static"
        {
            label += &format!("/{}", cost.provisioning);
        }
        if let Some(topology) = &self.topology
            && topology.network != "ideal"
        {
            label += &format!("/{}", topology.network);
        }
        if self.seed != 0 {
            label += &format!("#{}", self.seed);
        }
        label
    }

    /// Mean completion time ÷ the least there can be; absent without a bound, where some job has
    /// not ended (whoever leaves it out has less to do), and where the mean is not of all jobs.
    pub fn jct_over_bound(&self) -> Option<f64> {
        let (bound, jct) = (self.bounds?.mean_jct_s, self.jct_s?);
        (jct.jobs == self.jobs.total && bound > 0.0).then(|| jct.mean / bound)
    }

    /// Makespan ÷ the least there can be, likewise.
    pub fn makespan_over_bound(&self) -> Option<f64> {
        let bound = self.bounds?.makespan_s;
        let all = self.jobs.finished == self.jobs.total;
        (all && bound > 0.0).then(|| self.window.makespan_s / bound)
    }

    /// Jobs that the cluster could ever hold ÷ all jobs, 0 to 1; 1 without jobs.
    pub fn accepted(&self) -> f64 {
        match self.jobs.total {
            0 => 1.0,
            total => (total - self.jobs.unschedulable) as f64 / total as f64,
        }
    }

    /// Jobs that are neither finished nor impossible: running, waiting or not arrived.
    pub fn censored(&self) -> u64 {
        self.jobs.running + self.jobs.waiting + self.jobs.not_arrived
    }
}
