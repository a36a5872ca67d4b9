//! The Standard Workload Format of the Parallel Workloads Archive.
//!
//! Header lines begin with `;` (`; MaxProcs: 256`); records have 18 fields separated by blanks:
//! job, submit, wait, run, allocated processors, CPU time, memory, requested processors,
//! requested time, requested memory (KB per processor), status, user, group, executable, queue,
//! partition, preceding job, think time. Times are seconds, and -1 means "not known".
//!
//! Pitfalls: requested processors are used where known, and allocated ones otherwise; statuses
//! 2, 3 and 4 are parts of a job that has a summary line of its own, and are left out and
//! counted; so are jobs without a run time or processors. A processor is a CPU core or a GPU
//! (`swf_procs`). Cores are split like GPUs, by the cores per node of the header (MaxProcs /
//! MaxNodes) or, without them, one per pod. Dependencies are carried along as `x_after` and
//! `x_think_s`.

use super::{set_outcome, split_gpus};
use crate::diagnostic::Result;
use crate::trace::SwfProcs;
use crate::trace::fields::FieldResult;
use crate::trace::input::{Input, Source};
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, Sink};
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::Time;
use gpusched_core::workload::Outcome;

const COLUMNS: [&str; 18] = [
    "job",
    "submit",
    "wait",
    "run",
    "allocated processors",
    "cpu time",
    "memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding job",
    "think time",
];

/// What the header says.
#[derive(Default)]
struct Header {
    max_procs: Option<u32>,
    max_nodes: Option<u32>,
    start: Option<String>,
    zone: Option<String>,
}

impl Header {
    /// Takes the `;` lines at the start.
    fn read(input: &mut Input) -> Result<Header> {
        let mut header = Header::default();
        while let Some(line) = input.peek_line()? {
            let Some(comment) = line.strip_prefix(';') else {
                break;
            };
            if let Some((key, value)) = comment.split_once(':') {
                let value = value.trim();
                match key.trim() {
                    "MaxProcs" => header.max_procs = value.parse().ok(),
                    "MaxNodes" => header.max_nodes = value.parse().ok(),
                    "UnixStartTime" => header.start = Some(value.to_string()),
                    "TimeZoneString" => header.zone = Some(value.to_string()),
                    _ => {}
                }
            }
            input.next_line()?;
        }
        Ok(header)
    }

    fn cores_per_node(&self) -> u32 {
        match (self.max_procs, self.max_nodes) {
            (Some(procs), Some(nodes)) if nodes > 0 && procs >= nodes => procs / nodes,
            _ => 1,
        }
    }

    fn t0(&self) -> Option<String> {
        let seconds: i64 = self.start.as_ref()?.parse().ok()?;
        jiff::Timestamp::from_second(seconds)
            .ok()
            .map(|at| at.to_string())
    }
}

/// The text of a field, unless it is -1.
fn known<'a>(row: Row<'a>, column: Column) -> Option<&'a str> {
    Some(row.text(column)).filter(|text| *text != "-1" && !text.is_empty())
}

fn known_text(row: Row<'_>, column: Column) -> String {
    known(row, column).unwrap_or_default().to_string()
}

fn known_u32(row: Row<'_>, column: Column) -> FieldResult<Option<u32>> {
    known(row, column).map(|_| row.u32(column)).transpose()
}

/// Why a record is no job of its own.
enum Passed {
    Part,
    Unknown,
}

/// Turns records into jobs.
struct Importer {
    columns: [Column; 18],
    procs: SwfProcs,
    per_pod: u32,
}

impl Importer {
    fn job(&self, row: Row<'_>) -> FieldResult<Result<JobRow, Passed>> {
        let [
            id,
            submit,
            _,
            run,
            allocated,
            _,
            _,
            requested,
            limit,
            memory,
            status,
            ..,
        ] = self.columns;
        let outcome = match row.text(status) {
            "2" | "3" | "4" => return Ok(Err(Passed::Part)),
            "0" => Outcome::Failed,
            "5" => Outcome::Killed,
            "1" | "-1" => Outcome::Completed,
            text => {
                let message = format!("\"{text}\" is not a status");
                return Err(row.wrong(status, message, "one of -1, 0, 1, 2, 3, 4, 5"));
            }
        };
        let asked = known_u32(row, requested)?.filter(|procs| *procs > 0);
        let given = known_u32(row, allocated)?.filter(|procs| *procs > 0);
        let (Some(procs), Some(_)) = (asked.or(given), known(row, run)) else {
            return Ok(Err(Passed::Unknown));
        };
        let mut job = JobRow::new(row.required(id)?, Time(row.span(submit)?.0), row.span(run)?);
        job.line = row.line();
        let (count, size) = split_gpus(procs, self.per_pod);
        job.count = count;
        match self.procs {
            SwfProcs::Gpu => job.gpu = size,
            SwfProcs::Cpu => job.cpu_milli = u64::from(size) * 1000,
        }
        if let Some(text) = known(row, memory) {
            let kilobytes = row.parse_f64(memory, text)? * f64::from(size);
            job.mem_mib = (kilobytes / 1024.0).ceil() as u64;
        }
        job.estimate = known(row, limit)
            .map(|text| row.parse_span(limit, text))
            .transpose()?;
        set_outcome(&mut job, outcome);
        self.owner(row, &mut job);
        Ok(Ok(job))
    }

    fn owner(&self, row: Row<'_>, job: &mut JobRow) {
        let [.., user, group, _, queue, _, after, think] = self.columns;
        job.user = known_text(row, user);
        job.tenant = known_text(row, group);
        job.queue = known_text(row, queue);
        job.private = vec![
            ("x_after".to_string(), known_text(row, after)),
            ("x_think_s".to_string(), known_text(row, think)),
        ];
    }
}

/// Reads jobs.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let mut input = source.open()?;
    let header = Header::read(&mut input)?;
    let mut table = Table::headerless(input, Split::Whitespace, &COLUMNS).aliases(&[
        ("job_id", "job"),
        ("submit_s", "submit"),
        ("run_s", "run"),
        ("count", "requested processors"),
    ]);
    let importer = Importer {
        columns: COLUMNS.map(|name| table.optional(name)),
        procs: sink.options.swf_procs,
        per_pod: match sink.options.swf_procs {
            SwfProcs::Gpu => sink.options.gpus_per_pod,
            SwfProcs::Cpu => header.cores_per_node(),
        },
    };
    let (mut parts, mut unknown) = (0, 0);
    sink.drain(&mut table, &mut |row| match importer.job(row)? {
        Ok(job) => Ok(Some(job)),
        Err(passed) => {
            match passed {
                Passed::Part => parts += 1,
                Passed::Unknown => unknown += 1,
            }
            Ok(None)
        }
    })?;
    sink.drop("part of a checkpointed job", parts);
    sink.drop("run time or processors not known", unknown);
    sink.meta().t0 = header.t0();
    sink.meta().tz = header.zone;
    if let Some(procs) = header.max_procs {
        sink.note(format!("the header says MaxProcs {procs}"));
    }
    Ok(())
}
