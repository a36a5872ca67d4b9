//! What vectors of every kind have in common: the objects of a cluster.

use super::Difference;
use gpusched_core::queueing::kueue::{Configuration, Objects};
use gpusched_sim::manifest;
use serde_json::Value;

/// Keys under which a vector lists objects.
const LISTS: &[&str] = &[
    "namespaces",
    "resourceFlavors",
    "topologies",
    "nodes",
    "pods",
    "admissionChecks",
    "cohorts",
    "clusterQueues",
    "localQueues",
    "workloads",
];

/// All objects of a vector.
pub(super) fn objects(vector: &Value) -> Result<Objects, Difference> {
    let lists = LISTS.iter().filter_map(|key| vector[*key].as_array());
    manifest::objects_from_json(lists.flatten()).map_err(|problem| unreadable("objects", problem))
}

/// Its part of Kueue's configuration.
pub(super) fn configuration(vector: &Value) -> Result<Configuration, Difference> {
    match vector.get("config") {
        None => Ok(Configuration::default()),
        Some(config) => {
            manifest::configuration(config).map_err(|problem| unreadable("config", problem))
        }
    }
}

/// A vector the readers cannot read.
pub(super) fn unreadable(what: &str, problem: impl ToString) -> Difference {
    Difference::new(what, "readable", problem)
}
