//! The runs of an experiment, and how one is made.

use super::columns::{Column, Value, Worth, columns};
use super::inputs::{Ready, Shelf};
use super::measure::{allocated, steady};
use super::{Trouble, arrange, rank};
use crate::diagnostic::Diagnostic;
use crate::experiment::{Cell, Experiment, Keep, SCHEMA};
use crate::metrics::InputDigest;
use crate::replay::{ReplayError, ReplayOptions, RunResult, replay};
use crate::sharing::SharingMode;
use crate::trace::input::fnv1a_of;
use gpusched_core::cluster::Inventory;
use gpusched_core::workload::Workload;
use rayon::prelude::*;
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// One run to make.
#[derive(Clone, Debug)]
pub struct Run {
    /// Number of its cell.
    pub cell: usize,
    /// Its seed.
    pub seed: u64,
    /// 16 hexadecimal digits: equal if and only if everything it is made from is.
    pub digest: String,
    ready: Arc<Ready>,
}

/// A run that was made.
#[derive(Debug)]
pub(super) struct Made<'a> {
    pub(super) result: RunResult,
    pub(super) row: Vec<String>,
    /// The jobs as they came.
    pub(super) work: Cow<'a, Workload>,
    /// The machines as they stood.
    pub(super) inventory: Cow<'a, Inventory>,
}

/// An experiment with its inputs read and its runs listed.
#[derive(Debug)]
pub struct Sweep {
    /// What is run.
    pub experiment: Experiment,
    /// Every cell with every seed; the seed varies fastest.
    pub runs: Vec<Run>,
    /// The columns of the results.
    pub columns: Vec<Column>,
    values: Vec<Value>,
    /// Whatever was read, each once.
    pub inputs: Vec<InputDigest>,
    /// What readers have to say about what they read.
    pub notes: Vec<String>,
    /// Whether GPUs are shared anywhere: their use is then told everywhere.
    shares: bool,
}

