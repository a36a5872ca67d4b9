//! A schedule as a table: one row per job.

use super::{Finding, Kind};
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::fields::{FieldResult, Problem};
use crate::trace::input::Source;
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::{Span, Time};

/// Devices on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The node.
    pub node: String,
    /// Device numbers, where they are given.
    pub devices: Vec<u32>,
}

/// What became of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub job: String,
    /// Its line in the file.
    pub line: u64,
    /// Arrival.
    pub submit: Time,
    /// Start; `None` = it never did.
    pub start: Option<Time>,
    /// End; `None` = it never did.
    pub end: Option<Time>,
    /// Milli-GPU it held.
    pub milli: i64,
    /// What the scheduler was told of its run time.
    pub estimate: Option<Span>,
    /// Queue.
    pub queue: String,
    /// GPU model it ran on or asked for; empty = any.
    pub model: String,
    /// Where it ran; empty = not said.
    pub places: Vec<Place>,
    /// How it ended: `completed`, `failed`, `killed`, …; empty = not said.
    pub outcome: String,
}

/// A schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The jobs, in the order of the file.
    pub entries: Vec<Entry>,
    /// Whether the file says when jobs started; without, only their load can be looked at.
    pub has_starts: bool,
    /// Columns that mean nothing here.
    pub ignored: Vec<String>,
}

/// Names of columns, the first of each being ours.
const COLUMNS: [&[&str]; 12] = [
    &["job", "job_id"],
    &["submit_s"],
    &["start_s"],
    &["finish_s", "end_s"],
    &["run_s"],
    &["gpus", "procs"],
    &["gpu_s"],
    &["estimate_s"],
    &["queue"],
    &["gpu_model"],
    &["nodes"],
    &["outcome"],
];

struct Columns([Column; 12]);

impl Columns {
    fn of(table: &Table) -> Result<Columns> {
        let find = |names: &[&str]| {
            let all = names.iter().map(|name| table.optional(name));
            all.fold(
                Column::ABSENT,
                |found, one| if found.present() { found } else { one },
            )
        };
        let columns = Columns(COLUMNS.map(find));
        for needed in [0, 1] {
            if !columns.0[needed].present() {
                table.column(COLUMNS[needed][0])?;
            }
        }
        let [_, _, _, finish, run, gpus, gpu_s, ..] = columns.0;
        if !finish.present() && !run.present() {
            table.column("finish_s")?;
        }
        if !gpus.present() && !gpu_s.present() {
            table.column("gpus")?;
        }
        Ok(columns)
    }
}

impl Schedule {
    /// Reads a CSV with a header: `job` (or `job_id`), `submit_s`, `start_s` (empty = it never
    /// started), `finish_s` (`end_s`) or `run_s`, `gpus` (`procs`; 0.5 is half a GPU) or `gpu_s`,
    /// and, where known, `estimate_s`, `queue`, `gpu_model`, `outcome`, `nodes` as `a[0-3];b[0,2]`. The
    /// `jobs.csv` of a run is such a file. Other columns are ignored, and named.
    ///
    /// # Errors
    /// At the first row that cannot be read.
    pub fn read(source: &Source) -> Result<Schedule> {
        let mut table = Table::with_header(source.open()?, Split::Comma)?;
        let columns = Columns::of(&table)?;
        let known = |name: &&String| !COLUMNS.iter().any(|names| names.contains(&name.as_str()));
        let mut schedule = Schedule {
            has_starts: columns.0[2].present(),
            ignored: table.columns().iter().filter(known).cloned().collect(),
            entries: Vec::new(),
        };
        while let Some(row) = table.next_row()? {
            let entry = row.and_then(|row| entry(row, &columns));
            schedule
                .entries
                .push(entry.map_err(|problem| problem.diagnostic)?);
        }
        match schedule.entries.is_empty() {
            true => {
                Err(Diagnostic::new("there are no jobs in this schedule").in_file(source.name()))
            }
            false => Ok(schedule),
        }
    }

