//! What the page's charts are drawn from.

use super::Compared;
use super::encode::{point, rounded};
use super::kpi::{KPIS, Kpi};
use super::read::{Run, SlotMap};
use super::shape::{Axis, Gantt, Grid, Heat, extremes, gantt, heat, shares};
use crate::metrics::{SlowdownBin, Waterfall};
use gpusched_core::queueing::Reason;
use serde::Serialize;
use serde_json::Value;

/// Jobs drawn one by one, over all runs of a page.
const TRACKS: usize = 6000;

/// Rows of heat maps, over all runs of a page.
const HEAT_ROWS: usize = 800;

/// The most rows of one heat map.
const HEAT_ROWS_OF_RUN: usize = 256;

/// GPUs of a map of MIG slots.
const SLOT_ROWS: usize = 512;

/// Everything that is drawn.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    pub(super) baseline: usize,
    pub(super) kpis: Vec<&'static Kpi>,
    /// The time of all runs, s.
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) curves: Vec<Curves>,
    /// Instants of all lines over time, s.
    pub(super) t: Vec<Value>,
    pub(super) lines: Vec<Lines>,
    pub(super) reasons: Vec<&'static str>,
    pub(super) runs: Vec<RunData>,
}

/// Cumulative shares.
#[derive(Debug, Serialize)]
pub(super) struct Curves {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) x: Vec<Value>,
    /// By run; empty where there is nothing to show.
    pub(super) runs: Vec<Vec<Value>>,
}

/// Lines over time, one per run.
#[derive(Debug, Serialize)]
pub(super) struct Lines {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) runs: Vec<Vec<Value>>,
}

/// What is shown of one run at a time.
#[derive(Debug, Serialize)]
pub(super) struct RunData {
    pub(super) label: String,
    pub(super) values: Vec<Value>,
    /// By reason: mean number of waiting jobs per bin.
    pub(super) waits: Option<WaitData>,
    pub(super) heat: Option<Heat>,
    pub(super) gantt: Option<Gantt>,
    pub(super) slots: Option<SlotData>,
    pub(super) levels: Option<LevelData>,
    pub(super) cost: Option<Waterfall>,
    /// The run whom `intervals` compares it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<usize>,
    /// By number: the difference from that run, and its ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) intervals: Vec<Option<[Value; 3]>>,
}

#[derive(Debug, Serialize)]
pub(super) struct WaitData {
    pub(super) edges: Vec<Value>,
    pub(super) waiting: Vec<Vec<Value>>,
}

/// A map of MIG slots.
#[derive(Debug, Serialize)]
pub(super) struct SlotData {
    pub(super) at: f64,
    /// Node, GPU, board, slots, instances.
    pub(super) gpus: Vec<(String, u32, String, String, String)>,
    pub(super) left_out: usize,
    /// Board, profile, share.
    pub(super) blocked: Vec<(String, String, f64)>,
}

/// Levels of the network.
#[derive(Debug, Serialize)]
pub(super) struct LevelData {
    /// Level, jobs, GPU-hours, mean of the largest gang that would fit.
    pub(super) levels: Vec<(String, u64, f64, f64)>,
    pub(super) slowdowns: Vec<SlowdownBin>,
    /// Level and its free GPUs over time.
    pub(super) free: Vec<(String, Vec<Value>)>,
}

type Sorted = fn(&Run) -> Option<(&[f64], u64)>;

/// Curves: key, title, unit, values and how many there could be.
const CURVES: [(&str, &str, &str, Sorted); 3] = [
    ("wait", "Wait", "s", |run| {
        let jobs = run.jobs.as_ref()?;
        Some((&jobs.waits, jobs.came))
    }),
    ("jct", "Job completion time", "s", |run| {
        let jobs = run.jobs.as_ref()?;
        Some((&jobs.jcts, jobs.came))
    }),
    ("slowdown", "Bounded slowdown", "×", |run| {
        let jobs = run.jobs.as_ref()?;
        Some((&jobs.slowdowns, jobs.came))
    }),
];

type Values = fn(&super::read::Series) -> Option<Vec<f64>>;

