//! The files of runs, read back.
//!
//! `summary.json` makes a folder a run. Every other file may be missing: then the page goes
//! without what it would show, and says so.

mod jobs;
mod occupancy;
mod series;
mod slots;
mod waits;

#[cfg(test)]
pub(super) use jobs::{Bar, JobTrack};
pub(super) use jobs::{JobTable, LongWait};
pub(super) use occupancy::Nodes;
pub(super) use series::Series;
pub(super) use slots::SlotMap;
pub(super) use waits::ReasonWaits;

use crate::diagnostic::{Diagnostic, Result};
use crate::metrics::Summary;
use crate::report::Intervals;
use crate::trace::input::Source;
use crate::trace::table::{Row, Split, Table};
use std::path::{Path, PathBuf};

/// Folders below a directory are looked through so deep.
const DEEPEST: usize = 3;

/// A run as its files tell it.
#[derive(Debug)]
pub(super) struct Run {
    /// What it is called in the page: its policies, and its folder where those do not tell runs
    /// apart.
    pub(super) label: String,
    /// Its folder, as the user named it.
    pub(super) folder: PathBuf,
    pub(super) summary: Summary,
    pub(super) jobs: Option<JobTable>,
    pub(super) series: Option<Series>,
    pub(super) waits: Option<ReasonWaits>,
    pub(super) nodes: Option<Nodes>,
    pub(super) slots: Option<SlotMap>,
}

impl Run {
    /// Reads all other files of a run.
    pub(super) fn read(folder: &Path, summary: Summary) -> Result<Run> {
        let nodes = table(folder, "occupancy.csv", occupancy::read)?;
        let nodes = nodes.filter(|nodes| !nodes.names.is_empty());
        let window = &summary.window;
        Ok(Run {
            jobs: table(folder, "jobs.csv", |table| {
                jobs::read(table, nodes.as_ref())
            })?,
            series: table(folder, "series.csv", series::read)?,
            waits: table(folder, "waits.csv", |table| {
                waits::read(table, window.first_submit_s, window.closed_s)
            })?,
            slots: table(folder, "mig_holes.csv", slots::read)?,
            label: summary.label(),
            folder: folder.to_owned(),
            nodes,
            summary,
        })
    }
}

/// The folders of runs in these directories: a directory that is a run itself, or those below it,
/// in the order of their names.
///
/// # Errors
/// For a directory without a run.
pub(super) fn find(directories: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = Vec::new();
    for directory in directories {
        let before = found.len();
        if directory.is_dir() {
            collect(directory, DEEPEST, &mut found)?;
        }
        if found.len() == before {
            let what = match directory.is_dir() {
                true => "there is no summary.json in it, nor in the folders below",
                false => "there is no such directory",
            };
            return Err(
                Diagnostic::new(format!("this is no directory of results: {what}"))
                    .in_file(directory.display().to_string())
                    .help("`gpusched run --out DIR` and `gpusched compare --out DIR` write them"),
            );
        }
    }
    let mut once: Vec<PathBuf> = Vec::new();
    for folder in found {
        if !once.contains(&folder) {
            once.push(folder);
        }
    }
    Ok(once)
}

fn collect(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    if directory.join("summary.json").is_file() {
        found.push(directory.to_owned());
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    let unreadable = |error: std::io::Error| {
        Diagnostic::new(format!("cannot be read: {error}"))
            .in_file(directory.display().to_string())
            .help("check the path and your permissions")
    };
    let mut below: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // A link may lead in a circle.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            below.push(entry.path());
        }
    }
    below.sort();
    below
        .iter()
        .try_for_each(|folder| collect(folder, depth - 1, found))
}

/// How sure differences are: the file beside the folders of runs, where it is there.
///
/// # Errors
/// When it is damaged.
pub(super) fn intervals(directories: &[PathBuf]) -> Result<Option<Intervals>> {
    let [directory] = directories else {
        return Ok(None);
    };
    let path = directory.join(Intervals::FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let name = path.display().to_string();
    let text = Source::new(&name).open()?.read_all()?;
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Diagnostic::new(format!("these are no intervals of a comparison: {error}"))
            .at(&name, error.line() as u64, error.column() as u64)
            .help("compare again with `--resample` or `--blocks` and `--out`")
    })
}

/// What a run was worth.
///
/// # Errors
/// When the file is missing or damaged.
pub(super) fn summary(folder: &Path) -> Result<Summary> {
    let path = folder.join("summary.json");
    let name = path.display().to_string();
    let text = Source::new(&name).open()?.read_all()?;
    serde_json::from_str(&text).map_err(|error| {
        let line = text.lines().nth(error.line().saturating_sub(1));
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let problem = Diagnostic::new(format!("this is no summary of a run: {message}"))
            .at(&name, error.line() as u64, error.column() as u64)
            .help(match text.contains("\"queueing\": \"kueue\"") {
                true => "the report does not show replays with Kueue yet",
                false => "run it again with `--out`; files of other versions may differ",
            });
        match line {
            Some(line) => problem.source_line(line),
            None => problem,
        }
    })
}

/// Reads a table of a run, if it is there.
fn table<T>(folder: &Path, file: &str, read: impl FnOnce(Table) -> Result<T>) -> Result<Option<T>> {
    let path = folder.join(file);
    if !path.exists() {
        return Ok(None);
    }
    let input = Source::new(&path.display().to_string()).open()?;
    let damaged = |problem: Box<Diagnostic>| match problem.line {
        0 => problem,
        _ => problem.help(format!(
            "{file} is not as `gpusched` writes it: run it again with `--out`"
        )),
    };
    let table = Table::with_header(input, Split::Comma).map_err(damaged)?;
    read(table).map(Some).map_err(damaged)
}

/// Hands out the rows of a table.
fn each_row(
    table: &mut Table,
    mut each: impl FnMut(Row<'_>) -> Result<(), crate::trace::fields::Problem>,
) -> Result<()> {
    while let Some(row) = table.next_row()? {
        let row = row.map_err(|problem| problem.diagnostic)?;
        each(row).map_err(|problem| problem.diagnostic)?;
    }
    Ok(())
}