impl Sweep {
    /// Reads all inputs, each once, and lists the runs.
    ///
    /// # Errors
    /// Whatever is wrong with a value or a file, located.
    pub fn prepare(experiment: Experiment) -> Result<Sweep, Trouble> {
        let (columns, values) = columns(&experiment);
        let mut shelf = Shelf::default();
        let mut runs = Vec::new();
        for (number, cell) in experiment.cells.iter().enumerate() {
            let mut ready: Option<Arc<Ready>> = None;
            for &seed in &experiment.seeds {
                let ready = match &ready {
                    Some(same) if !cell.is_seeded() => Arc::clone(same),
                    _ => {
                        Arc::clone(ready.insert(Arc::new(shelf.ready(&experiment, cell, seed)?)))
                    }
                };
                runs.push(Run {
                    cell: number,
                    seed,
                    digest: digest(&experiment, &columns, cell, seed, &ready),
                    ready,
                });
            }
        }
        let modes = || runs.iter().map(|run| &run.ready.plan.sharing);
        for (cell, run) in runs.iter().map(|run| (&experiment.cells[run.cell], run)) {
            let sound = run.ready.plan.risks.check(modes());
            let origins = || experiment.origins(cell);
            sound.map_err(|problem| origins().blame("overcommit", problem))?;
        }
        let mut inputs: Vec<InputDigest> = Vec::new();
        for input in runs.iter().flat_map(|run| run.ready.inputs.iter()) {
            if !inputs.contains(input) {
                inputs.push(input.clone());
            }
        }
        let mut notes = Vec::new();
        for report in shelf.reports() {
            let said = report
                .notes
                .iter()
                .map(|note| format!("{}: {note}", report.path));
            let dropped = report.jobs_dropped.iter();
            let dropped =
                dropped.map(|(why, rows)| format!("{}: {rows} rows left out: {why}", report.path));
            for note in said.chain(dropped) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        Ok(Sweep {
            shares: modes().any(|mode| *mode != SharingMode::Recorded),
            experiment,
            runs,
            columns,
            values,
            inputs,
            notes,
        })
    }

    /// The cell of a run.
    pub fn cell(&self, run: &Run) -> &Cell {
        &self.experiment.cells[run.cell]
    }

    /// The scenario of a run as `gpusched run` can repeat it. Its paths are absolute, so that it
    /// means the same wherever the results are moved.
    pub(super) fn scenario(&self, run: &Run) -> std::io::Result<String> {
        let said = self.cell(run).with_seed(run.seed);
        let directory = Path::new(".").join(&self.experiment.directory);
        let scenario = said.rebased(&directory.canonicalize()?);
        serde_saphyr::to_string(&scenario).map_err(std::io::Error::other)
    }

    /// What a run is made from.
    pub(super) fn ready<'a>(&self, run: &'a Run) -> &'a Ready {
        &run.ready
    }

    /// Makes one run; `stop` ends it early, and it is then no result.
    pub(super) fn make<'a>(
        &self,
        run: &'a Run,
        stop: &Arc<AtomicBool>,
    ) -> Result<Option<Made<'a>>, Trouble> {
        let Ready { plan, loaded, .. } = self.ready(run);
        let keys = &self.experiment.keys;
        let told = |problem: Box<Diagnostic>| {
            let message = format!("{} (in {})", problem.message, self.cell(run).describe());
            Box::new(Diagnostic {
                message,
                ..*problem
            })
            .in_file(&self.experiment.file)
        };
        let work = arrange(&keys.arrivals, &loaded.work, &loaded.inventory, run.seed);
        let work =
            work.map_err(|error| Trouble::Input(told(Diagnostic::new(error.to_string()))))?;
        let inventory = rank(keys, &loaded.work, &loaded.inventory, run.seed);
        let inventory =
            inventory.map_err(|error| Trouble::Input(told(Diagnostic::new(error.to_string()))))?;
        let keep = keys.keep == Keep::All;
        let mut plan = plan.clone();
        plan.seed = run.seed;
        plan.risks.seed = run.seed;
        let options = ReplayOptions {
            keep_series: keep,
            keep_waits: keep,
            keep_places: keep,
            device_use: self.shares,
            stop: Some(Arc::clone(stop)),
            ..plan.replay_options()
        };
        let result = replay(&work, &inventory, &options);
        let mut result = result.map_err(|error| match error {
            ReplayError::Engine(error) => Trouble::Run(
                told(Diagnostic::new(error.to_string()))
                    .help("this is a bug in the policy, not in your input: please report it"),
            ),
            ReplayError::Sharing(problem) => Trouble::Input(told(problem)),
            ReplayError::Policy(error) => Trouble::Input(told(Diagnostic::new(error.to_string()))),
        })?;
        if result.interrupted {
            return Ok(None);
        }
        result.summary.inputs = run.ready.inputs.to_vec();
        let filled = keys.arrivals.fill.is_some();
        let worth = Worth {
            labels: &self.cell(run).labels,
            seed: run.seed,
            steady: keys
                .warm_up
                .map(|warm_up| steady(&work, &result.records, warm_up)),
            allocated: match filled {
                true => allocated(&work, &inventory, &result.records),
                false => Vec::new(),
            },
            summary: &result.summary,
        };
        let row = self.values.iter().map(|value| value.text(&worth)).collect();
        Ok(Some(Made {
            result,
            row,
            work,
            inventory,
        }))
    }

    /// Makes all runs in memory and returns their rows, in the order of the runs. Nothing is
    /// written.
    ///
    /// # Errors
    /// The first run that cannot be made.
    pub fn rows(&self, threads: usize) -> Result<Vec<Vec<String>>, Trouble> {
        let stop = Arc::default();
        let pool = pool(threads)?;
        let make = |run: &Run| {
            let made = self.make(run, &stop)?;
            Ok(made.map(|made| made.row).unwrap_or_default())
        };
        pool.install(|| self.runs.par_iter().map(make).collect())
    }
}

/// Calls `each` for every run on so many threads (0 = one per processor), in their order: runs of
/// one trace are made near to one another. Stops at the first trouble, once what has begun is done.
pub(super) fn for_each(
    runs: &[&Run],
    threads: usize,
    stop: &AtomicBool,
    each: impl Fn(&Run) -> Result<(), Trouble> + Sync,
) -> Result<(), Trouble> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let worker = |_: rayon::BroadcastContext<'_>| {
        while !stop.load(Ordering::Relaxed) && !failed.load(Ordering::Relaxed) {
            let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            each(run).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    };
    pool(threads)?.broadcast(worker).into_iter().collect()
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, Trouble> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| {
        Trouble::Run(
            Diagnostic::new(format!("cannot start threads: {error}")).help("try `--jobs 1`"),
        )
    })
}

/// The digest of everything a run is made from; where its files lie is not part of it.
fn digest(
    experiment: &Experiment,
    columns: &[Column],
    cell: &Cell,
    seed: u64,
    ready: &Ready,
) -> String {
    let labels: BTreeMap<&str, &String> = cell
        .labels
        .iter()
        .map(|(key, value)| (*key, value))
        .collect();
    let inputs: Vec<_> = ready
        .inputs
        .iter()
        .map(|input| json!([input.role, input.name, input.format, input.digest]))
        .collect();
    let columns: Vec<&String> = columns.iter().map(|column| &column.name).collect();
    let keys = &experiment.keys;
    let all = json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": cell.scenario,
        "labels": labels,
        "seed": seed,
        "inputs": inputs,
        "arrivals": keys.arrivals,
        "machine-order": keys.machine_order,
        "warm-up": keys.warm_up,
        "keep": keys.keep,
        "columns": columns,
    });
    format!("{:016x}", fnv1a_of(all.to_string().as_bytes()))
}
