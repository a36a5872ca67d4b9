//! Statistics per series: `trace,…,avail_any_pct,…`; what tells which way round a series is.

use super::Series;
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::provisioning::spot::Polarity;

/// How far a share may be from a published one, in percentage points: both are rounded to 0.1.
const TOLERANCE: f64 = 0.1;

/// What a summary says of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Name of the series.
    pub name: String,
    /// Percentage of ticks with at least one instance.
    pub any_available: f64,
}

/// Reads a summary; of its columns, `trace` and `avail_any_pct`.
///
/// # Errors
/// A located problem: a column that is missing, or a percentage that is none.
pub fn read_summary(source: &Source) -> Result<Vec<Statistics>> {
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    let (trace, share) = (table.column("trace")?, table.column("avail_any_pct")?);
    let mut all = Vec::new();
    while let Some(row) = table.next_row()? {
        let read = row.and_then(|row| one(row, trace, share));
        all.push(read.map_err(|problem| problem.diagnostic)?);
    }
    Ok(all)
}

fn one(row: Row<'_>, trace: Column, share: Column) -> FieldResult<Statistics> {
    let any_available = row.parse_f64(share, row.text(share))?;
    if any_available > 100.0 {
        let message = format!("{any_available} % is more than all of the time");
        return Err(row.wrong(share, message, "give a percentage, 0 to 100"));
    }
    Ok(Statistics {
        name: row.required(trace)?,
        any_available,
    })
}

impl Statistics {
    /// Checks that a series is available as often as this says.
    ///
    /// # Errors
    /// When it is not: with the other polarity named if that is what it takes. The place is that of
    /// the series.
    pub fn check(&self, series: &Series) -> Result<()> {
        let share = 100.0 * series.availability.share_up();
        if (share - self.any_available).abs() <= TOLERANCE {
            return Ok(());
        }
        let other = match series.polarity {
            Polarity::Available => "preempted",
            Polarity::Preempted => "available",
        };
        let inverted = (100.0 - share - self.any_available).abs() <= TOLERANCE;
        let help = match inverted {
            true => format!("it is the wrong way round: read it with polarity {other}"),
            false => "the summary belongs to another series, or the series is cut".to_owned(),
        };
        let message = format!(
            "series \"{}\" is available {share:.1} % of the time, its summary says {:.1} %",
            series.name, self.any_available
        );
        let (file, line) = &series.place;
        Err(Diagnostic::new(message).at(file, *line, 1).help(help))
    }
}
