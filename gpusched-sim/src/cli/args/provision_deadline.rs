//! Arguments of `gpusched provision deadline`.

use super::{AnswerFormatArg, whole};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "\
The job does its work on one instance, begins a changeover at every start of an instance, loses
what it holds when the series says so, and is put on on-demand in time for its deadline (not under
spot-only). It starts at many instants spread evenly over each series; costs are means. The bound
is what no schedule can undercut, even one that knows the series. Rules and sources of the
policies: greedy takes spot while it is there; uniform-progress keeps to an even pace (Wu et al.,
NSDI 2024).

EXAMPLES:
  gpusched provision deadline --series zones.csv --polarity available --work-h 48 --deadline-h 52
  gpusched provision deadline --series us-west-2a.json --polarity available --work-h 48 \\
    --deadline-h 60 --changeover-h 0.2 --spot-price 0.97 --on-demand-price 3.06 --save-s 120")]
pub(crate) struct DeadlineArgs {
    /// Recorded availability: CSV of run-length coded series, or one series of JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) series: PathBuf,

    /// What a one of the series stands for; published copies disagree, so it has to be said
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) polarity: PolarityArg,

    /// Only series whose name holds this
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,

    /// Hours the job takes on an instance that is never lost
    #[arg(long, value_name = "HOURS")]
    pub(crate) work_h: String,

    /// Hours from its start within which it has to be done
    #[arg(long, value_name = "HOURS")]
    pub(crate) deadline_h: String,

    /// Hours lost at each start of an instance: boot, and going on from a checkpoint [default: 0.2]
    #[arg(long, value_name = "HOURS")]
    pub(crate) changeover_h: Option<String>,

    /// USD per hour on spot [default: 0.9731, a V100 of AWS]
    #[arg(long, value_name = "USD")]
    pub(crate) spot_price: Option<String>,

    /// USD per hour on demand [default: 3.06]
    #[arg(long, value_name = "USD")]
    pub(crate) on_demand_price: Option<String>,

    /// Starts in each series [default: 100]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>, value_name = "N")]
    pub(crate) starts: Option<usize>,

    /// Seconds a checkpoint takes: prints how often to save, too
    #[arg(long, value_name = "SECONDS")]
    pub(crate) save_s: Option<String>,

    /// How to print the answer [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<AnswerFormatArg>,
}

/// What a one stands for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PolarityArg {
    Available,
    Preempted,
}
