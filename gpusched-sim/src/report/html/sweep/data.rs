//! Runs of a sweep gathered by combination, ranked, and compared with their baselines.

use super::super::encode::rounded;
use super::super::kpi::Better;
use super::metrics::{Metric, metrics};
use crate::sweep::{Results, SweepContrast, sweep_contrasts};
use serde::Serialize;
use serde_json::Value;

/// Rows of a chart of differences.
pub(super) const ROWS: usize = 60;

/// Everything the page shows. What the scripts of a page expect and a sweep has not is empty.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    baseline: usize,
    pub(super) kpis: Vec<Metric>,
    from: f64,
    until: f64,
    curves: [Value; 0],
    t: [Value; 0],
    lines: [Value; 0],
    pub(super) runs: Vec<Combination>,
    /// By metric: combination, difference, its ends; the least first.
    pub(super) forests: Vec<Vec<(usize, Value, Value, Value)>>,
    #[serde(skip)]
    pub(super) contrasts: Vec<SweepContrast>,
}

/// Runs that differ by their seeds alone.
#[derive(Debug, Serialize)]
pub(super) struct Combination {
    pub(super) label: String,
    /// Means over seeds, by metric.
    pub(super) values: Vec<Value>,
    /// The combination it is compared with, which may be itself.
    against: Option<usize>,
    /// By metric: the mean difference from that one, and its ends.
    intervals: Vec<Option<[Value; 3]>>,
    #[serde(skip)]
    pub(super) means: Vec<Option<f64>>,
    #[serde(skip)]
    pub(super) seeds: usize,
    #[serde(skip)]
    axes: Vec<String>,
}

/// Gathers everything.
pub(super) fn condense(results: &Results) -> Data {
    let Results {
        manifest,
        columns,
        rows,
    } = results;
    let axes = manifest.runs.first().map_or(0, |run| run.axes.len());
    let mut kpis = metrics(columns, axes);
    let mut runs: Vec<Combination> = Vec::new();
    let mut members: Vec<Vec<&[String]>> = Vec::new();
    for row in rows {
        match runs.iter().position(|one| one.axes == row[..axes]) {
            Some(at) => members[at].push(row),
            None => {
                runs.push(Combination {
                    label: label(&row[..axes]),
                    values: Vec::new(),
                    against: None,
                    intervals: Vec::new(),
                    means: Vec::new(),
                    seeds: 0,
                    axes: row[..axes].to_vec(),
                });
                members.push(vec![row]);
            }
        }
    }
    kpis.retain(|kpi| rows.iter().any(|row| !row[kpi.column.1].is_empty()));
    for (one, members) in runs.iter_mut().zip(&members) {
        one.seeds = members.len();
        one.means = kpis.iter().map(|kpi| mean(members, kpi.column.1)).collect();
        let values = one.means.iter();
        one.values = values
            .map(|mean| mean.map_or(Value::Null, |mean| rounded(mean, 9)))
            .collect();
    }
    rank(&mut runs, kpis.first());
    let names = || columns[..axes].iter().map(|column| &column.name);
    let places: Vec<Option<usize>> = runs
        .iter()
        .map(|one| {
            let wanted = names().zip(&one.axes);
            let wanted =
                wanted.map(|(axis, own)| manifest.baseline.get(axis).unwrap_or(own).as_str());
            let wanted: Vec<&str> = wanted.collect();
            let found = runs.iter().position(|other| other.axes == wanted);
            found.filter(|_| !manifest.baseline.is_empty())
        })
        .collect();
    let contrasts = match rows.len() == manifest.runs.len() {
        true => sweep_contrasts(manifest, columns, rows),
        false => Vec::new(),
    };
    let mut forests: Vec<Vec<(usize, f64, Value, Value)>> =
        kpis.iter().map(|_| Vec::new()).collect();
    for (at, one) in runs.iter_mut().enumerate() {
        one.against = places[at];
        for (kpi, forest) in kpis.iter().zip(&mut forests) {
            let of = contrasts
                .iter()
                .find(|found| found.metric == kpi.column.0 && found.combination == one.axes);
            let interval = of.and_then(|found| found.contrast.t);
            if let Some(t) = interval {
                forest.push((at, t.estimate, rounded(t.low, 6), rounded(t.high, 6)));
            }
            one.intervals
                .push(interval.map(|t| [t.estimate, t.low, t.high].map(|end| rounded(end, 6))));
        }
    }
    let forests = forests.into_iter().map(|mut forest| {
        forest.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let shown = forest.into_iter().take(ROWS);
        shown
            .map(|(at, estimate, low, high)| (at, rounded(estimate, 6), low, high))
            .collect()
    });
    Data {
        baseline: 0,
        forests: forests.collect(),
        kpis,
        from: 0.0,
        until: 1.0,
        curves: [],
        t: [],
        lines: [],
        runs,
        contrasts,
    }
}

impl Data {
    /// What is said of a combination by a metric.
    pub(super) fn contrast(&self, run: usize, kpi: usize) -> Option<&SweepContrast> {
        let (run, kpi) = (&self.runs[run], &self.kpis[kpi]);
        let mut all = self.contrasts.iter();
        all.find(|found| found.metric == kpi.column.0 && found.combination == run.axes)
    }
}

/// Values on the axes, side by side.
fn label(axes: &[String]) -> String {
    match axes {
        [] => "the base scenario".to_owned(),
        axes => axes.join(" · "),
    }
}

/// The mean over seeds of the fields that hold a number.
fn mean(rows: &[&[String]], at: usize) -> Option<f64> {
    let numbers: Vec<f64> = rows.iter().filter_map(|row| row[at].parse().ok()).collect();
    let sum: f64 = numbers.iter().sum();
    (!numbers.is_empty()).then(|| sum / numbers.len() as f64)
}

/// The best by the first metric first; those without a value last.
fn rank(runs: &mut [Combination], by: Option<&Metric>) {
    let sign = match by.map(|kpi| kpi.better) {
        Some(Better::High) => -1.0,
        _ => 1.0,
    };
    let value = |one: &Combination| {
        let first = one.means.first().copied().flatten();
        first.map_or(f64::INFINITY, |mean| sign * mean)
    };
    runs.sort_by(|a, b| value(a).total_cmp(&value(b)));
}
