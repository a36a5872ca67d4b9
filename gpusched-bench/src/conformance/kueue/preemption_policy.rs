//! Kind `preemption_policy`: whether a workload may preempt another.

use super::state::{unreadable, workload};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::RequeuingTimestamp;
use gpusched_core::queueing::kueue::objects::PreemptionPolicy;
use gpusched_core::queueing::kueue::preemption::satisfies_preemption_policy;
use gpusched_core::queueing::kueue::workload::{effective_priority, queue_order_timestamp};
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let policy = match vector["policy"].as_str() {
        Some("Never") => PreemptionPolicy::Never,
        Some("LowerPriority") => PreemptionPolicy::LowerPriority,
        Some("LowerOrNewerEqualPriority") => PreemptionPolicy::LowerOrNewerEqualPriority,
        Some("Any") => PreemptionPolicy::Any,
        _ => return Err(unreadable("policy", &vector["policy"])),
    };
    let facts = |key: &str| {
        let workload = workload(&vector[key])?;
        let queued = queue_order_timestamp(&workload, &gates, RequeuingTimestamp::Eviction);
        Ok((effective_priority(&workload, &gates), queued))
    };
    let got = satisfies_preemption_policy(policy, facts("preemptor")?, facts("candidate")?);
    let expected = vector["expect"]["satisfied"].as_bool().unwrap_or_default();
    Difference::check(|| "satisfied".into(), expected, got)
}