/// Lines: key, title, unit, values.
const LINES: [(&str, &str, &str, Values); 7] = [
    ("held", "GPUs held", "GPUs", |series| {
        Some(series.column("gpus_allocated")?.to_vec())
    }),
    (
        "pending",
        "GPUs asked for by waiting jobs",
        "GPUs",
        |series| series.difference("gpus_requested", "gpus_allocated"),
    ),
    ("waiting", "Jobs waiting", "jobs", |series| {
        Some(series.column("waiting")?.to_vec())
    }),
    ("running", "Jobs running", "jobs", |series| {
        Some(series.column("running")?.to_vec())
    }),
    (
        "fragmented",
        "Idle GPUs the next pod cannot use",
        "GPUs",
        |series| Some(series.column("frag_gpus")?.to_vec()),
    ),
    (
        "fragratio",
        "Share of idle GPUs the next pod cannot use",
        "",
        |series| Some(series.column("frag_ratio")?.to_vec()),
    ),
    ("power", "Power", "kW", |series| {
        let watts = series.column("power_w")?.iter();
        Some(watts.map(|watts| watts / 1000.0).collect())
    }),
];

/// The values of a line of this key.
pub(super) fn line_values(series: &super::read::Series, key: &str) -> Option<Vec<f64>> {
    let (.., values) = LINES.iter().find(|(own, ..)| *own == key)?;
    values(series)
}

/// Condenses the runs.
pub(super) fn condense(compared: &Compared) -> Data {
    let (runs, baseline) = (&compared.runs, compared.baseline);
    let windows = runs.iter().map(|run| &run.summary.window);
    let from = windows.clone().map(|window| window.first_submit_s);
    let until = windows.map(|window| window.closed_s);
    let grid = Grid::new(
        from.fold(f64::INFINITY, f64::min).min(1e300),
        until.fold(f64::NEG_INFINITY, f64::max),
    );
    let shown = |kpi: &&'static Kpi| runs.iter().any(|run| (kpi.value)(&run.summary).is_some());
    let kpis: Vec<&'static Kpi> = KPIS.iter().filter(shown).collect();
    Data {
        baseline,
        from: grid.from,
        until: grid.until,
        curves: CURVES
            .iter()
            .filter_map(|curves| curve(runs, curves))
            .collect(),
        t: grid.points().into_iter().map(|t| rounded(t, 7)).collect(),
        lines: LINES
            .iter()
            .filter_map(|lines| line(runs, &grid, lines))
            .collect(),
        reasons: Reason::ALL.map(Reason::name).to_vec(),
        runs: runs
            .iter()
            .map(|run| {
                let data = run_data(run, runs.len(), &grid, &kpis);
                with_intervals(data, run, compared, &kpis)
            })
            .collect(),
        kpis,
    }
}

