//! Study `openb`: the allocation curves of FGD (Weng et al., USENIX ATC 2023) from the experiment
//! file `examples/experiments/openb.yaml`: 6 policies on 17 pod lists in 10 random orders each.
//!
//! The published means are over ten orders too, but others: upstream's generator draws the order
//! of pods, the pods that come again and the ties between nodes. So means are compared, not runs;
//! that every single decision is upstream's is what `conformance fgd` checks.

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

/// Points of allocation by which means over other orders may differ. Where the orders of a policy
/// scatter so much that ten of them do not say it that exactly, three standard errors of the
/// difference of two such means.
const TOLERANCE: f64 = 0.6;

/// The percentage of the cluster's GPUs asked for at which the paper's bars compare policies.
const AT: u32 = 100;

/// Names here and there.
const POLICIES: [(&str, &str); 6] = [
    ("random", "01-Random"),
    ("dot-product", "02-DotProd"),
    ("gpu-clustering", "03-GpuClustering"),
    ("gpu-packing", "04-GpuPacking"),
    ("best-fit", "05-BestFit"),
    ("fgd", "06-FGD"),
];

type Means = BTreeMap<(String, String), (f64, f64)>;

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

/// A policy on a pod list.
struct Pair {
    policy: &'static str,
    ours: f64,
    /// Standard error of the mean.
    error: f64,
    published: Published,
}

impl Pair {
    fn allowed(&self) -> f64 {
        TOLERANCE.max(3.0 * self.error * 2.0_f64.sqrt())
    }

    fn difference(&self) -> f64 {
        self.ours - self.published.mean
    }

    /// Whether the published runs of this and another policy overlap: then which is ahead is a
    /// matter of the ten orders drawn.
    fn overlaps(&self, other: &Pair) -> bool {
        self.published.min <= other.published.max && other.published.min <= self.published.max
    }
}

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let published = published(&dir.join("data/published/fgd_summary_mean10seeds.csv"))?;
    let (sweep, rows) = sweep(dir, sheet)?;
    let mut lists: BTreeMap<String, Vec<Pair>> = BTreeMap::new();
    for ((list, policy), (ours, error)) in means(&sweep, &rows)? {
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
            error,
            published,
        });
    }
    sheet.section(&format!(
        "GPUs allocated, % of 6,212, when {AT} % have been asked for: mean of 10 orders, difference"
    ))?;
    let mut within = 0;
    for pair in lists.values().flatten() {
        within += usize::from(pair.difference().abs() <= TOLERANCE);
        sheet.target(
            pair.difference().abs() <= pair.allowed(),
            &format!("{} {}", pair.published.workload, pair.policy),
            format!("{:.2} ({:+.2})", pair.ours, pair.difference()),
            format!(
                "published {:.2}, from {:.2} to {:.2}; allowed {:.2}",
                pair.published.mean,
                pair.published.min,
                pair.published.max,
                pair.allowed()
            ),
        )?;
    }
    sheet.note(format_args!(
        "{within} of {} differ by no more than {TOLERANCE} points",
        lists.values().map(Vec::len).sum::<usize>()
    ))?;
    sheet.section("Rank of the policies, best first; A ~ B: their published runs overlap")?;
    let mut equal = 0;
    for (list, pairs) in &lists {
        equal += usize::from(rank(list, pairs, sheet)?);
    }
    sheet.note(format_args!(
        "{equal} of {} ranks are equal to the last place",
        lists.len()
    ))
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

/// Mean over seeds, and its standard error, by pod list and policy.
fn means(sweep: &Sweep, rows: &[Vec<String>]) -> Result<Means, Unreadable> {
    let wanted = format!("allocated_pct_at_{AT}");
    let place = |name: &str| sweep.columns.iter().position(|column| column.name == name);
    let places = (place("trace"), place("placement"), place(&wanted));
    let (Some(trace), Some(placement), Some(value)) = places else {
        return Err(Unreadable::new(
            "the openb experiment",
            "a column is missing",
        ));
    };
    let mut values: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for row in rows {
        let list = Path::new(&row[trace]).file_stem().unwrap_or_default();
        let value: f64 = row[value]
            .parse()
            .map_err(|error| Unreadable::new(&wanted, error))?;
        let key = (list.display().to_string(), row[placement].clone());
        values.entry(key).or_default().push(value);
    }
    let summed = |values: Vec<f64>| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
    };
    let means = values
        .into_iter()
        .map(|(key, values)| (key, summed(values)));
    Ok(means.collect())
}

fn published(path: &Path) -> Result<Vec<Published>, Unreadable> {
    let mut rows: Vec<Published> = rows(path)?;
    rows.retain(|row| row.metric == "gpu_alloc_ratio_pct" && row.arrived_pct == AT);
    Ok(rows)
}

/// The order of the policies on a list: equal to the published one, but for policies whose
/// published runs overlap. Says whether it is equal even for those.
fn rank(list: &str, pairs: &[Pair], sheet: &mut Sheet<'_>) -> Result<bool, Unreadable> {
    let mut pairs: Vec<&Pair> = pairs.iter().collect();
    pairs.sort_by(|a, b| b.published.mean.total_cmp(&a.published.mean));
    let theirs: Vec<String> = pairs
        .windows(2)
        .map(|two| match two[0].overlaps(two[1]) {
            true => format!("{} ~", two[0].policy),
            false => format!("{} >", two[0].policy),
        })
        .chain(pairs.last().map(|last| last.policy.to_owned()))
        .collect();
    let reversed = pairs.iter().enumerate().any(|(at, ahead)| {
        let behind = &pairs[at + 1..];
        behind
            .iter()
            .any(|behind| !ahead.overlaps(behind) && ahead.ours <= behind.ours)
    });
    let equal = pairs.is_sorted_by(|ahead, behind| ahead.ours >= behind.ours);
    pairs.sort_by(|a, b| b.ours.total_cmp(&a.ours));
    let ours: Vec<&str> = pairs.iter().map(|pair| pair.policy).collect();
    sheet.target(!reversed, list, ours.join(" "), theirs.join(" "))?;
    Ok(equal)
}
