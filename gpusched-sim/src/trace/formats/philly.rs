//! Microsoft Philly 2017, the reduced CSV used by Pollux, ElasticFlow and others.
//!
//! Columns: `timestamp` (submission, wall clock of the cluster), `duration` (seconds),
//! `num_gpus`, `gpu_time` (their product, not read), `cluster` (virtual cluster, taken as the
//! queue).
//!
//! Pitfalls: rows are not sorted; equal rows are distinct jobs, so the row number becomes the
//! id; the last line is blank; whole numbers are written as `66.0`; the times carry no zone.
//! The cluster ran on Pacific time, where the hour from 01:00 on 2017-11-05 happened twice:
//! read as they are (the default), both hours fall onto each other; with the time zone
//! `America/Los_Angeles` intervals across that night are right, and a time in the repeated hour
//! is taken for the first of the two.

use super::split_gpus;
use crate::diagnostic::Result;
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink};
use crate::trace::stamp::{Clock, Start};
use crate::trace::table::{Split, Table};

/// Reads jobs; standard input is held in memory, because the first submission is found first.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: Source, sink: &mut JobSink<'_>) -> Result<()> {
    let source = source.replayable()?;
    let per_pod = sink.options.gpus_per_pod;
    let clock = Clock::new(sink.options)?;
    let start = Start::of_source(&source, "timestamp", &clock)?;
    let mut table = Table::with_header(source.open()?, Split::Comma)?.aliases(&[
        ("submit_s", "timestamp"),
        ("run_s", "duration"),
        ("gpu", "num_gpus"),
    ]);
    let stamp = table.column("timestamp")?;
    let duration = table.column("duration")?;
    let gpus = table.column("num_gpus")?;
    let cluster = table.optional("cluster");
    let mut number = 0_u64;
    sink.drain(&mut table, &mut |row| {
        if row.is_blank() {
            return Ok(None);
        }
        number += 1;
        let submit = start.relative(row.stamp(stamp, &clock)?);
        let mut job = JobRow::new(number.to_string(), submit, row.span(duration)?);
        job.line = row.line();
        (job.count, job.gpu) = split_gpus(row.u32(gpus)?, per_pod);
        job.queue = row.text(cluster).to_string();
        Ok(Some(job))
    })?;
    sink.meta().t0.clone_from(&start.text);
    let zone = sink.options.timezone.clone();
    sink.meta().tz = zone;
    Ok(())
}
