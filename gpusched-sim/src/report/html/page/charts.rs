//! Charts that show all runs at once.

use super::super::kpi::Kind;
use super::super::markup::Html;
use super::super::shape::slice_means;
use super::Sheet;
use super::figure::{Table, figure};
use crate::metrics::quantiles::nearest_rank;
use crate::report::span;

/// Slices of time in the tables of lines.
pub(super) const SLICES: usize = 12;

pub(super) fn curves(sheet: &mut Sheet<'_>, html: &mut Html) {
    let drawn: Vec<_> = sheet
        .data
        .curves
        .iter()
        .map(|curves| (curves.key, curves.title, quantiles(sheet, curves.key)))
        .collect();
    let content = match drawn.is_empty() {
        true => Err(
            "no run has a jobs.csv with a job that waited, or ran, longer than a second".to_owned(),
        ),
        false => Ok(|html: &mut Html| {
            html.leaf(
                "p",
                &[("class", "note")],
                "Share of all jobs that came and could run. Jobs that have not started or ended by the \
                 close keep a curve below 100%. The axis is logarithmic and begins at 1 or the smallest value.",
            );
            html.element("div", &[("class", "grid three")], |html| {
                for (key, title, table) in drawn {
                    let says = match key {
                        "wait" => "Jobs that had started after at most this time.",
                        "jct" => "Jobs that had ended at most this long after their submission.",
                        _ => "Jobs slowed down at most so much by waiting (run times below 10 s count as 10 s).",
                    };
                    figure(html, &format!("curves:{key}"), title, says, &[table]);
                }
            });
        }),
    };
    sheet.section(html, "distributions", "Distributions", content);
}

/// Quantiles of those that have a value, by nearest rank.
fn quantiles(sheet: &Sheet<'_>, key: &str) -> Table {
    let mut table = Table::per_run("Quantile", sheet);
    let sorted = |run: &super::Run| {
        run.jobs.as_ref().map(|jobs| match key {
            "wait" => jobs.waits.clone(),
            "jct" => jobs.jcts.clone(),
            _ => jobs.slowdowns.clone(),
        })
    };
    let values: Vec<_> = sheet.runs.iter().map(sorted).collect();
    let kind = match key {
        "slowdown" => Kind::Number,
        _ => Kind::Span,
    };
    for percent in [5, 25, 50, 75, 90, 95, 99, 100] {
        let mut row = vec![match percent {
            50 => "median".to_owned(),
            100 => "largest".to_owned(),
            percent => format!("{percent}%"),
        }];
        row.extend(values.iter().map(|values| match values {
            Some(values) if !values.is_empty() => {
                kind.show(values[nearest_rank(values.len(), percent)])
            }
            _ => "–".to_owned(),
        }));
        table.rows.push(row);
    }
    let mut row = vec!["jobs".to_owned()];
    row.extend(
        values
            .iter()
            .map(|values| values.as_ref().map_or(0, Vec::len).to_string()),
    );
    table.rows.push(row);
    table
}

pub(super) fn over_time(sheet: &mut Sheet<'_>, html: &mut Html) {
    let wanted = ["held", "pending", "waiting", "running", "power"];
    lines(
        sheet,
        html,
        "time",
        "Over time",
        &wanted,
        "Drag to zoom in, double-click to see all again; with the keyboard + and −, arrows, and 0. All \
         charts over time move together. Where samples are denser than pixels, both extremes are drawn.",
    );
}

pub(super) fn fragmentation(sheet: &mut Sheet<'_>, html: &mut Html) {
    lines(
        sheet,
        html,
        "fragmentation",
        "Fragmentation",
        &["fragmented", "fragratio"],
        "F of FGD: the expected part of what is idle that a next pod, drawn from this workload, cannot use.",
    );
}

fn lines(
    sheet: &mut Sheet<'_>,
    html: &mut Html,
    id: &'static str,
    title: &'static str,
    keys: &[&str],
    note: &str,
) {
    let lines = sheet
        .data
        .lines
        .iter()
        .filter(|lines| keys.contains(&lines.key));
    let drawn: Vec<_> = lines
        .map(|lines| {
            (
                lines.key,
                lines.title,
                says(lines.key),
                slices(sheet, lines.key),
            )
        })
        .collect();
    let content = match drawn.is_empty() {
        true => Err("no run has a series.csv with anything in it".to_owned()),
        false => Ok(|html: &mut Html| {
            html.leaf("p", &[("class", "note")], note);
            html.element("div", &[("class", "grid")], |html| {
                for (key, title, says, table) in drawn {
                    figure(html, &format!("lines:{key}"), title, says, &[table]);
                }
            });
        }),
    };
    sheet.section(html, id, title, content);
}

fn says(key: &str) -> &'static str {
    match key {
        "held" => "By running jobs.",
        "pending" => "What is asked for and not yet held.",
        "waiting" => "That could run on the empty cluster.",
        "running" => "Whatever they ask for.",
        "power" => "CPUs and GPUs after the PWR model; kW.",
        "fragmented" => "GPUs.",
        _ => "0 to 1.",
    }
}

/// Means over equal slices of the time of the page.
fn slices(sheet: &Sheet<'_>, key: &str) -> Table {
    let mut table = Table::per_run("Until", sheet);
    let (from, until) = (sheet.data.from, sheet.data.until);
    let means: Vec<Vec<Option<f64>>> = sheet
        .runs
        .iter()
        .map(|run| {
            let series = run.series.as_ref();
            let values = series.and_then(|series| super::super::data::line_values(series, key));
            match (series, values) {
                (Some(series), Some(values)) => {
                    let closed = run.summary.window.closed_s;
                    slice_means(&series.t, &values, (from, until), closed, SLICES)
                }
                _ => vec![None; SLICES],
            }
        })
        .collect();
    for slice in 0..SLICES {
        let end = (until - from) * (slice + 1) as f64 / SLICES as f64;
        let mut row = vec![span(end)];
        row.extend(means.iter().map(|means| match means[slice] {
            Some(mean) => Kind::Number.show(mean),
            None => "–".to_owned(),
        }));
        table.rows.push(row);
    }
    table
}
