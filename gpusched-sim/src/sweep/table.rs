//! Means over seeds, for people: one row per combination.

use super::Column;
use super::manifest::Manifest;
use crate::report::Layout;
use std::collections::BTreeMap;

/// More metrics than this make a line nobody reads; `summary.csv` has them all.
const SHOWN: usize = 6;

/// What is shown of an experiment that names no metrics.
const USUAL: [&str; 5] = [
    "wait_mean_s",
    "wait_p95_s",
    "jct_mean_s",
    "slowdown_mean",
    "utilisation",
];

/// The same of an experiment with a warm-up: jobs that came before its end count in no mean.
const STEADY: [&str; 5] = [
    "steady_wait_mean_s",
    "steady_wait_p95_s",
    "steady_jct_mean_s",
    "steady_slowdown_mean",
    "utilisation",
];

/// The runs of one combination that are there: seed and row.
type Seeds<'a> = BTreeMap<u64, &'a [String]>;

/// Means over seeds of the first metrics, with the mean difference from the baseline under the
/// same seeds where there is one: a baseline row shows its means. Intervals are left to those who
/// look at more than the mean.
///
/// `rows` are those of `summary.csv` without the digest, in the order of the runs of `part`.
pub fn table(
    manifest: &Manifest,
    columns: &[Column],
    part: std::ops::Range<usize>,
    rows: &[Vec<String>],
    layout: Layout,
) -> String {
    let axes = manifest.runs.first().map_or(0, |run| run.axes.len());
    let mut cells: Vec<(&[String], Seeds<'_>)> = Vec::new();
    for (entry, row) in manifest.runs[part].iter().zip(rows) {
        let labels = &row[..axes];
        match cells.last_mut() {
            Some((last, seeds)) if *last == labels => {
                seeds.insert(entry.seed, row);
            }
            _ => cells.push((labels, Seeds::from([(entry.seed, row.as_slice())]))),
        }
    }
    let metrics = shown(columns, axes);
    let names: Vec<&str> = columns[..axes]
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let cut: Vec<usize> = (0..axes)
        .map(|axis| shared_directory(cells.iter().map(|(labels, _)| labels[axis].as_str())))
        .collect();
    let heads = metrics.iter().map(|&at| columns[at].name.as_str());
    let heads = names.iter().copied().chain(["runs"]).chain(heads);
    let heads: Vec<String> = heads.map(|name| layout.text(name)).collect();
    let mut table = Vec::new();
    for (labels, seeds) in &cells {
        let wanted: Vec<&String> = labels
            .iter()
            .zip(&names)
            .map(|(label, axis)| manifest.baseline.get(*axis).unwrap_or(label))
            .collect();
        let is_baseline = wanted.iter().copied().eq(labels.iter());
        let baseline = cells
            .iter()
            .find(|(others, _)| !is_baseline && others.iter().eq(wanted.iter().copied()));
        let figures = metrics.iter().map(|&at| {
            let mean = mean(seeds.values().map(|row| row[at].as_str()));
            let apart = baseline.and_then(|(_, theirs)| difference(seeds, theirs, at));
            match (mean, apart) {
                (None, _) => String::new(),
                (Some(mean), None) => figure(mean),
                (Some(mean), Some(apart)) => format!("{} ({})", figure(mean), signed(apart)),
            }
        });
        let labels = labels
            .iter()
            .zip(&cut)
            .map(|(label, &cut)| layout.text(&label[cut..]));
        let row = labels.chain([seeds.len().to_string()]).chain(figures);
        table.push(row.collect());
    }
    layout.table(&heads, &table)
}

/// Length of the directory that all these paths have in common.
fn shared_directory<'t>(mut texts: impl Iterator<Item = &'t str>) -> usize {
    let first = texts.next().unwrap_or_default();
    let slash = |bytes: &[u8]| bytes.iter().rposition(|&byte| byte == b'/');
    let directory = |bytes: &[u8]| slash(bytes).map_or(0, |slash| slash + 1);
    texts.fold(directory(first.as_bytes()), |shared, text| {
        let same = first.bytes().zip(text.bytes()).take_while(|(a, b)| a == b);
        let same = same.count().min(shared);
        directory(&first.as_bytes()[..same])
    })
}

