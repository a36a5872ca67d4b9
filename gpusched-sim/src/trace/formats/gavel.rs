//! Traces of Gavel and Shockwave: tab-separated, no header.
//!
//! 7 columns (the msr traces): job type, command, steps argument, needs data, total steps,
//! arrival (seconds), scale factor. 10 columns: job type, command, working directory, steps
//! argument, needs data, total steps, scale factor, priority weight, SLO, arrival. 12 columns
//! (Shockwave): the same with mode after the scale factor and duration before the arrival.
//!
//! Pitfalls: arrival and scale factor are in the other order in the 7-column layout; jobs are
//! work, not time: without a duration column or a throughput table (`throughputs`, a JSON file
//! of Gavel) a row has steps and a profile but no run time. With a table the run time is that
//! on a V100 (or else the first worker type), consolidated; a tenth of the msr jobs have a scale
//! their type was not measured at, which is extrapolated linearly and noted. `scale_factor` GPUs
//! are that many pods of one GPU. An SLO of -1 is none.

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::fields::{FieldResult, Problem};
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink};
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::{MAX_MICROS, Span};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::path::Path;

const SEVEN: [&str; 7] = [
    "job type",
    "command",
    "steps argument",
    "needs data",
    "total steps",
    "arrival",
    "scale factor",
];
const TEN: [&str; 10] = [
    "job type",
    "command",
    "working directory",
    "steps argument",
    "needs data",
    "total steps",
    "scale factor",
    "priority weight",
    "SLO",
    "arrival",
];
const TWELVE: [&str; 12] = [
    "job type",
    "command",
    "working directory",
    "steps argument",
    "needs data",
    "total steps",
    "scale factor",
    "mode",
    "priority weight",
    "SLO",
    "duration",
    "arrival",
];

/// Steps per second of every job type on one worker type.
struct Throughputs {
    worker: String,
    table: Map<String, Value>,
    /// Jobs whose throughput was not measured at their scale.
    scaled: Cell<u64>,
}

impl Throughputs {
    fn read(path: &Path) -> Result<Throughputs> {
        let name = path.to_string_lossy();
        let text = Source::new(&name).open()?.read_all()?;
        let wrong = |message: &str| {
            Diagnostic::new(message)
                .in_file(name.clone())
                .help("give a throughputs JSON of Gavel: worker type -> job type -> steps/s")
        };
        let value: Value = serde_json::from_str(&text).map_err(|error| {
            let message = format!("this is no JSON: {error}");
            wrong(&message).at(name.clone(), error.line() as u64, error.column() as u64)
        })?;
        let Value::Object(mut workers) = value else {
            return Err(wrong("this is no JSON object"));
        };
        let named = ["v100", "p100", "k80"]
            .into_iter()
            .find(|name| workers.contains_key(*name));
        let worker = named
            .map(str::to_string)
            .or_else(|| workers.keys().next().cloned());
        let worker = worker.ok_or_else(|| wrong("there is no worker type in it"))?;
        match workers.remove(&worker) {
            Some(Value::Object(table)) => Ok(Throughputs {
                worker,
                table,
                scaled: Cell::new(0),
            }),
            _ => Err(wrong(&format!(
                "worker type \"{worker}\" holds no job types"
            ))),
        }
    }

    /// Isolated steps per second on exactly `scale` GPUs; the keys are Python tuples.
    fn measured(&self, job_type: &str, scale: u32) -> Option<f64> {
        let key = format!("('{job_type}', {scale})");
        self.table
            .get(&key)?
            .get("null")?
            .as_f64()
            .filter(|speed| *speed > 0.0)
    }

    /// Isolated steps per second. Where a scale was not measured, the largest smaller one that
    /// was is scaled up linearly, and the job is counted.
    fn steps_per_second(&self, job_type: &str, scale: u32) -> Option<f64> {
        if let Some(speed) = self.measured(job_type, scale) {
            return Some(speed);
        }
        let smaller = (0..10)
            .rev()
            .map(|power| 1 << power)
            .filter(|smaller| *smaller < scale);
        let (from, speed) = smaller
            .filter_map(|from: u32| Some((from, self.measured(job_type, from)?)))
            .next()?;
        self.scaled.set(self.scaled.get() + 1);
        Some(speed * f64::from(scale) / f64::from(from))
    }
}

