//! `series.csv`: the state of the cluster over time.

use super::fields::{Row, decimal};
use crate::metrics::Sample;
use std::io::{self, Write};

/// `series.csv`: one row per sample. GPU columns count GPUs, shares as fractions.
///
/// # Errors
/// What the writer reports.
pub fn write_series_csv(out: &mut dyn Write, series: &[Sample]) -> io::Result<()> {
    let mut row = Row::new(out);
    row.header(&[
        "t_s",
        "waiting",
        "running",
        "gpus_allocated",
        "gpus_requested",
        "gpus_capacity",
        "frag_gpus",
        "frag_ratio",
        "power_w",
    ])?;
    let gpus = |milli: u64| decimal(i128::from(milli), 3);
    for sample in series {
        row.show(sample.t)?;
        row.show(sample.waiting)?;
        row.show(sample.running)?;
        row.show(gpus(sample.allocated_milli))?;
        row.show(gpus(sample.requested_milli))?;
        row.show(gpus(sample.capacity_milli))?;
        row.show(format_args!("{:.6}", sample.frag_milli / 1000.0))?;
        row.show(format_args!("{:.6}", sample.frag_ratio()))?;
        row.show(sample.power_w)?;
        row.end()?;
    }
    row.finish()
}
