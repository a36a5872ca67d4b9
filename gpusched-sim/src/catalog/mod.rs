//! The catalogue of instance types: built in, or a user's CSV or JSON.
//!
//! A user's JSON may also be the `instance_types.json` of Karpenter's kwok provider (`kwok.rs`).
//! One row or object per instance type and region. Prices are dated data, never code: the built-in
//! table is the file `builtin.csv`, in the format of a user's own, read by the same reader.

mod kwok;
mod row;

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::input::Source;
use crate::trace::table::{Split, Table};
use gpusched_core::provisioning::catalog::InstanceType;
use kwok::{from_kwok, is_kwok, known};
pub use row::COLUMNS;
use row::{Columns, check, from_json, from_row};
use serde_json::Value;
use std::collections::BTreeMap;

static BUILTIN: &str = include_str!("builtin.csv");

/// The table that comes with the program.
pub fn builtin() -> Source {
    Source::from_bytes("builtin:catalog", BUILTIN.as_bytes())
}

/// Reads a catalogue: JSON when it begins with `[`, else CSV, in which lines that begin with `#`
/// are comments.
///
/// # Errors
/// A located problem: an unknown or missing column, a number that is negative or no number, a type
/// without any price, one that offers more than it has, a spot price without a type, or a type that
/// is there twice.
pub fn read(source: &Source) -> Result<Vec<InstanceType>> {
    let text = source.open()?.read_all()?;
    match text.trim_start().starts_with('[') {
        true => read_json(source.name(), &text),
        false => read_csv(source.name(), &text),
    }
}

fn read_csv(name: &str, text: &str) -> Result<Vec<InstanceType>> {
    // Comments become blank lines, so that line numbers stay those of the file.
    let lines: Vec<&str> = text
        .lines()
        .map(|line| if line.starts_with('#') { "" } else { line })
        .collect();
    let source = Source::from_bytes(name, lines.join("\n").into_bytes());
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    table.refuse_unknown(COLUMNS)?;
    let columns = Columns::of(&table)?;
    let mut lines_of: BTreeMap<String, u64> = BTreeMap::new();
    let mut types = Vec::new();
    while let Some(row) = table.next_row()? {
        let read = row.and_then(|row| {
            let one = from_row(row, &columns)?;
            match lines_of.insert(one.name.clone(), row.line()) {
                None => Ok(one),
                Some(line) => Err(row.wrong(
                    columns.instance_type(),
                    format!("instance type \"{}\" is there twice", one.name),
                    format!("the other one is in line {line}; keep one region's prices in a file"),
                )),
            }
        });
        types.push(read.map_err(|problem| problem.diagnostic)?);
    }
    Ok(types)
}

fn read_json(name: &str, text: &str) -> Result<Vec<InstanceType>> {
    let values: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        let line = text.lines().nth(error.line().saturating_sub(1));
        Diagnostic::new(format!("this is no list of instance types: {error}"))
            .at(name, error.line() as u64, error.column() as u64)
            .source_line(line.unwrap_or_default())
            .help("write [{\"instance_type\": …, \"on_demand_usd_h\": …}, …]")
    })?;
    let mut types: Vec<InstanceType> = Vec::new();
    let kwok = values.iter().any(is_kwok).then(known);
    for (index, value) in values.iter().enumerate() {
        let read = match &kwok {
            Some(known) => from_kwok(value, known),
            None => from_json(value),
        };
        let one = read.and_then(|one| {
            check(&one)?;
            match types.iter().any(|other| other.name == one.name) {
                true => Err(format!("\"{}\" is there twice", one.name)),
                false => Ok(one),
            }
        });
        types.push(one.map_err(|problem| {
            // Values of a parsed document have no lines; the number of the object says where.
            Diagnostic::new(format!("instance type {}: {problem}", index + 1))
                .in_file(name)
                .help(match &kwok {
                    Some(_) => "it is read as a type of Karpenter's kwok provider".to_owned(),
                    None => format!("keys are the columns of the CSV: {}", COLUMNS.join(", ")),
                })
        })?);
    }
    Ok(types)
}
