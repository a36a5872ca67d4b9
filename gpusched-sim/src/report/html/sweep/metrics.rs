//! The columns of a sweep as people read them.

use super::super::kpi::{Better, Kind};
use crate::sweep::Column;
use serde::Serialize;

/// A column that is shown.
#[derive(Debug, Serialize)]
pub(super) struct Metric {
    pub(super) label: String,
    pub(super) help: String,
    pub(super) kind: Kind,
    pub(super) better: Better,
    /// Its name, and its place in a row.
    #[serde(skip)]
    pub(super) column: (String, usize),
}

/// Where an experiment asks for more metrics than these, only those that are known are shown;
/// `summary.csv` has them all.
const MOST: usize = 16;

use Better::{High, Low};
use Kind::{Count, Number, Percent, Span};

/// Columns that have a name and a meaning here, in the order they are shown.
#[rustfmt::skip]
const KNOWN: [(&str, &str, Kind, Better, &str); 26] = [
    ("wait_mean_s", "Mean wait", Span, Low, "From submission to start; jobs that started."),
    ("steady_wait_mean_s", "Mean wait after warm-up", Span, Low, "The same of jobs that came after the warm-up."),
    ("wait_restricted_mean_s", "Mean wait to τ", Span, Low, "Kaplan–Meier mean of min(wait, τ): jobs that still waited at the close count too."),
    ("wait_p95_s", "p95 wait", Span, Low, "19 of 20 jobs that started waited no longer."),
    ("steady_wait_p95_s", "p95 wait after warm-up", Span, Low, "The same of jobs that came after the warm-up."),
    ("jct_mean_s", "Mean JCT", Span, Low, "From submission to finish; jobs that finished."),
    ("steady_jct_mean_s", "Mean JCT after warm-up", Span, Low, "The same of jobs that came after the warm-up."),
    ("jct_restricted_mean_s", "Mean JCT to τ", Span, Low, "Kaplan–Meier mean of min(JCT, τ): jobs that had not ended at the close count too."),
    ("jct_p50_s", "p50 JCT", Span, Low, "Half of the jobs that finished took no longer."),
    ("jct_p95_s", "p95 JCT", Span, Low, "19 of 20 jobs that finished took no longer."),
    ("slowdown_mean", "Slowdown", Number, Low, "Mean bounded slowdown: JCT ÷ run time, run times below 10 s counted as 10 s, at least 1."),
    ("steady_slowdown_mean", "Slowdown after warm-up", Number, Low, "The same of jobs that came after the warm-up."),
    ("makespan_s", "Makespan", Span, Low, "From the first submission to the last finish, or to the close."),
    ("finished", "Finished", Count, High, "Jobs that ended."),
    ("failed", "Died", Count, Low, "Jobs that died before their end."),
    ("accepted", "Accepted", Percent, High, "Jobs that the cluster could ever hold."),
    ("utilisation", "Utilisation", Percent, Better::None, "GPU time held ÷ GPU time there was. More is good only where jobs are not slower for it."),
    ("frag_ratio", "Fragmented", Percent, Low, "Idle GPUs that the next pod of this workload cannot use ÷ idle GPUs, mean over time."),
    ("energy_kwh", "Energy", Number, Low, "kWh of CPUs and GPUs after the PWR model."),
    ("sm_use", "SM use", Percent, High, "Device time kept busy ÷ device time there was."),
    ("devices_peak", "GPUs needed", Count, Low, "Most devices in use at once."),
    ("wasted", "Wasted", Percent, Low, "Of what was held, not needed."),
    ("licence_usd", "Licences", Number, Low, "USD."),
    ("gang_slowdown_mean", "Gang slowdown", Number, Low, "Run time ÷ recorded run time of jobs of two or more GPUs."),
    ("cross_leaf_gpu_hours", "Cross-leaf GPU-h", Count, Low, "GPU-hours of jobs that lay on more than one leaf of the network."),
    ("steady_censored", "Censored after warm-up", Count, Better::None, "Jobs after the warm-up that had not ended at the close."),
];

/// The metrics to show of these columns, the first `axes` of which are axes, followed by the seed:
/// as the experiment names them, or where it names too many, those that are known.
pub(super) fn metrics(columns: &[Column], axes: usize) -> Vec<Metric> {
    let numbers = || {
        let all = columns.iter().enumerate().skip(axes + 1);
        all.filter(|(_, column)| column.is_number)
    };
    if numbers().count() <= MOST {
        return numbers()
            .map(|(at, column)| metric(&column.name, at))
            .collect();
    }
    let known = KNOWN.iter().filter_map(|(name, ..)| {
        let (at, column) = numbers().find(|(_, column)| column.name == *name)?;
        Some(metric(&column.name, at))
    });
    known.collect()
}

fn metric(name: &str, at: usize) -> Metric {
    let column = (name.to_owned(), at);
    if let Some((_, label, kind, better, help)) = KNOWN.iter().find(|(known, ..)| *known == name) {
        return Metric {
            label: (*label).to_owned(),
            help: (*help).to_owned(),
            kind: *kind,
            better: *better,
            column,
        };
    }
    let (better, help) = match name.strip_prefix("allocated_pct_at_") {
        Some(percent) => (
            High,
            format!(
                "GPUs allocated, in percent of the cluster, when {percent} % had been asked for."
            ),
        ),
        None => (Better::None, "A column of summary.csv.".to_owned()),
    };
    Metric {
        label: name.to_owned(),
        help,
        kind: Number,
        better,
        column,
    }
}
