//! `gpusched explain`: reads the results of a run and finds what concerns one job.

use super::args::ExplainArgs;
use super::failure::Outcome;
use super::story::{Interval, Run, Story};
use super::terminal;
use gpusched_core::units::{Span, Time, parse_seconds};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

/// Names to choose a suggestion from.
const MOST_CLOSE: usize = 1000;

/// Runs the verb.
pub(crate) fn explain(args: &ExplainArgs) -> Outcome {
    let run = read_run(&args.run)?;
    let job = find_job(&args.run, &args.job)?;
    let waits = read_waits(&args.run, &args.job)?;
    let places = read_places(&args.run, &args.job)?;
    let story = Story {
        run,
        job,
        waits,
        places,
    };
    terminal::print_text(&story.tell())
}

/// The columns of one row, by name.
pub(crate) struct Record(HashMap<String, String>);

impl Record {
    /// A column as text; empty when it is not there.
    pub(crate) fn text(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }

    /// A column as seconds.
    pub(crate) fn seconds(&self, column: &str) -> Option<Span> {
        parse_seconds(self.text(column)).ok().map(Span)
    }
}

fn no_run(directory: &Path, what: &str) -> Box<Diagnostic> {
    Diagnostic::new(format!("this is no directory of results: {what}"))
        .in_file(directory.display().to_string())
        .help("`gpusched run --out DIR` writes one; then `gpusched explain DIR JOB`")
}

fn broken(directory: &Path, file: &str, what: &str) -> Box<Diagnostic> {
    Diagnostic::new(format!("this is not as `gpusched run` writes it: {what}"))
        .in_file(directory.join(file).display().to_string())
        .help("run it again with `--out`")
}

fn read_run(directory: &Path) -> Result<Run> {
    if !directory.is_dir() {
        return Err(no_run(directory, "there is no such directory"));
    }
    let text = std::fs::read_to_string(directory.join("summary.json"))
        .map_err(|error| no_run(directory, &format!("summary.json: {error}")))?;
    let summary: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| broken(directory, "summary.json", &error.to_string()))?;
    let name = |key: &str| summary[key].as_str().unwrap_or("?").to_owned();
    Ok(Run {
        queueing: name("queueing"),
        placement: name("placement"),
        closed: summary["window"]["closed_s"].as_f64().unwrap_or_default(),
    })
}

/// Opens a CSV file of the results and hands out its rows until `each` has seen enough.
fn rows(
    directory: &Path,
    file: &str,
    needed: &[&str],
    mut each: impl FnMut(&csv::StringRecord, &csv::StringRecord) -> bool,
) -> Result<()> {
    let input = File::open(directory.join(file))
        .map_err(|error| no_run(directory, &format!("{file}: {error}")))?;
    let mut reader = csv::Reader::from_reader(input);
    let wrong = |error: csv::Error| broken(directory, file, &error.to_string());
    let header = reader.headers().map_err(wrong)?.clone();
    if let Some(missing) = needed
        .iter()
        .find(|name| !header.iter().any(|have| have == **name))
    {
        return Err(broken(directory, file, &format!("no column `{missing}`")));
    }
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(wrong)? {
        if !each(&header, &row) {
            break;
        }
    }
    Ok(())
}

fn record(header: &csv::StringRecord, row: &csv::StringRecord) -> Record {
    let pairs = header.iter().zip(row.iter());
    Record(
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}

fn find_job(directory: &Path, name: &str) -> Result<Record> {
    let mut found = None;
    let mut close: Vec<String> = Vec::new();
    rows(
        directory,
        "jobs.csv",
        &["job", "submit_s", "outcome"],
        |header, row| {
            let job = header
                .iter()
                .position(|column| column == "job")
                .and_then(|at| row.get(at));
            let job = job.unwrap_or_default();
            if job == name {
                found = Some(record(header, row));
            } else if close.len() < MOST_CLOSE && did_you_mean(name, [job]).is_some() {
                close.push(job.to_owned());
            }
            found.is_none()
        },
    )?;
    found.ok_or_else(|| {
        let help = match did_you_mean(name, close.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "jobs.csv in that directory lists them all".to_owned(),
        };
        Diagnostic::new(format!("there is no job `{name}` in this run"))
            .in_file(directory.display().to_string())
            .help(help)
    })
}

/// What the placement policy said of a job; nothing where no policy says anything.
fn read_places(directory: &Path, name: &str) -> Result<Vec<String>> {
    let mut places: Vec<String> = Vec::new();
    if !directory.join("places.csv").exists() {
        return Ok(places);
    }
    rows(directory, "places.csv", &["job", "what"], |header, row| {
        let row = record(header, row);
        if row.text("job") == name {
            places.push(row.text("what").to_owned());
            return true;
        }
        // Rows of one job follow one another.
        places.is_empty()
    })?;
    Ok(places)
}

fn read_waits(directory: &Path, name: &str) -> Result<Vec<Interval>> {
    let mut waits: Vec<Interval> = Vec::new();
    let columns = ["job", "part", "reason", "from_s", "to_s"];
    rows(directory, "waits.csv", &columns, |header, row| {
        let job = header
            .iter()
            .position(|column| column == "job")
            .and_then(|at| row.get(at));
        if job != Some(name) {
            // Rows of one job follow one another.
            return waits.is_empty();
        }
        let row = record(header, row);
        let time = |column| row.seconds(column).map(|span| Time::ZERO + span);
        if let (Some(from), Some(to)) = (time("from_s"), time("to_s")) {
            waits.push(Interval {
                part: row.text("part").parse().unwrap_or(0),
                reason: row.text("reason").to_owned(),
                from,
                to,
            });
        }
        true
    })?;
    Ok(waits)
}
