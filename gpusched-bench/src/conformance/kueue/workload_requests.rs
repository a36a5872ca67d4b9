//! Kind `workload_requests`: what a workload is charged per pod set.

use super::{Difference, Gates};
use gpusched_core::queueing::kueue::ResourcesConfig;
use gpusched_core::queueing::kueue::requests::total_requests;
use gpusched_sim::manifest;
use serde_json::{Value, json};

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let unreadable = |error| Difference::new("reading", "objects", error);
    let workload = manifest::workload(&vector["workload"]).map_err(unreadable)?;
    let config = match &vector["config"] {
        Value::Null => ResourcesConfig::default(),
        config => {
            manifest::configuration(config)
                .map_err(unreadable)?
                .resources
        }
    };
    let queue = workload.admission.as_ref().map(|one| &one.cluster_queue);
    let pod_sets: Vec<Value> = total_requests(&workload, &config, gates)
        .into_iter()
        .map(|one| {
            json!({
                "name": one.name,
                "count": one.count,
                "requests": one.requests,
                "flavors": one.flavors,
            })
        })
        .collect();
    let expect = &vector["expect"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let queue = queue.cloned().unwrap_or_default();
    Difference::check(
        || "cluster queue".to_owned(),
        text(&expect["clusterQueue"]),
        queue,
    )?;
    // Objects are compared, not their texts: the order of fields says nothing.
    let got = Value::Array(pod_sets);
    match expect["podSets"] == got {
        true => Ok(()),
        false => Err(Difference::new("pod sets", &expect["podSets"], got)),
    }
}
