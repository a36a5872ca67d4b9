//! Published results, computed again from the data they came from.
//!
//! A study reads a folder of public data, or generates what it needs, and prints every figure
//! beside the published one. A figure with a stated target counts as passed or failed; the rest is
//! there to be read.

pub mod collective;
pub mod kueue_perf;
mod openb;
pub mod sharing;
mod spot;

use crate::conformance::{Tally, Unreadable};
use std::fmt;
use std::io::Write;
use std::path::Path;

/// A set of results.
struct Study {
    name: &'static str,
    run: Run,
}

/// Where a study gets its data.
enum Run {
    /// It generates them.
    Alone(fn(&mut Sheet<'_>) -> Result<(), Unreadable>),
    /// From a folder.
    OnData(fn(&Path, &mut Sheet<'_>) -> Result<(), Unreadable>),
}

const STUDIES: &[Study] = &[
    Study {
        name: "collective",
        run: Run::OnData(collective::run),
    },
    Study {
        name: "kueue-perf",
        run: Run::Alone(kueue_perf::run),
    },
    Study {
        name: "openb",
        run: Run::OnData(openb::run),
    },
    Study {
        name: "sharing",
        run: Run::OnData(sharing::run),
    },
    Study {
        name: "spot",
        run: Run::OnData(spot::run),
    },
];

/// The names of all studies.
pub fn study_names() -> Vec<&'static str> {
    STUDIES.iter().map(|study| study.name).collect()
}

/// Runs a study on the data in `dir`, if it reads any, and prints its tables; the last line reads
/// `N passed, M failed`.
///
/// # Errors
/// [`Unreadable`]: the data cannot be read, or the study reads some and no folder is given.
pub fn run(study: &str, dir: Option<&Path>, out: &mut dyn Write) -> Result<Tally, Unreadable> {
    let Some(study) = STUDIES.iter().find(|known| known.name == study) else {
        return Err(Unreadable::new(study, "there is no such study"));
    };
    let mut sheet = Sheet {
        out,
        tally: Tally::default(),
    };
    match study.run {
        Run::Alone(run) => run(&mut sheet)?,
        Run::OnData(run) => {
            let missing = || Unreadable::new(study.name, "name the folder of its data with --data");
            run(dir.ok_or_else(missing)?, &mut sheet)?;
        }
    }
    let Tally { passed, failed, .. } = sheet.tally;
    sheet.line(format_args!(""))?;
    sheet.line(format_args!("{passed} passed, {failed} failed"))?;
    Ok(sheet.tally)
}

/// Shows figures as they come and counts those with a target.
struct Sheet<'a> {
    out: &'a mut dyn Write,
    tally: Tally,
}

impl Sheet<'_> {
    /// Starts a table.
    fn section(&mut self, title: &str) -> Result<(), Unreadable> {
        self.line(format_args!(""))?;
        self.line(format_args!("{title}"))
    }

    /// A figure that has to be met.
    fn target(
        &mut self,
        met: bool,
        what: &str,
        got: impl fmt::Display,
        wanted: impl fmt::Display,
    ) -> Result<(), Unreadable> {
        let word = if met {
            self.tally.passed += 1;
            "ok"
        } else {
            self.tally.failed += 1;
            "MISSED"
        };
        self.row(word, what, got, wanted)
    }

    /// A figure to be read.
    fn figure(
        &mut self,
        what: &str,
        got: impl fmt::Display,
        beside: impl fmt::Display,
    ) -> Result<(), Unreadable> {
        self.row("", what, got, beside)
    }

    /// A sentence.
    fn note(&mut self, text: impl fmt::Display) -> Result<(), Unreadable> {
        self.line(format_args!("          {text}"))
    }

    fn row(
        &mut self,
        word: &str,
        what: &str,
        got: impl fmt::Display,
        beside: impl fmt::Display,
    ) -> Result<(), Unreadable> {
        let got = got.to_string();
        let line = format!("  {word:<7} {what:<48} {got:<42} {beside}");
        self.line(format_args!("{}", line.trim_end()))
    }

    fn line(&mut self, text: fmt::Arguments<'_>) -> Result<(), Unreadable> {
        writeln!(self.out, "{text}").map_err(|error| Unreadable::new("standard output", error))
    }
}
