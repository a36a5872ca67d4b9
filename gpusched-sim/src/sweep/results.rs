//! A directory of results of a sweep, read back.

use super::Column;
use super::files::{PARQUET, SUMMARY, read_rows};
use super::manifest::Manifest;
use crate::diagnostic::{Diagnostic, Result};
use std::io;
use std::path::Path;

/// What a sweep found: a row per run.
#[derive(Clone, Debug)]
pub struct Results {
    /// What they were made from.
    pub manifest: Manifest,
    /// Axes, seed, metrics.
    pub columns: Vec<Column>,
    /// The runs that are here, in the order of the manifest: a text per column.
    pub rows: Vec<Vec<String>>,
}

impl Results {
    /// Reads `summary.csv`, or `summary.parquet` where there is no other, in a directory of results;
    /// `None` where it is none of a sweep.
    ///
    /// # Errors
    /// Damaged files, and rows that are not those of the manifest.
    pub fn read(directory: &Path) -> Result<Option<Results>> {
        let Some(manifest) = Manifest::read(directory)? else {
            return Ok(None);
        };
        let csv = directory.join(SUMMARY);
        let (path, table) = match csv.is_file() {
            true => (csv.clone(), read_rows(&csv)),
            false => (directory.join(PARQUET), read_parquet(directory)),
        };
        let wrong = |why: &str| {
            Diagnostic::new(format!("the results of the sweep cannot be read: {why}"))
                .in_file(path.display().to_string())
                .help("give the command of the sweep again: it writes its tables anew")
        };
        let (names, rows) = table.map_err(|error| wrong(&error.to_string()))?;
        let part = &manifest.runs[manifest.shard.part(manifest.runs.len())];
        let runs = part.iter().map(|entry| &entry.run);
        if !runs.eq(rows.iter().filter_map(|row| row.first())) {
            return Err(wrong("its rows are not the runs of manifest.json"));
        }
        let axes = part.first().map_or(0, |entry| entry.axes.len());
        if names.len() < axes + 2 {
            return Err(wrong("columns are missing"));
        }
        Ok(Some(Results {
            columns: Column::named(&names[1..], axes),
            rows: rows.into_iter().map(|row| row[1..].to_vec()).collect(),
            manifest,
        }))
    }
}

#[cfg(feature = "parquet")]
fn read_parquet(directory: &Path) -> io::Result<(Vec<String>, Vec<Vec<String>>)> {
    super::parquet::read(std::fs::File::open(directory.join(PARQUET))?)
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(_: &Path) -> io::Result<(Vec<String>, Vec<Vec<String>>)> {
    Err(io::Error::other(
        "there is no summary.csv, and this gpusched was built without Parquet",
    ))
}
