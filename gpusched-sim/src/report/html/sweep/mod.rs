//! The page about a sweep: runs gathered by combination, with intervals where seeds make some.

mod data;
mod metrics;

use super::kpi::Kind;
use super::markup::Html;
use super::page::{Shell, Table, chooser, figure, shell};
use crate::report::thousands;
use crate::sweep::{Results, Shard};
use data::{Data, ROWS, condense};

/// Combinations in a table; `summary.csv` has them all.
const MOST_ROWS: usize = 400;

/// The whole page.
pub(super) fn render(results: &Results) -> String {
    let data = condense(results);
    let mut main = Html::new();
    section(&mut main, "kpis", "Results", |html| {
        outcome(html, results, &data);
    });
    let mut there = vec![("kpis", "Results")];
    if !data.contrasts.is_empty() {
        there.push(("differences", "Differences"));
        section(
            &mut main,
            "differences",
            "Differences from the baseline",
            |html| {
                differences(html, results, &data);
            },
        );
    }
    there.push(("notes", "Notes"));
    section(&mut main, "notes", "How these numbers came about", |html| {
        notes(html, results, &data);
    });
    let name = &results.manifest.name;
    let lead = format!(
        "A sweep: {} runs of {} combinations",
        thousands(results.rows.len() as u64),
        thousands(data.runs.len() as u64)
    );
    shell(
        Shell {
            title: name,
            lead: &lead,
            there: &there,
            data: &data,
        },
        main,
        |html| {
            if data.runs.len() > 1 {
                let labels = data.runs.iter().map(|run| run.label.as_str());
                chooser(html, labels, "shown", "Show", 0);
            }
        },
    )
}

fn section(html: &mut Html, id: &str, title: &str, content: impl FnOnce(&mut Html)) {
    html.element("section", &[("id", id)], |html| {
        html.leaf("h2", &[], title);
        content(html);
    });
}

fn axes(results: &Results) -> String {
    let first = results.manifest.runs.first();
    let axes = first.map_or(0, |run| run.axes.len());
    let names: Vec<&str> = results.columns[..axes]
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    names.join(" · ")
}

/// Cards of one combination, and the means of all.
fn outcome(html: &mut Html, results: &Results, data: &Data) {
    let manifest = &results.manifest;
    if manifest.shard != Shard::WHOLE {
        html.leaf(
            "p",
            &[("class", "mind")],
            format_args!(
                "Mind: this is shard {} of the sweep, {} of {} runs. Means are over the seeds that are here, \
                 and nothing is said of differences; `gpusched merge` joins the shards.",
                manifest.shard,
                results.rows.len(),
                manifest.runs.len()
            ),
        );
    }
    html.leaf("div", &[("id", "cards")], "");
    let mut head = vec![axes(results)];
    head.extend(data.kpis.iter().map(|kpi| kpi.label.clone()));
    let heads: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut table = Table::new(&heads);
    for run in data.runs.iter().take(MOST_ROWS) {
        let values = data.kpis.iter().zip(&run.means);
        let values =
            values.map(|(kpi, mean)| mean.map_or("–".into(), |mean| kpi.kind.show(mean)));
        table
            .rows
            .push(std::iter::once(run.label.clone()).chain(values).collect());
    }
    if let Some(first) = data.kpis.first() {
        let more = match data.runs.len() > MOST_ROWS {
            true => format!("; the first {MOST_ROWS} of {}", data.runs.len()),
            false => String::new(),
        };
        html.leaf(
            "p",
            &[("class", "note")],
            format_args!(
                "Means over seeds, the best by “{}” first{more}.",
                first.label
            ),
        );
    }
    html.element("div", &[("id", "compared")], |html| table.write(html));
    html.element("details", &[], |html| {
        html.leaf("summary", &[], "What these numbers are");
        html.element("dl", &[], |html| {
            for kpi in &data.kpis {
                html.leaf("dt", &[], &kpi.label).leaf("dd", &[], &kpi.help);
            }
        });
    });
}

