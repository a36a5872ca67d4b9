//! The canonical rows of "trace v1": what every format is read into and written from.
//!
//! One [`JobRow`] is one task group (role) of a job; rows that share a `job_id` form the job.
//! One [`NodeRow`] is one machine. Field names are the column names of the CSV form, units are
//! in the types. Rows are a transport: the replay works on the interned tables of
//! [`gpusched_core::workload`] that are built from them.

use gpusched_core::topology::Scope;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Gang, Outcome};
use serde::{Deserialize, Serialize};

/// How pods of a row may share a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShareMode {
    /// The device is the pod's alone.
    #[default]
    Exclusive,
    /// Any mechanism the node offers.
    Any,
    /// CUDA MPS.
    Mps,
    /// Time-slicing.
    Timeslice,
    /// A MIG instance.
    Mig,
    /// A vGPU.
    Vgpu,
}

/// How strongly a topology level is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TopoMode {
    /// Anywhere.
    #[default]
    None,
    /// Within one domain of the level if possible.
    Preferred,
    /// Within one domain of the level or not at all.
    Required,
}

/// Which end of the recorded interval was not observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Censored {
    /// Start and end were both seen.
    #[default]
    None,
    /// It ran before the recording began.
    Left,
    /// It was still running when the recording ended.
    Right,
    /// Both.
    Both,
}

/// One row of `jobs.csv`: a task group of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// 1-based line it was read from; 0 when it was generated.
    pub line: u64,
    /// Key of the job. Rows with the same key are its task groups.
    pub job_id: String,
    /// Role of the group, unique within the job.
    pub task: String,
    /// Pods in the group (at least 1).
    pub count: u32,
    /// Fewest pods the group can run with.
    pub min_count: Option<u32>,
    /// Most pods the group can use.
    pub max_count: Option<u32>,
    /// Which pods must start together.
    pub gang: Gang,
    /// Arrival.
    pub submit: Time,
    /// Service demand of one uninterrupted run on `ref_gpu`.
    pub run: Span,
    /// Steps of work, where the run time depends on the device (with `profile`).
    pub work_steps: Option<f64>,
    /// Throughput table the steps refer to.
    pub profile: Option<String>,
    /// GPU model the run time refers to.
    pub ref_gpu: Option<String>,
    /// User's or a predictor's estimate of the run time.
    pub estimate: Option<Span>,
    /// Wall limit: the job is killed when it is reached.
    pub limit: Option<Span>,
    /// Absolute deadlines and the value of meeting each.
    pub deadlines: Vec<(Time, f64)>,
    /// Whole GPUs per pod.
    pub gpu: u32,
    /// Share of each GPU in milli-GPU, 1..=1000 (1000 = the whole device).
    pub gpu_milli: u32,
    /// Device memory each GPU must offer, in MiB.
    pub gpu_mem_mib: u32,
    /// MIG profile asked for, such as `1g.10gb`.
    pub mig_profile: Option<String>,
    /// Instances of that profile.
    pub mig_count: u32,
    /// How the device may be shared.
    pub share_mode: ShareMode,
    /// Acceptable GPU models (empty = any).
    pub gpu_models: Vec<String>,
    /// Unacceptable GPU models.
    pub gpu_not: Vec<String>,
    /// Lowest compute capability.
    pub cc_min: f32,
    /// Least link bandwidth inside the gang, GB/s.
    pub nvlink_gbps_min: f32,
    /// Share of a NIC, percent.
    pub rdma: u32,
    /// CPU per pod, milli-cores.
    pub cpu_milli: u64,
    /// Memory per pod, MiB.
    pub mem_mib: u64,
    /// Local disk per pod, MiB.
    pub disk_mib: u64,
    /// Higher goes first.
    pub priority: i32,
    /// Name of the priority class.
    pub priority_class: Option<String>,
    /// Queue (LocalQueue, partition, virtual cluster).
    pub queue: String,
    /// Owner.
    pub user: String,
    /// Cohort path.
    pub tenant: String,
    /// Tag of recurrent jobs.
    pub group: String,
    /// May be evicted.
    pub preemptible: bool,
    /// May run on spot capacity.
    pub spot_ok: bool,
    /// Interval between checkpoints; `None` = never.
    pub ckpt: Option<Span>,
    /// Pause taken by one checkpoint.
    pub ckpt_cost: Span,
    /// Time to restore after a restart.
    pub restart: Span,
    /// Strength of the topology request.
    pub topo_mode: TopoMode,
    /// Level of the topology request.
    pub topo_level: Option<Scope>,
    /// Pods that must stay together at the level.
    pub slice_size: Option<u32>,
    /// Most pods of the job on one node; 0 = no limit.
    pub max_per_node: u32,
    /// Recorded final state.
    pub outcome: Outcome,
    /// Service time at which it ended when it failed or was killed.
    pub fail_at: Option<Span>,
    /// What the recording did not see.
    pub censored: Censored,
    /// Recorded start, for validation only.
    pub obs_start: Option<Time>,
    /// Recorded end, for validation only.
    pub obs_end: Option<Time>,
    /// Recorded nodes, for validation only.
    pub obs_nodes: Option<String>,
    /// Recorded attempts, for validation only.
    pub attempts: Option<u32>,
    /// Mean utilisation profile, by column (`util_sm`, `util_occ`, `util_bw`, `util_fb_mib`,
    /// `util_power_w`), as written.
    pub util: [Option<f32>; 5],
    /// Id of a series in `util.csv`.
    pub util_profile: Option<String>,
    /// Private columns (`x_…`), in file order, as written.
    pub private: Vec<(String, String)>,
}

