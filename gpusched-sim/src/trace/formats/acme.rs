//! Shanghai AI Lab Acme 2023: `trace_seren.csv` and `trace_kalos.csv`.
//!
//! Columns: `job_id`, `user`, `node_num`, `gpu_num` and `cpu_num` (totals), `type` (taken as
//! the group), `state`, `submit_time`, `start_time`, `end_time`, and, not read, `duration`,
//! `queue`, `gpu_time`; Kalos adds `mem_per_pod_GB` and others.
//!
//! Pitfalls: times carry an offset, +08:00 in Seren and +00:00 in Kalos; ids are texts in
//! Kalos; the `duration` of Kalos includes the wait, so the run time is end minus start; jobs
//! that never started have no run time and are left out and counted.

use super::{STATES, set_outcome, spread};
use crate::diagnostic::Result;
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink, censor_right};
use crate::trace::stamp::{Clock, Start};
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::Span;
use gpusched_core::workload::Outcome;

struct Columns {
    id: Column,
    user: Column,
    nodes: Column,
    gpus: Column,
    cpus: Column,
    memory: Column,
    kind: Column,
    state: Column,
    submit: Column,
    start: Column,
    end: Column,
}

impl Columns {
    fn find(table: &Table) -> Result<Columns> {
        Ok(Columns {
            id: table.column("job_id")?,
            user: table.optional("user"),
            nodes: table.optional("node_num"),
            gpus: table.column("gpu_num")?,
            cpus: table.optional("cpu_num"),
            memory: table.optional("mem_per_pod_GB"),
            kind: table.optional("type"),
            state: table.column("state")?,
            submit: table.column("submit_time")?,
            start: table.column("start_time")?,
            end: table.column("end_time")?,
        })
    }

    /// The job, or `None` when it never started or its end is not known.
    fn job(
        &self,
        row: Row<'_>,
        clock: &Clock,
        start: &Start,
        per_pod: u32,
    ) -> FieldResult<Option<JobRow>> {
        let submit = start.relative(row.stamp(self.submit, clock)?);
        let began = row.optional_stamp(self.start, clock)?;
        let ended = row.optional_stamp(self.end, clock)?;
        let (Some(began), Some(ended)) = (began, ended) else {
            return Ok(None);
        };
        let mut job = JobRow::new(row.required(self.id)?, submit, Span(ended - began));
        job.line = row.line();
        job.obs_start = Some(start.relative(began));
        job.obs_end = Some(start.relative(ended));
        spread(
            &mut job,
            row.u32(self.gpus)?,
            row.u32_or(self.nodes, 0)?,
            per_pod,
        );
        let cpu_milli = row.u64_or(self.cpus, 0)?.saturating_mul(1000);
        job.cpu_milli = cpu_milli.div_ceil(u64::from(job.count.max(1)));
        let gib = row.optional_f64(self.memory)?.unwrap_or_default();
        job.mem_mib = (gib * 1024.0).ceil() as u64;
        job.user = row.text(self.user).to_string();
        job.group = row.text(self.kind).to_string();
        let outcome = row.choice(self.state, &STATES)?.unwrap_or_default();
        set_outcome(&mut job, outcome);
        if outcome == Outcome::Running {
            censor_right(&mut job);
        }
        Ok(Some(job))
    }
}

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
        ("run_s", "end_time"),
        ("obs_end_s", "end_time"),
        ("gpu", "gpu_num"),
        ("count", "node_num"),
    ]);
    let columns = Columns::find(&table)?;
    let mut never_ran = 0;
    sink.drain(&mut table, &mut |row| {
        let job = columns.job(row, &clock, &start, per_pod)?;
        never_ran += u64::from(job.is_none());
        Ok(job)
    })?;
    sink.drop("no start or no end recorded", never_ran);
    sink.meta().t0.clone_from(&start.text);
    Ok(())
}
