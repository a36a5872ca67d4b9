//! `waits.csv`: who waited for what, and when.

use super::fields::Row;
use crate::metrics::WaitInterval;
use gpusched_core::ids::JobId;
use gpusched_core::workload::Workload;
use std::io::{self, Write};

/// `waits.csv`: one row per wait interval, by job, then time. `part` numbers the parts of a job
/// that was scheduled in parts, from 0.
///
/// # Errors
/// What the writer reports.
pub fn write_waits_csv(
    out: &mut dyn Write,
    work: &Workload,
    waits: &[WaitInterval],
) -> io::Result<()> {
    let mut row = Row::new(out);
    row.header(&["job", "part", "reason", "from_s", "to_s", "wait_s"])?;
    let mut first = JobId(0);
    for wait in waits {
        let source = work.source(wait.job);
        if work.source(first) != source {
            first = (0..wait.job.0)
                .rev()
                .map(JobId)
                .take_while(|&job| work.source(job) == source)
                .last()
                .unwrap_or(wait.job);
        }
        row.text(&work.name(wait.job))?;
        row.show(wait.job.0 - first.0)?;
        row.text(wait.reason.name())?;
        row.secs(wait.from.0)?;
        row.secs(wait.to.0)?;
        row.secs((wait.to - wait.from).0)?;
        row.end()?;
    }
    row.finish()
}
