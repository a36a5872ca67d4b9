//! Many runs in one file: what is varied, what stays, and what is to be known at the end.
//!
//! An [`Experiment`] is a base scenario, axes (keys of a scenario with the values to try) and
//! seeds. Every combination of values is a [`Cell`]; every cell is run once per seed. A seed means
//! the same randomness in every cell (common random numbers): the order of arrival, the draws of
//! faults and of random placement are keyed by it and by nothing a policy decides.
//!
//! ```
//! use gpusched_sim::experiment::Experiment;
//! let text = "
//! base: { trace: builtin:sample, queueing: easy }
//! axes:
//!   placement: [first-fit, best-fit, fgd]
//! arrivals: { order: shuffle }
//! seeds: 10
//! metrics: [wait_mean_s, utilisation]
//! baseline: { placement: first-fit }
//! ";
//! let experiment = Experiment::parse("my.yaml", text)?;
//! assert_eq!(experiment.cells.len(), 3);
//! assert_eq!(experiment.cells[1].labels, [("placement", "best-fit".to_owned())]);
//!
//! let wrong = Experiment::parse("my.yaml", "axes: { placment: [fgd] }\n").unwrap_err();
//! assert!(wrong.help.as_deref().unwrap().contains("placement"));
//! # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
//! ```

mod cells;
mod check;
mod keys;
mod read;

pub use cells::Cell;
pub use keys::{Arrivals, Keep, Order, Seeds};

use crate::diagnostic::Diagnostic;
use crate::metrics::WarmUp;
use crate::scenario::{Axes, Scenario, Seconds, tidy_schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The version of experiment files this program reads.
pub const SCHEMA: u64 = 1;

/// A gpusched experiment. Every key is optional. Relative paths count from the directory of the
/// experiment file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Keys {
    /// Version of this form of file: 1.
    pub schema: Option<u64>,
    /// What it is called in reports.
    pub name: Option<String>,
    /// What all runs have in common: a scenario.
    pub base: Scenario,
    /// What is varied: keys of a scenario with lists of values. `{seed}` in a path of trace,
    /// cluster or topology stands for the seed of the run: one generated trace per seed.
    pub axes: Axes,
    /// Combinations that are left out: each a map from axes to one of their values.
    pub exclude: Vec<BTreeMap<String, String>>,
    /// How often each combination is run: a number n for the seeds 0 to n - 1, or a list of seeds
    /// (default: one run, with the seed of `base`).
    pub seeds: Option<Seeds>,
    /// In which order jobs come, and which.
    pub arrivals: Arrivals,
    /// In which order machines stand: of those a policy rates equal it takes the first, and that
    /// may be most of them.
    pub machine_order: Order,
    /// Stop every run after this many seconds of its trace.
    pub horizon: Option<Seconds>,
    /// Until when jobs count for nothing but being there: columns `steady_…` tell of those that come
    /// later. Seconds after the first submission, or `mser-5`: where the waits of a run become
    /// steady, each run for itself; columns are empty where they do not.
    pub warm_up: Option<WarmUp>,
    /// Columns of the results (default: all; `gpusched sweep --list-metrics` names them).
    pub metrics: Option<Vec<String>>,
    /// What others are compared with: a map from axes to one of their values. Each combination is
    /// compared with the one that has these values and otherwise its own.
    pub baseline: Option<BTreeMap<String, String>>,
    /// What is kept of each run (default `summary`).
    pub keep: Keep,
}

/// An experiment that has been read and checked.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// The file, as it is named in messages.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The directory relative paths count from.
    pub directory: PathBuf,
    /// What it says.
    pub keys: Keys,
    /// Every combination, in order: the first axis varies slowest.
    pub cells: Vec<Cell>,
    /// The seeds each cell is run with.
    pub seeds: Vec<u64>,
}

impl Experiment {
    /// Puts a problem where `word` stands in the file.
    pub(crate) fn blame(&self, word: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        read::file(&self.file, &self.text).blame(word, problem)
    }

    /// What it is called: its own name, or that of the file.
    pub fn name(&self) -> String {
        let stem = || {
            let path = std::path::Path::new(&self.file);
            path.file_stem()
                .map_or_else(|| self.file.clone(), |stem| stem.display().to_string())
        };
        self.keys.name.clone().unwrap_or_else(stem)
    }

    /// The cell that a cell is compared with, if there is one and it is run.
    pub fn baseline_of(&self, cell: &Cell) -> Option<&Cell> {
        let baseline = self.keys.baseline.as_ref()?;
        let wanted = cell.labels.iter().map(|(key, value)| {
            let value = baseline.get(*key).unwrap_or(value);
            ((*key).to_owned(), value.clone())
        });
        let wanted = wanted.collect();
        self.cells.iter().find(|other| other.matches(&wanted))
    }

    /// What differs from seed to seed, in words; nothing where every seed gives the same runs.
    pub fn randomness(&self) -> Vec<&'static str> {
        let any = |test: fn(&Scenario) -> bool| self.cells.iter().any(|cell| test(&cell.scenario));
        let sources = [
            (
                self.keys.arrivals.order != Order::Recorded,
                "order of arrival",
            ),
            (
                self.keys.machine_order != Order::Recorded,
                "order of machines",
            ),
            (any(Cell::seeded_inputs), "generated inputs"),
            (
                any(|one| one.fault_rate.is_some_and(|rate| rate > 0.0)),
                "faults",
            ),
            (
                any(|one| {
                    one.placement
                        .as_deref()
                        .is_some_and(|name| name.contains("random"))
                }),
                "random placement",
            ),
        ];
        let named = sources.into_iter().filter(|(is, _)| *is);
        named.map(|(_, name)| name).collect()
    }
}

/// The JSON Schema of an experiment, as published in `docs/experiment.schema.json`.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Keys).to_value();
    schema["title"] = "gpusched experiment".into();
    for key in check::NO_AXES.map(|(key, _)| key) {
        if let Some(axes) = schema["$defs"]["Axes"]["properties"].as_object_mut() {
            axes.remove(key);
        }
    }
    tidy_schema(&mut schema);
    schema
}
