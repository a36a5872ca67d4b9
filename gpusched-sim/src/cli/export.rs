//! `gpusched export`: the schedule of a run in the formats of other tools.

use super::args::{ExportArgs, ExportFormat};
use super::failure::{Failure, Outcome};
use super::terminal;
use gpusched_sim::audit::Schedule;
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::export::{write_batsim, write_perfetto};
use gpusched_sim::trace::input::Source;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Runs the verb.
pub(crate) fn export(args: &ExportArgs) -> Outcome {
    let schedule = read(&args.run)?;
    let name = args
        .run
        .file_stem()
        .map_or("run".into(), |name| name.to_string_lossy());
    let write = |to: &mut dyn Write| match args.to {
        ExportFormat::Perfetto => write_perfetto(to, &schedule),
        ExportFormat::Batsim => write_batsim(to, &schedule, &name),
    };
    match &args.out {
        None => terminal::write(write),
        Some(path) => {
            let mut text = Vec::new();
            write(&mut text).map_err(|error| failed(path, &error))?;
            publish(path, &text).map_err(|error| failed(path, &error))
        }
    }
}

/// The schedule of a run: `jobs.csv` of its directory, or the file itself.
pub(super) fn read(run: &Path) -> Result<Schedule> {
    let file: PathBuf = match run.is_dir() {
        true => run.join("jobs.csv"),
        false => run.to_owned(),
    };
    if run.is_dir() && !file.is_file() {
        return Err(Diagnostic::new("this directory has no jobs.csv")
            .in_file(run.display().to_string())
            .help("give a directory that `gpusched run --out` has written"));
    }
    let schedule = Schedule::read(&Source::new(&file.display().to_string()))?;
    match schedule.has_starts {
        true => Ok(schedule),
        false => Err(Diagnostic::new("this file does not say when jobs started")
            .in_file(file.display().to_string())
            .help("a trace is no schedule: replay it with `gpusched run --out`")),
    }
}

/// Writes beside the file and puts it in place whole.
fn publish(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // What is half-written helps nobody; the first error is the one to tell.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::Input(
        Diagnostic::new(format!("cannot write the file: {error}"))
            .in_file(path.display().to_string())
            .help("give a place that can be written to"),
    )
}
