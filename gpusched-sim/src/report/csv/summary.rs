//! `summary.csv`: one row per run, from one table of names and values.

use super::fields::Row;
use crate::metrics::{Distribution, Summary, TopologySummary};
use std::io::{self, Write};

/// `summary.csv`: one row per run; lists (queues, users, models, levels) are left to the JSON form.
/// Columns of warm-up and censoring, and of the network, follow when any run has some.
///
/// # Errors
/// What the writer reports.
pub fn write_summary_csv(out: &mut dyn Write, runs: &[Summary]) -> io::Result<()> {
    let mut row = Row::new(out);
    let networked = runs.iter().any(|run| run.topology.is_some());
    let cut = |run: &Summary| run.warm_up.is_some() || run.restricted.is_some();
    let cut = if runs.iter().any(cut) { CUT } else { &[] };
    let more = if networked { NETWORK } else { &[] };
    let columns = || COLUMNS.iter().chain(cut).chain(more);
    columns().try_for_each(|(name, _)| row.text(name))?;
    row.end()?;
    for run in runs {
        columns().try_for_each(|(_, value)| row.text(&value(run)))?;
        row.end()?;
    }
    row.finish()
}

/// The columns there can be, with what stands in them.
pub fn summary_columns() -> impl Iterator<Item = (&'static str, fn(&Summary) -> String)> {
    COLUMNS.iter().chain(CUT).chain(NETWORK).copied()
}

fn topology(run: &Summary, value: fn(&TopologySummary) -> Option<f64>) -> String {
    maybe(run.topology.as_ref().and_then(value))
}

