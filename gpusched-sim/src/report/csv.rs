//! Results as CSV.

use crate::metrics::{Sample, Summary, WaitInterval};
use crate::replay::RunResult;
use gpusched_core::cluster::Inventory;
use gpusched_core::workload::Workload;
use std::io::{self, Write};

/// `jobs.csv`: one row per job of the trace, in arrival order.
///
/// # Errors
/// What the writer reports.
pub fn write_jobs_csv(
    out: &mut dyn Write,
    work: &Workload,
    result: &RunResult,
    inventory: &Inventory,
) -> io::Result<()> {
    let _ = (out, work, result, inventory);
    Ok(())
}

/// `series.csv`: one row per sample.
///
/// # Errors
/// What the writer reports.
pub fn write_series_csv(out: &mut dyn Write, series: &[Sample]) -> io::Result<()> {
    let _ = (out, series);
    Ok(())
}

/// `waits.csv`: one row per wait interval.
///
/// # Errors
/// What the writer reports.
pub fn write_waits_csv(
    out: &mut dyn Write,
    work: &Workload,
    waits: &[WaitInterval],
) -> io::Result<()> {
    let _ = (out, work, waits);
    Ok(())
}

/// `summary.csv`: one row per run.
///
/// # Errors
/// What the writer reports.
pub fn write_summary_csv(out: &mut dyn Write, runs: &[Summary]) -> io::Result<()> {
    let _ = (out, runs);
    Ok(())
}
