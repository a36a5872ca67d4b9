//! Arguments of `gpusched kueue`.

use super::{FidelityArg, FormatArg, ReadArgs, whole};
use clap::{Args, Subcommand, ValueEnum};
use gpusched_sim::scenario::Seconds;
use std::path::PathBuf;

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct KueueVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: KueueVerb,
}

#[derive(Subcommand)]
pub(crate) enum KueueVerb {
    /// Show the quota trees: who owns, uses, borrows and lends how much
    Explain(KueueExplainArgs),
    /// Say what becomes of one job: admitted where, preempting whom, or pending why
    Admit(KueueAdmitArgs),
    /// Estimate how long one job will wait, from sampled futures
    Wait(Box<KueueWaitArgs>),
    /// Find what is wrong with manifests, or legal and probably not meant
    Lint(KueueLintArgs),
}

/// What is read.
#[derive(Args)]
pub(crate) struct ManifestArgs {
    /// Folder of manifests (*.yaml, *.yml, *.json), or one file; also what
    /// `kubectl get -o yaml` prints
    #[arg(long, value_name = "DIR")]
    pub(crate) manifests: PathBuf,
}

#[derive(Args)]
#[command(after_help = "\
A queue owns its nominal quota. What it uses beyond is borrowed from its cohort; what of its own
it cannot have now, because others hold it, is lent. Available is what it could still use without
preemption, borrowing included. Use is that of Workloads with a quota reservation.

EXAMPLES:
  gpusched kueue explain --manifests queues/
  kubectl get clusterqueues,cohorts,resourceflavors,localqueues,workloads -A -o yaml > live.yaml
  gpusched kueue explain --manifests live.yaml")]
pub(crate) struct KueueExplainArgs {
    #[command(flatten)]
    pub(crate) input: ManifestArgs,

    /// How to print the trees [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FormatArg>,
}

#[derive(Args)]
#[command(after_help = "\
Two questions are answered with the rules of Kueue: what would become of the job if it was the head
of its queue now, and what becomes of it in the next cycles, when those ahead have their turn. In
these cycles nobody arrives or finishes, and whoever has to leave is gone at once.
A job the manifests hold already is asked about as they have it; `--at-queue` asks what another
queue would do with it.

EXAMPLES:
  gpusched kueue admit --manifests queues/ -f job.yaml
  gpusched kueue admit --manifests live.yaml -f job.yaml --at-queue research/papers
  kubectl get clusterqueues,cohorts,resourceflavors,localqueues,workloads -A -o yaml > live.yaml
  gpusched kueue admit --manifests live.yaml -f job.yaml --format json | jq .next.answer

EXIT CODES: 0 admitted or preempting in the next cycles · 1 pending · 2 the input was bad")]
pub(crate) struct KueueAdmitArgs {
    #[command(flatten)]
    pub(crate) input: ManifestArgs,

    /// File with the one Workload, Job or JobSet to ask about
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub(crate) job: PathBuf,

    /// LocalQueue to submit it to instead of its own
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) at_queue: Option<String>,

    /// How to print the answers [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<AnswerFormatArg>,
}

#[derive(Args)]
#[command(after_help = "\
A future is one draw of what is not known, replayed with the rules of Kueue until the job is
admitted: who runs now goes on as long as a job like it in the trace that ran longer than it has,
and others come as they came on days of the trace, drawn at the same time of day. The answer holds
if the future is like the trace. Times are of the first admission; what the job does then, and
whether it is evicted, is not looked at. The interval of a quantile says what more samples would
change, not how good the model is.

EXAMPLES:
  gpusched kueue wait --manifests live.yaml -f job.yaml --trace mytrace/
  kubectl get clusterqueues,cohorts,resourceflavors,localqueues,workloads -A -o yaml > live.yaml
  gpusched kueue wait --manifests live.yaml -f job.yaml --trace kueue:live.yaml   from its own past
  gpusched kueue wait --manifests live.yaml -f job.yaml --trace mytrace/ --format csv > waits.csv

