//! Summaries as JSON.

use crate::metrics::Summary;
use std::io::{self, Write};

/// Writes one summary as a JSON object, indented, with a final newline.
///
/// # Errors
/// What the writer reports.
pub fn write_summary_json(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, summary)?;
    out.write_all(b"\n")
}

/// Writes several summaries as a JSON array, likewise.
///
/// # Errors
/// What the writer reports.
pub fn write_summaries_json(out: &mut dyn Write, runs: &[Summary]) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, runs)?;
    out.write_all(b"\n")
}
