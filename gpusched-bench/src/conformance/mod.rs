//! Conformance: recorded decisions of real programs, replayed and compared one by one.
//!
//! A suite knows the files of one program's vectors. The runner knows how results are counted
//! and shown: a line per file, the first difference with what was expected and what came out, and
//! at the end the totals.

mod backfill;
mod dra;
pub mod fgd;
pub(crate) mod files;
mod kube_scheduler;
mod kueue;

pub use files::Unreadable;

use std::io::Write;
use std::path::Path;

/// Vectors of one program.
struct Suite {
    name: &'static str,
    run: fn(&Path, &mut Sheet<'_>) -> Result<(), Unreadable>,
}

const SUITES: &[Suite] = &[
    Suite {
        name: "fgd",
        run: fgd::run,
    },
    Suite {
        name: "backfill",
        run: backfill::run,
    },
    Suite {
        name: "kueue",
        run: kueue::run,
    },
    Suite {
        name: "dra",
        run: dra::run,
    },
    Suite {
        name: "kube_scheduler",
        run: kube_scheduler::run,
    },
];

/// The names of all suites.
pub fn suite_names() -> Vec<&'static str> {
    SUITES.iter().map(|suite| suite.name).collect()
}

/// Vectors counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As recorded.
    pub passed: u64,
    /// With a difference.
    pub failed: u64,
    /// Of something the project does not have.
    pub not_implemented: u64,
}

/// Where a decision differs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Difference {
    at: String,
    expected: String,
    got: String,
}

impl Difference {
    fn new(at: impl Into<String>, expected: impl ToString, got: impl ToString) -> Difference {
        Difference {
            at: at.into(),
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }

    /// `Ok` when both are equal.
    fn check<T: PartialEq + ToString>(
        at: impl FnOnce() -> String,
        expected: T,
        got: T,
    ) -> Result<(), Difference> {
        if expected == got {
            Ok(())
        } else {
            Err(Difference::new(at(), expected, got))
        }
    }
}

/// What became of the vectors of one file.
#[derive(Clone, Debug, Default)]
struct FileResult {
    tally: Tally,
    first: Option<Difference>,
}

impl FileResult {
    fn count(&mut self, vector: Result<(), Difference>) {
        match vector {
            Ok(()) => self.tally.passed += 1,
            Err(difference) => {
                self.tally.failed += 1;
                self.first.get_or_insert(difference);
            }
        }
    }

    fn one(vector: Result<(), Difference>) -> FileResult {
        let mut result = FileResult::default();
        result.count(vector);
        result
    }

    fn not_implemented() -> FileResult {
        let mut result = FileResult::default();
        result.tally.not_implemented += 1;
        result
    }
}

/// Shows results as they come and adds them up.
struct Sheet<'a> {
    out: &'a mut dyn Write,
    tally: Tally,
}

impl Sheet<'_> {
    fn add(&mut self, file: &str, result: &FileResult) -> Result<(), Unreadable> {
        let tally = result.tally;
        self.tally.passed += tally.passed;
        self.tally.failed += tally.failed;
        self.tally.not_implemented += tally.not_implemented;
        let word = match (tally.failed, tally.not_implemented) {
            (0, 0) => "ok",
            (0, _) => "not implemented",
            _ => "DIFFERS",
        };
        let count = tally.passed + tally.failed + tally.not_implemented;
        let counts = if count == 1 {
            String::new()
        } else {
            format!(" ({} of {count})", tally.passed)
        };
        self.line(format_args!("{word:<8} {file}{counts}"))?;
        if let Some(first) = &result.first {
            self.line(format_args!("    first difference: {}", first.at))?;
            self.line(format_args!("      expected {}", first.expected))?;
            self.line(format_args!("      got      {}", first.got))?;
        }
        Ok(())
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Unreadable> {
        writeln!(self.out, "{text}").map_err(|error| Unreadable::new("standard output", error))
    }
}

/// Runs a suite on the vectors in `dir` and prints what came of it; the last line reads
/// `N passed, M failed`.
///
/// # Errors
/// [`Unreadable`]: the vectors, or the inputs they belong to, cannot be read.
pub fn run(suite: &str, dir: &Path, out: &mut dyn Write) -> Result<Tally, Unreadable> {
    let Some(suite) = SUITES.iter().find(|known| known.name == suite) else {
        return Err(Unreadable::new(suite, "there is no such suite"));
    };
    let mut sheet = Sheet {
        out,
        tally: Tally::default(),
    };
    (suite.run)(dir, &mut sheet)?;
    let Tally {
        passed,
        failed,
        not_implemented,
    } = sheet.tally;
    if passed + failed + not_implemented == 0 {
        return Err(Unreadable::file(dir, "no vectors of this suite are here"));
    }
    if not_implemented > 0 {
        sheet.line(format_args!("{not_implemented} not implemented"))?;
    }
    sheet.line(format_args!("{passed} passed, {failed} failed"))?;
    Ok(sheet.tally)
}
