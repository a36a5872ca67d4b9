//! The CSV of the Tiresias and Muri simulators.
//!
//! Columns: `job_id`, `num_gpu` (total), `submit_time`, `duration`, and if present `iterations`,
//! `model_name`, `batch_size`, `resource_time_0`, `_1`, `_2` (per iteration, on GPU, CPU and
//! storage or network) and `priority`. `interval` and `iteration_time` are not read.
//!
//! Pitfalls: times are milliseconds in the traces of Muri (where the duration is `iterations` x
//! `iteration_time`) but seconds in those of Tiresias, which have the same names without
//! `iteration_time`: that column decides. The model and the stage times are synthetic and are
//! carried along as private columns.

use super::split_gpus;
use crate::diagnostic::Result;
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink};
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::{Span, Time, parse_decimal};

const PRIVATE: [(&str, &str); 6] = [
    ("model_name", "x_model"),
    ("iterations", "x_iterations"),
    ("batch_size", "x_batch_size"),
    ("resource_time_0", "x_gpu_ms"),
    ("resource_time_1", "x_cpu_ms"),
    ("resource_time_2", "x_io_ms"),
];

/// An exact span, of milliseconds or of seconds.
fn span(row: Row<'_>, column: Column, in_millis: bool) -> FieldResult<Span> {
    if !in_millis {
        return row.span(column);
    }
    match parse_decimal(row.text(column), 3) {
        Ok(micros) if micros >= 0 => Ok(Span(micros)),
        _ => {
            let message = format!("\"{}\" is not a number of milliseconds", row.text(column));
            Err(row.wrong(
                column,
                message,
                "write milliseconds, 0 or more, without a unit",
            ))
        }
    }
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
    ]);
    let (id, gpus) = (table.column("job_id")?, table.column("num_gpu")?);
    let (submit, duration) = (table.column("submit_time")?, table.column("duration")?);
    let priority = table.optional("priority");
    let in_millis = table.optional("iteration_time").present();
    let unit = if in_millis {
        "milliseconds, as in Muri"
    } else {
        "seconds, as in Tiresias"
    };
    sink.note(format!("times are {unit}"));
    let private = PRIVATE.map(|(theirs, ours)| (table.optional(theirs), ours));
    sink.drain(&mut table, &mut |row| {
        let at = Time(span(row, submit, in_millis)?.0);
        let run = span(row, duration, in_millis)?;
        let mut job = JobRow::new(row.required(id)?, at, run);
        job.line = row.line();
        (job.count, job.gpu) = split_gpus(row.u32(gpus)?, per_pod);
        job.priority = row.i32_or(priority, 0)?;
        job.private = private
            .iter()
            .filter(|(column, _)| column.present())
            .map(|(column, name)| ((*name).to_string(), row.text(*column).to_string()))
            .collect();
        Ok(Some(job))
    })
}
