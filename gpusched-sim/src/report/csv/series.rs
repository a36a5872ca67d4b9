//! `series.csv`: the state of the cluster over time.

use super::fields::Row;
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
    for sample in series {
        row.secs(sample.t.0)?;
        row.show(sample.waiting)?;
        row.show(sample.running)?;
        row.decimal(i128::from(sample.allocated_milli), 3)?;
        row.decimal(i128::from(sample.requested_milli), 3)?;
        row.decimal(i128::from(sample.capacity_milli), 3)?;
        row.show(format_args!("{:.6}", sample.frag_milli / 1000.0))?;
        row.show(format_args!("{:.6}", sample.frag_ratio()))?;
        row.show(sample.power_w)?;
        row.end()?;
    }
    row.finish()
}
