//! One series as `skypilot-org/spot-traces` publishes it.

use super::Series;
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::input::Source;
use gpusched_core::provisioning::spot::{Availability, Polarity};
use gpusched_core::units::{MICROS, Span};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    metadata: Metadata,
    data: Vec<u32>,
}

#[derive(Deserialize)]
struct Metadata {
    gap_seconds: f64,
}

/// Reads the one series of a file; it is named after the file.
///
/// # Errors
/// A located problem: no JSON of this shape, a tick without a value (a gap), a tick of no length,
/// or a count where the polarity allows only ones and zeros.
pub fn read_json(source: &Source, polarity: Polarity) -> Result<Series> {
    let text = source.open()?.read_all()?;
    let file: File = serde_json::from_str(&text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let (line, column) = (error.line() as u64, error.column() as u64);
        let excerpt = text
            .lines()
            .nth(error.line().saturating_sub(1))
            .unwrap_or_default();
        Diagnostic::new(format!("this is no spot trace: {message}"))
            .at(source.name(), line, column)
            .source_line(excerpt)
            .help(
                "wanted: {\"metadata\": {\"gap_seconds\": 600}, \"data\": [0, 1, …]} with a number \
                 for every tick; cut the series in two where nothing is known",
            )
    })?;
    let gap = Span((file.metadata.gap_seconds * MICROS as f64).round() as i64);
    let availability = Availability::new(gap, polarity, file.data).map_err(|error| {
        Diagnostic::new(error.to_string())
            .in_file(source.name())
            .help("check gap_seconds, the data, and which way round ones are (polarity)")
    })?;
    let name = source.name().rsplit('/').next().unwrap_or_default();
    Ok(Series {
        name: name
            .trim_end_matches(".gz")
            .trim_end_matches(".json")
            .to_owned(),
        place: (source.name().to_owned(), 1),
        availability,
        polarity,
    })
}
