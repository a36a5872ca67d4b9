//! A replay in numbers. Times are in seconds; `cpu` is in cores, memory in bytes, everything else
//! counted.

use super::replay::{Fidelity, Outcome, QueueUse, State};
use gpusched_core::units::Span;
use serde::Serialize;
use std::collections::BTreeMap;

/// Waits until first admission, s; quantiles by nearest rank.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Waits {
    /// Workloads that were admitted.
    pub workloads: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Longest.
    pub max: f64,
}

impl Waits {
    /// Of waits in ascending order; `None` if there are none.
    fn of(waits: &[Span]) -> Option<Waits> {
        let last = waits.last()?;
        let sum: i128 = waits.iter().map(|wait| i128::from(wait.0)).sum();
        let rank = |percent| waits[crate::metrics::quantiles::nearest_rank(waits.len(), percent)];
        Some(Waits {
            workloads: waits.len() as u64,
            mean: sum as f64 / waits.len() as f64 / 1e6,
            p50: rank(50).as_secs_f64(),
            p95: rank(95).as_secs_f64(),
            max: last.as_secs_f64(),
        })
    }
}

/// Use of one flavor and resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UseSummary {
    /// The flavor.
    pub flavor: String,
    /// The resource.
    pub resource: String,
    /// Nominal quota; `None` = unlimited.
    pub nominal: Option<f64>,
    /// Time-weighted mean of its use.
    pub mean_used: f64,
    /// Time-weighted mean of its use beyond the nominal quota.
    pub mean_borrowed: f64,
    /// Most it used at one time.
    pub peak: f64,
}

impl UseSummary {
    fn of(one: &QueueUse) -> UseSummary {
        let unit = match one.resource.as_str() {
            "cpu" => 1000.0,
            _ => 1.0,
        };
        UseSummary {
            flavor: one.flavor.clone(),
            resource: one.resource.clone(),
            nominal: (!one.nominal.is_unlimited()).then(|| one.nominal.0 as f64 / unit),
            mean_used: one.mean / unit,
            mean_borrowed: one.mean_borrowed / unit,
            peak: one.peak as f64 / unit,
        }
    }
}

/// One ClusterQueue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueSummary {
    /// Its name.
    pub cluster_queue: String,
    /// Workloads that came.
    pub workloads: u64,
    /// Admissions, repeated ones included.
    pub admissions: u64,
    /// Workloads that ended.
    pub finished: u64,
    /// Waits until first admission.
    pub wait_s: Option<Waits>,
    /// Evictions by reason.
    pub evictions: BTreeMap<String, u64>,
    /// Use of its quota.
    pub usage: Vec<UseSummary>,
    /// Time-weighted mean of its weighted share, where fair sharing is on; `None` = infinite too.
    pub mean_weighted_share: Option<f64>,
}

/// Workloads that wait for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PendingSummary {
    /// The reason, in Kueue's words.
    pub reason: String,
    /// How many.
    pub workloads: u64,
    /// The first of them.
    pub example: String,
    /// Its message.
    pub message: String,
}

/// A replay in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// `kueue`.
    pub queueing: &'static str,
    /// `ideal` or `control-plane`.
    pub fidelity: &'static str,
    /// From admission until pods are ready, as it was asked for; absent if at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods_ready_delay: Option<String>,
    /// Jobs of the trace.
    pub jobs: u64,
    /// Workloads that were there before the first.
    pub residents: u64,
    /// Jobs that ended.
    pub finished: u64,
    /// Jobs that hold quota at the end.
    pub holding: u64,
    /// Jobs that wait at the end.
    pub pending: u64,
    /// Jobs that had not come by the end.
    pub not_arrived: u64,
    /// From the first arrival to the last end, s.
    pub makespan_s: f64,
    /// Waits until first admission.
    pub wait_s: Option<Waits>,
    /// Admissions, repeated ones included.
    pub admissions: u64,
    /// Evictions by reason.
    pub evictions: BTreeMap<String, u64>,
    /// Time run in vain, s.
    pub lost_s: f64,
    /// Scheduling cycles that had heads.
    pub cycles: u64,
    /// Those that changed nothing.
    pub idle_cycles: u64,
    /// The workload that had to leave so often that the replay was given up.
    pub circling: Option<String>,
    /// Why jobs wait, the most frequent reason first.
    pub pending_by_reason: Vec<PendingSummary>,
    /// By ClusterQueue.
    pub queues: Vec<QueueSummary>,
}

