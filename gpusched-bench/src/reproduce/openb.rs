//! Study `openb`: the allocation curves of FGD (Weng et al., USENIX ATC 2023) from the experiment
//! file `examples/experiments/openb.yaml`: 6 policies on 17 pod lists in 10 random orders each.
//!
//! The orders are upstream's own, drawn as its generator draws them, so every published run is
//! made again and compared by itself. Only `random` cannot be: what it draws next depends on the
//! order in which upstream's threads finish. Its means are compared.

use super::Sheet;
use crate::conformance::Unreadable;
use crate::conformance::files::rows;
use gpusched_sim::experiment::Experiment;
use gpusched_sim::sweep::{Sweep, Trouble};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

const EXPERIMENT: &str = include_str!("../../../examples/experiments/openb.yaml");

/// Where that file looks for the data.
const SHARED: &str = "../../../shared";

/// Points of allocation by which a mean may differ: that of `random`, which draws otherwise.
const TOLERANCE: f64 = 0.6;

/// The percentage of the cluster's GPUs asked for at which the paper's bars compare policies.
const AT: u32 = 100;

/// The percentages at which every run is compared.
const POINTS: [u32; 6] = [80, 90, 95, 100, 110, 130];

/// Points by which a run may differ: upstream rounds to a hundredth after every pod, and again the
/// mean of those that count under a percentage.
const ROUNDING: f64 = 0.005 + 0.005;

/// Names here and there.
const POLICIES: [(&str, &str); 6] = [
    ("random", "01-Random"),
    ("dot-product", "02-DotProd"),
    ("gpu-clustering", "03-GpuClustering"),
    ("gpu-packing", "04-GpuPacking"),
    ("best-fit", "05-BestFit"),
    ("fgd", "06-FGD"),
];

/// A pod list and a policy.
type Key = (String, String);

/// What each seed came to at each of [`POINTS`].
type Curves = BTreeMap<Key, BTreeMap<u64, [f64; POINTS.len()]>>;

#[derive(Clone, Deserialize)]
struct Published {
    metric: String,
    workload: String,
    policy: String,
    arrived_pct: u32,
    mean: f64,
    min: f64,
    max: f64,
}

/// A published run.
#[derive(Deserialize)]
struct PublishedRun {
    metric: String,
    workload: String,
    policy: String,
    seed: u64,
    arrived_80pct: f64,
    arrived_90pct: f64,
    arrived_95pct: f64,
    arrived_100pct: f64,
    arrived_110pct: f64,
    arrived_130pct: f64,
}

/// A policy on a pod list.
struct Pair {
    policy: &'static str,
    ours: f64,
    published: Published,
}

impl Pair {
    fn difference(&self) -> f64 {
        self.ours - self.published.mean
    }
}

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let published = published(&dir.join("data/published/fgd_summary_mean10seeds.csv"))?;
    let theirs = published_runs(&dir.join("data/published/fgd_expected_curves.csv"))?;
    let (sweep, rows) = sweep(dir, sheet)?;
    let ours = curves(&sweep, &rows)?;
    run_by_run(&ours, &theirs, sheet)?;
    let mut lists: BTreeMap<String, Vec<Pair>> = BTreeMap::new();
    for ((list, policy), curves) in ours {
        let at = POINTS.iter().position(|&point| point == AT);
        let sum: f64 = curves.values().map(|curve| curve[at.unwrap_or(0)]).sum();
        let ours = sum / curves.len() as f64;
        let known = POLICIES.iter().find(|(name, _)| *name == policy);
        let entry = known.and_then(|&(policy, upstream)| {
            let published = published.iter().find(|row| {
                (row.workload.as_str(), row.policy.as_str()) == (list.as_str(), upstream)
            })?;
            Some((policy, published))
        });
        let (policy, row) = entry.ok_or_else(|| {
            Unreadable::new(&list, format_args!("nothing is published of {policy}"))
        })?;
        let published = row.clone();
        lists.entry(list).or_default().push(Pair {
            policy,
            ours,
            published,
        });
    }
    sheet.section(&format!(
        "GPUs allocated, % of 6,212, when {AT} % have been asked for: mean of 10 orders, difference"
    ))?;
    for pair in lists.values().flatten() {
        sheet.target(
            pair.difference().abs() <= TOLERANCE,
            &format!("{} {}", pair.published.workload, pair.policy),
            format!("{:.2} ({:+.2})", pair.ours, pair.difference()),
            format!(
                "published {:.2}, from {:.2} to {:.2}",
                pair.published.mean, pair.published.min, pair.published.max
            ),
        )?;
    }
    sheet.section("Rank of the policies by these means, best first")?;
    for (list, pairs) in &lists {
        let theirs = rank(pairs, |pair| pair.published.mean);
        let ours = rank(pairs, |pair| pair.ours);
        sheet.target(ours == theirs, list, ours.join(" "), theirs.join(" "))?;
    }
    Ok(())
}

