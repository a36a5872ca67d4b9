//! Suite `backfill`: start times of rigid parallel jobs on one pool of identical processors.
//!
//! A vector is one schedule: one policy under one event discipline on one trace, or on one micro
//! case. Every start must match, and where the vectors give sums and means those too.

use flate2::read::GzDecoder;
use gpusched_core::cluster::{Cluster, Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::placement::FirstFit;
use gpusched_core::queueing::registry::queueing;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::{JobDraft, Owner, Shape, Workload, WorkloadBuilder};
use gpusched_sim::engine::{Discipline, Engine, Roles};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

const DISCIPLINES: [(Discipline, &str); 2] = [
    (Discipline::PerEvent, "per_event"),
    (Discipline::Batched, "batched"),
];

/// One job of a vector, in whole seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Row {
    job_id: u64,
    submit_s: i64,
    run_s: i64,
    procs: u64,
    estimate_s: i64,
    user_id: u64,
}

#[derive(Deserialize)]
struct Micro {
    id: u64,
    procs: u64,
    jobs: Vec<[i64; 6]>,
    starts: BTreeMap<String, BTreeMap<String, Vec<i64>>>,
}

#[derive(Deserialize)]
struct TraceSummary {
    procs: u64,
    policies: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
}

/// What became of one vector.
pub enum Verdict {
    /// Every figure matches.
    Passed,
    /// The first difference.
    Failed(String),
    /// The policy is not in the registry.
    NotImplemented,
}

