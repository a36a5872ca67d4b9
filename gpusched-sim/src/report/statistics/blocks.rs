//! Policies job by job on one trace, its days, weeks or users taken as wholes.

use crate::report::table::{Layout, span};
use crate::stats::{Bootstrap, Clusters, Interval};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// Waits and completion times of one policy, by job, in seconds; `None` = it did not start, or not
/// end.
#[derive(Clone, Debug, Default)]
pub struct JobTimes {
    /// The policy.
    pub policy: String,
    /// Submission to start.
    pub wait: Vec<Option<f64>>,
    /// Submission to end.
    pub jct: Vec<Option<f64>>,
}

/// Differences of jobs under policies from the same jobs under a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockComparison {
    /// What a block is: `days`, `weeks` or `users`.
    pub unit: String,
    /// Whom the others are compared with.
    pub baseline: String,
    /// Confidence of the intervals.
    pub level: f64,
    /// One per metric and policy, but for the baseline.
    pub rows: Vec<BlockRow>,
}

/// One policy by one metric, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockRow {
    /// `wait` or `JCT`.
    pub metric: String,
    /// The policy.
    pub policy: String,
    /// Jobs that have a value under both policies.
    pub jobs: usize,
    /// Jobs that have one under the baseline, or this policy, only: they are in no mean here.
    pub left_out: usize,
    /// Blocks with such jobs.
    pub blocks: usize,
    /// Mean difference per job, and its interval; absent with fewer than two blocks.
    pub difference: Option<[f64; 3]>,
}

/// Compares jobs in pairs; `blocks[job]` is the block of each.
pub fn blocks_of(
    unit: &str,
    blocks: &[usize],
    policies: &[JobTimes],
    baseline: usize,
    level: f64,
    bootstrap: Bootstrap,
) -> BlockComparison {
    type Times = fn(&JobTimes) -> &[Option<f64>];
    let metrics: [(&'static str, Times); 2] = [("wait", |of| &of.wait), ("JCT", |of| &of.jct)];
    let mut rows = Vec::new();
    for (metric, times) in metrics {
        let base = policies.get(baseline).map_or(&[][..], times);
        for of in policies
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != baseline)
        {
            let (mut clusters, mut jobs, mut left_out) = (Clusters::default(), 0, 0);
            for ((one, base), block) in times(of.1).iter().zip(base).zip(blocks) {
                match (one, base) {
                    (Some(one), Some(base)) => {
                        clusters.add(*block, one - base);
                        jobs += 1;
                    }
                    (None, None) => {}
                    _ => left_out += 1,
                }
            }
            let ends = |of: Interval| [of.estimate, of.low, of.high];
            rows.push(BlockRow {
                metric: metric.to_owned(),
                policy: of.1.policy.clone(),
                jobs,
                left_out,
                blocks: clusters.len(),
                difference: clusters.mean(level, bootstrap).map(ends),
            });
        }
    }
    BlockComparison {
        unit: unit.to_owned(),
        baseline: policies
            .get(baseline)
            .map_or_else(String::new, |of| of.policy.clone()),
        level,
        rows,
    }
}

/// A comparison for people.
pub(super) fn table(of: &BlockComparison, layout: Layout) -> String {
    let head = [
        "metric",
        "policy",
        "difference",
        "interval",
        "jobs",
        "left out",
        &of.unit,
    ];
    let signed = |value: f64| {
        let sign = if value < 0.0 { "-" } else { "+" };
        format!("{sign}{}", span(value.abs()))
    };
    let row = |row: &BlockRow| {
        let (difference, interval) = match row.difference {
            Some([mean, low, high]) => {
                (signed(mean), format!("{} to {}", signed(low), signed(high)))
            }
            None => (String::new(), format!("too few {}", of.unit)),
        };
        let cells = [
            row.metric.clone(),
            row.policy.clone(),
            difference,
            interval,
            row.jobs.to_string(),
            row.left_out.to_string(),
            row.blocks.to_string(),
        ];
        cells.map(|cell| layout.text(&cell)).to_vec()
    };
    let rows: Vec<Vec<String>> = of.rows.iter().map(row).collect();
    let about = format!(
        "The same jobs under {} and under the others: mean difference per job, with {:.0} % \
         intervals\nfrom drawing whole {} of jobs (the schedule is not replayed; `--resample` does).",
        of.baseline,
        100.0 * of.level,
        of.unit,
    );
    let table = layout.table(&head.map(str::to_owned), &rows);
    format!("{}\n\n{table}\n", layout.prose(&about))
}

/// A comparison as CSV: a row per metric and policy.
///
/// # Errors
/// What the writer reports.
pub(super) fn write_csv(out: &mut dyn Write, of: &BlockComparison) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "metric",
        "policy",
        "unit",
        "blocks",
        "jobs",
        "left_out",
        "difference",
        "low",
        "high",
    ])?;
    for row in &of.rows {
        let end = |at: usize| super::maybe(row.difference.map(|ends| ends[at]));
        csv.write_record([
            row.metric.clone(),
            row.policy.clone(),
            of.unit.clone(),
            row.blocks.to_string(),
            row.jobs.to_string(),
            row.left_out.to_string(),
            end(0),
            end(1),
            end(2),
        ])?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_compared_with_themselves_and_those_without_a_pair_are_counted() {
        let of = |policy: &str, wait: &[Option<f64>]| JobTimes {
            policy: policy.into(),
            wait: wait.to_vec(),
            jct: vec![None; wait.len()],
        };
        let base = of("a", &[Some(10.0), Some(20.0), None, Some(5.0), None]);
        let other = of("b", &[Some(8.0), Some(14.0), Some(1.0), None, None]);
        let found = blocks_of(
            "days",
            &[0, 1, 1, 2, 2],
            &[base, other],
            0,
            0.95,
            Bootstrap::default(),
        );
        let row = &found.rows[0];
        assert_eq!((row.jobs, row.left_out, row.blocks), (2, 2, 2));
        assert_eq!(row.difference.unwrap()[0], -4.0);
        assert_eq!((found.rows[1].jobs, found.rows[1].difference), (0, None));
        assert!(table(&found, Layout::Plain).contains("too few days"));
    }
}