/// Makes all runs, in memory.
fn sweep(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(Sweep, Vec<Vec<String>>), Unreadable> {
    let text = EXPERIMENT.replace(SHARED, &dir.display().to_string());
    let failed = |trouble| {
        let (Trouble::Input(problem) | Trouble::Run(problem)) = trouble;
        Unreadable::new("the openb experiment", problem.render(false))
    };
    let experiment = Experiment::parse("openb.yaml", &text);
    let experiment = experiment.map_err(|problem| failed(Trouble::Input(problem)))?;
    let begun = Instant::now();
    let sweep = Sweep::prepare(experiment).map_err(failed)?;
    let read = begun.elapsed().as_secs_f64();
    let rows = sweep.rows(0).map_err(failed)?;
    sheet.note(format_args!(
        "{} runs in {:.1} s, {read:.1} s of it reading",
        rows.len(),
        begun.elapsed().as_secs_f64()
    ))?;
    Ok((sweep, rows))
}

/// Every run of the sweep.
fn curves(sweep: &Sweep, rows: &[Vec<String>]) -> Result<Curves, Unreadable> {
    let place = |name: &str| {
        let column = sweep.columns.iter().position(|column| column.name == name);
        column.ok_or_else(|| Unreadable::new("the openb experiment", format!("no column {name}")))
    };
    let (trace, policy, seed) = (place("trace")?, place("placement")?, place("seed")?);
    let mut at = [0; POINTS.len()];
    for (at, point) in at.iter_mut().zip(POINTS) {
        *at = place(&format!("allocated_pct_at_{point}"))?;
    }
    let mut curves = Curves::new();
    for row in rows {
        let list = Path::new(&row[trace]).file_stem().unwrap_or_default();
        let key = (list.display().to_string(), row[policy].clone());
        let wrong = |error: &dyn std::fmt::Display| Unreadable::new(&key.0, error);
        let seed: u64 = row[seed].parse().map_err(|error| wrong(&error))?;
        let mut curve = [0.0; POINTS.len()];
        for (value, at) in curve.iter_mut().zip(at) {
            *value = row[at].parse().map_err(|error| wrong(&error))?;
        }
        curves.entry(key).or_default().insert(seed, curve);
    }
    Ok(curves)
}

/// The published runs, under our names of the policies.
fn published_runs(path: &Path) -> Result<Curves, Unreadable> {
    let runs: Vec<PublishedRun> = rows(path)?;
    let mut curves = Curves::new();
    for run in runs.iter().filter(|run| run.metric == "gpu_alloc_ratio") {
        let known = POLICIES.iter().find(|(_, theirs)| *theirs == run.policy);
        let Some((policy, _)) = known else { continue };
        let key = (run.workload.clone(), (*policy).to_owned());
        let curve = [
            run.arrived_80pct,
            run.arrived_90pct,
            run.arrived_95pct,
            run.arrived_100pct,
            run.arrived_110pct,
            run.arrived_130pct,
        ];
        curves.entry(key).or_default().insert(run.seed, curve);
    }
    Ok(curves)
}

/// Compares run with run. All of a policy have to be equal, but for `random`.
fn run_by_run(ours: &Curves, theirs: &Curves, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section(&format!(
        "Runs with the same seed, equal but for rounding ({ROUNDING}) at all of {POINTS:?} % asked for"
    ))?;
    for (policy, _) in POLICIES {
        let mut farthest: f64 = 0.0;
        let (mut equal, mut runs) = (0, 0);
        for (key, curves) in ours.iter().filter(|((_, name), _)| name == policy) {
            for (seed, curve) in curves {
                let published = theirs.get(key).and_then(|published| published.get(seed));
                let Some(published) = published else {
                    let why = format!("nothing is published of {policy} with seed {seed}");
                    return Err(Unreadable::new(&key.0, why));
                };
                let differences = curve.iter().zip(published).map(|(a, b)| (a - b).abs());
                let difference = differences.fold(0.0, f64::max);
                farthest = farthest.max(difference);
                equal += usize::from(difference <= ROUNDING + 1e-9);
                runs += 1;
            }
        }
        let got = format!("{equal} of {runs}");
        let beside = format!("farthest off: {farthest:.3} points");
        match policy {
            "random" => sheet.figure(policy, got, beside + "; its draws cannot be repeated")?,
            _ => sheet.target(equal == runs, policy, got, beside)?,
        }
    }
    Ok(())
}

fn published(path: &Path) -> Result<Vec<Published>, Unreadable> {
    let mut rows: Vec<Published> = rows(path)?;
    rows.retain(|row| row.metric == "gpu_alloc_ratio_pct" && row.arrived_pct == AT);
    Ok(rows)
}

/// The names of the policies on a list, the most allocated first.
fn rank(pairs: &[Pair], mean: impl Fn(&Pair) -> f64) -> Vec<&'static str> {
    let mut pairs: Vec<&Pair> = pairs.iter().collect();
    pairs.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
    pairs.into_iter().map(|pair| pair.policy).collect()
}