fn curve(
    runs: &[Run],
    &(key, title, unit, sorted): &(&'static str, &'static str, &'static str, Sorted),
) -> Option<Curves> {
    let values = runs.iter().filter_map(sorted);
    let axis = Axis::over(values.map(|(values, _)| values))?;
    let curve = |run| match sorted(run) {
        Some((values, of)) => shares(values, &axis, of)
            .into_iter()
            .map(|share| rounded(share, 5))
            .collect(),
        None => Vec::new(),
    };
    Some(Curves {
        key,
        title,
        unit,
        runs: runs.iter().map(curve).collect(),
        x: axis.places.iter().map(|&place| rounded(place, 7)).collect(),
    })
}

fn line(
    runs: &[Run],
    grid: &Grid,
    &(key, title, unit, values): &(&'static str, &'static str, &'static str, Values),
) -> Option<Lines> {
    let points = |run: &Run| -> Vec<Value> {
        let Some(series) = &run.series else {
            return Vec::new();
        };
        let Some(values) = values(series) else {
            return Vec::new();
        };
        let points = extremes(grid, &series.t, &values, run.summary.window.closed_s);
        points.into_iter().map(point).collect()
    };
    let runs: Vec<Vec<Value>> = runs.iter().map(points).collect();
    let any = runs
        .iter()
        .flatten()
        .any(|value| value.as_f64().is_some_and(|value| value > 0.0));
    any.then_some(Lines {
        key,
        title,
        unit,
        runs,
    })
}

fn run_data(run: &Run, of: usize, grid: &Grid, kpis: &[&Kpi]) -> RunData {
    let closed = run.summary.window.closed_s;
    let values = kpis.iter().map(|kpi| (kpi.value)(&run.summary));
    let waits = run.waits.as_ref().filter(|waits| !waits.is_empty());
    let nodes = run.nodes.as_ref().filter(|nodes| !nodes.starts.is_empty());
    let rows = (HEAT_ROWS / of).min(HEAT_ROWS_OF_RUN);
    RunData {
        label: run.label.clone(),
        values: values
            .map(|value| value.map_or(Value::Null, |value| rounded(value, 9)))
            .collect(),
        waits: waits.map(|waits| WaitData {
            edges: waits.edges.iter().map(|&edge| rounded(edge, 7)).collect(),
            waiting: waits
                .waiting
                .iter()
                .map(|bins| bins.iter().map(|&waiting| rounded(waiting, 3)).collect())
                .collect(),
        }),
        heat: nodes.map(|nodes| heat(nodes, closed, rows)),
        gantt: run
            .jobs
            .as_ref()
            .zip(nodes)
            .and_then(|(jobs, nodes)| gantt(jobs, nodes, grid, TRACKS / of)),
        slots: run.slots.as_ref().map(|slots| slot_data(slots, run)),
        levels: level_data(run, grid),
        cost: run.summary.cost.as_ref().map(|cost| cost.gpu_hours),
        from: None,
        intervals: Vec::new(),
    }
}

/// Adds how sure differences are, where that was found out.
fn with_intervals(data: RunData, run: &Run, compared: &Compared, kpis: &[&Kpi]) -> RunData {
    let Some(found) = &compared.intervals else {
        return data;
    };
    let mut labels = compared.runs.iter().map(|run| run.summary.label());
    let from = labels.position(|label| label == found.baseline());
    let own = run.summary.label();
    let differences = found.differences();
    let of = |kpi: &&Kpi| {
        let mut all = differences.iter();
        let (.., ends) = all
            .find(|(policy, metric, _)| *policy == own && metric.eq_ignore_ascii_case(kpi.label))?;
        Some(ends.map(|end| rounded(end, 6)))
    };
    RunData {
        from,
        intervals: kpis.iter().map(of).collect(),
        ..data
    }
}

fn slot_data(slots: &SlotMap, run: &Run) -> SlotData {
    let blocked = run.summary.mig.iter().flat_map(|mig| &mig.blocked);
    SlotData {
        at: slots.at,
        gpus: slots
            .gpus
            .iter()
            .take(SLOT_ROWS)
            .map(|gpu| {
                (
                    gpu.node.clone(),
                    gpu.gpu,
                    gpu.board.clone(),
                    gpu.slots.clone(),
                    gpu.instances.clone(),
                )
            })
            .collect(),
        left_out: slots.gpus.len().saturating_sub(SLOT_ROWS),
        blocked: blocked
            .map(|one| (one.board.clone(), one.profile.clone(), one.share))
            .collect(),
    }
}

fn level_data(run: &Run, grid: &Grid) -> Option<LevelData> {
    let topology = run.summary.topology.as_ref()?;
    let closed = run.summary.window.closed_s;
    let free = run.series.as_ref().map_or_else(Vec::new, |series| {
        let levels = series.columns("largest_gang_");
        levels
            .map(|(level, values)| {
                let points = extremes(grid, &series.t, values, closed);
                (level.to_owned(), points.into_iter().map(point).collect())
            })
            .collect()
    });
    let levels = topology.levels.iter();
    Some(LevelData {
        levels: levels
            .map(|level| {
                (
                    level.level.clone(),
                    level.jobs,
                    level.gpu_hours,
                    level.largest_gang,
                )
            })
            .collect(),
        slowdowns: topology.slowdown_histogram.clone(),
        free,
    })
}
