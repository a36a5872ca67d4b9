//! What may be typed: raw arguments, without a meaning yet.
//!
//! Flags that several verbs share are declared once, in groups. [`RunArgs::flags`] turns
//! them into the keys of a [`Scenario`], which have the same names.

mod audit;
mod catalog;
mod dra;
mod export;
mod kueue;
mod provision;
mod report;
mod sweep;
mod topo;
mod trace;

pub(crate) use audit::{AuditArgs, OrderArg};
pub(crate) use catalog::CatalogArgs;
pub(crate) use dra::{
    DraAllocateArgs, DraFormatArg, DraModeArg, DraPublishArgs, DraVerb, DraVerbArgs,
};
pub(crate) use export::{DiffArgs, ExportArgs, ExportFormat};
pub(crate) use kueue::{
    AnswerFormatArg, KueueAdmitArgs, KueueExplainArgs, KueueLintArgs, KueueRunArgs, KueueVerb,
    KueueVerbArgs, KueueWaitArgs,
};
pub(crate) use provision::{ProvisionVerb, ProvisionVerbArgs, WhatIfArgs};
pub(crate) use report::ReportArgs;
pub(crate) use sweep::{MergeArgs, SchemaArg, SchemaArgs, SweepArgs};
pub(crate) use topo::{
    DrawingArg, TopoExportArgs, TopoScoreArgs, TopoShowArgs, TopoVerb, TopoVerbArgs, TopoWhat,
};
pub(crate) use trace::{
    ConvertArgs, GenerateArgs, InfoArgs, TraceVerb, TraceVerbArgs, ValidateArgs,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use gpusched_core::gpu::mig::MigStrategy;
use gpusched_sim::engine::Discipline;
use gpusched_sim::metrics::Split;
use gpusched_sim::scenario::{AttemptsKey, FidelityKey, Format, Scenario, Seconds, SwfProcsKey};
use std::path::PathBuf;

/// Reads a whole number, and says so when it is none.
fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    match text.parse::<u64>() {
        Ok(number) => T::try_from(number).map_err(|_| "too large".to_owned()),
        Err(_) => Err("not a whole number of 0 or more".to_owned()),
    }
}

/// Replay GPU-cluster traces against the scheduler you are about to deploy.
#[derive(Parser)]
#[command(name = "gpusched", version, max_term_width = 100)]
#[command(after_help = "EXAMPLES:
  gpusched run                                       replay the built-in sample
  gpusched compare --queueing fifo,easy,sjf          which queueing policy waits least?
  gpusched compare --placement all                   and which placement policy?
  gpusched run --trace itp:cluster02.csv --cluster 16x8:A100-SXM4-80GB --out result
  gpusched explain result 4711                       why did this job wait?

EXIT CODES: 0 done · 1 the run failed or was interrupted · 2 the input was bad")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Replay a trace on a cluster with one queueing and one placement policy
    Run(RunArgs),
    /// Replay one trace with many policies and put the results side by side
    Compare(CompareArgs),
    /// Make a page to look at from results: one HTML file that needs nothing else
    Report(ReportArgs),
    /// Run an experiment: many combinations, many seeds, one table
    Sweep(SweepArgs),
    /// Make one directory of results out of the shards of a sweep
    Merge(MergeArgs),
    /// Tell the story of one job: when it came, what it waited for, where it ran
    Explain(ExplainArgs),
    /// Look at, check, convert and generate traces
    Trace(TraceVerbArgs),
    /// List and describe the policies
    Policy(PolicyVerbArgs),
    /// Look at MIG boards, and check the layouts of a mig-parted file
    Mig(MigVerbArgs),
    /// Look at topologies: boards and fabrics, what is wrong with them, scores, drawings
    Topo(TopoVerbArgs),
    /// Look at Kueue's queues and quotas in manifests and dumps
    Kueue(KueueVerbArgs),
    /// Look at devices and claims of Dynamic Resource Allocation
    Dra(DraVerbArgs),
    /// Check a schedule, ours or another system's: capacity, quotas, order, load
    Audit(AuditArgs),
    /// Say where two runs part, and whom it moved
    Diff(DiffArgs),
    /// Write the schedule of a run for other tools: Perfetto, Batsim
    Export(ExportArgs),
    /// Look at which nodes Karpenter would make, keep and consolidate, and why
    Provision(ProvisionVerbArgs),
    /// List cloud instance types with GPUs, and what they cost
    Catalog(CatalogArgs),
    /// Fit the laws of GPU sharing to measurements of your own
    Calibrate(CalibrateArgs),
    /// Print the JSON Schema of scenario and experiment files
    Schema(SchemaArgs),
    /// Print a completion script for your shell
    Completions(CompletionsArgs),
}