/// Runs every vector below `dir`, handing each verdict with its name to `each`.
///
/// # Errors
/// A vector file that cannot be read.
pub fn run(dir: &Path, each: &mut dyn FnMut(String, Verdict)) -> Result<(), String> {
    let mut found = false;
    let micro = dir.join("micro.jsonl.gz");
    if micro.exists() {
        found = true;
        for line in read(&micro)?.lines() {
            let case: Micro = parse(&micro, line)?;
            run_micro(&case, each)?;
        }
    }
    let mut traces: Vec<_> = fs::read_dir(dir)
        .map_err(|error| format!("{}: {error}", dir.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("jobs.csv").exists())
        .collect();
    traces.sort();
    for trace in traces {
        found = true;
        run_trace(&trace, each)?;
    }
    if found {
        Ok(())
    } else {
        Err(format!(
            "{}: no backfill vectors here (micro.jsonl.gz, */jobs.csv)",
            dir.display()
        ))
    }
}

fn run_micro(case: &Micro, each: &mut dyn FnMut(String, Verdict)) -> Result<(), String> {
    let rows: Vec<Row> = case
        .jobs
        .iter()
        .map(|&[id, submit, run, procs, estimate, user]| Row {
            job_id: id as u64,
            submit_s: submit,
            run_s: run,
            procs: procs as u64,
            estimate_s: estimate,
            user_id: user as u64,
        })
        .collect();
    let work = workload(&rows)?;
    for (policy, by_discipline) in &case.starts {
        for (discipline, key) in DISCIPLINES {
            let Some(expected) = by_discipline.get(key) else {
                continue;
            };
            let name = format!("micro {} {policy} {key}", case.id);
            let verdict = match schedule(policy, discipline, &work, case.procs)? {
                None => Verdict::NotImplemented,
                Some(starts) => compare(&rows, &starts, expected),
            };
            each(name, verdict);
        }
    }
    Ok(())
}

fn run_trace(dir: &Path, each: &mut dyn FnMut(String, Verdict)) -> Result<(), String> {
    let jobs = dir.join("jobs.csv");
    let rows: Vec<Row> = csv::Reader::from_path(&jobs)
        .and_then(|mut reader| reader.deserialize().collect())
        .map_err(|error| format!("{}: {error}", jobs.display()))?;
    let summary_path = dir.join("summary.json");
    let summary: TraceSummary = parse(&summary_path, &read(&summary_path)?)?;
    let work = workload(&rows)?;
    let trace = dir.file_name().unwrap_or_default().to_string_lossy();
    for (discipline, key) in DISCIPLINES {
        let path = dir.join(format!("starts_{key}.csv.gz"));
        for (policy, expected) in columns(&path)? {
            let name = format!("{trace} {policy} {key}");
            let verdict = match schedule(&policy, discipline, &work, summary.procs)? {
                None => Verdict::NotImplemented,
                Some(starts) => match compare(&rows, &starts, &expected) {
                    Verdict::Passed => {
                        let figures = summary.policies.get(&policy).and_then(|by| by.get(key));
                        compare_figures(&rows, &starts, summary.procs, figures)
                    }
                    failed => failed,
                },
            };
            each(name, verdict);
        }
    }
    Ok(())
}

/// The start of every job in seconds, or `None` when the registry has no such policy.
fn schedule(
    policy: &str,
    discipline: Discipline,
    work: &Workload,
    procs: u64,
) -> Result<Option<Vec<i64>>, String> {
    let name = match policy {
        "fcfs" => "fifo".to_owned(),
        other => other.replace('_', "-"),
    };
    let Ok(queueing) = queueing(&name) else {
        return Ok(None);
    };
    let mut pool = Node::with_gpus("pool", 0, "");
    pool.cpu_milli = procs * 1000;
    let inventory = Inventory::new(vec![pool]).map_err(|error| error.to_string())?;
    let cluster = Cluster::new(inventory, work.shapes());
    let roles = Roles::new(queueing, Box::new(FirstFit), &cluster);
    let mut engine = Engine::new(work, cluster, roles, discipline);
    engine.run().map_err(|error| error.to_string())?;
    let starts = (0..work.len())
        .map(|job| {
            let start = engine.records().start(JobId(job as u32));
            start.map_or(-1, |start| start.0 / MICROS)
        })
        .collect();
    Ok(Some(starts))
}

/// Processors are CPUs of one node: a pool of identical things.
fn workload(rows: &[Row]) -> Result<Workload, String> {
    let mut builder = WorkloadBuilder::new();
    for row in rows {
        let name = row.job_id.to_string();
        let shape = Shape {
            cpu_milli: row.procs * 1000,
            ..Shape::default()
        };
        let (submit, run) = (Time::from_secs(row.submit_s), Span::from_secs(row.run_s));
        let draft = JobDraft {
            estimate: Some(Span::from_secs(row.estimate_s)),
            owner: Owner {
                user: row.user_id.to_string(),
                ..Owner::default()
            },
            ..JobDraft::new(&name, submit, run, shape)
        };
        builder.push(&draft).map_err(|error| error.to_string())?;
    }
    builder.finish().map_err(|error| error.to_string())
}

fn compare(rows: &[Row], starts: &[i64], expected: &[i64]) -> Verdict {
    if starts.len() != expected.len() {
        return Verdict::Failed(format!(
            "{} starts expected, {} jobs",
            expected.len(),
            starts.len()
        ));
    }
    let wrong = |&at: &usize| starts[at] != expected[at];
    let differing = (0..starts.len()).filter(wrong).count();
    // The earliest wrong decision causes the others.
    match (0..starts.len())
        .filter(wrong)
        .min_by_key(|&at| starts[at].min(expected[at]))
    {
        None => Verdict::Passed,
        Some(at) => Verdict::Failed(format!(
            "{differing} of {} starts differ; first: job {} starts at {} s, expected {} s",
            starts.len(),
            rows[at].job_id,
            starts[at],
            expected[at]
        )),
    }
}

/// The integer sums exactly, the means to 1e-9.
fn compare_figures(
    rows: &[Row],
    starts: &[i64],
    procs: u64,
    figures: Option<&serde_json::Value>,
) -> Verdict {
    let Some(figures) = figures else {
        return Verdict::Failed("summary.json has no figures for it".into());
    };
    let waits = || {
        rows.iter()
            .zip(starts)
            .map(|(row, start)| start - row.submit_s)
    };
    let first = rows.iter().map(|row| row.submit_s).min().unwrap_or(0);
    let last = rows
        .iter()
        .zip(starts)
        .map(|(row, start)| start + row.run_s);
    let makespan = last.max().unwrap_or(0) - first;
    let area: i64 = rows.iter().map(|row| row.run_s * row.procs as i64).sum();
    let slowdowns: f64 = rows
        .iter()
        .zip(waits())
        .map(|(row, wait)| ((wait + row.run_s) as f64 / row.run_s.max(10) as f64).max(1.0))
        .sum();
    let sum_wait: i64 = waits().sum();
    let count = rows.len() as f64;
    let exact = [
        ("sum_wait_s", sum_wait),
        ("max_wait_s", waits().max().unwrap_or(0)),
        ("makespan_s", makespan),
        ("sum_start_s", starts.iter().sum()),
    ];
    for (key, got) in exact {
        if figures[key].as_i64() != Some(got) {
            return Verdict::Failed(format!("{key} is {got}, expected {}", figures[key]));
        }
    }
    let close = [
        ("mean_wait_s", sum_wait as f64 / count),
        ("mean_bsld_tau10", slowdowns / count),
        (
            "utilisation",
            area as f64 / (procs as f64 * makespan as f64),
        ),
    ];
    for (key, got) in close {
        let near = |expected: f64| (got - expected).abs() <= 1e-9 * expected.abs();
        if !figures[key].as_f64().is_some_and(near) {
            return Verdict::Failed(format!("{key} is {got}, expected {}", figures[key]));
        }
    }
    Verdict::Passed
}

fn columns(path: &Path) -> Result<Vec<(String, Vec<i64>)>, String> {
    let text = read(path)?;
    let failed = |error: csv::Error| format!("{}: {error}", path.display());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .map_err(failed)?
        .iter()
        .skip(1)
        .map(str::to_owned)
        .collect();
    let mut columns: Vec<_> = names.into_iter().map(|name| (name, Vec::new())).collect();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        for ((_, column), field) in columns.iter_mut().zip(record.iter().skip(1)) {
            let start = field
                .parse()
                .map_err(|_| format!("{}: `{field}` is no start time", path.display()))?;
            column.push(start);
        }
    }
    Ok(columns)
}

fn read(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let bytes = fs::read(path).map_err(failed)?;
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .map_err(failed)?;
    } else {
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    Ok(text)
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{}: {error}", path.display()))
}
