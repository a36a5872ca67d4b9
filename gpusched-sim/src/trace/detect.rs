//! Which format a file is in, from its first line.

use super::formats::{self, v1};
use super::input::Source;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use std::path::Path;

/// Splits `FORMAT:PATH`. A prefix that is no format name belongs to the path when such a file
/// exists.
///
/// # Errors
/// When the prefix looks like a format but is none.
pub fn split_spec(spec: &str) -> Result<(Option<&'static str>, &str)> {
    let Some((prefix, path)) = spec.split_once(':') else {
        return Ok((None, spec));
    };
    if let Some(format) = formats::by_name(prefix) {
        return Ok((Some(format.name), path));
    }
    // One letter is a drive.
    let like_a_name = prefix.len() > 1
        && prefix
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !like_a_name || Path::new(spec).exists() {
        return Ok((None, spec));
    }
    let all = formats::names();
    let help = match did_you_mean(prefix, formats::every_name()) {
        Some(close) => format!("did you mean \"{close}\"? the formats are {all}"),
        None => format!("the formats are {all}"),
    };
    Err(Diagnostic::new(format!("unknown format \"{prefix}\""))
        .at(spec, 1, 1)
        .source_line(spec)
        .width(prefix.len())
        .help(help))
}

/// The format of a source of jobs.
///
/// # Errors
/// When it cannot be opened, or no format fits; the help lists the formats.
pub fn jobs(source: &Source) -> Result<&'static str> {
    if let Some(path) = source.path().filter(|path| path.is_dir()) {
        return directory(source.name(), path, "jobs.csv", "pai_task_table");
    }
    let line = first_line(source)?;
    match text_format(&line) {
        // Philly's log is JSON too, but speaks of no API.
        Some("philly-json") if source.open()?.read_all()?.contains("kueue.x-k8s.io/") => {
            return Ok("kueue");
        }
        Some(format) => return Ok(format),
        None => {}
    }
    let header = header(&line);
    for (format, columns) in JOB_HEADERS {
        if columns.iter().all(|column| header.contains(column)) {
            return Ok(format);
        }
    }
    header_of_v1(source, &line, &header, v1::job_columns(), "jobs")
}

/// The format of a source of machines.
///
/// # Errors
/// As [`jobs`].
pub fn nodes(source: &Source) -> Result<&'static str> {
    if let Some(path) = source.path().filter(|path| path.is_dir()) {
        return directory(source.name(), path, "nodes.csv", "pai_machine_spec");
    }
    let line = first_line(source)?;
    let header = header(&line);
    if ["sn", "cpu_milli", "gpu", "model"]
        .iter()
        .all(|column| header.contains(column))
    {
        return Ok("openb");
    }
    if ["ip", "DSW", "PSW", "ASW"] == header[..] {
        return Ok("lingjun");
    }
    let numeric = |field: &&str| field.parse::<f64>().is_ok();
    if header.len() == 5 && header[2..].iter().all(numeric) && !numeric(&header[0]) {
        return Ok("pai");
    }
    header_of_v1(source, &line, &header, v1::node_columns(), "nodes")
}

/// Columns that only one format has, the most particular first.
const JOB_HEADERS: [(&str, &[&str]); 7] = [
    ("openb", &["name", "cpu_milli", "memory_mib", "num_gpu"]),
    ("itp", &["job_id", "submission_time", "duration", "num_gpu"]),
    ("philly", &["timestamp", "duration", "num_gpus"]),
    (
        "chronus",
        &[
            "job_id",
            "num_gpu",
            "submit_time",
            "duration",
            "expect_time_list",
        ],
    ),
    (
        "tiresias",
        &["job_id", "num_gpu", "submit_time", "duration", "iterations"],
    ),
    (
        "helios",
        &["job_id", "vc", "gpu_num", "state", "submit_time"],
    ),
    (
        "acme",
        &["job_id", "type", "gpu_num", "state", "submit_time"],
    ),
];

fn header(line: &str) -> Vec<&str> {
    line.split(',')
        .map(|name| name.trim().trim_matches('"'))
        .collect()
}

fn first_line(source: &Source) -> Result<String> {
    let mut input = source.open()?;
    let line = input.peek_line()?.map(str::to_string);
    line.ok_or_else(|| {
        Diagnostic::new("the file is empty")
            .at(source.name(), 1, 1)
            .help("give a file with a header line and at least one record")
    })
}

/// Formats that show by something other than column names.
fn text_format(line: &str) -> Option<&'static str> {
    match line.trim_start().chars().next() {
        Some(';') => return Some("swf"),
        Some('[' | '{') => return Some("philly-json"),
        _ => {}
    }
    let manifest = ["apiVersion:", "items:", "kind:", "---"];
    if manifest.iter().any(|start| line.starts_with(start)) {
        return Some("kueue");
    }
    if matches!(line.split('\t').count(), 7 | 10 | 12) && !line.starts_with(char::is_numeric) {
        return Some("gavel");
    }
    let mut words = line.split_ascii_whitespace();
    let numbers = words.clone().count() >= 10 && words.all(|word| word.parse::<f64>().is_ok());
    numbers.then_some("swf")
}

/// trace v1 when at least two columns are its own, even if others are misspelled: its reader
/// then says which.
fn header_of_v1(
    source: &Source,
    line: &str,
    header: &[&str],
    known: &[&str],
    what: &str,
) -> Result<&'static str> {
    let matches = header.iter().filter(|name| known.contains(name)).count();
    let first_key = if what == "jobs" { "job_id" } else { "node" };
    let separated_otherwise = header.len() == 1 && line.contains([';', '\t', '|']);
    if matches >= 2 || header.contains(&first_key) || separated_otherwise {
        return Ok("v1");
    }
    Err(Diagnostic::new(format!(
        "cannot tell the format of these {what} from the first line"
    ))
    .at(source.name(), 1, 1)
    .source_line(line)
    .help(format!(
        "name it, as FORMAT:{}; the formats are {}",
        source.name(),
        formats::names()
    )))
}

fn directory(name: &str, path: &Path, file: &str, pai: &str) -> Result<&'static str> {
    if v1::member(path, file).is_some() {
        return Ok("v1");
    }
    if formats::pai::table(path, pai).is_some() {
        return Ok("pai");
    }
    Err(v1::missing_member(name, path, file))
}
