//! Kind `entry_order`: the order in which heads are processed without fair sharing.

use super::state::workload;
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::RequeuingTimestamp;
use gpusched_core::queueing::kueue::entries::{Entry, classical_order};
use gpusched_core::queueing::kueue::workload::{
    effective_priority, has_quota_reservation, queue_order_timestamp,
};
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let requeuing = match vector["podsReadyRequeuingTimestamp"].as_str() {
        Some("Creation") => RequeuingTimestamp::Creation,
        _ => RequeuingTimestamp::Eviction,
    };
    let list = vector["entries"].as_array().into_iter().flatten();
    let workloads = list
        .clone()
        .map(|entry| workload(&entry["workload"]))
        .collect::<Result<Vec<_>, _>>()?;
    let entries: Vec<Entry<'_>> = workloads
        .iter()
        .zip(list)
        .map(|(workload, entry)| Entry {
            name: &workload.name,
            has_quota_reservation: has_quota_reservation(workload),
            is_preemptor: entry["isPreemptor"].as_bool().unwrap_or_default(),
            borrowing_level: entry["borrowingLevel"].as_u64().unwrap_or_default() as u32,
            priority: effective_priority(workload, &gates),
            queued: queue_order_timestamp(workload, &gates, requeuing),
            ..Entry::default()
        })
        .collect();
    let order = classical_order(&entries, &gates);
    let got: Vec<&str> = order.iter().map(|at| entries[*at].name).collect();
    let expected = vector["expect"]["order"].as_array().into_iter().flatten();
    let expected: Vec<&str> = expected.filter_map(Value::as_str).collect();
    Difference::check(|| "order".into(), expected.join(" "), got.join(" "))
}
