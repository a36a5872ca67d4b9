//! What the verbs that replay have in common: what is replayed, how files are read, how results
//! are printed.

use super::words::{AttemptsArg, FormatArg, SwfProcsArg};
use super::{PolicyArgs, whole};
use clap::Args;
use gpusched_sim::scenario::Scenario;
use std::path::PathBuf;

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

impl RestArgs {
    /// What the flags say.
    pub(crate) fn scenario(&self, input: &InputArgs) -> Scenario {
        Scenario {
            trace: input.trace.trace.clone(),
            cluster: input.cluster.cluster.clone(),
            topology: input.topology.clone(),
            virtual_clusters: input.virtual_clusters.clone(),
            overcommit: self.policy.overcommit.then_some(true),
            job_profile: self.policy.job_profile.clone(),
            fault_rate: self.policy.fault_rate,
            licence_price: self.policy.licence_price,
            energy_price: self.policy.energy_price,
            cost_split: self.policy.cost_split.map(Into::into),
            profile: self.policy.profile.clone(),
            boot: self.policy.boot,
            cloud: self.policy.cloud.clone(),
            spot_for: self.policy.spot_for.clone(),
            spot_share: self.policy.spot_share,
            idle_timeout: self.policy.idle_timeout,
            gpu_price: self.policy.gpu_price,
            device_policy: self.policy.device_policy.clone(),
            scheduler_config: self.policy.scheduler_config.clone(),
            scheduler_ties: self.policy.scheduler_ties.clone(),
            seed: self.policy.seed,
            discipline: self.policy.discipline.map(Into::into),
            horizon: self.policy.horizon,
            format: self.format.map(Into::into),
            ..self.read.scenario()
        }
    }
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
