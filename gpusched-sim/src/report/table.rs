//! Tables for people: plain text, no colour, no dependence on the terminal's width.

use super::summary_columns::discipline;
use crate::metrics::{Distribution, GroupSummary, Summary};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// Groups shown in [`summary_table`]; all are in the JSON form.
const GROUPS: usize = 10;

/// One run: what it was, what came of the jobs, and where the time went.
pub fn summary_table(summary: &Summary) -> String {
    let mut parts = vec![facts(summary), distributions(summary)];
    if summary.waits.iter().any(|wait| wait.seconds > 0.0) {
        parts.push(waits(summary));
    }
    for (title, groups) in [("queue", &summary.queues), ("user", &summary.users)] {
        if groups.len() > 1 {
            parts.push(group_table(title, groups));
        }
    }
    parts.join("\n\n") + "\n"
}

fn facts(run: &Summary) -> String {
    let mut table = plain();
    let mut row = |name: &str, value: String| {
        table.add_row([name.to_owned(), value]);
    };
    row("policy", format!("{} + {}", run.queueing, run.placement));
    let how = format!("seed {}, {}", run.seed, discipline(run.discipline));
    row("run", format!("{how}, fidelity {}", run.fidelity));
    row("cluster", cluster(run));
    row("jobs", jobs(run));
    row("estimates", estimates(run));
    row("makespan", span(run.window.makespan_s));
    row("offered load", load(run));
    row("GPU-hours held", format!("{:.1}", run.gpu_hours));
    row("GPU utilisation", utilisation(run));
    row("fragmentation", fragmentation(run));
    row("power", power(run));
    table.trim_fmt()
}

fn cluster(run: &Summary) -> String {
    format!("{} nodes, {} GPUs", run.nodes, run.capacity_gpus)
}

fn jobs(run: &Summary) -> String {
    let mut text = format!("{}: {} finished", run.jobs.total, run.jobs.finished);
    let others = [
        ("running", run.jobs.running),
        ("waiting", run.jobs.waiting),
        ("not arrived", run.jobs.not_arrived),
        ("unschedulable", run.jobs.unschedulable),
    ];
    for (name, count) in others.into_iter().filter(|&(_, count)| count > 0) {
        text += &format!(", {count} {name}");
    }
    if run.interrupted {
        text += " (interrupted)";
    }
    text
}

fn estimates(run: &Summary) -> String {
    match run.estimates.given {
        0 => "perfect (no job has one)".into(),
        given => format!("{} ({given} given)", run.estimates.source),
    }
}

fn load(run: &Summary) -> String {
    let mut text = run.offered_load.map_or("-".into(), percent);
    for model in &run.offered_load_by_model {
        text += &format!(", {} only {}", model.model, percent(model.value));
    }
    text
}

fn utilisation(run: &Summary) -> String {
    let share = |value: Option<f64>| value.map_or("-".into(), percent);
    let mut text = format!(
        "{}, {} while jobs came",
        share(run.utilisation.window),
        share(run.utilisation.submissions)
    );
    if run.utilisation.by_model.len() > 1 {
        for model in &run.utilisation.by_model {
            text += &format!(", {} {}", model.model, percent(model.value));
        }
    }
    text
}

fn fragmentation(run: &Summary) -> String {
    let means = &run.sampled;
    format!(
        "{:.1} GPUs on average, {} of what was idle",
        means.frag_gpus,
        percent(means.frag_ratio)
    )
}

fn power(run: &Summary) -> String {
    let means = &run.sampled;
    format!(
        "{:.1} kW on average, {:.1} kWh",
        means.power_w / 1000.0,
        means.energy_kwh
    )
}

fn distributions(run: &Summary) -> String {
    let mut table = plain();
    table.set_header(["", "mean", "p50", "p95", "p99", "max", "by GPU-hours"]);
    let mut row = |name: &str, spread: &Option<Distribution>, show: fn(f64) -> String| {
        let Some(spread) = spread else { return };
        let weighted = spread.gpu_hour_weighted_mean.map_or("-".into(), show);
        let [mean, p50, p95, p99, max] =
            [spread.mean, spread.p50, spread.p95, spread.p99, spread.max].map(show);
        table.add_row([name.to_owned(), mean, p50, p95, p99, max, weighted]);
    };
    row("wait", &run.wait_s, span);
    row("completion time", &run.jct_s, span);
    row("bounded slowdown", &run.bounded_slowdown, number);
    row("still waiting", &run.still_waiting_s, span);
    right_align(&mut table);
    table.trim_fmt()
}

fn waits(run: &Summary) -> String {
    let mut table = plain();
    table.set_header(["waited for", "total", "share"]);
    for wait in run.waits.iter().filter(|wait| wait.seconds > 0.0) {
        table.add_row([wait.reason.clone(), span(wait.seconds), percent(wait.share)]);
    }
    right_align(&mut table);
    table.trim_fmt()
}

