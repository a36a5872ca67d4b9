//! Run-length coded series, one per row: `trace,gap_seconds,ticks,max_count,rle_value_x_count`.
//!
//! `rle_value_x_count` is a list of `VALUExTICKS`, separated by blanks. `ticks` and `max_count` say
//! again what it must add up to, so that a row that lost a part is noticed.

use crate::diagnostic::Result;
use crate::trace::fields::{FieldResult, Problem};
use crate::trace::input::Source;
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::provisioning::spot::{Availability, AvailabilityError, Polarity};
use gpusched_core::units::Span;

/// More ticks than this in one series are a slip: a year of seconds is 31.5 million.
const MOST_TICKS: u64 = 100_000_000;

/// A named series and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name, as in the file.
    pub name: String,
    /// The file and the 1-based line.
    pub place: (String, u64),
    /// Instances per tick.
    pub availability: Availability,
    /// Which way round it was read.
    pub polarity: Polarity,
}

struct Columns {
    trace: Column,
    gap: Column,
    ticks: Column,
    most: Column,
    runs: Column,
}

/// Reads all series of a file, in file order.
///
/// # Errors
/// A located problem: a column that is missing, a tick of no length, a run that is no
/// `VALUExTICKS`, runs that cover more or fewer ticks than `ticks` says (a gap), another largest
/// value than `max_count`, a name that is there twice, or a count where the polarity allows only
/// ones and zeros.
pub fn read_series(source: &Source, polarity: Polarity) -> Result<Vec<Series>> {
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    let columns = Columns {
        trace: table.column("trace")?,
        gap: table.column("gap_seconds")?,
        ticks: table.column("ticks")?,
        most: table.column("max_count")?,
        runs: table.column("rle_value_x_count")?,
    };
    let mut all: Vec<Series> = Vec::new();
    while let Some(row) = table.next_row()? {
        let read = row.and_then(|row| one(row, &columns, polarity, &all));
        let (name, availability, line) = read.map_err(|problem| problem.diagnostic)?;
        all.push(Series {
            name,
            place: (source.name().to_owned(), line),
            availability,
            polarity,
        });
    }
    Ok(all)
}

fn one(
    row: Row<'_>,
    columns: &Columns,
    polarity: Polarity,
    before: &[Series],
) -> FieldResult<(String, Availability, u64)> {
    let name = row.required(columns.trace)?;
    if let Some(other) = before.iter().find(|series| series.name == name) {
        let message = format!("series \"{name}\" is there twice");
        let help = format!("the other one is in line {}", other.place.1);
        return Err(row.wrong(columns.trace, message, help));
    }
    let gap = row.span(columns.gap)?;
    let values = unroll(row, columns)?;
    let availability = Availability::new(gap, polarity, values)
        .map_err(|error| impossible(row, columns, error))?;
    Ok((name, availability, row.line()))
}

fn unroll(row: Row<'_>, columns: &Columns) -> FieldResult<Vec<u32>> {
    let (ticks, most) = (row.u64(columns.ticks)?, row.u32(columns.most)?);
    if ticks > MOST_TICKS {
        let message = format!("{ticks} ticks are absurdly many");
        return Err(row.wrong(
            columns.ticks,
            message,
            "check that these are ticks, not seconds",
        ));
    }
    let mut values = Vec::new();
    for (index, run) in row.text(columns.runs).split_ascii_whitespace().enumerate() {
        let parsed = run
            .split_once('x')
            .and_then(|(value, count)| Some((value.parse().ok()?, count.parse::<u64>().ok()?)));
        let Some((value, count)) = parsed.filter(|(_, count)| *count > 0) else {
            let message = format!("run {} (\"{run}\") is no VALUExTICKS", index + 1);
            return Err(row.wrong(columns.runs, message, "write for example 0x246 1x3 0x6"));
        };
        if values.len() as u64 + count > ticks {
            return Err(uncovered(row, columns, "more", ticks));
        }
        values.resize(values.len() + count as usize, value);
    }
    if (values.len() as u64) < ticks {
        return Err(uncovered(row, columns, "fewer", ticks));
    }
    match values.iter().max().copied().unwrap_or(0) {
        largest if largest == most => Ok(values),
        largest => {
            let message = format!("the largest value is {largest}, max_count says {most}");
            Err(row.wrong(
                columns.most,
                message,
                "one of the two is wrong; check the row",
            ))
        }
    }
}

fn uncovered(row: Row<'_>, columns: &Columns, how: &str, ticks: u64) -> Problem {
    let message = format!("the runs cover {how} ticks than the {ticks} of the series");
    let help = "a series has no gaps: every tick needs a value; write 0 for ticks in which nothing \
                was there, and cut the series in two where nothing is known";
    row.wrong(columns.runs, message, help)
}

fn impossible(row: Row<'_>, columns: &Columns, error: AvailabilityError) -> Problem {
    let (column, help) = match error {
        AvailabilityError::NoGap => (columns.gap, "give the seconds from one value to the next"),
        AvailabilityError::Empty => (columns.ticks, "leave the row out"),
        AvailabilityError::CountOfPreemptions { .. } => (
            columns.runs,
            "this series counts instances: read it with polarity available",
        ),
    };
    row.wrong(column, error.to_string(), help)
}

impl Series {
    /// Length of the series.
    pub fn length(&self) -> Span {
        Span(
            self.availability
                .gap()
                .0
                .saturating_mul(self.availability.ticks() as i64),
        )
    }
}