#[derive(Args)]
#[command(
    after_help = "A flag says the same as the key of that name in a scenario. With both, \
flags win for policies,
sharing, fidelity, delays of pods, seed, discipline, horizon, out and format; for what is replayed they may only add to it.
Relative paths in a scenario count from the directory of the scenario file.

EXAMPLES:
  gpusched run                                       replay the built-in sample
  gpusched run --queueing easy --placement fgd       … with other policies
  gpusched run scenario.yaml --seed 7 --out result   replay a scenario, keep the results
  gpusched run --trace philly:jobs.csv --cluster 64x8:V100-SXM2-32GB
  gpusched run --trace mytrace/ --format json        a directory with jobs.csv and nodes.csv
  gpusched run --queueing kueue --manifests queues/ --trace mytrace/    against Kueue's quotas"
)]
pub(crate) struct RunArgs {
    /// Scenario file (YAML); `gpusched schema` prints what may stand in it
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// Who starts next; see `gpusched policy list`; `kueue` needs --manifests [default: fifo]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) queueing: Option<String>,

    /// On which machine; also sums such as `pwr:0.2+fgd:0.8` [default: best-fit]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) placement: Option<String>,

    /// How GPUs are shared: recorded, exclusive, mps:N, timeslice:N (N replicas of each device),
    /// mig:LAYOUT (such as mig:all-balanced, or mig:FILE#NAME), mig:dynamic, mig:batched,
    /// vgpu:TYPE, plugin:FILE (configuration of NVIDIA's device plugin) [default: recorded]
    #[arg(long, value_name = "MODE", help_heading = "Policies")]
    pub(crate) sharing: Option<String>,

    /// On which GPU and at which slot a MIG instance goes [default: best-fit-slots]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) mig_placement: Option<String>,

    /// Which machines exist: static, reactive (launched when jobs wait), or rented by karpenter,
    /// cluster-autoscaler, cluster-autoscaler:EXPANDER or oracle [default: static]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) provisioning: Option<String>,

    /// What the network costs: ideal, level, flow, gavel, blox or across:F [default: ideal]
    #[arg(long, value_name = "MODEL", help_heading = "Policies")]
    pub(crate) network: Option<String>,

    #[command(flatten)]
    pub(crate) kueue: KueueRunArgs,

    #[command(flatten)]
    pub(crate) rest: RestArgs,

    /// Directory for summary.json, jobs.csv, series.csv, waits.csv, occupancy.csv and scenario.yaml
    /// (and mig_holes.csv where MIG cuts GPUs); with Kueue summary.json, workloads.csv, queues.csv
    /// and scenario.yaml
    #[arg(long, value_name = "DIR", help_heading = "Results")]
    pub(crate) out: Option<PathBuf>,
}

impl RunArgs {
    /// What the flags say.
    pub(crate) fn flags(&self) -> Scenario {
        Scenario {
            queueing: self.queueing.clone(),
            placement: self.placement.clone(),
            sharing: self.sharing.clone(),
            provisioning: self.provisioning.clone(),
            network: self.network.clone(),
            mig_placement: self.mig_placement.clone(),
            manifests: self.kueue.manifests.clone(),
            queue_map: self.kueue.queue_map.clone(),
            fidelity: self.kueue.fidelity.map(Into::into),
            pods_ready_delay: self.kueue.pods_ready_delay.clone(),
            out: self.out.clone(),
            ..scenario(&self.input, &self.rest)
        }
    }
}

