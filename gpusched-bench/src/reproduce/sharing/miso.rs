//! MISO's 100 training jobs on eight A100-40: whole devices, the best fixed partition, and a
//! partition per device that follows its jobs.

use super::super::Sheet;
use super::data;
use super::replay::{Policy, Replay};
use super::tables::Tables;
use crate::conformance::Unreadable;
use gpusched_core::performance::sharing::fit::folds;
use gpusched_core::units::{MICROS, Span, Time};
use std::path::Path;

/// Devices of the testbed.
const DEVICES: usize = 8;

/// Orders of arrival. MISO draws one; the draw is not in the data.
const ORDERS: u64 = 20;

/// Most ways to cut a device that leave no slice unused, as multisets, for drivers before R510
/// (MISO's testbed ran 470), which do not take 4g and 3g together.
pub(super) const PARTITIONS: [&[u32]; 13] = [
    &[7],
    &[4, 2, 1],
    &[4, 1, 1, 1],
    &[3, 3],
    &[3, 2, 2],
    &[3, 2, 1, 1],
    &[3, 2, 1],
    &[3, 1, 1, 1, 1],
    &[3, 1, 1, 1],
    &[2, 2, 2, 1],
    &[2, 2, 1, 1, 1],
    &[2, 1, 1, 1, 1, 1],
    &[1, 1, 1, 1, 1, 1, 1],
];

const MODEL: [&str; 8] = [
    "modelled: 8 devices; a job's run time is its seconds on a whole device; arrivals 30 s apart for the",
    "first third of the jobs and 60 s after (MISO's means), in 20 seeded orders, results averaged.",
    "Fixed partition: jobs in order of arrival, one that fits nowhere lets later ones pass; largest idle",
    "slice; jobs move up to larger idle slices of their device, as in MISO's repository. MISO-like: strictly",
    "first come, first served; the device with fewest jobs that can take one more, at most 7; the partition",
    "and assignment of largest mean speed at every arrival, and at every end unless somebody waits. A job",
    "that moves stands still for 30 s, and with it, when the partition changes, its neighbours. Not modelled:",
    "progress under MPS while profiling, errors of MISO's predictor, the testbed's polling.",
];

/// The difference, in a sentence.
const WHY: &str = "why: the gain over fixed cuts hangs on when jobs arrive, which the data does not say, \
                   and ours is held against the cut that is best in hindsight for the very trace.";

/// The partition MISO's repository runs as its fixed one (`exp_static.py`).
const THEIRS: &[u32] = &[3, 2, 2];

/// Seconds between arrivals, early and late.
type Gaps = (i64, i64);

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section("MISO: 100 jobs on 8 A100-40, mean completion time (JCT)")?;
    MODEL.iter().try_for_each(|line| sheet.note(line))?;
    let profiles = data::miso(dir)?;
    let (measured, law) = (Tables::measured(&profiles), Tables::law(&profiles));
    let jobs = data::trace(dir)?
        .iter()
        .map(|(job, seconds)| {
            let kind = measured.index(job).ok_or_else(|| {
                Unreadable::new(
                    "miso_trace100.csv",
                    format_args!("{} is not profiled", job.0),
                )
            })?;
            Ok((kind, Span((seconds * MICROS as f64).round() as i64)))
        })
        .collect::<Result<Vec<_>, Unreadable>>()?;
    let outcome = |gaps| Outcome::of(&jobs, &measured, &law, gaps);
    let (Some(theirs), Some(slower)) = (outcome((30, 60)), outcome((60, 120))) else {
        return sheet.note("a job fits no partition");
    };
    theirs.figures(sheet)?;
    theirs.gains(sheet, "", ["published: −49 %", "published: −16 %"])?;
    slower.gains(sheet, ", half the arrivals", ["", ""])?;
    sheet.note(WHY)
}

/// Mean completion times in seconds.
struct Outcome {
    whole: f64,
    best: (&'static [u32], f64),
    theirs: f64,
    miso: f64,
    guided: f64,
}

impl Outcome {
    /// `None` when a job fits no slice.
    fn of(jobs: &[(usize, Span)], measured: &Tables, law: &Tables, gaps: Gaps) -> Option<Outcome> {
        let orders: Vec<_> = (0..ORDERS).map(|seed| arrive(jobs, seed, gaps)).collect();
        let mean = |policy: Policy<'_>| -> Option<f64> {
            let mut sum = 0.0;
            for jobs in &orders {
                let replay = Replay {
                    tables: measured,
                    devices: DEVICES,
                    jobs,
                };
                sum += replay.mean_jct(policy)?;
            }
            Some(sum / ORDERS as f64)
        };
        let fixed = |partition| Some((partition, mean(Policy::Fixed(partition))?));
        Some(Outcome {
            whole: mean(Policy::Fixed(&[7]))?,
            best: PARTITIONS
                .into_iter()
                .filter_map(fixed)
                .min_by(|a, b| a.1.total_cmp(&b.1))?,
            theirs: mean(Policy::Fixed(THEIRS))?,
            miso: mean(Policy::Follow(measured))?,
            guided: mean(Policy::Follow(law))?,
        })
    }

    fn figures(&self, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
        for (what, jct) in [
            ("unpartitioned".into(), self.whole),
            (
                format!("best fixed partition ({})", name(self.best.0)),
                self.best.1,
            ),
            (
                format!("fixed {}, as in MISO's repository", name(THEIRS)),
                self.theirs,
            ),
            ("MISO-like, measured speeds".into(), self.miso),
            (
                "MISO-like, speeds of the law (2 points)".into(),
                self.guided,
            ),
        ] {
            sheet.figure(&what, format_args!("{jct:.0} s"), "")?;
        }
        Ok(())
    }

    fn gains(
        &self,
        sheet: &mut Sheet<'_>,
        load: &str,
        beside: [&str; 2],
    ) -> Result<(), Unreadable> {
        let best = format!("MISO-like vs best fixed, {}{load}", name(self.best.0));
        let theirs = format!("MISO-like vs fixed {}{load}", name(THEIRS));
        for (what, base, beside) in [
            (
                format!("MISO-like vs unpartitioned{load}"),
                self.whole,
                beside[0],
            ),
            (best, self.best.1, beside[1]),
            (theirs, self.theirs, ""),
        ] {
            let percent = format!("{:+.0} %", 100.0 * (self.miso / base - 1.0));
            sheet.figure(&what, percent.replace('-', "−"), beside)?;
        }
        Ok(())
    }
}

/// `3g+2g+2g`.
fn name(partition: &[u32]) -> String {
    let names: Vec<String> = partition.iter().map(|size| format!("{size}g")).collect();
    names.join("+")
}

/// Jobs in a seeded order; the first third arrives faster.
fn arrive(jobs: &[(usize, Span)], seed: u64, (early, late): Gaps) -> Vec<(Time, usize, Span)> {
    // One fold for each job is a permutation.
    let order = folds(jobs.len(), jobs.len(), seed);
    let mut now = Time::ZERO;
    order
        .into_iter()
        .enumerate()
        .map(|(arrived, job)| {
            let gap = if arrived <= jobs.len() / 3 {
                early
            } else {
                late
            };
            now = now + Span::from_secs(gap);
            let (kind, run) = jobs[job];
            (now, kind, run)
        })
        .collect()
}
