//! The columns of the results: what tells runs apart, then what they were worth.

use super::measure::Steady;
use crate::experiment::Experiment;
use crate::metrics::Summary;
use crate::report::summary_columns;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it holds numbers; else it holds text.
    pub is_number: bool,
}

/// Where what stands in a column comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Axis(usize),
    Seed,
    Summary(fn(&Summary) -> String),
    Steady(fn(&Steady) -> Option<f64>),
    Allocated(usize),
}

/// What a run was worth.
#[derive(Clone, Debug)]
pub(super) struct Worth<'a> {
    pub(super) labels: &'a [(&'static str, String)],
    pub(super) seed: u64,
    pub(super) summary: &'a Summary,
    pub(super) steady: Option<Steady>,
    pub(super) allocated: Vec<Option<f64>>,
}

/// Columns of a summary that hold text.
const TEXT: [&str; 11] = [
    "queueing",
    "placement",
    "discipline",
    "sharing",
    "performance",
    "fidelity",
    "version",
    "interrupted",
    "estimates",
    "network",
    "job_profile",
];

/// The first column of a summary that only runs with a network have; those after it are of the
/// same kind.
const NETWORK: &str = "network";

/// Columns of summaries that tell of a warm-up, which `steady_…` does here.
const WARM_UP: [&str; 2] = ["warm_up_s", "warm_up_jobs"];

/// Columns of summaries that only runs with censored jobs have.
const CENSORED: [&str; 3] = [
    "restricted_to_s",
    "wait_restricted_mean_s",
    "jct_restricted_mean_s",
];

