//! Differences and how sure they are, whichever way that was found.

use super::{BlockComparison, DrawnComparison, blocks, drawn};
use crate::report::Layout;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// What `gpusched compare --resample` or `--blocks` finds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intervals {
    /// Policies replayed traces drawn from the trace.
    Resample(DrawnComparison),
    /// Jobs were compared with themselves under a baseline, by blocks.
    Blocks(BlockComparison),
}

impl Intervals {
    /// The file they are stored in, beside the folders of the runs they are about.
    pub const FILE: &'static str = "intervals.json";

    /// Whom the others are compared with.
    pub fn baseline(&self) -> &str {
        match self {
            Intervals::Resample(of) => &of.baseline,
            Intervals::Blocks(of) => &of.baseline,
        }
    }

    /// Policy, metric as [`super::METRICS`] names it, mean difference from the baseline and the ends
    /// of its interval.
    pub(crate) fn differences(&self) -> Vec<(&str, &str, [f64; 3])> {
        match self {
            Intervals::Resample(of) => {
                let metrics = of.metrics.iter();
                let each = metrics.flat_map(|one| one.policies.iter().map(move |of| (one, of)));
                let told = each.filter_map(|(one, of)| {
                    let [low, high] = of.interval?;
                    Some((&*of.policy, &*one.metric, [of.difference?, low, high]))
                });
                told.collect()
            }
            Intervals::Blocks(of) => {
                let told = of.rows.iter().filter_map(|row| {
                    let metric = match &*row.metric {
                        "wait" => "mean wait",
                        _ => "mean JCT",
                    };
                    Some((&*row.policy, metric, row.difference?))
                });
                told.collect()
            }
        }
    }

    /// Where the randomness comes from, in a sentence.
    pub(crate) fn source(&self) -> String {
        match self {
            Intervals::Resample(of) => format!(
                "{:.0}% intervals of differences from {}: every policy replayed the same {} traces drawn from \
                 the {} {} of this one; the intervals are the spread over them.",
                100.0 * of.level,
                of.baseline,
                of.draws,
                of.pieces,
                of.unit
            ),
            Intervals::Blocks(of) => format!(
                "{:.0}% intervals of differences from {}: the same jobs under both, whole {} of them drawn again \
                 (bootstrap-t; the schedule is not replayed). They are of jobs that have a value under both, so \
                 their middle may differ a little from the difference of the means.",
                100.0 * of.level,
                of.baseline,
                of.unit
            ),
        }
    }

    /// For people.
    pub fn table(&self, layout: Layout) -> String {
        match self {
            Intervals::Resample(of) => drawn::table(of, layout),
            Intervals::Blocks(of) => blocks::table(of, layout),
        }
    }

    /// A JSON object, indented, with a final newline.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Intervals::Resample(of) => serde_json::to_writer_pretty(&mut *out, of)?,
            Intervals::Blocks(of) => serde_json::to_writer_pretty(&mut *out, of)?,
        }
        out.write_all(b"\n")
    }

    /// The same under the name of the way it was found, as [`Intervals::FILE`] holds it.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_stored(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// CSV: a row per metric and policy.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Intervals::Resample(of) => drawn::write_csv(out, of),
            Intervals::Blocks(of) => blocks::write_csv(out, of),
        }
    }
}
