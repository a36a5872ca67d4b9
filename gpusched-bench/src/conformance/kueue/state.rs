//! The state a vector starts from.

use super::Difference;
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, FlavorResourceId, WorkloadId};
use gpusched_core::queueing::kueue::preemption::{Holder, Holders};
use gpusched_core::queueing::kueue::requests::total_requests;
use gpusched_core::queueing::kueue::{Amount, Configuration, Gates, Objects, Quota};
use gpusched_sim::manifest;
use serde_json::Value;
use std::fmt;

/// A part of a vector that cannot be read.
pub(super) fn unreadable(what: &str, why: impl fmt::Display) -> Difference {
    Difference::new(what, "a readable vector", why)
}

/// All objects of a vector.
pub(super) fn objects(vector: &Value) -> Result<Objects, Difference> {
    let lists = [
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
    let lists = lists.iter().filter_map(|key| vector[*key].as_array());
    manifest::objects_from_json(lists.flatten()).map_err(|error| unreadable("objects", error))
}

/// The configuration of a vector.
pub(super) fn configuration(vector: &Value) -> Result<Configuration, Difference> {
    match &vector["config"] {
        Value::Null => Ok(Configuration::default()),
        config => {
            manifest::configuration(config).map_err(|error| unreadable("configuration", error))
        }
    }
}

/// Objects and the quota they use; workload `i` is the i-th one of the objects.
pub(super) struct State {
    pub(super) objects: Objects,
    pub(super) configuration: Configuration,
    pub(super) quota: Quota,
    pub(super) holders: Holders,
}

impl State {
    pub(super) fn new(vector: &Value, gates: Gates) -> Result<State, Difference> {
        let objects = objects(vector)?;
        let configuration = configuration(vector)?;
        let mut quota = Quota::new(&objects);
        let mut holders = Holders::new();
        for (at, workload) in objects.workloads.iter().enumerate() {
            let requests = total_requests(workload, &configuration.resources, gates);
            let requeuing = configuration.requeuing_timestamp;
            let holder = Holder::new(workload, &requests, quota.names(), &gates, requeuing);
            if let Some(holder) = holder {
                quota.add_usages(holder.cluster_queue, &holder.usage);
                holders.insert(WorkloadId::from(at), holder);
            }
        }
        Ok(State {
            objects,
            configuration,
            quota,
            holders,
        })
    }

    /// A ClusterQueue by its name.
    pub(super) fn cluster_queue(&self, name: &str) -> Result<ClusterQueueId, Difference> {
        let id = self.quota.names().cluster_queue(name);
        id.ok_or_else(|| unreadable("ClusterQueue", format!("{name} does not exist")))
    }
}

/// A flavor-resource by the names of flavor and resource.
pub(super) fn flavor_resource(
    quota: &Quota,
    flavor: &str,
    resource: &str,
) -> Result<FlavorResourceId, Difference> {
    let names = quota.names();
    let parts = names.flavor(flavor).zip(names.resource(resource));
    parts
        .and_then(|(flavor, resource)| names.flavor_resource(flavor, resource))
        .ok_or_else(|| unreadable("quota", format!("{flavor} has no {resource}")))
}

/// An amount, which may be the word `unlimited`.
pub(super) fn amount(value: &Value) -> Result<Amount, Difference> {
    match (value.as_i64(), value.as_str()) {
        (Some(value), _) => Ok(Amount(value)),
        (None, Some("unlimited")) => Ok(Amount::UNLIMITED),
        _ => Err(unreadable("amount", value)),
    }
}

/// Amounts by flavor, then resource.
pub(super) fn amounts(
    quota: &Quota,
    value: &Value,
) -> Result<Vec<(FlavorResourceId, Amount)>, Difference> {
    let mut all = Vec::new();
    for (flavor, resources) in value.as_object().into_iter().flatten() {
        for (resource, value) in resources.as_object().into_iter().flatten() {
            all.push((flavor_resource(quota, flavor, resource)?, amount(value)?));
        }
    }
    Ok(all)
}

/// A time as RFC 3339.
pub(super) fn time(value: &Value) -> Result<gpusched_core::units::Time, Difference> {
    let text = value.as_str().ok_or_else(|| unreadable("time", value))?;
    let condition = serde_json::json!({
        "metadata": {"name": "time", "creationTimestamp": text},
        "spec": {},
    });
    workload(&condition).map(|one| one.created)
}

/// A Workload.
pub(super) fn workload(
    value: &Value,
) -> Result<gpusched_core::queueing::kueue::objects::Workload, Difference> {
    manifest::workload(value).map_err(|error| unreadable("workload", error))
}