/// Columns of [`JobRow::util`].
pub const UTIL_COLUMNS: [&str; 5] = [
    "util_sm",
    "util_occ",
    "util_bw",
    "util_fb_mib",
    "util_power_w",
];

impl JobRow {
    /// A job of one pod that asks for nothing: every column at its default.
    pub fn new(job_id: impl Into<String>, submit: Time, run: Span) -> JobRow {
        JobRow {
            line: 0,
            job_id: job_id.into(),
            task: "main".into(),
            count: 1,
            min_count: None,
            max_count: None,
            gang: Gang::All,
            submit,
            run,
            work_steps: None,
            profile: None,
            ref_gpu: None,
            estimate: None,
            limit: None,
            deadlines: Vec::new(),
            gpu: 0,
            gpu_milli: 1000,
            gpu_mem_mib: 0,
            mig_profile: None,
            mig_count: 0,
            share_mode: ShareMode::Exclusive,
            gpu_models: Vec::new(),
            gpu_not: Vec::new(),
            cc_min: 0.0,
            nvlink_gbps_min: 0.0,
            rdma: 0,
            cpu_milli: 0,
            mem_mib: 0,
            disk_mib: 0,
            priority: 0,
            priority_class: None,
            queue: String::new(),
            user: String::new(),
            tenant: String::new(),
            group: String::new(),
            preemptible: true,
            spot_ok: false,
            ckpt: None,
            ckpt_cost: Span::ZERO,
            restart: Span::ZERO,
            topo_mode: TopoMode::None,
            topo_level: None,
            slice_size: None,
            max_per_node: 0,
            outcome: Outcome::Completed,
            fail_at: None,
            censored: Censored::None,
            obs_start: None,
            obs_end: None,
            obs_nodes: None,
            attempts: None,
            util: [None; 5],
            util_profile: None,
            private: Vec::new(),
        }
    }
}

/// One row of `nodes.csv`: a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeRow {
    /// 1-based line it was read from; 0 when it was made.
    pub line: u64,
    /// Unique name.
    pub node: String,
    /// Node pool.
    pub pool: String,
    /// GPU model; empty for a CPU node.
    pub gpu_model: String,
    /// GPUs.
    pub gpu: u32,
    /// Memory per GPU, MiB; `None` = from the catalogue.
    pub gpu_mem_mib: Option<u32>,
    /// MIG can be enabled.
    pub mig_capable: bool,
    /// Name of the MIG layout.
    pub mig_layout: String,
    /// Replicas per GPU when it is shared.
    pub share_replicas: u32,
    /// CPU, milli-cores. `None` = not recorded: CPU then limits nothing on this node.
    pub cpu_milli: Option<u64>,
    /// Memory, MiB. `None` = not recorded: memory then limits nothing on this node.
    pub mem_mib: Option<u64>,
    /// NVLink domain.
    pub nvlink_domain: String,
    /// NVLink bandwidth per GPU, GB/s.
    pub nvlink_gbps: f32,
    /// NICs.
    pub nic_count: u32,
    /// Bandwidth per NIC, Gb/s.
    pub nic_gbps: f32,
    /// Zone.
    pub zone: String,
    /// Block.
    pub block: String,
    /// Rack.
    pub rack: String,
    /// Labels `k=v;k=v`.
    pub labels: String,
    /// Taints, as written.
    pub taints: String,
    /// Spot capacity.
    pub spot: bool,
    /// On-demand price, USD/h.
    pub price_od_h: Option<f64>,
    /// Spot price, USD/h.
    pub price_spot_h: Option<f64>,
    /// Exists from.
    pub from: Option<Time>,
    /// Exists until.
    pub to: Option<Time>,
    /// By GPU, in thousandths: how many times as long a job takes on it; empty = not known.
    pub variability: Vec<u32>,
    /// Private columns (`x_…`), in file order, as written.
    pub private: Vec<(String, String)>,
}
