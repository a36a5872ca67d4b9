//! More in use than there is.

use super::{Entry, Finding, Kind, Schedule, gpus};
use gpusched_core::units::Time;
use std::collections::BTreeMap;

/// What there is, in milli-GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Of all models together.
    pub total: i64,
    /// By model; empty = not told apart.
    pub models: BTreeMap<String, i64>,
    /// GPUs by node; empty = nodes are not known.
    pub nodes: BTreeMap<String, i64>,
}

/// Something that is held from when to when.
struct Hold<'a> {
    entry: &'a Entry,
    from: Time,
    to: Time,
    milli: i64,
}

/// More GPUs in use at once than the cluster has, of all models and of each. One finding per
/// stretch of time, at its first instant, about the job whose start began it. What starts when
/// something else ends does not overlap it. O(jobs log jobs).
pub fn audit_capacity(schedule: &Schedule, capacity: &Capacity) -> Vec<Finding> {
    let all = schedule.entries.iter().map(|entry| (entry, entry.milli));
    let mut found = over(Kind::Capacity, all, capacity.total, "the cluster");
    for (model, limit) in &capacity.models {
        let of = schedule
            .entries
            .iter()
            .filter(|entry| entry.model == *model);
        let of = of.map(|entry| (entry, entry.milli));
        found.extend(over(Kind::Capacity, of, *limit, &format!("all {model}")));
    }
    found
}

/// More GPUs in use by a queue than its quota; queues without one are not limited.
pub fn audit_quotas(schedule: &Schedule, quotas: &BTreeMap<String, i64>) -> Vec<Finding> {
    let of_queue = |(queue, limit): (&String, &i64)| {
        let of = schedule
            .entries
            .iter()
            .filter(|entry| entry.queue == *queue);
        let of = of.map(|entry| (entry, entry.milli));
        over(Kind::Quota, of, *limit, &format!("the quota of {queue}"))
    };
    quotas.iter().flat_map(of_queue).collect()
}

/// More GPUs in use on a node than it has, devices that are given twice, and nodes that do not
/// exist. What a job holds is split evenly over its devices, or its nodes where devices are not
/// said. O(places log places).
pub fn audit_nodes(schedule: &Schedule, capacity: &Capacity) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut nodes: BTreeMap<&str, Vec<(&Entry, i64)>> = BTreeMap::new();
    let mut devices: BTreeMap<(&str, u32), Vec<(&Entry, i64)>> = BTreeMap::new();
    for entry in &schedule.entries {
        let parts: usize = entry
            .places
            .iter()
            .map(|place| place.devices.len().max(1))
            .sum();
        for place in &entry.places {
            let share = entry.milli / parts.max(1) as i64;
            let here = share * place.devices.len().max(1) as i64;
            nodes.entry(&place.node).or_default().push((entry, here));
            for device in &place.devices {
                let of = devices.entry((&place.node, *device)).or_default();
                of.push((entry, share));
            }
        }
    }
    for (node, holds) in &nodes {
        match capacity.nodes.get(*node) {
            Some(limit) => {
                found.extend(over(Kind::Node, holds.iter().copied(), *limit, node));
            }
            None if !capacity.nodes.is_empty() => {
                let first = holds[0].0;
                found.push(Finding {
                    kind: Kind::Node,
                    at: first.start.unwrap_or(first.submit),
                    job: first.job.clone(),
                    line: first.line,
                    message: format!("runs on {node}, which the cluster does not have"),
                });
            }
            None => {}
        }
    }
    for ((node, device), holds) in &devices {
        let name = format!("device {device} of {node}");
        found.extend(over(Kind::Node, holds.iter().copied(), 1000, &name));
    }
    found
}

/// Stretches of time in which more than `limit` is held.
fn over<'a>(
    kind: Kind,
    holds: impl Iterator<Item = (&'a Entry, i64)>,
    limit: i64,
    of: &str,
) -> Vec<Finding> {
    let holds: Vec<Hold<'a>> = holds
        .filter_map(|(entry, milli)| {
            Some(Hold {
                entry,
                from: entry.start?,
                to: entry.end.unwrap_or(Time::NEVER),
                milli,
            })
        })
        .filter(|hold| hold.milli > 0 && hold.to > hold.from)
        .collect();
    // Ends before starts of the same instant, then in the order of the file.
    let mut changes: Vec<(Time, bool, usize)> = Vec::with_capacity(2 * holds.len());
    for (at, hold) in holds.iter().enumerate() {
        changes.push((hold.from, true, at));
        changes.push((hold.to, false, at));
    }
    changes.sort_unstable();
    let (mut used, mut over, mut found) = (0_i64, false, Vec::new());
    for (at, starts, hold) in changes {
        let hold = &holds[hold];
        used += if starts { hold.milli } else { -hold.milli };
        if used > limit && !over {
            found.push(Finding {
                kind,
                at,
                job: hold.entry.job.clone(),
                line: hold.entry.line,
                message: format!("{} GPUs in use of {}: {of}", gpus(used), gpus(limit)),
            });
        }
        over = used > limit;
    }
    found
}
