//! The result for people.

use super::report::Report;
use super::{AheadOfQueue, Estimate, Like, Waits};
use crate::report::span;
use gpusched_core::units::Span;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Upper ends of the bars, s; the first holds those who do not wait at all.
const BARS: [i64; 14] = [
    0, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800, 345_600, 604_800,
];
/// Length of the longest bar.
const WIDTH: usize = 40;

/// The wait, who is ahead, and where the numbers come from. Plain text.
pub fn table(report: &Report, estimate: &Estimate) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<12}{value}");
    };
    let waits = &estimate.waits;
    let wait = &report.wait;
    if waits.at_once() {
        line("wait", "none: admitted at once in every future".to_owned());
    } else {
        let mut parts: Vec<String> = wait
            .quantiles
            .iter()
            .map(|one| format!("p{} {}", one.percent, time(one.wait_s, waits)))
            .collect();
        parts.extend(wait.mean_s.map(|mean| format!("mean {}", span(mean))));
        line("wait", parts.join(", "));
        let intervals = wait.quantiles.iter().map(|one| {
            let low = time(one.low_s, waits);
            match one.high_s {
                None if waits.censored() == 0 => format!("p{} {low} or more", one.percent),
                high => format!("p{} {low} to {}", one.percent, time(high, waits)),
            }
        });
        let intervals: Vec<String> = intervals.collect();
        line(
            "interval",
            format!(
                "{} ({} %, of sampling of futures, not of the model)",
                intervals.join(", "),
                wait.interval_percent
            ),
        );
        let within = wait.within.iter().map(|one| {
            let at_least = if one.at_least { "at least " } else { "" };
            format!("{} {at_least}{}", round(one.time_s), percent(one.share))
        });
        line("within", within.collect::<Vec<_>>().join(", "));
    }
    if wait.censored > 0 {
        let given_up = match wait.given_up {
            0 => String::new(),
            some => format!("; {some} of them given up, for preemption without end"),
        };
        line(
            "not over",
            format!(
                "in {} of {} futures ({}) at the horizon{given_up}",
                wait.censored,
                waits.samples(),
                percent(wait.censored as f64 / waits.samples() as f64),
            ),
        );
    }
    if !waits.at_once() {
        text += &format!("\n{}", histogram(waits));
    }
    text += &ahead(report);
    text += &provenance(report);
    text
}

/// A wait, which may lie beyond the horizon.
fn time(seconds: Option<f64>, waits: &Waits) -> String {
    seconds.map_or_else(
        || format!("> {}", round(waits.horizon().as_secs_f64())),
        span,
    )
}

/// A length of time in its largest unit, where that is exact.
fn round(seconds: f64) -> String {
    let units = [(86_400.0, 'd'), (3600.0, 'h'), (60.0, 'm')];
    let unit = units
        .into_iter()
        .find(|(unit, _)| seconds >= *unit && seconds % unit == 0.0);
    match unit {
        Some((unit, letter)) => format!("{}{letter}", seconds / unit),
        None => span(seconds),
    }
}

/// Never 0 or 100 for what is not.
fn percent(share: f64) -> String {
    match share {
        _ if share > 0.0 && share < 0.01 => "<1%".to_owned(),
        _ if share > 0.99 && share < 1.0 => ">99%".to_owned(),
        _ => format!("{:.0}%", share * 100.0),
    }
}

fn histogram(waits: &Waits) -> String {
    let mut bars: Vec<(String, usize)> = Vec::new();
    let mut counted = 0;
    for end in BARS {
        let end = Span::from_secs(end);
        let ended = waits.admitted().partition_point(|wait| *wait <= end);
        let label = match end {
            Span::ZERO => "no wait".to_owned(),
            end => format!("up to {}", round(end.as_secs_f64())),
        };
        bars.push((label, ended - counted));
        counted = ended;
    }
    bars.push(("longer".to_owned(), waits.admitted().len() - counted));
    let last = bars.iter().rposition(|(_, count)| *count > 0);
    bars.truncate(last.map_or(0, |last| last + 1));
    let first = bars.iter().position(|(_, count)| *count > 0);
    bars.drain(..first.unwrap_or(0));
    if waits.censored() > 0 {
        bars.push(("not over".to_owned(), waits.censored()));
    }
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let mut text = String::new();
    for (label, count) in bars {
        let bar = "#".repeat((count * WIDTH).div_ceil(most));
        let space = if bar.is_empty() { "" } else { " " };
        let _ = writeln!(text, "  {label:<10} {bar}{space}{count}");
    }
    text
}

fn ahead(report: &Report) -> String {
    let mut text = String::new();
    // What rounds to nothing is not worth a line.
    let seen = |one: &&AheadOfQueue| one.waiting + one.later >= 0.05;
    let seen: Vec<&AheadOfQueue> = report.ahead.queues.iter().filter(seen).collect();
    if seen.is_empty() {
        return text;
    }
    text += "\nAdmitted before it, per future:\n";
    for one in seen {
        let _ = writeln!(
            text,
            "  {}: {:.1} that wait now, {:.1} that come later",
            one.cluster_queue, one.waiting, one.later
        );
    }
    for one in &report.ahead.workloads {
        let _ = writeln!(text, "  {} in {}", one.workload, percent(one.share));
    }
    text
}

fn provenance(report: &Report) -> String {
    let from = &report.provenance;
    let mut text = "\nWhere this comes from:\n".to_owned();
    let _ = writeln!(
        text,
        "  {} futures followed for {}, seed {}, fidelity {}",
        from.samples,
        round(from.horizon_s),
        from.seed,
        from.fidelity
    );
    if let Some(delay) = &from.pods_ready_delay {
        let _ = writeln!(text, "  pods are ready {delay} s after admission");
    }
    if let Some(now) = &from.now {
        let _ = writeln!(text, "  now is {now}");
    }
    let _ = writeln!(
        text,
        "  arrivals: {} jobs of {}, drawn in blocks of {} from a ring of {} that begins {} s into it",
        from.ring_jobs,
        from.trace,
        round(from.block_s),
        round(from.ring_s),
        from.window_s[0]
    );
    let rhythm = match (from.keeps_time_of_day, from.keeps_weekends) {
        (true, true) => {
            "blocks begin at the time of day they stand for; weekends stand for weekends"
        }
        (true, false) => {
            "blocks begin at the time of day they stand for; days of the week are mixed"
        }
        (false, _) if from.ring_s < 86_400.0 => {
            "less than a day of the trace: its rhythm is repeated, none of days is kept"
        }
        (false, _) if from.now.is_none() => {
            "no object has a time: each future begins at a time of day that is drawn"
        }
        (false, _) => {
            "the trace has no calendar in UTC: each future begins at a time of day that is drawn"
        }
    };
    let _ = writeln!(text, "  {rhythm}");
    text += &likes("those who run", &from.running);
    text += &likes("those who wait", &from.waiting);
    text
}

/// Where run times come from.
fn likes(who: &str, counts: &BTreeMap<Like, usize>) -> String {
    let total: usize = counts.values().sum();
    let mut text = format!("  {who}: {total}\n");
    for (like, count) in counts {
        let _ = writeln!(text, "    {count} {}", like.words());
    }
    text
}
