//! What is shown of one run at a time: its waits, its nodes, its jobs.

use super::super::kpi::Kind;
use super::super::markup::Html;
use super::super::read::Run;
use super::Sheet;
use super::figure::{Table, figure, per_run};
use crate::report::{span, thousands};
use gpusched_core::queueing::Reason;

/// Rows of a table below a map.
pub(super) const ROWS: usize = 40;

/// Writes a section in which each run has a block; `none` says why there is no section where no run
/// has anything to show.
pub(super) fn section(
    sheet: &mut Sheet<'_>,
    html: &mut Html,
    (id, title, none): (&'static str, &'static str, &str),
    has: impl Fn(usize) -> bool,
    block: impl Fn(&mut Html, usize),
) {
    let mut inner = Html::new();
    let any = (0..sheet.runs.len()).any(&has);
    per_run(&mut inner, sheet, |html, at| match has(at) {
        true => {
            block(html, at);
            None
        }
        false => Some(format!("Nothing to show of this run: {none}.")),
    });
    let inner = inner.into_string();
    let content = match any {
        true => Ok(|html: &mut Html| {
            html.trusted(&inner);
        }),
        false => Err(none.to_owned()),
    };
    sheet.section(html, id, title, content);
}

pub(super) fn reasons(sheet: &mut Sheet<'_>, html: &mut Html) {
    let (runs, data) = (sheet.runs, sheet.data);
    section(
        sheet,
        html,
        (
            "reasons",
            "Why jobs waited",
            "no job waited, or there is no waits.csv",
        ),
        |at| data.runs[at].waits.is_some(),
        |html, at| {
            figure(
                html,
                &format!("reasons:{at}"),
                "Jobs waiting, by reason",
                "Mean number in each bin, stacked. At each instant a waiting job has one reason.",
                &[reason_table(&runs[at])],
            );
        },
    );
}

fn reason_table(run: &Run) -> Table {
    let mut table = Table::new(&["Reason", "Share of all waiting", "Time waited", "Meaning"]);
    for wait in run.summary.waits.iter().filter(|wait| wait.seconds > 0.0) {
        let reason = Reason::ALL
            .iter()
            .find(|reason| reason.name() == wait.reason);
        table.rows.push(vec![
            wait.reason.clone(),
            Kind::Percent.show(wait.share),
            span(wait.seconds),
            reason.map_or("", |reason| reason.explain()).to_owned(),
        ]);
    }
    table
}

const NO_OCCUPANCY: &str =
    "there is no occupancy.csv (earlier versions did not write it), or no node has GPUs";

pub(super) fn occupancy(sheet: &mut Sheet<'_>, html: &mut Html) {
    let data = sheet.data;
    section(
        sheet,
        html,
        ("occupancy", "Occupancy", NO_OCCUPANCY),
        |at| data.runs[at].heat.is_some(),
        |html, at| {
            let Some(heat) = &data.runs[at].heat else {
                return;
            };
            let mut table = Table::new(&["Nodes", "GPUs", "Mean share held"]);
            for (first, last, gpus, share) in heat.rows.iter().take(ROWS) {
                table.rows.push(vec![
                    range(first, last),
                    thousands(u64::from(*gpus)),
                    Kind::Percent.show(*share),
                ]);
            }
            more(&mut table, heat.rows.len());
            figure(
                html,
                &format!("heat:{at}"),
                "GPUs held, by node and time",
                "Dark: none, bright: all; hatched: the node was not there. A row is a node, or \
                 neighbours in the node list where there are many.",
                &[table],
            );
        },
    );
}

fn range(first: &str, last: &str) -> String {
    match first == last {
        true => first.to_owned(),
        false => format!("{first} … {last}"),
    }
}

/// A last row for what there is no room for.
pub(super) fn more(table: &mut Table, all: usize) {
    if all > table.rows.len() {
        let mut row = vec![format!(
            "and {} more",
            thousands((all - table.rows.len()) as u64)
        )];
        row.resize(table.head.len(), String::new());
        table.rows.push(row);
    }
}

pub(super) fn gantt(sheet: &mut Sheet<'_>, html: &mut Html) {
    let (runs, data) = (sheet.runs, sheet.data);
    section(
        sheet,
        html,
        (
            "gantt",
            "Who ran where",
            "it takes jobs.csv and occupancy.csv, and jobs that held GPUs",
        ),
        |at| data.runs[at].gantt.is_some(),
        |html, at| {
            let Some(gantt) = &data.runs[at].gantt else {
                return;
            };
            let mut says = format!(
                "The {} jobs with most GPU time; together they held {:.1}% of it.",
                thousands(gantt.jobs.len() as u64),
                gantt.share * 100.0
            );
            if gantt.left_out > 0 {
                says += &format!(
                    " {} others that started are not drawn.",
                    thousands(gantt.left_out)
                );
            }
            says += " A lane is a GPU; colours tell queues apart. Jobs that were interrupted, or ran in parts, are \
                     outlined: they did not hold these places all the time.";
            let mut table = Table::new(&[
                "Job",
                "Queue",
                "GPUs",
                "Submitted",
                "Waited",
                "Ended",
                "Outcome",
            ]);
            let tracks = runs[at].jobs.iter().flat_map(|jobs| &jobs.tracks);
            for track in tracks.filter(|track| !track.bars.is_empty()).take(20) {
                table.rows.push(vec![
                    track.name.clone(),
                    track.queue.clone(),
                    Kind::Number.show(track.gpus),
                    span(track.submit),
                    span(track.wait),
                    span(track.end),
                    track.outcome.clone(),
                ]);
            }
            more(&mut table, gantt.jobs.len());
            figure(
                html,
                &format!("gantt:{at}"),
                "Jobs on GPUs",
                &says,
                &[table],
            );
        },
    );
}
