//! Policies that ran the same seeds.

use super::{METRICS, Metric, labels, maybe};
use crate::metrics::Summary;
use crate::report::table::{percent, plain, right_align};
use crate::stats::paired::{Contrast, Options, contrasts};
use crate::stats::{Interval, stability};
use serde::Serialize;
use std::io::{self, Write};

/// Policies that ran the same seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Contrasts {
    /// Where the randomness comes from, in words.
    pub source: String,
    /// How many every policy ran.
    pub seeds: usize,
    /// Whom the others are compared with.
    pub baseline: String,
    /// Confidence of the intervals.
    pub level: f64,
    /// One per metric that every run has.
    pub metrics: Vec<MetricContrasts>,
}

/// Policies by one metric.
#[derive(Clone, Debug, Serialize)]
pub struct MetricContrasts {
    /// The metric.
    pub metric: &'static str,
    /// Kendall's τ between the order in single seeds and the order of the means.
    pub order_tau: Option<f64>,
    /// The policies, in the order given.
    pub policies: Vec<PolicyContrast>,
}

/// One policy by one metric.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyContrast {
    /// The policy.
    pub policy: String,
    /// The mean over seeds, in seconds, shares or US dollars.
    pub mean: f64,
    /// Share of bootstrap replicates in which it is the best.
    pub best_share: Option<f64>,
    /// Mean difference from the baseline and its ends (Student's t); absent for the baseline.
    pub difference_t: Option<[f64; 3]>,
    /// The same (BCa bootstrap).
    pub difference_bca: Option<[f64; 3]>,
    /// Wilcoxon's signed-rank test, corrected for the number of policies (Holm).
    pub p_holm: Option<f64>,
    /// The smallest difference so many seeds would show with a power of 80 %.
    pub minimal_effect: Option<f64>,
}

/// Contrasts of `runs[policy][draw]`, by every metric that all runs have.
pub fn contrasts_of(
    runs: &[Vec<Summary>],
    baseline: usize,
    source: String,
    options: &Options,
) -> Contrasts {
    let labels = labels(runs);
    let metrics = METRICS.iter().filter_map(|metric| {
        let values = metric.of(runs)?;
        Some(by_metric(metric, &values, &labels, baseline, options))
    });
    Contrasts {
        source,
        seeds: runs.first().map_or(0, Vec::len),
        level: options.level,
        metrics: metrics.collect(),
        baseline: labels.get(baseline).cloned().unwrap_or_default(),
    }
}

fn by_metric(
    metric: &Metric,
    values: &[Vec<f64>],
    labels: &[String],
    baseline: usize,
    options: &Options,
) -> MetricContrasts {
    let against = contrasts(values, baseline, options);
    let signed: Vec<Vec<f64>> = values
        .iter()
        .map(|of| of.iter().map(|value| metric.penalty(*value)).collect())
        .collect();
    let stable = stability(&signed, options.bootstrap);
    let ends = |of: Option<Interval>| of.map(|one| [one.estimate, one.low, one.high]);
    let policies = labels.iter().enumerate().map(|(at, label)| {
        let found: Option<&Contrast> = against.iter().find(|one| one.policy == at);
        PolicyContrast {
            policy: label.clone(),
            mean: values[at].iter().sum::<f64>() / values[at].len() as f64,
            best_share: stable.as_ref().map(|one| one.best[at]),
            difference_t: ends(found.and_then(|one| one.t)),
            difference_bca: ends(found.and_then(|one| one.bca)),
            p_holm: found.map(|one| one.holm),
            minimal_effect: found.and_then(|one| one.minimal_effect),
        }
    });
    MetricContrasts {
        metric: metric.name,
        order_tau: stable.as_ref().and_then(|one| one.tau),
        policies: policies.collect(),
    }
}

/// Contrasts for people: a table per metric.
pub fn contrasts_table(contrasts: &Contrasts) -> String {
    let mut text = format!(
        "{} {}, the same for all policies; differences are per seed and from {}. Intervals: {:.0} %.\n",
        contrasts.seeds,
        contrasts.source,
        contrasts.baseline,
        100.0 * contrasts.level
    );
    for one in &contrasts.metrics {
        let Some(metric) = METRICS.iter().find(|metric| metric.name == one.metric) else {
            continue;
        };
        let mut table = plain();
        let heads = [
            "mean",
            "difference",
            "t interval",
            "BCa interval",
            "p (Holm)",
            "can see",
            "best",
        ];
        table.set_header(std::iter::once(one.metric).chain(heads));
        for policy in &one.policies {
            let ends = |of: Option<[f64; 3]>| {
                of.map_or_else(String::new, |[_, low, high]| {
                    format!(
                        "{} to {}",
                        metric.show_signed(low),
                        metric.show_signed(high)
                    )
                })
            };
            let difference = policy
                .difference_t
                .map(|[estimate, ..]| metric.show_signed(estimate));
            table.add_row([
                policy.policy.clone(),
                (metric.show)(policy.mean),
                difference.unwrap_or_default(),
                ends(policy.difference_t),
                ends(policy.difference_bca),
                policy.p_holm.map(|p| format!("{p:.3}")).unwrap_or_default(),
                policy.minimal_effect.map(metric.show).unwrap_or_default(),
                policy.best_share.map(percent).unwrap_or_default(),
            ]);
        }
        right_align(&mut table);
        text += &format!("\n{}\n", table.trim_fmt());
    }
    text += "\ncan see: the smallest difference so many seeds would show in 80 % of cases.\n\
             best: how often the policy is best when seeds are drawn again.\n";
    text
}

/// Contrasts as a JSON object, indented, with a final newline.
///
/// # Errors
/// What the writer reports.
pub fn write_contrasts_json(out: &mut dyn Write, contrasts: &Contrasts) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, contrasts)?;
    out.write_all(b"\n")
}

/// Contrasts as CSV: a row per metric and policy.
///
/// # Errors
/// What the writer reports.
pub fn write_contrasts_csv(out: &mut dyn Write, contrasts: &Contrasts) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "metric",
        "policy",
        "seeds",
        "mean",
        "difference",
        "t_low",
        "t_high",
        "bca_low",
        "bca_high",
        "p_holm",
        "minimal_effect",
        "best_share",
    ])?;
    for one in &contrasts.metrics {
        for policy in &one.policies {
            let end = |of: Option<[f64; 3]>, at: usize| maybe(of.map(|ends| ends[at]));
            csv.write_record([
                one.metric.to_owned(),
                policy.policy.clone(),
                contrasts.seeds.to_string(),
                policy.mean.to_string(),
                end(policy.difference_t, 0),
                end(policy.difference_t, 1),
                end(policy.difference_t, 2),
                end(policy.difference_bca, 1),
                end(policy.difference_bca, 2),
                maybe(policy.p_holm),
                maybe(policy.minimal_effect),
                maybe(policy.best_share),
            ])?;
        }
    }
    csv.flush()
}
