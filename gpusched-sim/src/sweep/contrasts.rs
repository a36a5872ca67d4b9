//! How sure differences from the baseline are: combinations that ran the same seeds.

use super::Column;
use super::manifest::Manifest;
use super::table::{figure, signed};
use crate::report::Layout;
use crate::stats::paired::{Contrast, Options, contrasts};
use crate::stats::{Interval, holm, stability};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// A combination against its baseline by one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepContrast {
    /// The metric.
    pub metric: String,
    /// The combination, by its values on the axes.
    pub combination: Vec<String>,
    /// Seeds under which both have a value.
    pub seeds: usize,
    /// The contrast, its p values corrected for all combinations compared by this metric.
    pub contrast: Contrast,
    /// Share of replicates, seeds drawn with replacement, in which it has the least value of all
    /// combinations compared with the same baseline.
    pub least: Option<f64>,
    /// Mean of Kendall's τ between the order of these combinations under one seed and the order of
    /// their means.
    pub order_tau: Option<f64>,
}

/// Contrasts of every combination that is not its own baseline, by every metric that is a number.
/// Nothing where nothing differs from seed to seed: there is no error to estimate then.
///
/// `rows` are those of `summary.csv` without the digest, for all runs of the experiment.
pub fn sweep_contrasts(
    manifest: &Manifest,
    columns: &[Column],
    rows: &[Vec<String>],
) -> Vec<SweepContrast> {
    if manifest.randomness.is_empty() {
        return Vec::new();
    }
    let axes = manifest.runs.first().map_or(0, |run| run.axes.len());
    let names: Vec<&str> = columns[..axes]
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    // Combinations that share a baseline, the baseline first, else in order.
    let mut groups: BTreeMap<Vec<&str>, Vec<&[String]>> = BTreeMap::new();
    let mut cells: BTreeMap<&[String], BTreeMap<u64, &[String]>> = BTreeMap::new();
    for (entry, row) in manifest.runs.iter().zip(rows) {
        let labels = &row[..axes];
        let of = cells.entry(labels).or_default();
        if of.insert(entry.seed, row).is_none() && of.len() == 1 {
            let base = labels
                .iter()
                .zip(&names)
                .map(|(label, axis)| manifest.baseline.get(*axis).unwrap_or(label).as_str());
            groups.entry(base.collect()).or_default().push(labels);
        }
    }
    let metrics = (axes + 1..columns.len()).filter(|at| columns[*at].is_number);
    metrics
        .flat_map(|metric| {
            let groups = groups.iter();
            let mut found: Vec<SweepContrast> = groups
                .flat_map(|(base, members)| group(base, members, &cells, metric))
                .collect();
            let p = |one: &SweepContrast| one.contrast.signed_rank.map_or(1.0, |test| test.p);
            let corrected = holm(&found.iter().map(p).collect::<Vec<f64>>());
            for (one, corrected) in found.iter_mut().zip(corrected) {
                one.metric.clone_from(&columns[metric].name);
                one.contrast.holm = corrected;
            }
            found
        })
        .collect()
}

/// The combinations of one baseline by one metric.
fn group(
    base: &[&str],
    members: &[&[String]],
    cells: &BTreeMap<&[String], BTreeMap<u64, &[String]>>,
    metric: usize,
) -> Vec<SweepContrast> {
    let Some(at) = members
        .iter()
        .position(|labels| labels.iter().eq(base.iter()))
    else {
        return Vec::new();
    };
    if members.len() < 2 {
        return Vec::new();
    }
    let value = |labels: &[String], seed: u64| -> Option<f64> {
        cells[labels].get(&seed)?[metric].parse().ok()
    };
    let all: BTreeSet<u64> = cells[members[at]].keys().copied().collect();
    let shared = |seed: &u64| members.iter().all(|labels| value(labels, *seed).is_some());
    let seeds: Vec<u64> = all.into_iter().filter(shared).collect();
    let values: Vec<Vec<f64>> = members
        .iter()
        .map(|labels| {
            seeds
                .iter()
                .filter_map(|seed| value(labels, *seed))
                .collect()
        })
        .collect();
    let options = Options::default();
    let least = stability(&values, options.bootstrap);
    contrasts(&values, at, &options)
        .into_iter()
        .map(|contrast| SweepContrast {
            metric: String::new(),
            combination: members[contrast.policy].to_vec(),
            seeds: seeds.len(),
            least: least.as_ref().map(|one| one.best[contrast.policy]),
            order_tau: least.as_ref().and_then(|one| one.tau),
            contrast,
        })
        .collect()
}

/// `contrasts.csv`.
///
/// # Errors
/// What the writer reports.
pub(super) fn write(
    out: &mut dyn Write,
    columns: &[Column],
    found: &[SweepContrast],
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let axes = found.first().map_or(0, |one| one.combination.len());
    let heads = [
        "metric",
        "seeds",
        "mean",
        "difference",
        "t_low",
        "t_high",
        "bca_low",
        "bca_high",
        "p_holm",
        "minimal_effect",
        "least_share",
        "order_tau",
    ];
    let names = columns[..axes].iter().map(|one| one.name.as_str());
    csv.write_record(names.chain(heads))?;
    let maybe = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for one in found {
        let (t, bca) = (one.contrast.t, one.contrast.bca);
        let end = |of: Option<Interval>, end: fn(Interval) -> f64| maybe(of.map(end));
        let figures = [
            one.metric.clone(),
            one.seeds.to_string(),
            one.contrast.mean.to_string(),
            end(t, |of| of.estimate),
            end(t, |of| of.low),
            end(t, |of| of.high),
            end(bca, |of| of.low),
            end(bca, |of| of.high),
            one.contrast.holm.to_string(),
            maybe(one.contrast.minimal_effect),
            maybe(one.least),
            maybe(one.order_tau),
        ];
        csv.write_record(one.combination.iter().chain(&figures))?;
    }
    csv.flush()
}

