//! Kind `queue_order_timestamp`: the time a workload is queued by, for either setting.

use super::state::{time, workload};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::RequeuingTimestamp;
use gpusched_core::queueing::kueue::workload::queue_order_timestamp;
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let workload = workload(&vector["workload"])?;
    for (key, requeuing) in [
        ("Creation", RequeuingTimestamp::Creation),
        ("Eviction", RequeuingTimestamp::Eviction),
    ] {
        let expected = time(&vector["expect"][key])?;
        let got = queue_order_timestamp(&workload, &gates, requeuing);
        Difference::check(|| key.into(), expected, got)?;
    }
    Ok(())
}
