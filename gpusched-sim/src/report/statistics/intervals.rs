//! Differences and how sure they are, whichever way that was found.

use super::{BlockComparison, DrawnComparison, blocks, drawn};
use crate::report::Layout;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// What `gpusched compare --resample` or `--blocks` finds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intervals {
    /// Policies replayed traces drawn from the trace.
    Resample(DrawnComparison),
    /// Jobs were compared with themselves under a baseline, by blocks.
    Blocks(BlockComparison),
}

impl Intervals {
    /// The file they are stored in, beside the folders of the runs they are about.
    pub const FILE: &'static str = "intervals.json";

    /// Whom the others are compared with.
    pub fn baseline(&self) -> &str {
        match self {
            Intervals::Resample(of) => &of.baseline,
            Intervals::Blocks(of) => &of.baseline,
        }
    }

    /// For people.
    pub fn table(&self, layout: Layout) -> String {
        match self {
            Intervals::Resample(of) => drawn::table(of, layout),
            Intervals::Blocks(of) => blocks::table(of, layout),
        }
    }

    /// A JSON object, indented, with a final newline.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Intervals::Resample(of) => serde_json::to_writer_pretty(&mut *out, of)?,
            Intervals::Blocks(of) => serde_json::to_writer_pretty(&mut *out, of)?,
        }
        out.write_all(b"\n")
    }

    /// The same under the name of the way it was found, as [`Intervals::FILE`] holds it.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_stored(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// CSV: a row per metric and policy.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Intervals::Resample(of) => drawn::write_csv(out, of),
            Intervals::Blocks(of) => blocks::write_csv(out, of),
        }
    }
}
