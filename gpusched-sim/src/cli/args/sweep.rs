//! Arguments of `sweep`, `merge` and `schema`.

use clap::{Args, ValueEnum};
use gpusched_sim::sweep::Shard;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "An experiment says what is varied; every combination is run once per seed, each run on one \
thread. The results
depend neither on --jobs nor on the number of shards. Killed at any moment, the same command goes \
on where it was.

EXAMPLES:
  gpusched sweep experiment.yaml --out results                all runs, on every processor
  gpusched sweep experiment.yaml --out part-3 --shard 3/8     the third of eight shards
  gpusched merge part-* --out results                         the same as one sweep
  gpusched sweep experiment.yaml --list-metrics               what `metrics` may name"
)]
pub(crate) struct SweepArgs {
    /// Experiment file (YAML); `gpusched schema experiment` prints what may stand in it
    #[arg(value_name = "EXPERIMENT")]
    pub(crate) experiment: PathBuf,

    /// Directory for manifest.json, summary.csv, summary.parquet and one directory per run
    #[arg(long, value_name = "DIR", required_unless_present = "list_metrics")]
    pub(crate) out: Option<PathBuf>,

    /// Only this part of the runs: `3/8` is the third of eight
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,

    /// Runs at once [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,

    /// How to print the means and differences; markdown is for pull requests [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<SweepFormatArg>,

    /// Print the names of the metrics, and run nothing
    #[arg(long, conflicts_with_all = ["out", "shard", "jobs", "format"])]
    pub(crate) list_metrics: bool,
}

/// How the tables of a sweep are printed; its directory holds them as CSV.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SweepFormatArg {
    Table,
    Markdown,
}

#[derive(Args)]
#[command(
    after_help = "The result is, byte for byte, what one sweep would have written. Directories made from other \
inputs, another
experiment or another version are refused.

EXAMPLES:
  gpusched merge part-1 part-2 part-3 --out results"
)]
pub(crate) struct MergeArgs {
    /// Directories that `gpusched sweep --shard` wrote
    #[arg(value_name = "DIR", required = true)]
    pub(crate) directories: Vec<PathBuf>,

    /// Directory for all of it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// Which files [default: scenario]
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: Option<SchemaArg>,
}

/// What has a schema.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SchemaArg {
    /// Scenario files
    Scenario,
    /// Experiment files
    Experiment,
}
