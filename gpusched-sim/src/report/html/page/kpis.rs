//! The numbers that are compared, and what to mind about them.

use super::super::markup::Html;
use super::Sheet;
use super::figure::Table;
use crate::metrics::Summary;
use crate::report::{span, thousands};

/// Runs with unfinished jobs that are told one by one.
const CENSORED: usize = 2;

pub(super) fn section(sheet: &mut Sheet<'_>, html: &mut Html) {
    let table = table(sheet);
    let minds = minds(sheet);
    let kpis = &sheet.data.kpis;
    let runs = sheet.runs.len();
    let ranked = ranked(sheet);
    let sure = match &sheet.compared.intervals {
        Some(found) => found.source(),
        None => "One deterministic replay per run: differences are exact for this trace, and say nothing \
                 about how they would vary with another one. Intervals need a source of randomness: \
                 gpusched compare with --resample or --blocks, or a sweep over seeds."
            .to_owned(),
    };
    sheet.section(
        html,
        "kpis",
        "Results",
        Ok(|html: &mut Html| {
            for mind in minds {
                html.leaf("p", &[("class", "mind")], mind);
            }
            html.leaf("div", &[("id", "cards")], "");
            html.element("div", &[("id", "compared")], |html| table.write(html));
            if runs > 1 {
                html.leaf("p", &[("class", "note")], sure);
            }
            if !ranked.rows.is_empty() {
                html.element("details", &[("id", "ranked")], |html| {
                    let title = format!("All {} runs, by mean JCT", ranked.rows.len());
                    html.leaf("summary", &[], title);
                    ranked.write(html);
                });
            }
            html.element("details", &[], |html| {
                html.leaf("summary", &[], "What these numbers are");
                html.element("dl", &[], |html| {
                    for kpi in kpis {
                        html.leaf("dt", &[], kpi.label).leaf("dd", &[], kpi.help);
                    }
                });
            });
        }),
    );
}

fn table(sheet: &Sheet<'_>) -> Table {
    let runs = sheet.runs.iter();
    of(sheet, runs.map(|run| (&*run.label, &run.summary)))
}

/// All runs, where there are more than can be drawn.
fn ranked(sheet: &Sheet<'_>) -> Table {
    let runs = sheet.compared.ranked.iter();
    of(sheet, runs.map(|(label, summary)| (&**label, summary)))
}

fn of<'r>(sheet: &Sheet<'_>, runs: impl Iterator<Item = (&'r str, &'r Summary)>) -> Table {
    let mut head = vec!["Run"];
    head.extend(sheet.data.kpis.iter().map(|kpi| kpi.label));
    let mut table = Table::new(&head);
    for (label, summary) in runs {
        let values = sheet
            .data
            .kpis
            .iter()
            .map(|kpi| match (kpi.value)(summary) {
                Some(value) => kpi.kind.show(value),
                None => "–".to_owned(),
            });
        table
            .rows
            .push(std::iter::once(label.to_owned()).chain(values).collect());
    }
    table
}

/// What would mislead someone who does not know it.
fn minds(sheet: &Sheet<'_>) -> Vec<String> {
    let mut minds = Vec::new();
    let Some(first) = sheet.runs.first().map(|run| &run.summary) else {
        return minds;
    };
    if sheet
        .runs
        .iter()
        .any(|run| run.summary.inputs != first.inputs)
    {
        minds.push(
            "Mind: these runs were not made from the same inputs (see the notes). Differences are \
             not those of the policies alone."
                .to_owned(),
        );
    }
    if sheet
        .runs
        .iter()
        .any(|run| run.summary.jobs.finished != first.jobs.finished)
    {
        minds.push(
            "Mind: these runs did not finish the same jobs. A policy that leaves long jobs unserved \
             looks better in every mean."
                .to_owned(),
        );
    }
    let cut: Vec<_> = sheet
        .runs
        .iter()
        .filter(|run| run.summary.censored() > 0)
        .collect();
    for run in cut.iter().take(CENSORED) {
        minds.push(format!(
            "Mind: when {} was closed, {} jobs were running, {} waiting and {} had not come yet. Means of \
             waits leave out those that had not started, means of JCT those that had not ended.",
            run.label,
            thousands(run.summary.jobs.running),
            thousands(run.summary.jobs.waiting),
            thousands(run.summary.jobs.not_arrived),
        ));
    }
    if cut.len() > CENSORED {
        let others = cut.len() - CENSORED;
        minds.push(format!(
            "Mind: the same is true of {others} other runs; the notes have their numbers."
        ));
    }
    if let Some(cut) = &first.warm_up
        && sheet
            .runs
            .iter()
            .all(|run| run.summary.warm_up == first.warm_up)
        && let Some(end) = cut.seconds
    {
        minds.push(format!(
            "Mind: {} jobs submitted in the first {} (warm-up, {}) are in no mean or quantile of waits, JCT and \
             slowdown. Curves, and all other numbers, count all jobs.",
            thousands(cut.jobs_left_out),
            span(end),
            cut.rule
        ));
    }
    for run in sheet.runs.iter().filter(|run| run.summary.interrupted) {
        minds.push(format!("Mind: {} was interrupted.", run.label));
    }
    if let Some(load) = first.offered_load.filter(|&load| load > 1.0) {
        minds.push(format!(
            "Mind: the trace asks for {:.0}% of what the cluster has. Queues must grow, and waits say \
             more about the length of the trace than about the policy.",
            load * 100.0
        ));
    }
    minds
}
