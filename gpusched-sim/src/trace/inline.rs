//! Clusters written in a flag: `COUNTxGPUS[:MODEL[:CPU_CORES[:MEM_GIB]]]`, joined by `+`.
//!
//! `352x8` is 352 machines of 8 GPUs; `10x8:A100+4x2:T4:64:256` is ten machines of 8 A100 and
//! four of 2 T4 with 64 cores and 256 GiB. A field left out (or empty) is unlimited. Machines
//! are called `n0000`, `n0001`, … in the order written.

use super::row::NodeRow;
use super::sink::{LinePlace, NodeSink, Sink};
use crate::diagnostic::{Diagnostic, Result};

/// More machines than this are taken for a slip.
const MOST_NODES: u64 = 10_000_000;

/// Whether a text is meant as an inline cluster: it begins with `COUNTx`.
pub fn looks_inline(spec: &str) -> bool {
    let first = spec.split(['+', ':']).next().unwrap_or_default();
    let rest = first.trim_start_matches(|c: char| c.is_ascii_digit());
    let starts_with_digit = rest.len() < first.len();
    // `8x.csv` or `4xlarge/nodes.csv` are files.
    starts_with_digit && rest.starts_with(['x', 'X', '*']) && !first.contains(['.', '/', '\\'])
}

/// Makes the machines.
///
/// # Errors
/// At the first part that does not follow the grammar, by its column in the text.
pub fn read(spec: &str, sink: &mut NodeSink<'_>) -> Result<()> {
    let mut parts = Vec::new();
    let mut column = 1;
    let mut total: u64 = 0;
    for text in spec.split('+') {
        let part = Part::parse(spec, text, column)?;
        total = total.saturating_add(part.count.into());
        if total > MOST_NODES {
            return Err(
                wrong(spec, column, text, format!("{total} machines are too many"))
                    .help("write at most 10,000,000 machines"),
            );
        }
        parts.push(part);
        column += text.chars().count() + 1;
    }
    let mut number = 0_u64;
    for part in &parts {
        for _ in 0..part.count {
            if sink.full() {
                return Ok(());
            }
            let name = format!("n{number:04}");
            number += 1;
            sink.push(
                part.node(name),
                &LinePlace {
                    file: spec,
                    line: 0,
                },
            )?;
        }
    }
    sink.digest(super::input::fnv1a(0xcbf2_9ce4_8422_2325, spec.as_bytes()));
    Ok(())
}

/// Machines of one kind.
struct Part {
    count: u32,
    gpus: u32,
    model: String,
    cpu_milli: Option<u64>,
    mem_mib: Option<u64>,
}

impl Part {
    fn parse(spec: &str, text: &str, column: usize) -> Result<Part> {
        let mut fields = Vec::new();
        let mut at = column;
        for field in text.split(':') {
            fields.push((field, at));
            at += field.chars().count() + 1;
        }
        if let Some((field, at)) = fields.get(4) {
            return Err(wrong(spec, *at, field, "one field too many".into())
                .help("write COUNTxGPUS[:MODEL[:CPU_CORES[:MEM_GIB]]]"));
        }
        let (count, gpus) = shape(spec, text, fields[0])?;
        let number = |index: usize, what: &str, scale: u64| match fields.get(index) {
            None | Some(("", _)) => Ok(None),
            Some((field, at)) => {
                let value = field
                    .parse::<u32>()
                    .ok()
                    .map(|value| u64::from(value) * scale);
                value.map(Some).ok_or_else(|| {
                    wrong(
                        spec,
                        *at,
                        field,
                        format!("\"{field}\" is not a number of {what}"),
                    )
                    .help(format!("write whole {what}, without a unit"))
                })
            }
        };
        Ok(Part {
            count,
            gpus,
            model: fields
                .get(1)
                .map_or(String::new(), |(model, _)| (*model).to_string()),
            cpu_milli: number(2, "cores", 1000)?,
            mem_mib: number(3, "GiB", 1024)?,
        })
    }

    fn node(&self, name: String) -> NodeRow {
        NodeRow {
            node: name,
            gpu: self.gpus,
            gpu_model: self.model.clone(),
            cpu_milli: self.cpu_milli,
            mem_mib: self.mem_mib,
            ..NodeRow::default()
        }
    }
}

fn shape(spec: &str, part: &str, (field, at): (&str, usize)) -> Result<(u32, u32)> {
    let help = "write machines x GPUs, such as 16x8 or 16x8:A100+4x2:T4";
    let Some((count, gpus)) = field.split_once(['x', 'X', '*']) else {
        let message = format!("\"{part}\" is no COUNTxGPUS");
        return Err(wrong(spec, at, field, message).help(help));
    };
    let machines = count.parse::<u32>().ok().filter(|count| *count > 0);
    let machines = machines.ok_or_else(|| {
        wrong(
            spec,
            at,
            count,
            format!("\"{count}\" is not a number of machines"),
        )
        .help(help)
    })?;
    let gpus_at = at + count.chars().count() + 1;
    let per_machine = gpus.parse::<u32>().ok().filter(|gpus| *gpus <= 1024);
    let per_machine = per_machine.ok_or_else(|| {
        wrong(
            spec,
            gpus_at,
            gpus,
            format!("\"{gpus}\" is not a number of GPUs per machine"),
        )
        .help("write 0 to 1024 GPUs per machine, such as 16x8")
    })?;
    Ok((machines, per_machine))
}

fn wrong(spec: &str, column: usize, field: &str, message: String) -> Box<Diagnostic> {
    Diagnostic::new(message)
        .at("--cluster", 1, column as u64)
        .source_line(spec)
        .width(field.chars().count())
}
