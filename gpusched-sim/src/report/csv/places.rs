//! `places.csv`: how the places of jobs were found.

use super::fields::Row;
use crate::metrics::PlaceStory;
use gpusched_core::workload::Workload;
use std::io::{self, Write};

/// `places.csv`: one row per look at the domains of a level, by job, then in the order of the
/// looks; the last row of a job names its machines. A job that was scheduled in parts has the rows
/// of its parts one after the other.
///
/// # Errors
/// What the writer reports.
pub fn write_places_csv(
    out: &mut dyn Write,
    work: &Workload,
    places: &[PlaceStory],
) -> io::Result<()> {
    let mut row = Row::new(out);
    row.header(&["job", "step", "what"])?;
    for story in places {
        for (step, line) in story.text.lines().enumerate() {
            row.text(&work.name(story.job))?;
            row.show(step + 1)?;
            row.text(line)?;
            row.end()?;
        }
    }
    row.finish()
}
