//! A replay for people.

use super::summary::{Summary, Waits};
use crate::report::span;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The summary, then one line per ClusterQueue, flavor and resource. Plain text.
pub fn summary_table(summary: &Summary) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<12}{value}");
    };
    line("queueing", format!("kueue, {}", summary.fidelity));
    if let Some(delay) = &summary.pods_ready_delay {
        line("pods ready", format!("{delay} (seconds after admission)"));
    }
    let mut jobs = format!("{} ({} finished", summary.jobs, summary.finished);
    for (count, what) in [
        (summary.holding, "holding quota"),
        (summary.pending, "pending"),
        (summary.not_arrived, "not arrived"),
    ] {
        if count > 0 {
            jobs += &format!(", {count} {what}");
        }
    }
    line("jobs", jobs + ")");
    if summary.residents > 0 {
        line(
            "residents",
            format!("{} workloads were there before", summary.residents),
        );
    }
    line("makespan", span(summary.makespan_s));
    line(
        "wait",
        summary
            .wait_s
            .map_or("nobody was admitted".to_owned(), waits),
    );
    line("admissions", summary.admissions.to_string());
    let evicted: u64 = summary.evictions.values().sum();
    if evicted > 0 {
        let lost = span(summary.lost_s);
        line(
            "evictions",
            format!(
                "{evicted} ({}); {lost} of work lost",
                reasons(&summary.evictions)
            ),
        );
    }
    line(
        "cycles",
        format!(
            "{} ({} changed nothing)",
            summary.cycles, summary.idle_cycles
        ),
    );
    if let Some(circling) = &summary.circling {
        line(
            "circling",
            format!(
                "{circling} had to leave again and again, so the replay was given up: see how it goes on in real time with --fidelity control-plane"
            ),
        );
    }
    text.push('\n');
    text += &queues(summary);
    if !summary.pending_by_reason.is_empty() {
        text += "\nPending at the end:\n";
    }
    for one in &summary.pending_by_reason {
        let message = match one.message.is_empty() {
            true => String::new(),
            false => format!(": {}", one.message),
        };
        let _ = writeln!(
            text,
            "  {} {} ({}{message})",
            one.workloads, one.reason, one.example
        );
    }
    text
}

fn waits(waits: Waits) -> String {
    format!(
        "mean {}, p50 {}, p95 {}, max {}",
        span(waits.mean),
        span(waits.p50),
        span(waits.p95),
        span(waits.max)
    )
}

fn reasons(evictions: &BTreeMap<String, u64>) -> String {
    let all = evictions
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"));
    all.collect::<Vec<_>>().join(", ")
}

fn queues(summary: &Summary) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let shares = summary
        .queues
        .iter()
        .any(|one| one.mean_weighted_share.is_some());
    let mut header = vec![
        "ClusterQueue",
        "flavor",
        "resource",
        "nominal",
        "mean used",
        "borrowed",
        "peak",
        "admitted",
        "mean wait",
        "p95 wait",
        "evicted",
    ];
    if shares {
        header.push("mean share");
    }
    table.set_header(header);
    for queue in &summary.queues {
        let mut first = true;
        for one in &queue.usage {
            let mut row = vec![
                if first {
                    queue.cluster_queue.clone()
                } else {
                    String::new()
                },
                one.flavor.clone(),
                one.resource.clone(),
                one.nominal
                    .map_or("unlimited".to_owned(), |value| amount(&one.resource, value)),
                amount(&one.resource, one.mean_used),
                amount(&one.resource, one.mean_borrowed),
                amount(&one.resource, one.peak),
            ];
            if std::mem::take(&mut first) {
                let wait = |pick: fn(Waits) -> f64| {
                    queue
                        .wait_s
                        .map_or("-".to_owned(), |waits| span(pick(waits)))
                };
                row.push(queue.admissions.to_string());
                row.push(wait(|waits| waits.mean));
                row.push(wait(|waits| waits.p95));
                row.push(queue.evictions.values().sum::<u64>().to_string());
                if shares {
                    let share = queue.mean_weighted_share;
                    row.push(share.map_or("inf".to_owned(), |share| format!("{share:.1}")));
                }
            }
            table.add_row(row);
        }
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines = table.to_string();
    let lines = lines.lines().map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

/// Memory in GiB, everything else as it is.
fn amount(resource: &str, value: f64) -> String {
    let (value, unit) = match resource {
        "memory" | "ephemeral-storage" => (value / f64::from(1 << 30), "Gi"),
        _ => (value, ""),
    };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}
