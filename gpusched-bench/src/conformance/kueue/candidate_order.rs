//! Kind `candidate_order`: the order in which victims are considered.

use super::state::{time, workload};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, LocalQueueId};
use gpusched_core::queueing::kueue::preemption::{Holder, LocalQueueUse, candidates_ordering};
use gpusched_core::queueing::kueue::workload::{effective_priority, is_evicted};
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let candidates: Vec<&Value> = vector["candidates"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let queue_of = |one: &Value| one["clusterQueue"].as_str().unwrap_or_default().to_owned();
    let own = vector["preemptorClusterQueue"].as_str().unwrap_or_default();
    let mut queues: Vec<String> = candidates.iter().map(|one| queue_of(one)).collect();
    queues.push(own.to_owned());
    queues.sort();
    queues.dedup();
    let id = |name: &str| {
        let at = queues.iter().position(|known| known == name);
        ClusterQueueId::from(at.unwrap_or(queues.len()))
    };
    let mut local_queues: Vec<Option<LocalQueueUse>> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut holders = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let workload = workload(&candidate["workload"])?;
        let name = names.iter().position(|known| *known == workload.queue);
        let name = name.unwrap_or_else(|| {
            names.push(workload.queue.clone());
            names.len() - 1
        });
        // Each candidate has a LocalQueue of its own: what counts is its name and its use.
        local_queues.push(
            candidate["localQueueFairSharingUsage"]
                .as_f64()
                .map(|usage| LocalQueueUse {
                    usage,
                    name: name as u32,
                }),
        );
        let reservation = workload.condition("QuotaReserved");
        holders.push(Holder {
            cluster_queue: id(&queue_of(candidate)),
            local_queue: Some(LocalQueueId::from(at)),
            priority: effective_priority(&workload, &gates),
            reserved: reservation.filter(|one| one.status).map(|one| one.at),
            evicted: is_evicted(&workload),
            uid: workload.uid.as_str().into(),
            name: workload.name.as_str().into(),
            ..Holder::default()
        });
    }
    if !gates.admission_fair_sharing {
        local_queues.clear();
    }
    let now = time(&vector["now"])?;
    holders.sort_by(|a, b| candidates_ordering(a, b, id(own), now, &local_queues));
    let got: Vec<&str> = holders.iter().map(|one| &*one.name).collect();
    let expected = vector["expect"]["order"].as_array().into_iter().flatten();
    let expected: Vec<&str> = expected.filter_map(Value::as_str).collect();
    Difference::check(|| "order".into(), expected.join(" "), got.join(" "))
}
