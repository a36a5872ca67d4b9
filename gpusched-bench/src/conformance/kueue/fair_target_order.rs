//! Kind `fair_target_order`: from which queues victims are taken under fair sharing.

use super::state::{State, time};
use super::{Difference, Gates};
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
        let mut held: Vec<_> = held.map(|(workload, _)| workload).collect();
        held.sort();
        candidates.extend(held);
    }
    let now = time(&vector["now"])?;
    let mut order = TargetQueues::default();
    order.start(&state.quota, &state.holders, preemptor, now, &candidates);
    let mut got = Vec::new();
    while let Some(queue) = order.next(&state.quota, &state.holders) {
        match vector["actions"][got.len()].as_str() {
            Some("drop") => order.drop_queue(queue),
            _ => drop(order.pop(queue)),
        }
        got.push(state.quota.names().cluster_queue_name(queue));
    }
    let expected = vector["expect"]["order"].as_array().into_iter().flatten();
    let expected: Vec<&str> = expected.filter_map(Value::as_str).collect();
    Difference::check(|| "order".into(), expected.join(" "), got.join(" "))
}
