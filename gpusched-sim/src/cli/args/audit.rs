//! Arguments of `gpusched audit`.

use super::FormatArg;
use clap::{Args, ValueEnum};

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched audit schedule.csv --capacity 64 --policy easy
  gpusched audit result/jobs.csv --cluster cluster.csv     our own, node by node
  gpusched audit schedule.csv --capacity A100=64,T4=32 --quota red=32,blue=16
  gpusched audit jobs.csv --capacity 512 --format csv      a trace: only its load

The file is a CSV with a header: job, submit_s, start_s, finish_s (or run_s), gpus, and where known
estimate_s, queue, gpu_model, nodes as `a[0-3];b[0,2]`. The exit code is 1 if anything is found.")]
pub(crate) struct AuditArgs {
    /// The schedule; `-` = standard input
    #[arg(value_name = "FILE")]
    pub(crate) schedule: String,
    /// GPUs there are, or those of each model
    #[arg(long, value_name = "N|MODEL=N,…", required_unless_present = "cluster")]
    pub(crate) capacity: Option<String>,
    /// The machines, for node by node checks: a file, or written out such as `16x8:A100`
    #[arg(long, value_name = "FORMAT:PATH", conflicts_with = "capacity")]
    pub(crate) cluster: Option<String>,
    /// GPUs each queue may hold
    #[arg(long, value_name = "QUEUE=N,…")]
    pub(crate) quota: Option<String>,
    /// The order jobs should have been started in; without it only what is held is checked
    #[arg(long, value_enum, value_name = "POLICY")]
    pub(crate) policy: Option<OrderArg>,
    /// Findings of each kind to print
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) most: usize,
    /// How to print it [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FormatArg>,
}

/// An order that can be checked.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderArg {
    /// Nobody overtakes
    Fifo,
    /// Backfilling that never delays the first in the queue
    Easy,
}
