//! `jobs.csv`: what happened to every job.

use super::fields::{Row, device_list};
use crate::engine::Fate;
use crate::metrics::{JobFacts, Levels, WaitInterval, facts, level_of, slowdown};
use crate::replay::RunResult;
use gpusched_core::cluster::{Inventory, Spot};
use gpusched_core::ids::{JobId, ShapeId};
use gpusched_core::queueing::Reason;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::{Outcome, Workload};
use std::fmt::Write as _;
use std::io::{self, Write};

const JOB_COLUMNS: [&str; 15] = [
    "job",
    "queue",
    "user",
    "submit_s",
    "start_s",
    "finish_s",
    "wait_s",
    "run_s",
    "jct_s",
    "bounded_slowdown",
    "gpu_s",
    "pods",
    "nodes",
    "attempts",
    "outcome",
];

/// `jobs.csv`: one row per job of the trace, in arrival order.
///
/// * Times are exact decimals in seconds. For a job that waits or runs at the close, `wait_s` and
///   `run_s` count up to the close and later columns stay empty.
/// * `gpu_s` is the sum over pods of GPUs × seconds held.
/// * `nodes` lists each node once, with the devices held there: `n01[0-3];n02[0,2]`. A MIG instance
///   is written as GPU and first slot, `n01[0:4,1:0]`: on GPU 0 from slot 4, on GPU 1 from slot 0.
/// * `outcome` is the recorded one (`completed`, `failed`, `killed`) for jobs that ran to their
///   end, else `running`, `waiting`, `unschedulable` or `not-arrived`.
/// * With [`crate::replay::ReplayOptions::keep_waits`], `wait_<reason>_s` columns follow; they add
///   up to `wait_s` exactly. A job in parts shows the waits of the part that started first.
/// * Where the network is known or costs something, `level` (of the smallest domain that held a job
///   of two or more GPUs whole) and `slowdown` (its run time ÷ the recorded one) follow.
/// * Where MIG cuts GPUs, `setup_s` comes last: how long the places were prepared (instances created)
///   before the work began, a part of `run_s`.
///
/// # Errors
/// What the writer reports.
pub fn write_jobs_csv(
    out: &mut dyn Write,
    work: &Workload,
    result: &RunResult,
    inventory: &Inventory,
) -> io::Result<()> {
    let mut row = Row::new(out);
    let waited = result.summary.waits.iter().any(|wait| wait.seconds > 0.0);
    let by_reason = !waited || !result.waits.is_empty();
    JOB_COLUMNS.iter().try_for_each(|name| row.text(name))?;
    if by_reason {
        for reason in Reason::ALL {
            row.show(format_args!("wait_{}_s", reason.name()))?;
        }
    }
    let levels = Levels::new(inventory);
    let names = match result.summary.topology {
        Some(_) => levels.names(),
        None => Vec::new(),
    };
    if !names.is_empty() {
        row.text("level")?;
        row.text("slowdown")?;
    }
    let has_setup = result.records.mig().is_some();
    if has_setup {
        row.text("setup_s")?;
    }
    row.end()?;
    for job in facts(work, &result.records) {
        job_fields(&mut row, work, result, inventory, &job)?;
        if by_reason {
            reason_fields(&mut row, &result.waits, &job)?;
        }
        if !names.is_empty() {
            let level = level_of(work, &result.records, levels, &job);
            row.text(level.map_or("", |level| &names[level]))?;
            row.maybe(level.and(slowdown(&job)))?;
        }
        if has_setup {
            row.secs(job.setup.0)?;
        }
        row.end()?;
    }
    row.finish()
}

fn job_fields(
    row: &mut Row<'_>,
    work: &Workload,
    result: &RunResult,
    inventory: &Inventory,
    job: &JobFacts,
) -> io::Result<()> {
    let closed = result.records.closed_at();
    let owner = work.owner(job.job());
    let start = job.started.map(|(_, start)| start);
    let wait = match job.fate {
        Fate::Waiting => Some(job.wait().unwrap_or(closed - job.submit)),
        _ => job.wait(),
    };
    let run = match job.fate {
        Fate::Running => start.map(|start| closed - start - job.waited_again),
        Fate::Failed(_) => ended(job, result)
            .zip(start)
            .map(|(end, start)| end - start - job.waited_again),
        _ => job.run(),
    };
    let pods = |part: JobId| work.spec(work.job(part).spec).pods;
    row.text(&work.name(job.job()))?;
    row.text(&owner.queue)?;
    row.text(&owner.user)?;
    row.secs(job.submit.0)?;
    row.maybe_secs(start.map(|start| start.0))?;
    row.maybe_secs(job.finish.map(|finish| finish.0))?;
    row.maybe_secs(wait.map(|wait| wait.0))?;
    row.maybe_secs(run.map(|run| run.0))?;
    row.maybe_secs(job.jct().map(|jct| jct.0))?;
    row.maybe(job.bounded_slowdown())?;
    row.decimal(job.held, 9)?;
    row.show(
        job.part_ids()
            .map(|part| u64::from(pods(part)))
            .sum::<u64>(),
    )?;
    let places = job.part_ids().flat_map(|part| {
        let spots = result.records.places(part, pods(part));
        shapes(work, part).zip(spots.iter().copied())
    });
    let held = places.map(|(shape, spot)| match work.shape(shape).mig {
        Some(_) => (spot, true),
        None => (spot, false),
    });
    row.text(&nodes(held, inventory))?;
    row.show(u8::from(start.is_some()))?;
    row.text(outcome(work, job))
}