EXIT CODES: 0 estimated · 1 it can never be admitted as things are · 2 the input was bad")]
pub(crate) struct KueueWaitArgs {
    #[command(flatten)]
    pub(crate) input: ManifestArgs,

    /// File with the one Workload, Job or JobSet to ask about
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub(crate) job: PathBuf,

    /// LocalQueue to submit it to instead of its own
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) at_queue: Option<String>,

    /// Jobs that came and how long they ran, such as those of the last weeks
    #[arg(long, value_name = "FORMAT:PATH")]
    pub(crate) trace: String,

    /// Only the jobs from one second of the trace to another [default: all of it]
    #[arg(long, value_name = "FROM:TO")]
    pub(crate) window: Option<String>,

    /// CSV queue,local_queue: where jobs of a queue of the trace go (NAMESPACE/NAME) [default:
    /// the LocalQueue of that name; jobs without a queue go by user, else by tenant]
    #[arg(long, value_name = "FILE")]
    pub(crate) queue_map: Option<PathBuf>,

    /// Futures to follow [default: 500]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>, value_name = "N")]
    pub(crate) samples: Option<u32>,

    /// How far to follow them, in seconds [default: 604800, a week]
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS")]
    pub(crate) horizon: Option<Seconds>,

    /// Seed of all draws [default: 0]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// When the manifests were dumped, such as 2026-03-02T08:00:00Z [default: a second after the
    /// latest time in them]
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,

    #[command(flatten)]
    pub(crate) delays: DelayArgs,

    /// Futures to follow at the same time [default: one per processor]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>, value_name = "N")]
    pub(crate) threads: Option<usize>,

    /// How to print the estimate; csv is the wait in each future [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FormatArg>,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormatArg {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

#[derive(Args)]
#[command(after_help = "\
Errors are what the API server would refuse, or what would make decisions differ from Kueue's;
findings of rules are legal. `--rules` lists them.

EXAMPLES:
  gpusched kueue lint --manifests queues/
  gpusched kueue lint --manifests queues/ --strict     in CI: findings fail, too
  gpusched kueue lint --manifests queues/ --simulate   can queues preempt each other for ever?
  gpusched kueue lint --rules

EXIT CODES: 0 no errors (with --strict: no findings either) · 2 otherwise")]
pub(crate) struct KueueLintArgs {
    /// Folder of manifests (*.yaml, *.yml, *.json), or one file; also what
    /// `kubectl get -o yaml` prints
    #[arg(long, value_name = "DIR", required_unless_present = "rules")]
    pub(crate) manifests: Option<PathBuf>,

    /// Let warnings and findings end with exit code 2
    #[arg(long)]
    pub(crate) strict: bool,

    /// Also look for preemption that goes on for ever, by simulating small workloads
    #[arg(long, conflicts_with = "rules")]
    pub(crate) simulate: bool,

    /// List the rules instead
    #[arg(long, conflicts_with = "manifests")]
    pub(crate) rules: bool,
}

/// What takes time under Kueue.
#[derive(Args)]
pub(crate) struct DelayArgs {
    /// What takes time besides the work: nothing, or scheduler, API server and pods that have to
    /// leave [default: ideal]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) fidelity: Option<FidelityArg>,

    /// From admission until all pods are ready and work begins: seconds, or several with weights
    /// such as `30@9,never`; waitForPodsReady of the manifests applies [default: 0]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(crate) pods_ready_delay: Option<String>,
}

/// What `gpusched run --queueing kueue` needs besides.
#[derive(Args)]
#[command(next_help_heading = "With --queueing kueue")]
pub(crate) struct KueueRunArgs {
    /// Folder of manifests (*.yaml, *.yml, *.json), or one file: queues, quotas, flavors, nodes
    #[arg(long, value_name = "DIR")]
    pub(crate) manifests: Option<PathBuf>,

    /// CSV queue,local_queue: where jobs of a queue of the trace go (NAMESPACE/NAME) [default:
    /// the LocalQueue of that name; jobs without a queue go by user, else by tenant]
    #[arg(long, value_name = "FILE")]
    pub(crate) queue_map: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) delays: DelayArgs,
}
