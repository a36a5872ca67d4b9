//! Chronus 2021 (`trace_job_Philly_*.csv`): Philly jobs with deadlines.
//!
//! Columns: `job_id`, `user`, `num_gpu` (total), `submit_time`, `duration`, `expect_time_list`
//! and `expect_value_list` (deadlines and the value of meeting each, joined by `-`),
//! `best_effort`, `job_type`; `iterations`, `model_name` and `interval` are not read.
//!
//! Pitfalls: the published files do not name the unit of time; their span and their origin say
//! minutes, and that is what is assumed. Deadlines are relative to the submission. The expected
//! time of a best-effort job is no deadline (it can be shorter than the run), so such jobs have
//! none here, and may be preempted, which others may not. Some jobs ask for no GPU.

use super::split_gpus;
use crate::diagnostic::Result;
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink};
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::{MAX_MICROS, Span, Time};

/// A span written in minutes.
fn minutes(row: Row<'_>, column: Column, text: &str) -> FieldResult<Span> {
    let micros = row.parse_span(column, text)?.0.saturating_mul(60);
    if micros <= MAX_MICROS {
        return Ok(Span(micros));
    }
    let message = format!("{} is absurdly large ({text} minutes)", row.name(column));
    Err(row.wrong(column, message, "check the unit of the column"))
}

/// Deadlines and values; a value that is missing is 1.
fn deadlines(
    row: Row<'_>,
    times: Column,
    values: Column,
    submit: Time,
) -> FieldResult<Vec<(Time, f64)>> {
    let mut worth = row.text(values).split('-').filter(|text| !text.is_empty());
    let mut deadlines = Vec::new();
    for text in row.text(times).split('-').filter(|text| !text.is_empty()) {
        let value = match worth.next() {
            Some(text) => row.parse_f64(values, text)?,
            None => 1.0,
        };
        deadlines.push((submit + minutes(row, times, text)?, value));
    }
    Ok(deadlines)
}

/// Reads jobs.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let per_pod = sink.options.gpus_per_pod;
    let mut table = Table::with_header(source.open()?, Split::Comma)?.aliases(&[
        ("submit_s", "submit_time"),
        ("run_s", "duration"),
        ("gpu", "num_gpu"),
        ("deadline_s", "expect_time_list"),
    ]);
    let (id, gpus) = (table.column("job_id")?, table.column("num_gpu")?);
    let (submit, duration) = (table.column("submit_time")?, table.column("duration")?);
    let (times, values) = (
        table.column("expect_time_list")?,
        table.column("expect_value_list")?,
    );
    let (user, kind) = (table.optional("user"), table.optional("job_type"));
    let best_effort = table.optional("best_effort");
    sink.note("times are taken for minutes: the files do not say".into());
    sink.drain(&mut table, &mut |row| {
        let at = Time(minutes(row, submit, row.text(submit))?.0);
        let run = minutes(row, duration, row.text(duration))?;
        let mut job = JobRow::new(row.required(id)?, at, run);
        job.line = row.line();
        (job.count, job.gpu) = split_gpus(row.u32(gpus)?, per_pod);
        job.user = row.text(user).to_string();
        job.priority_class = row.optional_text(kind);
        job.preemptible = row.flag_or(best_effort, false)?;
        if !job.preemptible {
            job.deadlines = deadlines(row, times, values, at)?;
        }
        Ok(Some(job))
    })
}
