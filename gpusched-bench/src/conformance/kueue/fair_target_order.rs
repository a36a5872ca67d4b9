//! Kind `fair_target_order`: from which queues victims are taken under fair sharing.

use super::state::{State, time};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::queueing::kueue::preemption::candidates_ordering;
use gpusched_core::queueing::kueue::preemption::fair::TargetQueues;
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let state = State::new(vector, gates)?;
    let text = |key: &str| vector[key].as_str().unwrap_or_default();
    let preemptor = state.cluster_queue(text("preemptorClusterQueue"))?;
    let queues = vector["candidateClusterQueues"]
        .as_array()
        .into_iter()
        .flatten();
    let mut candidates = Vec::new();
    for queue in queues.filter_map(Value::as_str) {
        let held = state.holders.of_cluster_queue(state.cluster_queue(queue)?);
        candidates.extend(held.map(|(workload, _)| workload));
    }
    let now = time(&vector["now"])?;
    let holders = &state.holders;
    let order = |a: WorkloadId, b: WorkloadId| match (holders.find(a), holders.find(b)) {
        (Some(a), Some(b)) => candidates_ordering(a, b, preemptor, now, &[]),
        _ => a.cmp(&b),
    };
    let mut queues = TargetQueues::default();
    queues.start(&state.quota, holders, preemptor, now, &candidates);
    let mut got = Vec::new();
    while let Some(queue) = queues.next(&state.quota, holders, order) {
        match vector["actions"][got.len()].as_str() {
            Some("drop") => queues.drop_queue(queue),
            _ => drop(queues.pop(queue, order)),
        }
        got.push(state.quota.names().cluster_queue_name(queue));
    }
    let expected = vector["expect"]["order"].as_array().into_iter().flatten();
    let expected: Vec<&str> = expected.filter_map(Value::as_str).collect();
    Difference::check(|| "order".into(), expected.join(" "), got.join(" "))
}