#[derive(Args)]
#[command(
    after_help = "Every queueing policy is tried with every placement policy and sharing mode, \
in the order given.
What is not given is taken from the scenario, or is the default. The result does not depend on
--threads.

EXAMPLES:
  gpusched compare --queueing fifo,easy,conservative      three queueing policies on the sample
  gpusched compare --placement all                        every placement policy
  gpusched compare --sharing exclusive,mps:4,timeslice:4  whole GPUs, or shared, and how?
  gpusched compare --sharing mig:all-balanced,mig:dynamic \
                   --mig-placement device-plugin-distributed,dra-name-order,min-fragmentation
  gpusched compare --queueing all --trace mytrace/ --format csv > results.csv
  gpusched compare scenario.yaml --placement best-fit,fgd,pwr:0.2+fgd:0.8"
)]
pub(crate) struct CompareArgs {
    /// Scenario file (YAML) that says what is replayed
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// Queueing policies to try, or `all`
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub(crate) queueing: Vec<String>,

    /// Placement policies to try, or `all`
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub(crate) placement: Vec<String>,

    /// Ways to share GPUs to try: recorded, exclusive, mps:N, timeslice:N, mig:LAYOUT, mig:dynamic,
    /// mig:batched
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub(crate) sharing: Vec<String>,

    /// MIG placement policies to try, with each sharing mode they can serve
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub(crate) mig_placement: Vec<String>,

    /// Provisioning policies to try, or `all`
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        help_heading = "Policies"
    )]
    pub(crate) provisioning: Vec<String>,

    /// Models of the network to try; `level` and `flow` may have several factors, such as
    /// `ideal,level:rack=2,block=4,flow`
    #[arg(long, value_name = "A,B,…", help_heading = "Policies")]
    pub(crate) network: Vec<String>,

    #[command(flatten)]
    pub(crate) rest: RestArgs,

    /// Replay traces drawn from this one, by days, weeks or users, and print how sure the
    /// differences are [default number of draws: 50]
    #[arg(long, value_name = "UNIT[:N]", help_heading = "Statistics")]
    pub(crate) resample: Option<String>,

    /// Compare the same jobs under each policy, days, weeks or users taken as wholes, and print
    /// how sure the differences are; nothing is replayed twice
    #[arg(
        long,
        value_name = "UNIT",
        conflicts_with = "resample",
        help_heading = "Statistics"
    )]
    pub(crate) blocks: Option<String>,

    /// Whom to compare the others with, by its name in the table [default: the first]
    #[arg(long, value_name = "POLICY", help_heading = "Statistics")]
    pub(crate) baseline: Option<String>,

    /// Runs at the same time [default: one per processor]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>, value_name = "N", help_heading = "Running")]
    pub(crate) threads: Option<usize>,

    /// Directory for the results of each run, as `run --out` writes them, in a folder of its own
    #[arg(long, value_name = "DIR", help_heading = "Results")]
    pub(crate) out: Option<PathBuf>,
}

impl CompareArgs {
    /// What the flags say, but for the policies.
    pub(crate) fn flags(&self) -> Scenario {
        Scenario {
            out: self.out.clone(),
            ..scenario(&self.input, &self.rest)
        }
    }
}

/// What is replayed.
#[derive(Args)]
pub(crate) struct InputArgs {
    #[command(flatten)]
    pub(crate) trace: TraceArgs,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// How the machines are wired: FILE.yaml, slurm:FILE, lingjun:FILE, nodes:PATH, or
    /// preset:NAME[,PARAM=…] such as preset:leaf-spine,nodes-per-leaf=32
    #[arg(long, value_name = "TOPOLOGY", help_heading = "What is replayed")]
    pub(crate) topology: Option<String>,

    /// Which queue is promised which cells, for `--placement hived`
    #[arg(long, value_name = "FILE", help_heading = "What is replayed")]
    pub(crate) virtual_clusters: Option<PathBuf>,
}

/// What else `run` and `compare` have in common.
#[derive(Args)]
pub(crate) struct RestArgs {
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// How to print the result [default: table]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Results")]
    pub(crate) format: Option<FormatArg>,
}

