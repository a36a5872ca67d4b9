//! The `jobs.csv` of Batsim, which its tools (evalys among them) read.

use crate::audit::{Entry, Schedule};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Columns of Batsim's `_jobs.csv`.
const COLUMNS: [&str; 17] = [
    "job_id",
    "workload_name",
    "profile",
    "submission_time",
    "requested_number_of_resources",
    "requested_time",
    "success",
    "final_state",
    "starting_time",
    "execution_time",
    "finish_time",
    "waiting_time",
    "turnaround_time",
    "stretch",
    "allocated_resources",
    "consumed_energy",
    "metadata",
];

/// Writes a schedule as Batsim does: a row per job that ended, in order of submission. Resources
/// are GPUs, numbered from 0 node by node (by name) and device by device; a share of a GPU asks for
/// one. The profile is the number of GPUs, the requested time the estimate (the run time where there
/// is none), energy is left empty.
///
/// # Errors
/// What the writer reports.
pub fn write_batsim(out: &mut dyn Write, schedule: &Schedule, workload: &str) -> io::Result<()> {
    let numbers = numbers(schedule);
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    let mut ended: Vec<&Entry> = schedule
        .entries
        .iter()
        .filter(|entry| entry.start.is_some() && entry.end.is_some())
        .collect();
    ended.sort_by_key(|entry| entry.submit);
    for entry in ended {
        let (Some(start), Some(end)) = (entry.start, entry.end) else {
            continue;
        };
        let (run, turnaround) = (end - start, end - entry.submit);
        let stretch = match run.0 {
            0 => 1.0,
            run => turnaround.0 as f64 / run as f64,
        };
        let (success, state) = state(&entry.outcome);
        let gpus = entry.milli as f64 / 1000.0;
        csv.write_record([
            entry.job.clone(),
            workload.to_owned(),
            gpus.to_string(),
            entry.submit.to_string(),
            (entry.milli + 999).div_euclid(1000).to_string(),
            entry.estimate.unwrap_or(run).to_string(),
            success.to_owned(),
            state.to_owned(),
            start.to_string(),
            run.to_string(),
            end.to_string(),
            (start - entry.submit).to_string(),
            turnaround.to_string(),
            stretch.to_string(),
            intervals(entry, &numbers),
            String::new(),
            String::new(),
        ])?;
    }
    csv.flush()
}

fn state(outcome: &str) -> (&'static str, &'static str) {
    match outcome {
        "failed" => ("0", "COMPLETED_FAILED"),
        "killed" => ("0", "COMPLETED_KILLED"),
        _ => ("1", "COMPLETED_SUCCESSFULLY"),
    }
}

/// The number of each device that is used: nodes by name, devices by number.
fn numbers(schedule: &Schedule) -> BTreeMap<(&str, u32), u32> {
    let mut most: BTreeMap<&str, u32> = BTreeMap::new();
    for place in schedule.entries.iter().flat_map(|entry| &entry.places) {
        let devices = place.devices.iter().max().map_or(1, |last| last + 1);
        let known = most.entry(&place.node).or_default();
        *known = devices.max(*known);
    }
    let mut numbers = BTreeMap::new();
    let mut next = 0;
    for (node, devices) in most {
        for device in 0..devices {
            numbers.insert((node, device), next);
            next += 1;
        }
    }
    numbers
}

/// An interval set: `0-3 8`.
fn intervals(entry: &Entry, numbers: &BTreeMap<(&str, u32), u32>) -> String {
    let mut held: Vec<u32> = Vec::new();
    for place in &entry.places {
        let devices = match place.devices.is_empty() {
            true => &[0][..],
            false => &place.devices,
        };
        let number = |device: &u32| numbers.get(&(place.node.as_str(), *device)).copied();
        held.extend(devices.iter().filter_map(number));
    }
    held.sort_unstable();
    held.dedup();
    let runs = held.chunk_by(|a, b| a + 1 == *b);
    let text = |run: &[u32]| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    };
    runs.map(text).collect::<Vec<_>>().join(" ")
}