struct Columns {
    kind: Column,
    steps: Column,
    scale: Column,
    arrival: Column,
    weight: Column,
    slo: Column,
    duration: Column,
    mode: Column,
}

/// Reads jobs.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let throughputs = sink
        .options
        .throughputs
        .as_deref()
        .map(Throughputs::read)
        .transpose()?;
    let mut input = source.open()?;
    let first = input.peek_line()?.unwrap_or_default();
    let names: &[&str] = match first.split('\t').count() {
        7 => &SEVEN,
        10 => &TEN,
        12 => &TWELVE,
        found => {
            let message = format!("{found} tab-separated columns");
            let first = first.to_string();
            return Err(Diagnostic::new(message)
                .at(source.name(), input.line_number().max(1), 1)
                .source_line(first)
                .help("Gavel traces have 7 or 10 columns, Shockwave traces 12, and no header"));
        }
    };
    let mut table = Table::headerless(input, Split::Tab, names).aliases(&[
        ("submit_s", "arrival"),
        ("run_s", "duration"),
        ("count", "scale factor"),
    ]);
    let columns = Columns {
        kind: table.optional("job type"),
        steps: table.optional("total steps"),
        scale: table.optional("scale factor"),
        arrival: table.optional("arrival"),
        weight: table.optional("priority weight"),
        slo: table.optional("SLO"),
        duration: table.optional("duration"),
        mode: table.optional("mode"),
    };
    let mut number = 0_u64;
    sink.drain(&mut table, &mut |row| {
        number += 1;
        columns.job(row, number, throughputs.as_ref()).map(Some)
    })?;
    if let Some(scaled) = throughputs
        .as_ref()
        .map(|table| table.scaled.get())
        .filter(|n| *n > 0)
    {
        sink.note(format!(
            "{scaled} jobs have a scale their throughput was not measured at: the nearest smaller \
             one was scaled up linearly"
        ));
    }
    if throughputs.is_none() && !columns.duration.present() {
        sink.note("run times are not known: give the throughput table".into());
    }
    Ok(())
}

impl Columns {
    fn job(
        &self,
        row: Row<'_>,
        number: u64,
        throughputs: Option<&Throughputs>,
    ) -> FieldResult<JobRow> {
        let kind = row.required(self.kind)?;
        let steps = row.u64(self.steps)?;
        let scale = row.u32(self.scale)?;
        let mut job = JobRow::new(number.to_string(), row.time(self.arrival)?, Span::ZERO);
        job.line = row.line();
        (job.count, job.gpu) = (scale, 1);
        if let Some(throughputs) = throughputs {
            job.run = self.run(row, throughputs, &kind, steps, scale)?;
            job.ref_gpu = Some(throughputs.worker.to_uppercase());
        }
        if self.duration.present() {
            job.run = row.span(self.duration)?;
        }
        job.work_steps = Some(steps as f64);
        job.profile = Some(kind);
        job.priority = self.priority(row)?;
        for (column, name) in [(self.slo, "x_slo"), (self.mode, "x_mode")] {
            if column.present() {
                let text = row.text(column);
                let none = column == self.slo && text.starts_with('-');
                job.private
                    .push((name.into(), if none { String::new() } else { text.into() }));
            }
        }
        Ok(job)
    }

    /// A weight of 1 is priority 0: all Gavel jobs weigh 1 unless they are meant to differ.
    fn priority(&self, row: Row<'_>) -> FieldResult<i32> {
        let weight = row.optional_f64(self.weight)?.unwrap_or(1.0);
        Ok((weight.min(1e9) as i32).saturating_sub(1).max(0))
    }

    fn run(
        &self,
        row: Row<'_>,
        throughputs: &Throughputs,
        kind: &str,
        steps: u64,
        scale: u32,
    ) -> FieldResult<Span> {
        let speed = throughputs.steps_per_second(kind, scale).ok_or_else(|| {
            let message = format!(
                "no throughput of \"{kind}\" on {scale} x {} in the table",
                throughputs.worker
            );
            let problem = row.locate(self.kind, Diagnostic::new(message));
            Problem::new(
                "job type without a throughput",
                problem.help("use the matching table"),
            )
        })?;
        let micros = (steps as f64 / speed * 1e6).round();
        if micros > MAX_MICROS as f64 {
            let message = format!("{steps} steps take longer than 2^53 µs");
            return Err(row.wrong(self.steps, message, "check the throughput table"));
        }
        Ok(Span(micros as i64))
    }
}
