//! `workloads.csv` and `queues.csv`.

use super::replay::{Outcome, State};
use gpusched_core::units::{Span, Time};
use std::io::{self, Write};

/// What is there of a workload, in the words of its conditions.
fn state(state: &State) -> &'static str {
    match state {
        State::Pending(_) => "pending",
        State::Reserved => "reserved",
        State::Running => "running",
        State::Leaving => "leaving",
        State::Finished => "finished",
        State::NotArrived => "not-arrived",
    }
}

/// One row per workload: those there at the start, then the others in the order they came. Times
/// are seconds since the start of the replay, empty where there was none.
///
/// # Errors
/// What the writer reports.
pub fn write_workloads(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record([
        "namespace",
        "workload",
        "cluster_queue",
        "resident",
        "arrival_s",
        "first_admitted_s",
        "last_admitted_s",
        "finished_s",
        "wait_s",
        "admissions",
        "evictions",
        "lost_s",
        "state",
        "reason",
        "message",
    ])?;
    let at = |time: Option<Time>| time.map_or(String::new(), |time| time.as_secs_f64().to_string());
    let long = |span: Option<Span>| span.map_or(String::new(), |one| one.as_secs_f64().to_string());
    for one in &outcome.workloads {
        let queue = one.queue.map_or("", |queue| &outcome.queues[queue].name);
        let (reason, message) = match &one.state {
            State::Pending(why) => (why.reason, why.message.as_str()),
            _ => ("", ""),
        };
        out.write_record([
            one.namespace.as_str(),
            &one.name,
            queue,
            if one.resident { "true" } else { "false" },
            &at(Some(one.arrival)),
            &at(one.first_admitted),
            &at(one.last_admitted),
            &at(one.finished),
            &long(one.wait()),
            &one.admissions.to_string(),
            &one.evictions.to_string(),
            &long(Some(one.lost)),
            state(&one.state),
            reason,
            message,
        ])?;
    }
    out.flush()
}

/// One row per sample, ClusterQueue, flavor and resource: what is used, and what of it is
/// borrowed, in the integers quota is counted in (`cpu` in thousandths of a core).
///
/// # Errors
/// What the writer reports.
pub fn write_queues(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record([
        "t_s",
        "cluster_queue",
        "flavor",
        "resource",
        "nominal",
        "used",
        "borrowed",
    ])?;
    for sample in &outcome.series {
        let at = sample.at.as_secs_f64().to_string();
        let quotas = outcome.queues.iter();
        let quotas = quotas.flat_map(|queue| queue.usage.iter().map(move |one| (queue, one)));
        for ((queue, one), used) in quotas.zip(&sample.usage) {
            let borrowed = used.saturating_sub(one.nominal.0).max(0);
            out.write_record([
                at.as_str(),
                &queue.name,
                &one.flavor,
                &one.resource,
                &one.nominal.0.to_string(),
                &used.to_string(),
                &borrowed.to_string(),
            ])?;
        }
    }
    out.flush()
}
