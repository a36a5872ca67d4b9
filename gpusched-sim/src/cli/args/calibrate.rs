//! `gpusched calibrate`.

use super::whole;
use clap::Args;
use std::path::PathBuf;

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