/// Contrasts for people: a table per metric; nothing where there are none.
pub fn contrasts_table(columns: &[Column], found: &[SweepContrast], layout: Layout) -> String {
    let mut text = String::new();
    for of in found.chunk_by(|a, b| a.metric == b.metric) {
        let axes = of[0].combination.len();
        let names = columns[..axes].iter().map(|one| one.name.as_str());
        let heads = [
            "seeds",
            "difference",
            "95 % (t)",
            "95 % (BCa)",
            "p (Holm)",
            "can see",
            "least",
            "order",
        ];
        let heads: Vec<String> = names.chain(heads).map(|name| layout.text(name)).collect();
        let row = |one: &SweepContrast| {
            let cells = one.combination.iter().cloned().chain(figures(one));
            cells.map(|cell| layout.text(&cell)).collect()
        };
        let rows: Vec<Vec<String>> = of.iter().map(row).collect();
        text += &format!(
            "\n{} against the baseline:\n{}{}\n",
            layout.text(&of[0].metric),
            match layout {
                Layout::Plain => "",
                Layout::Markdown => "\n",
            },
            layout.table(&heads, &rows)
        );
    }
    if !text.is_empty() {
        let legend = "can see: the smallest difference so many seeds would show in 80 % of cases. \
                      least: how often the\ncombination has the least value, baseline included, \
                      when seeds are drawn again. order: how well the order\nunder one seed agrees \
                      with that of the means (Kendall's τ; 1 = always the same).";
        text += &format!("\n{}\n", layout.prose(legend));
    }
    text
}

/// What stands behind the combination in its row.
fn figures(one: &SweepContrast) -> [String; 8] {
    let ends = |of: Option<Interval>| {
        of.map_or_else(String::new, |of| {
            format!("{} to {}", signed(of.low), signed(of.high))
        })
    };
    [
        one.seeds.to_string(),
        one.contrast
            .t
            .map(|of| signed(of.estimate))
            .unwrap_or_default(),
        ends(one.contrast.t),
        ends(one.contrast.bca),
        format!("{:.3}", one.contrast.holm),
        one.contrast.minimal_effect.map(figure).unwrap_or_default(),
        one.least
            .map(|share| format!("{:.0}%", 100.0 * share))
            .unwrap_or_default(),
        one.order_tau
            .map(|tau| format!("{tau:.2}"))
            .unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{RunEntry, Shard};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn manifest(randomness: &[&str], baseline: &[(&str, &str)]) -> (Manifest, Vec<Vec<String>>) {
        let (mut runs, mut rows) = (Vec::new(), Vec::new());
        for (queueing, placement, values) in [
            ("fifo", "a", ["10", "20", "30"]),
            ("fifo", "b", ["11", "21", "31"]),
            ("easy", "a", ["8", "19", "27"]),
            ("easy", "b", ["11", "", "31"]),
        ] {
            for (seed, value) in (0..).zip(values) {
                let axes = [("queueing", queueing), ("placement", placement)];
                runs.push(RunEntry {
                    run: format!("{queueing}{placement}{seed}"),
                    axes: axes.map(|(key, of)| (key.to_owned(), of.to_owned())).into(),
                    seed,
                });
                rows.push(texts(&[queueing, placement, &seed.to_string(), value]));
            }
        }
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let manifest = Manifest {
            schema: 1,
            gpusched: String::new(),
            name: String::new(),
            experiment: String::new(),
            shard: Shard::WHOLE,
            randomness: texts(randomness),
            baseline: baseline.iter().map(pair).collect(),
            metrics: Vec::new(),
            inputs: Vec::new(),
            runs,
        };
        (manifest, rows)
    }

    fn columns() -> Vec<Column> {
        Column::named(&texts(&["queueing", "placement", "seed", "wait_mean_s"]), 2)
    }

    #[test]
    fn a_combination_is_compared_with_its_own_baseline_under_the_same_seeds() {
        let (manifest, rows) = manifest(&["arrivals"], &[("queueing", "fifo")]);
        let found = sweep_contrasts(&manifest, &columns(), &rows);
        let short: Vec<(&str, &str, usize, f64)> = found
            .iter()
            .map(|one| {
                let difference = one.contrast.t.unwrap().estimate;
                let names = (&one.combination[0], &one.combination[1]);
                (names.0.as_str(), names.1.as_str(), one.seeds, difference)
            })
            .collect();
        // −2, −1 and −3; b has no value under the second seed, and none of the others differs.
        assert_eq!(short, [("easy", "a", 3, -2.0), ("easy", "b", 2, 0.0)]);
        assert_eq!(found[0].least, Some(1.0));
        // Each seed tells the same order of the two.
        assert_eq!(found[0].order_tau, Some(1.0));
        // Three of three on one side: 2 of 8 sign patterns, twice for two comparisons.
        assert_eq!(found[0].contrast.holm, 0.5);
    }

    #[test]
    fn without_randomness_nothing_is_said() {
        let (manifest, rows) = manifest(&[], &[("queueing", "fifo")]);
        assert_eq!(sweep_contrasts(&manifest, &columns(), &rows), []);
        assert_eq!(contrasts_table(&columns(), &[], Layout::Plain), "");
    }

    #[test]
    fn without_a_baseline_everybody_is_their_own() {
        let (manifest, rows) = manifest(&["arrivals"], &[]);
        assert_eq!(sweep_contrasts(&manifest, &columns(), &rows), []);
    }
}