fn scenario(input: &InputArgs, rest: &RestArgs) -> Scenario {
    Scenario {
        trace: input.trace.trace.clone(),
        cluster: input.cluster.cluster.clone(),
        topology: input.topology.clone(),
        virtual_clusters: input.virtual_clusters.clone(),
        overcommit: rest.policy.overcommit.then_some(true),
        job_profile: rest.policy.job_profile.clone(),
        fault_rate: rest.policy.fault_rate,
        licence_price: rest.policy.licence_price,
        energy_price: rest.policy.energy_price,
        cost_split: rest.policy.cost_split.map(Into::into),
        profile: rest.policy.profile.clone(),
        boot: rest.policy.boot,
        cloud: rest.policy.cloud.clone(),
        spot_for: rest.policy.spot_for.clone(),
        spot_share: rest.policy.spot_share,
        idle_timeout: rest.policy.idle_timeout,
        gpu_price: rest.policy.gpu_price,
        device_policy: rest.policy.device_policy.clone(),
        scheduler_config: rest.policy.scheduler_config.clone(),
        scheduler_ties: rest.policy.scheduler_ties.clone(),
        seed: rest.policy.seed,
        discipline: rest.policy.discipline.map(Into::into),
        horizon: rest.policy.horizon,
        format: rest.format.map(Into::into),
        ..rest.read.scenario()
    }
}

#[derive(Args)]
pub(crate) struct TraceArgs {
    /// The jobs; the format may be left out where it can be told from the file
    #[arg(long, value_name = "FORMAT:PATH", help_heading = "What is replayed")]
    pub(crate) trace: Option<String>,
}

#[derive(Args)]
pub(crate) struct ClusterArgs {
    /// The machines: a file, or written out such as `16x8:A100-SXM4-80GB+4x2:T4`
    #[arg(long, value_name = "FORMAT:PATH", help_heading = "What is replayed")]
    pub(crate) cluster: Option<String>,
}

#[derive(Args)]
pub(crate) struct MigVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: MigVerb,
}

#[derive(Subcommand)]
pub(crate) enum MigVerb {
    /// List the boards and their profiles, and how far each table was checked
    Boards,
    /// Profiles of one board: slots, legal starts, SMs, usable memory
    Show {
        /// Board, such as A100-40GB, or a GPU model
        board: String,
    },
    /// Check that a node can have a layout; show it slot by slot, and what Kubernetes sees of it
    #[command(after_help = "EXAMPLES:
  gpusched mig check --board A100-40GB --config all-balanced
  gpusched mig check config.yaml --board H100-80GB-SXM --gpus 8
  gpusched mig check config.yaml --board A30-24GB --plugin-config plugin.yaml")]
    Check {
        /// mig-parted file, or the ConfigMap that holds it; without it the names mig-parted makes
        file: Option<String>,
        /// One configuration of the file [default: all of them; all-balanced without a file]
        #[arg(long, value_name = "NAME")]
        config: Option<String>,
        /// Board of the node's GPUs
        #[arg(long)]
        board: String,
        /// GPUs of the node [default: 8]
        #[arg(long, value_name = "N")]
        gpus: Option<usize>,
        /// Configuration of NVIDIA's device plugin: MIG strategy, and sharing on top
        #[arg(long, value_name = "FILE")]
        plugin_config: Option<String>,
        /// How instances become resources [default: of the plugin's file, or mixed]
        #[arg(long, value_enum, value_name = "HOW")]
        strategy: Option<StrategyArg>,
    },
}

/// How MIG instances become resources.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum StrategyArg {
    None,
    Single,
    Mixed,
}

impl From<StrategyArg> for MigStrategy {
    fn from(arg: StrategyArg) -> MigStrategy {
        match arg {
            StrategyArg::None => MigStrategy::None,
            StrategyArg::Single => MigStrategy::Single,
            StrategyArg::Mixed => MigStrategy::Mixed,
        }
    }
}

/// How the price of a machine is shared between its parts.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SplitArg {
    Gpu,
    Opencost,
}

