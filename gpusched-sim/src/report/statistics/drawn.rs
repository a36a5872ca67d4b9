//! Policies that replayed a trace, and traces drawn from it.

use super::{METRICS, Metric, labels, maybe};
use crate::metrics::Summary;
use crate::report::table::{Layout, percent};
use crate::stats::drawn::{drawn, order_kept};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// Policies on draws from one trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnComparison {
    /// What was drawn: `days`, `weeks` or `users`.
    pub unit: String,
    /// How many of them the trace has.
    pub pieces: usize,
    /// How many draws every policy replayed.
    pub draws: usize,
    /// Whom the others are compared with.
    pub baseline: String,
    /// Confidence of the intervals.
    pub level: f64,
    /// One per metric that every run has.
    pub metrics: Vec<MetricDrawn>,
}

/// Policies by one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricDrawn {
    /// The metric.
    pub metric: String,
    /// The policies, in the order given.
    pub policies: Vec<PolicyDrawn>,
    /// Mean of Kendall's τ between the order of the policies on the trace and on a draw.
    pub order_tau: Option<f64>,
}

/// One policy by one metric, in seconds, shares or US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyDrawn {
    /// The policy.
    pub policy: String,
    /// On the trace.
    pub on_trace: f64,
    /// The mean over draws.
    pub drawn_mean: f64,
    /// Its difference from the baseline on the trace; absent for the baseline, as what follows.
    pub difference: Option<f64>,
    /// The interval of the difference.
    pub interval: Option<[f64; 2]>,
    /// Share of draws in which the difference has the same sign.
    pub same_sign: Option<f64>,
    /// The smallest difference that so many pieces would show in 80 % of cases.
    pub minimal_effect: Option<f64>,
    /// Share of draws in which the policy is best.
    pub best: f64,
}

/// Compares `runs[policy]` on the trace and `draws[policy][draw]`, by every metric that all have.
pub fn drawn_of(
    (unit, pieces): (&str, usize),
    runs: &[Vec<Summary>],
    draws: &[Vec<Summary>],
    baseline: usize,
    level: f64,
) -> DrawnComparison {
    let labels = labels(runs);
    let metrics = METRICS.iter().filter_map(|metric| {
        let on_trace: Vec<f64> = metric
            .of(runs)?
            .iter()
            .filter_map(|of| of.first().map(|value| metric.penalty(*value)))
            .collect();
        let mut values = metric.of(draws)?;
        for value in values.iter_mut().flatten() {
            *value = metric.penalty(*value);
        }
        let found = drawn(&on_trace, &values, pieces, baseline, level);
        let policies = found.iter().zip(&labels).map(|(one, label)| {
            let interval = one.difference.map(|difference| difference.interval);
            PolicyDrawn {
                policy: label.clone(),
                on_trace: metric.penalty(one.on_trace),
                drawn_mean: metric.penalty(one.drawn),
                difference: interval.map(|one| metric.penalty(one.estimate)),
                interval: interval.map(|one| {
                    let ends = [metric.penalty(one.low), metric.penalty(one.high)];
                    [ends[0].min(ends[1]), ends[0].max(ends[1])]
                }),
                same_sign: one.difference.map(|difference| difference.same_sign),
                minimal_effect: one.difference.map(|difference| difference.minimal_effect),
                best: one.best,
            }
        });
        Some(MetricDrawn {
            metric: metric.name.to_owned(),
            policies: policies.collect(),
            order_tau: order_kept(&on_trace, &values),
        })
    });
    DrawnComparison {
        unit: unit.to_owned(),
        pieces,
        draws: draws.first().map_or(0, Vec::len),
        level,
        metrics: metrics.collect(),
        baseline: labels.get(baseline).cloned().unwrap_or_default(),
    }
}

/// A comparison for people: a table per metric.
pub(super) fn table(of: &DrawnComparison, layout: Layout) -> String {
    let about = format!(
        "The trace, and {} traces drawn from its {} {}. Differences are from {}, on the trace;\n\
         their {:.0} % intervals are the spread over draws, which all policies share.",
        of.draws,
        of.pieces,
        of.unit,
        of.baseline,
        100.0 * of.level
    );
    let mut text = layout.prose(&about) + "\n";
    for one in &of.metrics {
        let Some(metric) = METRICS.iter().find(|metric| metric.name == one.metric) else {
            continue;
        };
        let heads = [
            one.metric.as_str(),
            "trace",
            "drawn",
            "difference",
            "interval",
            "can see",
            "same sign",
            "best",
        ];
        let row = |policy| row(metric, policy).map(|cell| layout.text(&cell)).to_vec();
        let rows: Vec<Vec<String>> = one.policies.iter().map(row).collect();
        text += &format!("\n{}\n", layout.table(&heads.map(str::to_owned), &rows));
        if let Some(tau) = one.order_tau.filter(|_| one.policies.len() > 2) {
            let line =
                format!(" the order of a draw agrees with that of the trace by τ = {tau:.2}\n");
            text += match layout {
                Layout::Plain => "",
                Layout::Markdown => "\n",
            };
            text += &layout.lines(&line);
        }
    }
    let legend = "drawn: the mean over draws. can see: the smallest difference that so many pieces would \
                  show in 80 % of\ncases. same sign: draws that tell the same winner of the two. best: \
                  draws in which the policy is the best\nof all. τ (Kendall): 1 = every draw has the same \
                  order, 0 = orders have nothing to do with each other.";
    text + &format!("\n{}\n", layout.prose(legend))
}

fn row(metric: &Metric, policy: &PolicyDrawn) -> [String; 8] {
    let signed = |value| metric.show_signed(value);
    let interval = |[low, high]: [f64; 2]| format!("{} to {}", signed(low), signed(high));
    [
        policy.policy.clone(),
        (metric.show)(policy.on_trace),
        (metric.show)(policy.drawn_mean),
        policy.difference.map(signed).unwrap_or_default(),
        policy.interval.map(interval).unwrap_or_default(),
        policy.minimal_effect.map(metric.show).unwrap_or_default(),
        policy.same_sign.map(percent).unwrap_or_default(),
        percent(policy.best),
    ]
}

/// A comparison as CSV: a row per metric and policy.
///
/// # Errors
/// What the writer reports.
pub(super) fn write_csv(out: &mut dyn Write, of: &DrawnComparison) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "metric",
        "policy",
        "unit",
        "pieces",
        "draws",
        "on_trace",
        "drawn_mean",
        "difference",
        "low",
        "high",
        "same_sign",
        "minimal_effect",
        "best",
        "order_tau",
    ])?;
    for one in &of.metrics {
        for policy in &one.policies {
            csv.write_record([
                one.metric.clone(),
                policy.policy.clone(),
                of.unit.clone(),
                of.pieces.to_string(),
                of.draws.to_string(),
                policy.on_trace.to_string(),
                policy.drawn_mean.to_string(),
                maybe(policy.difference),
                maybe(policy.interval.map(|[low, _]| low)),
                maybe(policy.interval.map(|[_, high]| high)),
                maybe(policy.same_sign),
                maybe(policy.minimal_effect),
                policy.best.to_string(),
                maybe(one.order_tau),
            ])?;
        }
    }
    csv.flush()
}