/// Places of the metrics that are shown.
fn shown(columns: &[Column], axes: usize) -> Vec<usize> {
    let metrics = || (axes + 1..columns.len()).filter(|&at| columns[at].is_number);
    let named = |names: &[&str; 5]| -> Option<Vec<usize>> {
        let of = |name: &&str| metrics().find(|&at| columns[at].name == *name);
        names.iter().map(of).collect()
    };
    // All of them are there only where nobody chose.
    match named(&STEADY).or_else(|| named(&USUAL)) {
        Some(usual) if metrics().count() > SHOWN => usual,
        _ => metrics().take(SHOWN).collect(),
    }
}

/// The mean of the fields that hold a number.
fn mean<'t>(texts: impl Iterator<Item = &'t str>) -> Option<f64> {
    let numbers: Vec<f64> = texts.filter_map(|text| text.parse().ok()).collect();
    let sum: f64 = numbers.iter().sum();
    (!numbers.is_empty()).then(|| sum / numbers.len() as f64)
}

/// The mean over the seeds both have of the one minus the other.
fn difference(mine: &Seeds<'_>, theirs: &Seeds<'_>, at: usize) -> Option<f64> {
    let pairs = mine.iter().filter_map(|(seed, row)| {
        let other: f64 = theirs.get(seed)?[at].parse().ok()?;
        Some(row[at].parse::<f64>().ok()? - other)
    });
    let pairs: Vec<f64> = pairs.collect();
    (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64)
}

/// Four digits that matter.
pub(super) fn figure(value: f64) -> String {
    let places = match value.abs() {
        1000.0.. => 0,
        100.0.. => 1,
        10.0.. => 2,
        _ => 3,
    };
    format!("{value:.places$}")
}

pub(super) fn signed(value: f64) -> String {
    let text = figure(value);
    match value > 0.0 {
        true => format!("+{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{RunEntry, Shard};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn of_paths_only_what_tells_them_apart_is_shown() {
        let cut = |texts: &[&str]| shared_directory(texts.iter().copied());
        assert_eq!(cut(&["x:data/a.csv", "x:data/b.csv"]), 7);
        assert_eq!(cut(&["data/ab/x", "data/ac/x"]), 5);
        assert_eq!(cut(&["fgd", "fgx"]), 0);
        assert_eq!(cut(&["data/ä/x", "data/ö/x"]), 5);
    }

    #[test]
    fn where_nobody_chose_the_usual_metrics_are_shown_after_the_warm_up_if_there_is_one() {
        let names = |names: &[&str]| -> Vec<String> {
            let columns = Column::named(&texts(names), 0);
            let shown = shown(&columns, 0).into_iter();
            shown.map(|at| columns[at].name.clone()).collect()
        };
        let mut all = vec!["seed", "jobs", "finished"];
        all.extend(USUAL);
        assert_eq!(names(&all), USUAL);
        all.extend(&STEADY[..4]);
        assert_eq!(names(&all), STEADY);
        assert_eq!(
            names(&["seed", "jobs", "utilisation"]),
            ["jobs", "utilisation"]
        );
    }

    #[test]
    fn means_stand_beside_paired_differences_from_the_baseline() {
        let run = |policy: &str, seed| RunEntry {
            run: format!("{policy}{seed}"),
            axes: [("placement".to_owned(), policy.to_owned())].into(),
            seed,
        };
        let manifest = Manifest {
            schema: 1,
            gpusched: String::new(),
            name: String::new(),
            experiment: String::new(),
            shard: Shard::WHOLE,
            randomness: Vec::new(),
            baseline: [("placement".to_owned(), "fgd".to_owned())].into(),
            metrics: Vec::new(),
            inputs: Vec::new(),
            runs: vec![run("fgd", 0), run("fgd", 1), run("pwr", 0), run("pwr", 1)],
        };
        let columns = Column::named(&texts(&["placement", "seed", "wait_mean_s", "jobs"]), 1);
        // Under seed 1 pwr has no wait to tell: only seed 0 is compared.
        let rows = [
            texts(&["fgd", "0", "10", "5"]),
            texts(&["fgd", "1", "20", "5"]),
            texts(&["pwr", "0", "14", "5"]),
            texts(&["pwr", "1", "", "5"]),
        ];
        let shown = table(&manifest, &columns, 0..4, &rows, Layout::Plain);
        let lines: Vec<Vec<&str>> = shown
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(lines[0], ["placement", "runs", "wait_mean_s", "jobs"]);
        assert_eq!(lines[1], ["fgd", "2", "15.00", "5.000"]);
        assert_eq!(
            lines[2],
            ["pwr", "2", "14.00", "(+4.000)", "5.000", "(0.000)"]
        );
    }
}