fn group_table(title: &str, groups: &[GroupSummary]) -> String {
    let mut table = plain();
    table.set_header([title, "jobs", "GPU-hours", "mean wait", "p95 wait"]);
    let wait = |value: Option<f64>| value.map_or("-".into(), span);
    for group in groups.iter().take(GROUPS) {
        let name = match group.name.as_str() {
            "" => "(none)",
            name => name,
        };
        table.add_row([
            name.to_owned(),
            group.jobs.to_string(),
            format!("{:.1}", group.gpu_hours),
            wait(group.mean_wait_s),
            wait(group.p95_wait_s),
        ]);
    }
    right_align(&mut table);
    let mut text = table.trim_fmt();
    if groups.len() > GROUPS {
        text += &format!("\n({} more)", groups.len() - GROUPS);
    }
    text
}

/// Which end of a column is good.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Low,
    High,
}

type Compared = (
    &'static str,
    Better,
    fn(&Summary) -> Option<f64>,
    fn(f64) -> String,
);

#[rustfmt::skip]
const COMPARED: &[Compared] = &[
    ("finished", Better::High, |run| Some(run.jobs.finished as f64), |count| format!("{count}")),
    ("mean wait", Better::Low, |run| run.wait_s.map(|wait| wait.mean), span),
    ("p95 wait", Better::Low, |run| run.wait_s.map(|wait| wait.p95), span),
    ("mean JCT", Better::Low, |run| run.jct_s.map(|jct| jct.mean), span),
    ("p50 JCT", Better::Low, |run| run.jct_s.map(|jct| jct.p50), span),
    ("slowdown", Better::Low, |run| run.bounded_slowdown.map(|slowdown| slowdown.mean), number),
    ("makespan", Better::Low, |run| Some(run.window.makespan_s), span),
    ("utilisation", Better::High, |run| run.utilisation.window, percent),
    ("fragmented", Better::Low, |run| Some(run.sampled.frag_ratio), percent),
    ("energy kWh", Better::Low, |run| Some(run.sampled.energy_kwh), |kwh| format!("{kwh:.1}")),
];

/// One row per run. The best value of a column carries a `*`, unless all are equal; values are
/// compared before they are rounded for display.
pub fn compare_table(runs: &[Summary]) -> String {
    let mut table = plain();
    let names = COMPARED.iter().map(|(name, ..)| *name);
    table.set_header(std::iter::once("policy").chain(names));
    for run in runs {
        let cells = COMPARED.iter().map(|column| compared(column, run, runs));
        table.add_row(std::iter::once(run.label()).chain(cells));
    }
    right_align(&mut table);
    table.trim_fmt() + "\n"
}

fn compared((_, better, value, show): &Compared, run: &Summary, runs: &[Summary]) -> String {
    let Some(own) = value(run) else {
        return "-".into();
    };
    let all = || runs.iter().filter_map(value);
    let (low, high) = (all().fold(own, f64::min), all().fold(own, f64::max));
    let best = match better {
        Better::Low => low,
        Better::High => high,
    };
    let mark = if low < high && own == best { "*" } else { "" };
    format!("{}{mark}", show(own))
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// Numbers stand to the right, names to the left.
fn right_align(table: &mut Table) {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn number(value: f64) -> String {
    format!("{value:.2}")
}

/// A length of time in the two units that matter: `0s`, `12.5s`, `3m20s`, `2h05m`, `3d04h`.
pub fn span(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds == 0.0 => "0s".into(),
        0..60 => format!("{seconds:.1}s"),
        60..3_600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3_600..172_800 => format!("{}h{:02}m", whole / 3_600, whole / 60 % 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Window;

    fn run(queueing: &str, makespan_s: f64) -> Summary {
        Summary {
            queueing: queueing.into(),
            placement: "first-fit".into(),
            window: Window {
                makespan_s,
                ..Window::default()
            },
            ..Summary::default()
        }
    }

    #[test]
    fn the_best_value_of_a_column_is_marked_where_runs_differ() {
        let text = compare_table(&[run("fifo", 7200.0), run("easy", 60.4)]);
        let rows: Vec<&str> = text.lines().collect();
        assert!(
            rows[1].contains("2h00m ") && rows[2].contains("1m00s*"),
            "{text}"
        );
        assert_eq!(text.matches('*').count(), 1, "{text}");
    }

    #[test]
    fn tables_are_plain_text() {
        let both = summary_table(&run("fifo", 1.0)) + &compare_table(&[run("fifo", 1.0)]);
        assert!(!both.contains('\u{1b}'));
        assert!(both.lines().all(|line| line.trim_end() == line));
    }

    #[test]
    fn spans_read_naturally() {
        let texts = [0.0, 12.5, 200.0, 7_500.0, 100_000.0, 273_600.0].map(span);
        assert_eq!(texts, ["0s", "12.5s", "3m20s", "2h05m", "27h46m", "3d04h"]);
    }
}
