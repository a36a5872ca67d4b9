//! Suite `backfill`: start times of rigid parallel jobs on one pool of identical processors.
//!
//! A vector is one schedule: one policy under one event discipline on one trace, or on one micro
//! case. Every start must match, and where the vectors give sums and means those too.

use super::files::{entries, json, json_lines, name, rows};
use super::{Difference, FileResult, Sheet, Unreadable};
use gpusched_core::cluster::{Cluster, Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::placement::FirstFit;
use gpusched_core::queueing::registry::queueing;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::{JobDraft, Owner, Shape, Workload, WorkloadBuilder};
use gpusched_sim::engine::{Discipline, Engine, Roles};
use serde::Deserialize;
use std::collections::BTreeMap;
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

impl From<[i64; 6]> for Row {
    fn from([job_id, submit_s, run_s, procs, estimate_s, user_id]: [i64; 6]) -> Row {
        Row {
            job_id: job_id as u64,
            submit_s,
            run_s,
            procs: procs as u64,
            estimate_s,
            user_id: user_id as u64,
        }
    }
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

/// Runs every vector below `dir`.
pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let micro = dir.join("micro.jsonl.gz");
    let traces = entries(dir, |_| true)?
        .into_iter()
        .filter(|path| path.join("jobs.csv").exists())
        .collect::<Vec<_>>();
    if traces.is_empty() && !micro.exists() {
        let what = "no backfill vectors here (micro.jsonl.gz, */jobs.csv)";
        return Err(Unreadable::file(dir, what));
    }
    if micro.exists() {
        run_micro(&micro, sheet)?;
    }
    traces.iter().try_for_each(|trace| run_trace(trace, sheet))
}

fn run_micro(path: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let mut results: BTreeMap<String, FileResult> = BTreeMap::new();
    for case in json_lines::<Micro>(path)? {
        let rows: Vec<Row> = case.jobs.iter().map(|&fields| Row::from(fields)).collect();
        let work = workload(&rows).map_err(|why| Unreadable::file(path, why))?;
        for (policy, by_discipline) in &case.starts {
            for (discipline, key) in DISCIPLINES {
                let Some(expected) = by_discipline.get(key) else {
                    continue;
                };
                let result = results.entry(format!("micro {policy} {key}")).or_default();
                match schedule(policy, discipline, &work, case.procs) {
                    Schedule::NoSuchPolicy => result.tally.not_implemented += 1,
                    Schedule::Broken(why) => {
                        let at = format!("case {}", case.id);
                        result.count(Err(Difference::new(at, "a schedule", why)));
                    }
                    Schedule::Starts(starts) => {
                        let at = format!("case {}: ", case.id);
                        result.count(compare(&at, &rows, &starts, expected));
                    }
                }
            }
        }
    }
    results
        .iter()
        .try_for_each(|(file, result)| sheet.add(file, result))
}

fn run_trace(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let jobs = dir.join("jobs.csv");
    let rows: Vec<Row> = rows(&jobs)?;
    let summary: TraceSummary = json(&dir.join("summary.json"))?;
    let work = workload(&rows).map_err(|why| Unreadable::file(&jobs, why))?;
    let trace = name(dir);
    for (discipline, key) in DISCIPLINES {
        for (policy, expected) in columns(&dir.join(format!("starts_{key}.csv.gz")))? {
            let result = match schedule(&policy, discipline, &work, summary.procs) {
                Schedule::NoSuchPolicy => FileResult::not_implemented(),
                Schedule::Broken(why) => {
                    FileResult::one(Err(Difference::new("the replay", "a schedule", why)))
                }
                Schedule::Starts(starts) => {
                    let figures = summary.policies.get(&policy).and_then(|by| by.get(key));
                    FileResult::one(
                        compare("", &rows, &starts, &expected)
                            .and_then(|()| compare_figures(&rows, &starts, summary.procs, figures)),
                    )
                }
            };
            sheet.add(&format!("{trace} {policy} {key}"), &result)?;
        }
    }
    Ok(())
}

enum Schedule {
    /// Start of every job, in seconds.
    Starts(Vec<i64>),
    NoSuchPolicy,
    Broken(String),
}

fn schedule(policy: &str, discipline: Discipline, work: &Workload, procs: u64) -> Schedule {
    let name = match policy {
        "fcfs" => "fifo".to_owned(),
        other => other.replace('_', "-"),
    };
    let Ok(queueing) = queueing(&name) else {
        return Schedule::NoSuchPolicy;
    };
    let mut pool = Node::with_gpus("pool", 0, "");
    pool.cpu_milli = procs * 1000;
    let inventory = match Inventory::new(vec![pool]) {
        Ok(inventory) => inventory,
        Err(error) => return Schedule::Broken(error.to_string()),
    };
    let cluster = Cluster::new(inventory, work.shapes());
    let roles = Roles::new(queueing, Box::new(FirstFit), &cluster);
    let mut engine = Engine::new(work, cluster, roles, discipline);
    if let Err(error) = engine.run() {
        return Schedule::Broken(error.to_string());
    }
    let start = |job| engine.records().start(JobId(job as u32));
    let seconds = (0..work.len()).map(|job| start(job).map_or(-1, |start| start.0 / MICROS));
    Schedule::Starts(seconds.collect())
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

fn compare(at: &str, rows: &[Row], starts: &[i64], expected: &[i64]) -> Result<(), Difference> {
    Difference::check(
        || format!("{at}number of jobs"),
        expected.len(),
        starts.len(),
    )?;
    let wrong = |&job: &usize| starts[job] != expected[job];
    let differing = (0..starts.len()).filter(wrong).count();
    // The earliest wrong decision causes the others.
    let first = (0..starts.len())
        .filter(wrong)
        .min_by_key(|&job| starts[job].min(expected[job]));
    let Some(job) = first else {
        return Ok(());
    };
    let what = format!(
        "{at}start of job {} in seconds ({differing} of {} differ)",
        rows[job].job_id,
        starts.len()
    );
    Err(Difference::new(what, expected[job], starts[job]))
}

/// The integer sums exactly, the means to 1e-9.
fn compare_figures(
    rows: &[Row],
    starts: &[i64],
    procs: u64,
    figures: Option<&serde_json::Value>,
) -> Result<(), Difference> {
    let Some(figures) = figures else {
        return Err(Difference::new("summary.json", "figures", "none"));
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
            return Err(Difference::new(key, &figures[key], got));
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
            return Err(Difference::new(key, &figures[key], got));
        }
    }
    Ok(())
}

/// The columns of a table of starts, by policy.
fn columns(path: &Path) -> Result<Vec<(String, Vec<i64>)>, Unreadable> {
    let mut reader = csv::Reader::from_reader(super::files::open(path)?);
    let failed = |error: csv::Error| Unreadable::file(path, error);
    let header = reader.headers().map_err(failed)?.clone();
    let mut columns: Vec<(String, Vec<i64>)> = header
        .iter()
        .skip(1)
        .map(|name| (name.to_owned(), Vec::new()))
        .collect();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        for ((_, column), field) in columns.iter_mut().zip(record.iter().skip(1)) {
            let start = field
                .parse()
                .map_err(|_| Unreadable::file(path, format_args!("`{field}` is no start")))?;
            column.push(start);
        }
    }
    Ok(columns)
}