impl From<SplitArg> for Split {
    fn from(arg: SplitArg) -> Split {
        match arg {
            SplitArg::Gpu => Split::Gpu,
            SplitArg::Opencost => Split::Opencost,
        }
    }
}

#[derive(Args)]
pub(crate) struct PolicyArgs {
    /// Which devices of a node a pod of whole GPUs gets [default: index]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) device_policy: Option<String>,

    /// What jobs exchange, for level and flow: a profile such as llm-7b:tp=4, or a CSV file
    #[arg(long, value_name = "PROFILE", help_heading = "Policies")]
    pub(crate) job_profile: Option<String>,

    /// KubeSchedulerConfiguration, for `--placement kube-scheduler` [default: that of 1.36]
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    pub(crate) scheduler_config: Option<PathBuf>,

    /// Which of equally good nodes kube-scheduler takes: heap, uniform or first [default: as its
    /// release]
    #[arg(long, value_name = "HOW", help_heading = "Policies")]
    pub(crate) scheduler_ties: Option<String>,

    /// Under time-slicing: let pods in without a look at device memory; the last to allocate dies
    #[arg(long, help_heading = "Policies")]
    pub(crate) overcommit: bool,

    /// Fatal faults per hour a pod runs; under MPS one ends all on the device [default: 0]
    #[arg(
        long,
        value_name = "RATE",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) fault_rate: Option<f64>,

    /// Where machines are rented: types, boots, spot market, pools [default: prices of AWS]
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    pub(crate) cloud: Option<PathBuf>,

    /// Jobs that may run on rented spot machines, such as `queue=batch,priority<0` [default: trace]
    #[arg(long, value_name = "RULE", help_heading = "Policies")]
    pub(crate) spot_for: Option<String>,

    /// Share of all jobs that may run on rented spot machines besides [default: 0]
    #[arg(
        long,
        value_name = "SHARE",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) spot_share: Option<f64>,

    /// Seconds from the launch of a machine until it takes pods [default: 180]
    #[arg(long, value_name = "SECONDS", help_heading = "Policies")]
    pub(crate) boot: Option<Seconds>,

    /// With reactive machines: seconds one may idle before it is given back [default: 600]
    #[arg(long, value_name = "SECONDS", help_heading = "Policies")]
    pub(crate) idle_timeout: Option<Seconds>,

    /// USD per kWh, for the modelled power of the machines
    #[arg(
        long,
        value_name = "USD",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) energy_price: Option<f64>,

    /// Whose the price of a machine is in the costs of jobs [default: gpu]
    #[arg(long, value_enum, value_name = "SPLIT", help_heading = "Policies")]
    pub(crate) cost_split: Option<SplitArg>,

    /// USD per GPU and hour of machines without a price of their own
    #[arg(
        long,
        value_name = "USD",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) gpu_price: Option<f64>,

    /// Price of software licences, USD per GPU and year
    #[arg(
        long,
        value_name = "USD",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) licence_price: Option<f64>,

    /// Profile written by `gpusched calibrate`: measured speeds go before the laws of sharing
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    pub(crate) profile: Option<PathBuf>,

    /// Seed of faults, placement policies that draw lots and delays of pods [default: 0]
    #[arg(
        value_parser = whole::<u64>,
        long,
        value_name = "N",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) seed: Option<u64>,

    /// What happens first when several things happen at one instant [default: batched]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Running")]
    pub(crate) discipline: Option<DisciplineArg>,

    /// Stop at this second of the trace
    #[arg(
        long,
        value_name = "SECONDS",
        help_heading = "Running",
        allow_negative_numbers = true
    )]
    pub(crate) horizon: Option<Seconds>,
}

/// How traces are read.
#[derive(Args)]
#[command(next_help_heading = "Reading traces")]
pub(crate) struct ReadArgs {
    /// GPUs of the largest pod, where a format gives only a job's total [default: 8]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>, value_name = "N")]
    pub(crate) gpus_per_pod: Option<u32>,

    /// Run times of 0: error, drop, keep or clamp:SECONDS [default: error]
    #[arg(long, value_name = "HOW")]
    pub(crate) zero_run: Option<String>,

    /// Leave unusable rows out and count them; let jobs wait that can never run
    #[arg(long)]
    pub(crate) lenient: bool,