/// A chart and a table per metric.
fn differences(html: &mut Html, results: &Results, data: &Data) {
    let baseline = results.manifest.baseline.iter();
    let baseline: Vec<String> = baseline
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    html.leaf(
        "p",
        &[("class", "note")],
        format_args!(
            "Each combination beside the one with {} and otherwise its own values, under the same seeds: \
             mean difference, 95% interval of Student's t over pairs of seeds.",
            baseline.join(", ")
        ),
    );
    html.element("div", &[("class", "grid")], |html| {
        for (at, kpi) in data.kpis.iter().enumerate() {
            if data.forests[at].is_empty() {
                continue;
            }
            let all = (0..data.runs.len()).filter(|run| data.contrast(*run, at).is_some());
            let left_out = all.count().saturating_sub(ROWS);
            let mut says = "Filled: the interval does not hold 0. ".to_owned() + &kpi.help;
            if left_out > 0 {
                says += &format!(" {left_out} more stand in contrasts.csv.");
            }
            let table = contrast_table(results, data, at);
            figure(html, &format!("forest:{at}"), &kpi.label, &says, &[table]);
        }
    });
}

fn contrast_table(results: &Results, data: &Data, at: usize) -> Table {
    let axes = axes(results);
    let heads = [
        axes.as_str(),
        "Seeds",
        "Difference",
        "95% (t)",
        "95% (BCa)",
        "p (Holm)",
        "Can see",
        "Least",
        "Order",
    ];
    let mut table = Table::new(&heads);
    let kind = data.kpis[at].kind;
    for (run, ..) in &data.forests[at] {
        let Some(found) = data.contrast(*run, at) else {
            continue;
        };
        let one = &found.contrast;
        let ends = |of: Option<crate::stats::Interval>| {
            of.map_or_else(String::new, |of| {
                format!("{} to {}", signed(kind, of.low), signed(kind, of.high))
            })
        };
        table.rows.push(vec![
            data.runs[*run].label.clone(),
            found.seeds.to_string(),
            one.t.map_or_else(String::new, |t| signed(kind, t.estimate)),
            ends(one.t),
            ends(one.bca),
            format!("{:.3}", one.holm),
            one.minimal_effect
                .map_or_else(String::new, |effect| kind.show(effect)),
            found
                .least
                .map_or_else(String::new, |share| format!("{:.0}%", 100.0 * share)),
            found
                .order_tau
                .map_or_else(String::new, |tau| format!("{tau:.2}")),
        ]);
    }
    table
}

/// A difference.
fn signed(kind: Kind, value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    let size = value.abs();
    match kind {
        Kind::Percent => format!("{sign}{:.1} points", 100.0 * size),
        _ => format!("{sign}{}", kind.show(size)),
    }
}

fn notes(html: &mut Html, results: &Results, data: &Data) {
    let manifest = &results.manifest;
    let seeds = data.runs.iter().map(|run| run.seeds).max().unwrap_or(0);
    let mut table = Table::new(&["For all runs", ""]).of_words();
    let mut add = |name: &str, value: String| table.rows.push(vec![name.to_owned(), value]);
    add(
        "Experiment",
        format!("{} (digest {})", manifest.name, manifest.experiment),
    );
    add("Version", format!("gpusched {}", manifest.gpusched));
    add("Seeds", format!("{seeds} per combination at most"));
    add(
        "What differs from seed to seed",
        match manifest.randomness.is_empty() {
            true => {
                "nothing: there are no intervals, for there is nothing they could come from".into()
            }
            false => manifest.randomness.join(", "),
        },
    );
    table.write(html);
    html.leaf("h3", &[], "What was replayed");
    let mut inputs = Table::new(&["As", "Name", "Format", "Digest"]).of_words();
    for input in &manifest.inputs {
        let texts = [&input.role, &input.name, &input.format, &input.digest];
        inputs.rows.push(texts.map(String::clone).to_vec());
    }
    inputs.write(html);
    html.leaf("h3", &[], "How this page was made");
    html.element("ul", &[], |html| {
        for line in MADE {
            html.leaf("li", &[], line);
        }
    });
}

const MADE: [&str; 5] = [
    "From summary.csv (or summary.parquet) and manifest.json: means over seeds are plain means of the runs that \
     have a value.",
    "Differences are paired: a seed means the same arrivals, machines and faults in every combination, so what \
     seeds have in common cancels. Intervals: Student's t and the BCa bootstrap with 10,000 replicates.",
    "p: Wilcoxon's signed-rank test, exact, corrected after Holm for all combinations compared by that metric.",
    "Can see: the smallest difference that so many seeds would show in 80% of cases. Least: how often a combination \
     has the least value of all compared with the same baseline, when seeds are drawn again. Order: how well the \
     order of these under one seed agrees with that of their means (Kendall's τ; 1 = always the same).",
    "Columns “after warm-up” count jobs submitted after it; all others count every job from the first submission on. \
     Means leave out jobs that had not started, or ended, at the close of their run.",
];
