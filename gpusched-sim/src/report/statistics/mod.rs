//! Policies against a baseline, with what may be said of the difference.
//!
//! `drawn.rs` is for policies that replayed traces drawn from one trace, `blocks.rs` compares jobs
//! one by one on the trace itself, and `intervals.rs` is either, as it is stored. Policies that ran the same seeds are [`crate::sweep`]'s.

mod blocks;
mod drawn;
mod intervals;

pub use blocks::{BlockComparison, BlockRow, JobTimes, blocks_of};
pub use drawn::{DrawnComparison, MetricDrawn, PolicyDrawn, drawn_of};

pub use intervals::Intervals;

use super::table::{number, percent, span};
use crate::metrics::Summary;

/// A number of a run that policies are compared by.
#[derive(Clone, Copy)]
pub struct Metric {
    /// Its name in tables and files.
    pub name: &'static str,
    /// Whether less of it is better.
    pub less_is_better: bool,
    /// Its value; `None` where a run has none.
    pub value: fn(&Summary) -> Option<f64>,
    show: fn(f64) -> String,
}

/// The metrics policies are compared by.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    Metric { name: "mean wait", less_is_better: true, value: |run| run.wait_s.map(|wait| wait.mean), show: span },
    Metric { name: "p95 wait", less_is_better: true, value: |run| run.wait_s.map(|wait| wait.p95), show: span },
    Metric { name: "mean JCT", less_is_better: true, value: |run| run.jct_s.map(|jct| jct.mean), show: span },
    Metric { name: "slowdown", less_is_better: true, value: |run| run.bounded_slowdown.map(|slowdown| slowdown.mean), show: number },
    Metric { name: "utilisation", less_is_better: false, value: |run| run.utilisation.window, show: percent },
    Metric { name: "fragmented", less_is_better: true, value: |run| Some(run.sampled.frag_ratio), show: percent },
    Metric { name: "USD", less_is_better: true, value: |run| run.cost.as_ref()?.usd, show: number },
];

impl Metric {
    /// Turned so that less is better.
    fn penalty(&self, value: f64) -> f64 {
        if self.less_is_better { value } else { -value }
    }

    /// A difference with its sign.
    fn show_signed(&self, value: f64) -> String {
        let sign = if value < 0.0 { "-" } else { "+" };
        format!("{sign}{}", (self.show)(value.abs()))
    }

    /// The values of `runs[policy][run]`; `None` unless all runs have one.
    fn of(&self, runs: &[Vec<Summary>]) -> Option<Vec<Vec<f64>>> {
        let of = |of: &Vec<Summary>| of.iter().map(self.value).collect();
        runs.iter().map(of).collect()
    }
}

/// The names of policies, from their first run each.
fn labels(runs: &[Vec<Summary>]) -> Vec<String> {
    let label = |of: &Vec<Summary>| of.first().map_or_else(String::new, Summary::label);
    runs.iter().map(label).collect()
}

/// An empty field for `None`.
fn maybe(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
