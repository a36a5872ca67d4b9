//! Tables for people.

use crate::metrics::Summary;

/// One run.
pub fn summary_table(summary: &Summary) -> String {
    summary.label()
}

/// One row per run; the best value of a column carries a `*`.
pub fn compare_table(runs: &[Summary]) -> String {
    runs.iter().map(Summary::label).collect()
}
