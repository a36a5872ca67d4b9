//! What may be typed after `gpusched report`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched run --out result
  gpusched report result -o report.html
  gpusched compare --queueing fifo,easy,sjf --out results
  gpusched report results -o report.html --baseline easy/best-fit
  gpusched compare --queueing fifo,easy --blocks days --out sure     differences with intervals
  gpusched sweep experiment.yaml --out sweep && gpusched report sweep -o sweep.html")]
pub(crate) struct ReportArgs {
    /// Directories written with `--out`; of one that holds several runs all are taken, and one of a
    /// sweep is shown by combination, with intervals over its seeds
    #[arg(value_name = "DIR", required = true)]
    pub(crate) runs: Vec<PathBuf>,

    /// The page
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// The run the others are compared with, by its name in the page [default: the first]; of a sweep
    /// its values, such as queueing=fifo [default: that of the experiment]
    #[arg(long, value_name = "RUN")]
    pub(crate) baseline: Option<String>,
}
