//! `series.csv`: the state of the cluster over time.

use super::fields::Row;
use crate::metrics::{Sample, TopologySummary};
use std::io::{self, Write};

/// `series.csv`: one row per sample. GPU columns count GPUs, shares as fractions. Where there is a
/// fabric, `largest_gang_LEVEL` follows for each of its levels, near to far: the free whole GPUs
/// of the domain that has most.
///
/// # Errors
/// What the writer reports.
pub fn write_series_csv(
    out: &mut dyn Write,
    series: &[Sample],
    topology: Option<&TopologySummary>,
) -> io::Result<()> {
    let mut row = Row::new(out);
    let levels = series.first().map_or(0, |sample| sample.free.levels());
    let names = topology.map_or(&[][..], |topology| &topology.levels);
    let names = &names[..levels.min(names.len())];
    let columns = [
        "t_s",
        "waiting",
        "running",
        "gpus_allocated",
        "gpus_requested",
        "gpus_capacity",
        "frag_gpus",
        "frag_ratio",
        "power_w",
    ];
    columns.iter().try_for_each(|name| row.text(name))?;
    for level in names {
        row.show(format_args!("largest_gang_{}", level.level))?;
    }
    row.end()?;
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
        for level in 0..names.len() {
            row.show(sample.free.largest(level))?;
        }
        row.end()?;
    }
    row.finish()
}