impl Summary {
    /// Sums a replay up. O(workloads · log workloads).
    pub fn of(outcome: &Outcome, fidelity: &Fidelity) -> Summary {
        let jobs = || outcome.workloads.iter().filter(|one| !one.resident);
        let count = |is: fn(&State) -> bool| jobs().filter(|one| is(&one.state)).count() as u64;
        let mut waits: Vec<Span> = jobs().filter_map(|one| one.wait()).collect();
        waits.sort_unstable();
        let first = jobs().map(|one| one.arrival).min().unwrap_or_default();
        let last = jobs().filter_map(|one| one.finished).max().unwrap_or(first);
        let lost: i64 = outcome.workloads.iter().map(|one| one.lost.0).sum();
        let mut evictions: BTreeMap<String, u64> = BTreeMap::new();
        for (reason, count) in outcome.queues.iter().flat_map(|one| &one.evictions) {
            *evictions.entry(reason.to_string()).or_default() += count;
        }
        let residents = outcome.workloads.len() - jobs().count();
        let circling = outcome.circling.map(|at| &outcome.workloads[at]);
        Summary {
            queueing: "kueue",
            fidelity: match fidelity {
                Fidelity::Ideal => "ideal",
                Fidelity::ControlPlane(_) => "control-plane",
            },
            pods_ready_delay: None,
            jobs: jobs().count() as u64,
            residents: residents as u64,
            finished: count(|state| *state == State::Finished),
            holding: count(|state| {
                matches!(state, State::Reserved | State::Running | State::Leaving)
            }),
            pending: count(|state| matches!(state, State::Pending(_))),
            not_arrived: count(|state| *state == State::NotArrived),
            makespan_s: (last - first).as_secs_f64(),
            wait_s: Waits::of(&waits),
            admissions: outcome.queues.iter().map(|one| one.admissions).sum(),
            evictions,
            lost_s: Span(lost).as_secs_f64(),
            cycles: outcome.cycles,
            idle_cycles: outcome.idle_cycles,
            circling: circling.map(|one| format!("{}/{}", one.namespace, one.name)),
            pending_by_reason: pending(outcome),
            queues: outcome
                .queues
                .iter()
                .map(|queue| QueueSummary {
                    cluster_queue: queue.name.clone(),
                    workloads: queue.workloads,
                    admissions: queue.admissions,
                    finished: queue.finished,
                    wait_s: Waits::of(&queue.waits),
                    evictions: queue
                        .evictions
                        .iter()
                        .map(|(reason, count)| (reason.to_string(), *count))
                        .collect(),
                    usage: queue.usage.iter().map(UseSummary::of).collect(),
                    mean_weighted_share: queue.mean_share.filter(|share| share.is_finite()),
                })
                .collect(),
        }
    }
}

fn pending(outcome: &Outcome) -> Vec<PendingSummary> {
    let mut by_reason: BTreeMap<&str, PendingSummary> = BTreeMap::new();
    for one in &outcome.workloads {
        let State::Pending(why) = &one.state else {
            continue;
        };
        let entry = by_reason
            .entry(why.reason)
            .or_insert_with(|| PendingSummary {
                reason: why.reason.to_owned(),
                workloads: 0,
                example: format!("{}/{}", one.namespace, one.name),
                message: why.message.clone(),
            });
        entry.workloads += 1;
        // Of equals the first that says more.
        if entry.message.is_empty() && !why.message.is_empty() {
            entry.example = format!("{}/{}", one.namespace, one.name);
            entry.message.clone_from(&why.message);
        }
    }
    let mut all: Vec<PendingSummary> = by_reason.into_values().collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.workloads));
    all
}
