//! What may be typed after `gpusched trace`.

use super::{ClusterArgs, ReadArgs, whole};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct TraceVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: TraceVerb,
}

#[derive(Subcommand)]
pub(crate) enum TraceVerb {
    /// Say what is in a trace: jobs, span, sizes, run times, owners, load
    Info(InfoArgs),
    /// Check a trace and list everything that is wrong with it
    Validate(ValidateArgs),
    /// Convert a trace of any format to trace v1
    Convert(ConvertArgs),
    /// Generate a synthetic trace with the habits of a real cluster
    Generate(GenerateArgs),
    /// List the formats that can be read
    Formats,
}

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched trace info                                   the built-in sample
  gpusched trace info philly:jobs.csv
  gpusched trace info itp:cluster02.csv --cluster 13x8:V100-SXM2-32GB")]
pub(crate) struct InfoArgs {
    /// The trace, as FORMAT:PATH or a path [default: the built-in sample]
    #[arg(value_name = "TRACE")]
    pub(crate) trace: Option<String>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Args)]
#[command(
    after_help = "Exits with 2 when there is a problem, with 0 when there is none.

EXAMPLES:
  gpusched trace validate mytrace/
  gpusched trace validate itp:cluster02.csv --cluster 16x8:V100-SXM2-32GB --max-errors 100"
)]
pub(crate) struct ValidateArgs {
    /// The trace, as FORMAT:PATH or a path
    #[arg(value_name = "TRACE")]
    pub(crate) trace: String,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Show this many problems
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>, value_name = "N", default_value_t = 20)]
    pub(crate) max_errors: usize,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched trace convert philly:jobs.csv --out philly-v1
  gpusched trace convert openb:pods.csv --cluster openb:nodes.csv --gpu-only --out openb-v1")]
pub(crate) struct ConvertArgs {
    /// The trace, as FORMAT:PATH or a path
    #[arg(value_name = "TRACE")]
    pub(crate) trace: String,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    /// Directory to write jobs.csv, meta.toml and (with --cluster) nodes.csv to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Args)]
#[command(
    after_help = "Without --out the jobs are printed; with it a directory is written that \
`gpusched run --trace DIR`
replays. Same options, same bytes. Without --preset the presets are listed.

EXAMPLES:
  gpusched trace generate                                         list the presets
  gpusched trace generate --preset philly --jobs 50000 --out big
  gpusched trace generate --preset itp --rate-scale 1.5 | head"
)]
pub(crate) struct GenerateArgs {
    /// The workload to imitate; left out, the presets are listed
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Jobs
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>, value_name = "N", default_value_t = 10_000)]
    pub(crate) jobs: u64,
    /// Seed of every draw
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Multiplies the arrival rate, and with it the offered load
    #[arg(
        long,
        value_name = "X",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    pub(crate) rate_scale: f64,
    /// Most GPUs of one pod; larger jobs become gangs
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>, value_name = "N", default_value_t = 8)]
    pub(crate) gpus_per_pod: u32,
    /// Directory to write jobs.csv, nodes.csv and meta.toml to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
