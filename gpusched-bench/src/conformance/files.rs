//! Reading vectors: plain or gzipped CSV and JSON.

use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Input that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    what: String,
    why: String,
}

impl Unreadable {
    pub(crate) fn new(what: impl fmt::Display, why: impl fmt::Display) -> Unreadable {
        Unreadable {
            what: what.to_string(),
            why: why.to_string(),
        }
    }

    pub(crate) fn file(path: &Path, why: impl fmt::Display) -> Unreadable {
        Unreadable::new(path.display(), why)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl std::error::Error for Unreadable {}

/// Opens a file; `.gz` is unpacked on the way.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, Unreadable> {
    let file = File::open(path).map_err(|error| Unreadable::file(path, error))?;
    Ok(if path.extension().is_some_and(|end| end == "gz") {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else {
        Box::new(BufReader::new(file))
    })
}

/// All rows of a CSV file with a header.
pub(crate) fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Unreadable> {
    csv::Reader::from_reader(open(path)?)
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| Unreadable::file(path, error))
}

/// A JSON file.
pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Unreadable> {
    serde_json::from_reader(open(path)?).map_err(|error| Unreadable::file(path, error))
}

/// A file of one JSON value per line.
pub(super) fn json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Unreadable> {
    BufReader::new(open(path)?)
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let at = |error: &dyn fmt::Display| {
                Unreadable::file(path, format_args!("line {}: {error}", number + 1))
            };
            let line = line.map_err(|error| at(&error))?;
            serde_json::from_str(&line).map_err(|error| at(&error))
        })
        .collect()
}

/// The entries of a folder whose name passes `wanted`, in order of name.
pub(super) fn entries(
    dir: &Path,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, Unreadable> {
    let unreadable = |error: std::io::Error| Unreadable::file(dir, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if wanted(&name(&path)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The last part of a path, for people.
pub(super) fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
