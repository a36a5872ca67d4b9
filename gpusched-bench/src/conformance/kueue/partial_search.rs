//! Kind `partial_search`: the smallest reduction of pod counts whose sum is at most a limit.

use super::{Difference, Gates};
use gpusched_core::queueing::kueue::flavors::PodSetReducer;
use serde_json::Value;

pub(super) fn check(vector: &Value, _gates: Gates) -> Result<(), Difference> {
    let count = |value: &Value| value.as_i64().and_then(|count| i32::try_from(count).ok());
    let pod_sets = vector["podSets"].as_array().into_iter().flatten();
    let counts = pod_sets.map(|one| (count(&one["count"]).unwrap_or(0), count(&one["minCount"])));
    let limit = vector["countLimit"].as_i64().unwrap_or(0);
    let found = PodSetReducer::new(counts).search(|counts| {
        let sum: i64 = counts.iter().copied().map(i64::from).sum();
        (sum <= limit).then_some(sum)
    });
    let expect = &vector["expect"];
    let expected = match expect["found"].as_bool() {
        Some(true) => expect["totalCount"].as_i64(),
        _ => None,
    };
    match expected == found {
        true => Ok(()),
        false => Err(Difference::new(
            "sum of counts",
            format!("{expected:?}"),
            format!("{found:?}"),
        )),
    }
}
