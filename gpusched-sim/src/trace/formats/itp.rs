//! Microsoft ITP 2021 (the raw traces of ElasticFlow): one CSV per cluster.
//!
//! Columns: `job_id`, `submission_time` (seconds since the collection began), `duration`
//! (seconds), `num_gpu` (total of the job).
//!
//! Pitfalls: all clusters share one clock, so a file may begin weeks after 0 and keeps its own
//! times here; jobs under 600 s were removed by the publisher; the outcome is unknown. The file
//! name is taken as the queue. Totals over `gpus_per_pod` become gangs
//! ([`split_gpus`]).

use super::split_gpus;
use crate::diagnostic::Result;
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink};
use crate::trace::table::{Split, Table};

/// Reads jobs.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let per_pod = sink.options.gpus_per_pod;
    let mut table = Table::with_header(source.open()?, Split::Comma)?.aliases(&[
        ("submit_s", "submission_time"),
        ("run_s", "duration"),
        ("gpu", "num_gpu"),
    ]);
    let id = table.column("job_id")?;
    let submit = table.column("submission_time")?;
    let duration = table.column("duration")?;
    let gpus = table.column("num_gpu")?;
    let queue = source.stem();
    sink.drain(&mut table, &mut |row| {
        let mut job = JobRow::new(row.required(id)?, row.time(submit)?, row.span(duration)?);
        job.line = row.line();
        (job.count, job.gpu) = split_gpus(row.u32(gpus)?, per_pod);
        job.queue.clone_from(&queue);
        Ok(Some(job))
    })
}
