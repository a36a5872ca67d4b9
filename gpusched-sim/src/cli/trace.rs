//! `gpusched trace`: formats, validate and convert; info and generate have files of their own.

use super::args::{ConvertArgs, ReadArgs, TraceVerb, ValidateArgs};
use super::failure::{Failure, Outcome};
use super::out_dir::{self, OutDir};
use super::terminal::{self, count, thousands};
use super::{trace_generate, trace_info};
use gpusched_core::workload::WorkloadBuilder;
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::scenario::{Origins, Scenario, jobs_file};
use gpusched_sim::trace::build::{check_possible, load_inventory, push_row};
use gpusched_sim::trace::row::JobRow;
use gpusched_sim::trace::{
    JobsWriter, Problems, ReadOptions, formats, read_jobs, read_nodes, write_nodes,
};
use std::io::{self, Write};

/// The files of trace v1.
pub(crate) const FILES: [&str; 3] = ["jobs.csv", "nodes.csv", "meta.toml"];

/// Runs the verb below `trace`.
pub(crate) fn trace(verb: TraceVerb) -> Outcome {
    match verb {
        TraceVerb::Info(args) => trace_info::info(&args),
        TraceVerb::Validate(args) => validate(&args),
        TraceVerb::Convert(args) => convert(&args),
        TraceVerb::Generate(args) => trace_generate::generate(&args),
        TraceVerb::Formats => list_formats(),
    }
}

/// What the flags about reading mean; `trace` and `cluster` complete the scenario.
pub(crate) fn read_options(args: &ReadArgs) -> Result<ReadOptions> {
    let scenario: Scenario = args.scenario();
    scenario.read_options(&Origins::flags(&scenario))
}

/// As [`read_options`], for the machines: the filters are about jobs.
pub(crate) fn node_options(read: &ReadOptions) -> ReadOptions {
    ReadOptions {
        limit: None,
        queue_only: None,
        gpu_only: false,
        ..read.clone()
    }
}

fn list_formats() -> Outcome {
    let width = formats()
        .iter()
        .map(|format| format.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from(
        "Formats of `FORMAT:PATH` (mostly the file itself tells, and `PATH` is enough):\n",
    );
    for format in formats() {
        let also = match format.aliases {
            [] => String::new(),
            aliases => format!(" (also: {})", aliases.join(", ")),
        };
        text += &format!(
            "  {:width$}  {:14}  {}{also}\n",
            format.name, format.reads, format.summary
        );
    }
    text += "Files may be gzip; `-` is standard input. Machines can also be written out:\n  \
             16x8:A100-SXM4-80GB+4x2:T4:64:256   sixteen of 8 A100, four of 2 T4 with 64 cores and 256 GiB\n";
    terminal::print(&text)
}

fn validate(args: &ValidateArgs) -> Outcome {
    let problems = Problems::keeping(args.max_errors);
    let read = ReadOptions {
        problems: Some(problems.clone()),
        ..read_options(&args.read)?
    };
    let jobs = check_jobs(args, &read, &problems)?;
    for problem in problems.take() {
        terminal::complain(&problem);
    }
    let found = problems.count();
    if found == 0 {
        return terminal::print(&format!(
            "{}: no problems in {}\n",
            args.trace,
            count(jobs, "row")
        ));
    }
    let hidden = found.saturating_sub(args.max_errors as u64);
    let more = match hidden {
        0 => String::new(),
        hidden => format!("; {} more not shown (`--max-errors`)", thousands(hidden)),
    };
    terminal::say(&format!(
        "{}: {}{more}",
        args.trace,
        count(found, "problem")
    ));
    Err(Failure::Told(2))
}

/// Reads everything, collecting problems; returns the rows that have none.
fn check_jobs(args: &ValidateArgs, read: &ReadOptions, problems: &Problems) -> Result<u64> {
    let mut builder = WorkloadBuilder::new();
    let report = read_jobs(&args.trace, read, &mut |row| {
        if let Err(error) = push_row(&mut builder, &row) {
            problems.add(
                *Diagnostic::new(error.to_string())
                    .at(jobs_file(&args.trace), row.line, 0)
                    .help("rows of one job must agree on what belongs to the job"),
            );
        }
        Ok(())
    });
    let report = match report {
        Ok(report) => report,
        // What stops the reader is one problem more.
        Err(problem) => {
            problems.add(*problem);
            return Ok(0);
        }
    };
    for note in &report.notes {
        terminal::say(&format!("Note: {}: {note}", report.path));
    }
    if let Some(cluster) = &args.cluster.cluster {
        let checked = load_inventory(cluster, &node_options(read)).and_then(|(inventory, _)| {
            let work = builder
                .finish()
                .map_err(|error| Diagnostic::new(error.to_string()).in_file(&args.trace))?;
            check_possible(&work, &inventory, &jobs_file(&args.trace), |_| true)
        });
        if let Err(problem) = checked {
            problems.add(*problem);
        }
    }
    Ok(report.rows)
}

fn convert(args: &ConvertArgs) -> Outcome {
    let read = read_options(&args.read)?;
    out_dir::check(&args.out, &FILES)?;
    // Twice the same rows: first to see which columns are needed, then to write them. Standard
    // input can be read only once, and is held in memory.
    let once = args.trace == "-" || args.trace.ends_with(":-");
    let mut held = Vec::new();
    let mut writer = JobsWriter::default();
    let report = read_jobs(&args.trace, &read, &mut |row| {
        writer.look(&row);
        if once {
            held.push(row);
        }
        Ok(())
    })?;
    terminal::say_notes(&report);
    let mut nodes = Vec::new();
    if let Some(cluster) = &args.cluster.cluster {
        let report = read_nodes(cluster, &node_options(&read), &mut |row| {
            nodes.push(row);
            Ok(())
        })?;
        terminal::say_notes(&report);
    }
    let mut meta = report.meta.clone();
    meta.schema = Some(1);
    if meta.source.is_none() {
        meta.source = Some(format!(
            "converted by gpusched from format {}",
            report.format
        ));
    }
    let out = OutDir::begin(&args.out)?;
    out.file("jobs.csv", |to| {
        write_rows(&mut writer, to, |each| match once {
            true => held.into_iter().try_for_each(each),
            false => read_jobs(&args.trace, &read, each).map(|_| ()),
        })
    })?;
    if args.cluster.cluster.is_some() {
        out.file("nodes.csv", |to| write_nodes(to, &nodes))?;
    }
    out.file("meta.toml", |to| meta.write(to))?;
    out.publish()?;
    let machines = match nodes.len() {
        0 => String::new(),
        nodes => format!(" and {}", count(nodes as u64, "machine")),
    };
    terminal::say(&format!(
        "Wrote {}{machines} to {}.",
        count(report.rows, "row"),
        args.out.display()
    ));
    Ok(())
}

/// Writes the rows that `source` hands out, which `writer` has seen before.
///
/// # Errors
/// When writing fails, or the source says otherwise than the first time.
pub(crate) fn write_rows(
    writer: &mut JobsWriter,
    out: &mut dyn Write,
    source: impl FnOnce(&mut dyn FnMut(JobRow) -> Result<()>) -> Result<()>,
) -> io::Result<()> {
    writer.header(out)?;
    let mut failed = None;
    let read = source(&mut |row| {
        writer.row(out, &row).map_err(|error| {
            let problem = Diagnostic::new(error.to_string());
            failed = Some(error);
            problem
        })
    });
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, read) => read.map_err(io::Error::other),
    }
}