type SteadyColumn = (&'static str, fn(&Steady) -> Option<f64>);

#[rustfmt::skip]
const STEADY: [SteadyColumn; 8] = [
    ("steady_from_s", |steady| steady.from_s),
    ("steady_jobs", |steady| Some(steady.jobs as f64)),
    ("steady_censored", |steady| Some(steady.censored as f64)),
    ("steady_wait_mean_s", |steady| steady.wait_mean_s),
    ("steady_wait_p95_s", |steady| steady.wait_p95_s),
    ("steady_jct_mean_s", |steady| steady.jct_mean_s),
    ("steady_jct_p95_s", |steady| steady.jct_p95_s),
    ("steady_slowdown_mean", |steady| steady.slowdown_mean),
];

impl Column {
    fn text(name: impl Into<String>) -> Column {
        Column {
            name: name.into(),
            is_number: false,
        }
    }

    fn metric(name: impl Into<String>) -> Column {
        let name = name.into();
        Column {
            is_number: !TEXT.contains(&name.as_str()),
            name,
        }
    }

    /// The digest of a run.
    pub(super) fn run() -> Column {
        Column::text("run")
    }

    /// The columns of results that were read, the first `axes` of which are axes.
    pub(super) fn named(names: &[String], axes: usize) -> Vec<Column> {
        let (axes, metrics) = names.split_at(axes.min(names.len()));
        let axes = axes.iter().map(Column::text);
        axes.chain(metrics.iter().map(Column::metric)).collect()
    }
}

impl Value {
    /// What stands in the column; nothing where there is nothing to say.
    pub(super) fn text(self, worth: &Worth<'_>) -> String {
        let maybe = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        match self {
            Value::Axis(number) => worth.labels[number].1.clone(),
            Value::Seed => worth.seed.to_string(),
            Value::Summary(value) => value(worth.summary),
            Value::Steady(value) => maybe(worth.steady.as_ref().and_then(value)),
            Value::Allocated(percent) => maybe(worth.allocated.get(percent).copied().flatten()),
        }
    }
}

/// The columns of an experiment: axes, seed, then the metrics it asks for, or all there are.
pub(super) fn columns(experiment: &Experiment) -> (Vec<Column>, Vec<Value>) {
    let axes = experiment.keys.axes.lengths().into_iter().enumerate();
    let mut columns: Vec<(Column, Value)> = axes
        .map(|(number, (key, _))| (Column::text(key), Value::Axis(number)))
        .collect();
    columns.push((Column::metric("seed"), Value::Seed));
    let metrics = match &experiment.keys.metrics {
        None => usual(experiment),
        Some(names) => {
            let known = selectable(experiment);
            let find = |name: &String| known.iter().find(|(column, _)| column.name == *name);
            names.iter().filter_map(find).cloned().collect()
        }
    };
    for (metric, value) in metrics {
        if columns.iter().all(|(column, _)| column.name != metric.name) {
            columns.push((metric, value));
        }
    }
    columns.into_iter().unzip()
}

/// The names of the metrics an experiment may ask for.
pub fn possible(experiment: &Experiment) -> Vec<String> {
    let columns = selectable(experiment).into_iter();
    columns.map(|(column, _)| column.name).collect()
}

fn selectable(experiment: &Experiment) -> Vec<(Column, Value)> {
    let mut columns: Vec<(Column, Value)> = summary_columns()
        .filter(|(name, _)| !WARM_UP.contains(name))
        .map(|(name, value)| (Column::metric(name), Value::Summary(value)))
        .collect();
    if experiment.keys.warm_up.is_some() {
        let steady = STEADY.map(|(name, value)| (Column::metric(name), Value::Steady(value)));
        columns.extend(steady);
    }
    if let Some(fill) = experiment.keys.arrivals.fill {
        let percent = 1..=(fill * 100.0).round() as usize;
        columns.extend(percent.map(|percent| {
            let name = format!("allocated_pct_at_{percent}");
            (Column::metric(name), Value::Allocated(percent))
        }));
    }
    columns
}

/// What is shown where nothing is asked for: all but what no run has, and every tenth percent.
fn usual(experiment: &Experiment) -> Vec<(Column, Value)> {
    let networked = experiment.cells.iter().any(|cell| {
        let one = &cell.scenario;
        one.network.is_some() || one.topology.is_some()
    });
    let cut_short = experiment
        .cells
        .iter()
        .any(|cell| cell.scenario.horizon.is_some());
    let names = summary_columns().map(|(name, _)| name);
    let network: Vec<&str> = names.skip_while(|name| *name != NETWORK).collect();
    let wanted = |(column, value): &(Column, Value)| match value {
        Value::Allocated(percent) => percent % 10 == 0,
        _ if CENSORED.contains(&column.name.as_str()) => cut_short,
        _ => networked || !network.contains(&column.name.as_str()),
    };
    selectable(experiment).into_iter().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let experiment = Experiment::parse("e.yaml", text).unwrap();
        let (columns, _) = columns(&experiment);
        columns.into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn axes_and_seed_come_first_and_no_column_twice() {
        let names = names("axes: { placement: [fgd, pwr] }");
        assert_eq!(names[..3], ["placement", "seed", "queueing"]);
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len());
        assert!(!names.contains(&NETWORK.to_owned()));
    }

    #[test]
    fn what_is_asked_for_is_there_in_that_order() {
        let text = "arrivals: { order: shuffle, fill: 1.1 }\n\
                    metrics: [utilisation, allocated_pct_at_95, jobs]";
        let expected = ["seed", "utilisation", "allocated_pct_at_95", "jobs"];
        assert_eq!(names(text), expected);
    }

    #[test]
    fn columns_that_are_numbers_hold_numbers() {
        let experiment = Experiment::parse("e.yaml", "").unwrap();
        let worth = Worth {
            labels: &[],
            seed: 0,
            summary: &Summary::default(),
            steady: None,
            allocated: Vec::new(),
        };
        for (column, value) in selectable(&experiment) {
            let text = value.text(&worth);
            let number = text.is_empty() || text.parse::<f64>().is_ok();
            assert!(number || !column.is_number, "{}: {text}", column.name);
        }
        for name in TEXT {
            assert!(summary_columns().any(|(known, _)| known == name), "{name}");
        }
    }
}
