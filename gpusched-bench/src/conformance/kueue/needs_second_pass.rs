//! Kind `needs_second_pass`: whether a workload with quota has to be scheduled again.

use super::state::workload;
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::workload::needs_second_pass;
use serde_json::Value;

pub(super) fn check(vector: &Value, _gates: Gates) -> Result<(), Difference> {
    let got = needs_second_pass(&workload(&vector["workload"])?);
    let expected = vector["expect"]["needsSecondPass"].as_bool() == Some(true);
    Difference::check(|| "needs a second pass".into(), expected, got)
}