    /// Leave jobs without a GPU out
    #[arg(long)]
    pub(crate) gpu_only: bool,

    /// Leave jobs of other queues out
    #[arg(long, value_name = "QUEUE")]
    pub(crate) queue_only: Option<String>,

    /// Read this many rows only
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>, value_name = "ROWS")]
    pub(crate) limit: Option<u64>,

    /// Which attempts of a job count (philly-json) [default: sum]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(crate) attempts: Option<AttemptsArg>,

    /// What a processor is (swf) [default: cpu]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) swf_procs: Option<SwfProcsArg>,

    /// Throughput table (gavel)
    #[arg(long, value_name = "PATH")]
    pub(crate) throughputs: Option<PathBuf>,

    /// Zone of times without an offset, such as America/Los_Angeles
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
}

impl ReadArgs {
    /// What the flags say.
    pub(crate) fn scenario(&self) -> Scenario {
        Scenario {
            gpus_per_pod: self.gpus_per_pod,
            zero_run: self.zero_run.clone(),
            lenient: self.lenient.then_some(true),
            gpu_only: self.gpu_only.then_some(true),
            queue_only: self.queue_only.clone(),
            limit: self.limit,
            attempts: self.attempts.map(Into::into),
            swf_procs: self.swf_procs.map(Into::into),
            throughputs: self.throughputs.clone(),
            timezone: self.timezone.clone(),
            ..Scenario::default()
        }
    }
}

/// Values with a fixed set of words: the words of the scenario, as clap wants them declared. What
/// they mean is in `gpusched schema`; here it would blow the help up to several lines a flag.
macro_rules! words {
    ($($arg:ident => $key:ident { $($word:ident),* })*) => {
        $(#[derive(Clone, Copy, ValueEnum)]
        pub(crate) enum $arg { $($word),* }

        impl From<$arg> for $key {
            fn from(arg: $arg) -> $key {
                match arg { $($arg::$word => $key::$word),* }
            }
        })*
    };
}

words! {
    FormatArg => Format { Table, Json, Csv }
    DisciplineArg => Discipline { Batched, PerEvent }
    FidelityArg => FidelityKey { Ideal, ControlPlane }
    AttemptsArg => AttemptsKey { Sum, Last, First }
    SwfProcsArg => SwfProcsKey { Gpu, Cpu }
}

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched run --out result
  gpusched explain result j17")]
pub(crate) struct ExplainArgs {
    /// Directory written by `gpusched run --out`
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// Name of the job in the trace
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
}

#[derive(Args)]
#[command(
    after_help = "FILE is CSV with the columns device, job, mode (alone, mps or time-slicing), \
share (1 for the whole device,
3/7 for three slices of seven), with (the others there, separated by `;`) and step_s (seconds per \
step).
Two shares per job give the slice law, a third its error; every job should be in a few pairs.

EXAMPLES:
  gpusched calibrate measured.csv                    print the profile (YAML)
  gpusched calibrate measured.csv -o profile.yaml    keep it, and print its held-out errors"
)]
pub(crate) struct CalibrateArgs {
    /// Measurements
    #[arg(value_name = "FILE")]
    pub(crate) file: String,

    /// Where the profile goes [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Seed of the folds that errors are measured on [default: 0]
    #[arg(long, value_parser = whole::<u64>, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct PolicyVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: PolicyVerb,
}

#[derive(Subcommand)]
pub(crate) enum PolicyVerb {
    /// List every policy, one line each
    List {
        /// How to print them [default: table]
        #[arg(long, value_enum, value_name = "FORMAT")]
        format: Option<FormatArg>,
    },
    /// Say exactly what a policy does, and where the rule comes from
    #[command(
        after_help = "EXAMPLES:\n  gpusched policy describe easy\n  gpusched policy describe fgd"
    )]
    Describe {
        /// Name of the policy
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched completions bash > ~/.local/share/bash-completion/completions/gpusched
  gpusched completions zsh > ~/.zfunc/_gpusched")]
pub(crate) struct CompletionsArgs {
    /// Your shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
