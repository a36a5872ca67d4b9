//! Arguments of `gpusched kueue`.

use super::{FidelityArg, FormatArg};
use clap::{Args, Subcommand};
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
Errors are what the API server would refuse, or what would make decisions differ from Kueue's;
findings of rules are legal. `--rules` lists them.

EXAMPLES:
  gpusched kueue lint --manifests queues/
  gpusched kueue lint --manifests queues/ --strict     in CI: findings fail, too
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

    /// List the rules instead
    #[arg(long, conflicts_with = "manifests")]
    pub(crate) rules: bool,
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

    /// What takes time besides the work: nothing, or scheduler, API server and pods that have to
    /// leave [default: ideal]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) fidelity: Option<FidelityArg>,
}
