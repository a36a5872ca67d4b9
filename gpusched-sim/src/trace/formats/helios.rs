//! SenseTime Helios 2020 (`cluster_log.csv` of Earth, Saturn, Uranus, Venus; also Lucid).
//!
//! Columns: `job_id`, `user`, `vc` (taken as the queue), `gpu_num` and `cpu_num` (totals),
//! `node_num`, `state`, `submit_time`, `start_time`, `end_time` (local, no zone), `duration`
//! (seconds, the run), `queue` (seconds waited, not read).
//!
//! Pitfalls: CPU jobs have `gpu_num` 0 and are kept unless only GPU jobs are asked for; a job
//! cancelled while it waited has no start and a duration of 0; totals are spread evenly over
//! `node_num` pods when they divide, and split by size otherwise.

use super::{STATES, set_outcome, spread};
use crate::diagnostic::Result;
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink, censor_right};
use crate::trace::stamp::{Clock, Start};
use crate::trace::table::{Split, Table};
use gpusched_core::workload::Outcome;

/// Reads jobs; standard input is held in memory, because the first submission is found first.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: Source, sink: &mut JobSink<'_>) -> Result<()> {
    let source = source.replayable()?;
    let per_pod = sink.options.gpus_per_pod;
    let clock = Clock::new(sink.options)?;
    let start = Start::of_source(&source, "submit_time", &clock)?;
    let mut table = Table::with_header(source.open()?, Split::Comma)?.aliases(&[
        ("submit_s", "submit_time"),
        ("run_s", "duration"),
        ("gpu", "gpu_num"),
        ("count", "node_num"),
        ("obs_end_s", "end_time"),
    ]);
    let (id, user, vc) = (
        table.column("job_id")?,
        table.optional("user"),
        table.optional("vc"),
    );
    let (gpus, cpus) = (table.column("gpu_num")?, table.optional("cpu_num"));
    let (nodes, state) = (table.optional("node_num"), table.column("state")?);
    let (submit, duration) = (table.column("submit_time")?, table.column("duration")?);
    let (started, ended) = (table.optional("start_time"), table.optional("end_time"));
    sink.drain(&mut table, &mut |row| {
        let at = start.relative(row.stamp(submit, &clock)?);
        let mut job = JobRow::new(row.required(id)?, at, row.span(duration)?);
        job.line = row.line();
        spread(&mut job, row.u32(gpus)?, row.u32_or(nodes, 0)?, per_pod);
        let cpu_milli = row.u64_or(cpus, 0)?.saturating_mul(1000);
        job.cpu_milli = cpu_milli.div_ceil(u64::from(job.count.max(1)));
        job.user = row.text(user).to_string();
        job.queue = row.text(vc).to_string();
        let outcome = row.choice(state, &STATES)?.unwrap_or_default();
        set_outcome(&mut job, outcome);
        if outcome == Outcome::Running {
            censor_right(&mut job);
        }
        job.obs_start = row
            .optional_stamp(started, &clock)?
            .map(|at| start.relative(at));
        job.obs_end = row
            .optional_stamp(ended, &clock)?
            .map(|at| start.relative(at));
        Ok(Some(job))
    })?;
    sink.meta().t0.clone_from(&start.text);
    let zone = sink.options.timezone.clone();
    sink.meta().tz = zone;
    Ok(())
}