type Column = (&'static str, fn(&Summary) -> String);

/// An empty field for `None`.
fn maybe(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn of(spread: &Option<Distribution>, value: fn(&Distribution) -> f64) -> String {
    maybe(spread.as_ref().map(value))
}

fn weighted(spread: &Option<Distribution>) -> String {
    maybe(
        spread
            .as_ref()
            .and_then(|spread| spread.gpu_hour_weighted_mean),
    )
}

#[rustfmt::skip]
const COLUMNS: &[Column] = &[
    ("queueing", |run| run.queueing.clone()),
    ("placement", |run| run.placement.clone()),
    ("seed", |run| run.seed.to_string()),
    ("discipline", |run| run.discipline.name().into()),
    ("sharing", |run| run.sharing.clone()),
    ("performance", |run| run.performance.clone()),
    ("fidelity", |run| run.fidelity.clone()),
    ("version", |run| run.version.clone()),
    ("interrupted", |run| run.interrupted.to_string()),
    ("horizon_s", |run| maybe(run.horizon_s)),
    ("jobs", |run| run.jobs.total.to_string()),
    ("finished", |run| run.jobs.finished.to_string()),
    ("failed", |run| run.jobs.failed.to_string()),
    ("running", |run| run.jobs.running.to_string()),
    ("waiting", |run| run.jobs.waiting.to_string()),
    ("unschedulable", |run| run.jobs.unschedulable.to_string()),
    ("not_arrived", |run| run.jobs.not_arrived.to_string()),
    ("nodes", |run| run.nodes.to_string()),
    ("capacity_gpus", |run| run.capacity_gpus.to_string()),
    ("offered_load", |run| maybe(run.offered_load)),
    ("estimates", |run| run.estimates.source.clone()),
    ("first_submit_s", |run| run.window.first_submit_s.to_string()),
    ("last_submit_s", |run| run.window.last_submit_s.to_string()),
    ("last_finish_s", |run| maybe(run.window.last_finish_s)),
    ("makespan_s", |run| run.window.makespan_s.to_string()),
    ("wait_mean_s", |run| of(&run.wait_s, |wait| wait.mean)),
    ("wait_p50_s", |run| of(&run.wait_s, |wait| wait.p50)),
    ("wait_p95_s", |run| of(&run.wait_s, |wait| wait.p95)),
    ("wait_p99_s", |run| of(&run.wait_s, |wait| wait.p99)),
    ("wait_max_s", |run| of(&run.wait_s, |wait| wait.max)),
    ("wait_gpu_hour_weighted_s", |run| weighted(&run.wait_s)),
    ("jct_mean_s", |run| of(&run.jct_s, |jct| jct.mean)),
    ("jct_p50_s", |run| of(&run.jct_s, |jct| jct.p50)),
    ("jct_p95_s", |run| of(&run.jct_s, |jct| jct.p95)),
    ("jct_p99_s", |run| of(&run.jct_s, |jct| jct.p99)),
    ("jct_max_s", |run| of(&run.jct_s, |jct| jct.max)),
    ("jct_gpu_hour_weighted_s", |run| weighted(&run.jct_s)),
    ("slowdown_mean", |run| of(&run.bounded_slowdown, |slowdown| slowdown.mean)),
    ("slowdown_p50", |run| of(&run.bounded_slowdown, |slowdown| slowdown.p50)),
    ("slowdown_p95", |run| of(&run.bounded_slowdown, |slowdown| slowdown.p95)),
    ("slowdown_p99", |run| of(&run.bounded_slowdown, |slowdown| slowdown.p99)),
    ("slowdown_max", |run| of(&run.bounded_slowdown, |slowdown| slowdown.max)),
    ("slowdown_gpu_hour_weighted", |run| weighted(&run.bounded_slowdown)),
    ("gpu_hours", |run| run.gpu_hours.to_string()),
    ("utilisation", |run| maybe(run.utilisation.window)),
    ("utilisation_submissions", |run| maybe(run.utilisation.submissions)),
    ("accepted", |run| run.accepted().to_string()),
    ("devices_peak", |run| maybe(run.devices.map(|used| used.peak_devices as f64))),
    ("devices_mean", |run| maybe(run.devices.map(|used| used.mean_devices))),
    ("sm_use", |run| maybe(run.devices.and_then(|used| used.sm_use))),
    ("memory_use", |run| maybe(run.devices.and_then(|used| used.memory_use))),
    ("wasted", |run| maybe(run.devices.and_then(|used| used.wasted))),
    ("licence_usd", |run| maybe(run.licence_usd)),
    ("frag_gpus", |run| run.sampled.frag_gpus.to_string()),
    ("frag_ratio", |run| run.sampled.frag_ratio.to_string()),
    ("power_w", |run| run.sampled.power_w.to_string()),
    ("energy_kwh", |run| run.sampled.energy_kwh.to_string()),
];

#[rustfmt::skip]
const CUT: &[Column] = &[
    ("warm_up_s", |run| maybe(run.warm_up.as_ref().and_then(|cut| cut.seconds))),
    ("warm_up_jobs", |run| run.warm_up.as_ref().map_or_else(String::new, |cut| cut.jobs_left_out.to_string())),
    ("restricted_to_s", |run| maybe(run.restricted.map(|means| means.bound_s))),
    ("wait_restricted_mean_s", |run| maybe(run.restricted.map(|means| means.wait_s))),
    ("jct_restricted_mean_s", |run| maybe(run.restricted.map(|means| means.jct_s))),
];

#[rustfmt::skip]
const NETWORK: &[Column] = &[
    ("network", |run| run.topology.as_ref().map_or_else(String::new, |one| one.network.clone())),
    ("job_profile", |run| run.topology.as_ref().and_then(|one| one.job_profile.clone()).unwrap_or_default()),
    ("gang_slowdown_mean", |run| topology(run, |one| Some(one.slowdown?.mean))),
    ("gang_slowdown_p50", |run| topology(run, |one| Some(one.slowdown?.p50))),
    ("gang_slowdown_p95", |run| topology(run, |one| Some(one.slowdown?.p95))),
    ("gang_slowdown_max", |run| topology(run, |one| Some(one.slowdown?.max))),
    ("cross_leaf_gpu_hours", |run| topology(run, |one| Some(one.cross_leaf_gpu_hours))),
];
