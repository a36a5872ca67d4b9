//! Kind `queue_head`: whose turn it is with admission fair sharing.

use super::state::{configuration, unreadable};
use super::{Difference, Gates};
use gpusched_core::kube::{Quantity, Resources};
use gpusched_core::queueing::kueue::admission_fair_sharing::UsageLedger;
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, WorkloadId};
use gpusched_core::queueing::kueue::pending::{Pending, PendingWorkload};
use gpusched_core::queueing::kueue::{Quota, RequeuingTimestamp};
use gpusched_core::units::Time;
use gpusched_sim::manifest;
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let lists = ["localQueues", "workloads"].iter();
    let lists = lists.filter_map(|key| vector[*key].as_array());
    let objects = lists.flatten().chain([&vector["clusterQueue"]]);
    let mut objects =
        manifest::objects_from_json(objects).map_err(|error| unreadable("objects", error))?;
    let queue = objects.cluster_queues[0].name.clone();
    for local_queue in &mut objects.local_queues {
        local_queue.cluster_queue.clone_from(&queue);
    }
    let configuration = configuration(vector)?;
    let quota = Quota::new(&objects);
    let names = quota.names();
    let mut pending = Pending::new(&objects, names, &configuration, &gates);
    let mut ledger = None;
    if let Some(settings) = &configuration.admission_fair_sharing {
        let ledger = ledger.insert(UsageLedger::new(&objects, names, settings));
        for (key, list) in vector["localQueueUsage"].as_object().into_iter().flatten() {
            let parts = key.split_once('/');
            let id = parts.and_then(|(namespace, name)| names.local_queue(namespace, name));
            let id = id.ok_or_else(|| unreadable("LocalQueue", key))?;
            ledger.set_consumed(id, &resources(list)?, Time(0));
        }
    }
    for (at, workload) in objects.workloads.iter().enumerate() {
        let requeuing = RequeuingTimestamp::Eviction;
        let facts = PendingWorkload::new(workload, None, &pending, names, &gates, requeuing);
        let (queue, id) = (ClusterQueueId(0), WorkloadId::from(at));
        pending.push_or_update(queue, id, facts, true, Time(0));
    }
    let used = |queue| ledger.as_ref().map_or(0.0, |ledger| ledger.used(queue));
    let head = pending.pop(ClusterQueueId(0), used);
    let head = head.map(|head| &objects.workloads[head.workload.index()]);
    let got = head.map_or(String::new(), |one| {
        format!("{}/{}", one.namespace, one.name)
    });
    let expected = vector["expect"]["head"].as_str().unwrap_or_default();
    Difference::check(|| "head".into(), expected.to_owned(), got)
}

fn resources(list: &Value) -> Result<Resources, Difference> {
    let mut resources = Resources::new();
    for (name, quantity) in list.as_object().into_iter().flatten() {
        let text = quantity.as_str().unwrap_or_default();
        let quantity: Quantity = text.parse().map_err(|error| unreadable(name, error))?;
        resources.insert(name.clone(), quantity.of(name));
    }
    Ok(resources)
}
