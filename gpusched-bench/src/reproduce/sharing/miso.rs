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

const MODEL: [&str; 7] = [
    "modelled: 8 devices; a job's run time is its seconds on a whole device; arrivals 30 s apart for the",
    "first third of the jobs and 60 s after (MISO's means), in 20 seeded orders, results averaged.",
    "Fixed partition: jobs in order of arrival, one that fits nowhere lets later ones pass; largest idle",
    "slice, no moves. MISO-like: strictly first come, first served; the device with fewest jobs that can",
    "take one more, at most 7; the partition and assignment of largest mean speed at every arrival, and at",
    "every end unless somebody waits; a change stops the device's running jobs for 30 s. Not modelled:",
    "progress under MPS while profiling, errors of MISO's predictor, the testbed's polling.",
];

/// The difference, in a sentence.
const WHY: &str = "why: MISO's repository fixes 3g+2g+2g, against which ours gains about as \
                   published; 3g+3g, the best of all 13 in hindsight, leaves less to gain.";

/// The partition MISO's repository runs as its fixed one (`exp_static.py`).
const THEIRS: &[u32] = &[3, 2, 2];

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section("MISO: 100 jobs on 8 A100-40, mean completion time (JCT)")?;
    for line in MODEL {
        sheet.note(line)?;
    }
    let trace = data::trace(dir)?;
    let measured = Tables::measured(&data::miso(dir)?);
    let law = Tables::law(&data::miso(dir)?);
    let jobs: Vec<(usize, Span)> = trace
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
        .collect::<Result<_, Unreadable>>()?;

    let mean = |policy: Policy<'_>| -> Option<f64> {
        let each = (0..ORDERS).map(|seed| {
            let replay = Replay {
                tables: &measured,
                devices: DEVICES,
                jobs: &arrive(&jobs, seed),
            };
            replay.mean_jct(policy)
        });
        let each: Option<Vec<f64>> = each.collect();
        each.map(|each| each.iter().sum::<f64>() / ORDERS as f64)
    };
    let whole = mean(Policy::Fixed(&[7])).unwrap_or(f64::NAN);
    let fixed: Vec<(&[u32], f64)> = PARTITIONS
        .iter()
        .filter_map(|partition| Some((*partition, mean(Policy::Fixed(partition))?)))
        .collect();
    let Some(&(best, best_jct)) = fixed.iter().min_by(|a, b| a.1.total_cmp(&b.1)) else {
        return sheet.note("no partition takes every job");
    };
    let miso = mean(Policy::Follow(&measured)).unwrap_or(f64::NAN);
    let guided = mean(Policy::Follow(&law)).unwrap_or(f64::NAN);
    let against = |jct: f64, base: f64| 100.0 * (jct / base - 1.0);
    let seconds = |jct: f64| format!("{jct:.0} s");

    let theirs = mean(Policy::Fixed(THEIRS)).unwrap_or(f64::NAN);
    sheet.figure("unpartitioned", seconds(whole), "")?;
    let best = format!("best fixed partition ({})", name(best));
    sheet.figure(&best, seconds(best_jct), "")?;
    let theirs_name = format!("fixed {}, as in MISO's repository", name(THEIRS));
    sheet.figure(&theirs_name, seconds(theirs), "")?;
    sheet.figure("MISO-like, measured speeds", seconds(miso), "")?;
    sheet.figure(
        "MISO-like, speeds of the law (2 points)",
        seconds(guided),
        "",
    )?;
    let percent = |jct, base| format!("{:+.0} %", against(jct, base)).replace('-', "−");
    sheet.figure(
        "MISO-like against unpartitioned",
        percent(miso, whole),
        "published: −49 %",
    )?;
    sheet.figure(
        "MISO-like against best fixed",
        percent(miso, best_jct),
        "published: −16 %",
    )?;
    let what = format!("MISO-like against fixed {}", name(THEIRS));
    sheet.figure(&what, percent(miso, theirs), "")?;
    sheet.figure(
        "the law's choice against the measured one",
        percent(guided, miso),
        "",
    )?;
    sheet.note(WHY)
}

/// `3g+2g+2g`.
fn name(partition: &[u32]) -> String {
    let names: Vec<String> = partition.iter().map(|size| format!("{size}g")).collect();
    names.join("+")
}

/// Jobs in a seeded order, with MISO's mean gaps between arrivals.
fn arrive(jobs: &[(usize, Span)], seed: u64) -> Vec<(Time, usize, Span)> {
    // One fold for each job is a permutation.
    let order = folds(jobs.len(), jobs.len(), seed);
    let mut now = Time::ZERO;
    order
        .into_iter()
        .enumerate()
        .map(|(arrived, job)| {
            let gap = if arrived <= jobs.len() / 3 { 30 } else { 60 };
            now = now + Span::from_secs(gap);
            let (kind, run) = jobs[job];
            (now, kind, run)
        })
        .collect()
}