    /// Jobs whose times cannot be.
    pub fn impossible(&self) -> Vec<Finding> {
        let wrong = |entry: &Entry| {
            let start = entry.start?;
            let message = if start < entry.submit {
                format!(
                    "starts at {start} s, before it was submitted at {} s",
                    entry.submit
                )
            } else if entry.end.is_some_and(|end| end < start) {
                format!("starts at {start} s and ends before")
            } else {
                return None;
            };
            Some(Finding {
                kind: Kind::Impossible,
                at: start,
                job: entry.job.clone(),
                line: entry.line,
                message,
            })
        };
        self.entries.iter().filter_map(wrong).collect()
    }
}

fn entry(row: Row<'_>, columns: &Columns) -> FieldResult<Entry> {
    let [
        job,
        submit,
        start,
        finish,
        run,
        gpus,
        gpu_s,
        estimate,
        queue,
        model,
        nodes,
        outcome,
    ] = columns.0;
    let start_at = row.optional_time(start)?;
    let run_span = row.optional_span(run)?;
    let end = match (row.optional_time(finish)?, start_at, run_span) {
        (Some(end), ..) => Some(end),
        (None, Some(start), Some(run)) => Some(start + run),
        // A trace and no schedule: how long it ran is all there is to know.
        (None, None, Some(run)) if !start.present() => Some(row.time(submit)? + run),
        _ => None,
    };
    let milli = match row.optional_f64(gpus)? {
        Some(held) if held > 1e9 => {
            return Err(row.wrong(
                gpus,
                format!("{held} GPUs cannot be held"),
                "give 0 or more",
            ));
        }
        Some(held) => (held * 1000.0).round() as i64,
        None => from_gpu_seconds(row, gpu_s, start_at, end)?,
    };
    Ok(Entry {
        job: row.required(job)?,
        line: row.line(),
        submit: row.time(submit)?,
        start: start_at,
        end,
        milli,
        estimate: row.optional_span(estimate)?,
        queue: row.text(queue).to_owned(),
        model: row.text(model).to_owned(),
        places: places(row, nodes)?,
        outcome: row.text(outcome).to_owned(),
    })
}

/// GPU-seconds held over the time they were held for.
fn from_gpu_seconds(
    row: Row<'_>,
    gpu_s: Column,
    start: Option<Time>,
    end: Option<Time>,
) -> FieldResult<i64> {
    let held = row.optional_f64(gpu_s)?.unwrap_or(0.0);
    match (start, end) {
        (Some(start), Some(end)) if end > start => {
            Ok((held * 1000.0 / (end - start).as_secs_f64()).round() as i64)
        }
        _ => Ok(0),
    }
}

/// `a[0-3];b[0,2];c`.
fn places(row: Row<'_>, column: Column) -> FieldResult<Vec<Place>> {
    let text = row.text(column);
    let parts = text.split(';').filter(|part| !part.is_empty());
    let wrong = |part: &str| -> Problem {
        let help = "write nodes as `a[0-3];b[0,2]`, or `a;b` where devices are not known";
        row.wrong(column, format!("`{part}` is no node with devices"), help)
    };
    let one = |part: &str| -> FieldResult<Place> {
        let Some((node, rest)) = part.split_once('[') else {
            return Ok(Place {
                node: part.to_owned(),
                devices: Vec::new(),
            });
        };
        let list = rest.strip_suffix(']').ok_or_else(|| wrong(part))?;
        let mut devices = Vec::new();
        for range in list.split([',', ' ']).filter(|range| !range.is_empty()) {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            match (first.parse::<u32>(), last.parse::<u32>()) {
                (Ok(first), Ok(last)) if first <= last && last < 4096 => {
                    devices.extend(first..=last);
                }
                _ => return Err(wrong(part)),
            }
        }
        Ok(Place {
            node: node.to_owned(),
            devices,
        })
    };
    parts.map(one).collect()
}
