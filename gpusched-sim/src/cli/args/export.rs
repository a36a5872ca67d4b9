//! Arguments of `gpusched export` and `gpusched diff`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched run --out result && gpusched export result --to perfetto --out trace.json
      then open https://ui.perfetto.dev and drop trace.json on it
  gpusched export result --to batsim > jobs.csv")]
pub(crate) struct ExportArgs {
    /// Directory of a run (`run --out`), or a schedule as `gpusched audit` reads
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The format
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: ExportFormat,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Formats of other tools.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Chrome's JSON events: a track per GPU
    Perfetto,
    /// The jobs.csv of Batsim
    Batsim,
}

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched run --queueing fifo --out a && gpusched run --queueing easy --out b
  gpusched diff a b")]
pub(crate) struct DiffArgs {
    /// Directory of a run, or a schedule as `gpusched audit` reads
    #[arg(value_name = "RUN_A")]
    pub(crate) a: PathBuf,
    /// The other one
    #[arg(value_name = "RUN_B")]
    pub(crate) b: PathBuf,
    /// Jobs to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) most: usize,
}