/// When the last part of a job that failed was over.
fn ended(job: &JobFacts, result: &RunResult) -> Option<Time> {
    let ends = job
        .part_ids()
        .filter_map(|part| result.records.end_of(part));
    ends.max()
}

/// The request of each pod of a job, in the order of its places.
fn shapes(work: &Workload, part: JobId) -> impl Iterator<Item = ShapeId> + '_ {
    let sets = work.spec(work.job(part).spec).pod_sets.iter();
    sets.flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize))
}

/// Nodes in order of first mention, what is held on a node joined; `true` marks a place whose bits
/// are MIG instances.
fn nodes(places: impl Iterator<Item = (Spot, bool)>, inventory: &Inventory) -> String {
    let mut held: Vec<(Spot, u64)> = Vec::new();
    for (spot, is_mig) in places {
        let (devices, instances) = match is_mig {
            true => (0, spot.devices),
            false => (spot.devices, 0),
        };
        match held.iter_mut().find(|(other, _)| other.node == spot.node) {
            Some((known, more)) => {
                known.devices |= devices;
                *more |= instances;
            }
            None => held.push((Spot { devices, ..spot }, instances)),
        }
    }
    let mut text = String::new();
    for (spot, instances) in held {
        if !text.is_empty() {
            text.push(';');
        }
        text += &inventory.node(spot.node).name;
        let mut lists = Vec::new();
        if spot.devices != 0 {
            lists.push(device_list(spot.devices));
        }
        let instances = Spot {
            devices: instances,
            ..spot
        };
        let starts = inventory.instances(instances);
        lists.extend(starts.map(|(gpu, start)| format!("{gpu}:{start}")));
        if !lists.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, "[{}]", lists.join(","));
        }
    }
    text
}

fn outcome(work: &Workload, job: &JobFacts) -> &'static str {
    match job.fate {
        Fate::Done => match work.outcome(job.job()) {
            // The recording did not see the end; the replay did.
            Outcome::Running | Outcome::Pending => Outcome::Completed.name(),
            recorded => recorded.name(),
        },
        Fate::Failed(mishap) => mishap.name(),
        Fate::Running => "running",
        Fate::Waiting => "waiting",
        Fate::Unschedulable => "unschedulable",
        Fate::Future => "not-arrived",
    }
}

fn reason_fields(row: &mut Row<'_>, waits: &[WaitInterval], job: &JobFacts) -> io::Result<()> {
    let part = match job.started {
        Some((part, _)) => part,
        None if job.fate == Fate::Waiting => job.job(),
        // A part may have waited for a job that can never start: that is no wait of the job.
        None => return Reason::ALL.iter().try_for_each(|_| row.secs(0)),
    };
    let first = waits.partition_point(|wait| wait.job < part);
    let mut spans = [Span::ZERO; Reason::ALL.len()];
    for wait in waits[first..].iter().take_while(|wait| wait.job == part) {
        spans[wait.reason as usize] += wait.to - wait.from;
    }
    spans.iter().try_for_each(|span| row.secs(span.0))
}

const _: () = assert!(MICROS == 1_000_000, "gpu_s has 3 + 6 decimals");

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::cluster::Node;
    use gpusched_core::ids::NodeId;

    #[test]
    fn a_node_stands_once_with_all_devices_held_there() {
        let nodes_of = ["a", "b", "cpu"].map(|name| Node::with_gpus(name, 8, "T4"));
        let inventory = Inventory::new(nodes_of.to_vec()).unwrap();
        let spot = |node, devices| {
            let node = NodeId(node);
            (Spot { node, devices }, false)
        };
        let spots = [spot(1, 0b0011), spot(0, 0b101), spot(1, 0b1100), spot(2, 0)];
        assert_eq!(nodes(spots.into_iter(), &inventory), "b[0-3];a[0,2];cpu");
    }
}
