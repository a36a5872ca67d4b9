//! Kind `cycles`: a history of arrivals, ends and scheduling cycles.

use super::state::{configuration, objects, time, unreadable};
use super::{Difference, Gates};
use gpusched_core::kube::{Resources, pod_requests};
use gpusched_core::queueing::kueue::Amount;
use gpusched_core::queueing::kueue::cycle::{Cycle, Kueue};
use gpusched_core::queueing::kueue::ids::{
    ClusterQueueId, FlavorResourceId, QuotaNodeId, WorkloadId,
};
use gpusched_core::queueing::kueue::objects::Admission;
use gpusched_core::units::Time;
use gpusched_sim::manifest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One history on its way.
struct History {
    kueue: Kueue,
    fair_sharing: bool,
}

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let objects = objects(vector)?;
    let configuration = configuration(vector)?;
    let start = time(&vector["t0"])?;
    let mut history = History {
        fair_sharing: configuration.fair_sharing.is_some(),
        kueue: Kueue::new(objects, &configuration, gates, start),
    };
    for (queue, consumed) in vector["localQueueUsage"].as_object().into_iter().flatten() {
        let (namespace, name) = queue.split_once('/').unwrap_or(("default", queue));
        let consumed = resources(consumed)?;
        history
            .kueue
            .set_local_queue_usage(namespace, name, &consumed, start);
    }
    let steps = vector["steps"].as_array().into_iter().flatten();
    for (index, step) in steps.enumerate() {
        let now = match step.get("at") {
            Some(at) => time(at)?,
            None => start,
        };
        history.step(step, now).map_err(|difference| Difference {
            at: format!("step {index}: {}", difference.at),
            ..difference
        })?;
    }
    Ok(())
}

/// A list of resources, read as what a container requests.
fn resources(value: &Value) -> Result<Resources, Difference> {
    let pod = json!({"containers": [{"name": "any", "resources": {"requests": value}}]});
    let pod = manifest::pod_spec(&pod).map_err(|error| unreadable("resources", error))?;
    Ok(pod_requests(&pod))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl History {
    fn step(&mut self, step: &Value, now: Time) -> Result<(), Difference> {
        let listed = |key: &str| step[key].as_array().into_iter().flatten();
        match text(&step["op"]) {
            "arrive" => {
                for workload in listed("workloads") {
                    let workload = manifest::workload(workload);
                    let workload = workload.map_err(|error| unreadable("workload", error))?;
                    self.kueue.arrive(workload, now);
                }
            }
            "finish" => {
                for one in listed("workloads") {
                    let id = self.id(text(one))?;
                    self.kueue.finish(id, now);
                }
            }
            "evictionComplete" => {
                for one in listed("workloads") {
                    let id = self.id(text(one))?;
                    self.kueue.eviction_complete(id, now);
                }
            }
            "delete" => {
                for one in listed("workloads") {
                    let id = self.id(text(one))?;
                    self.kueue.delete(id, now);
                }
            }
            "reclaim" => {
                for (name, pods) in step["reclaimablePods"].as_object().into_iter().flatten() {
                    let id = self.id(name)?;
                    let pods = pods.as_array().into_iter().flatten().map(|one| {
                        let count = one["count"].as_i64().unwrap_or(0);
                        (
                            text(&one["name"]).to_owned(),
                            i32::try_from(count).unwrap_or(0),
                        )
                    });
                    self.kueue.reclaim(id, pods.collect(), now);
                }
            }
            "flush" => {
                self.kueue.flush(now);
            }
            "updateClusterQueue" => {
                for one in listed("clusterQueues") {
                    let queue = manifest::cluster_queue(one);
                    let queue = queue.map_err(|error| unreadable("ClusterQueue", error))?;
                    if !self.kueue.update_cluster_queue(queue, now) {
                        return Err(unreadable("ClusterQueue", "unknown"));
                    }
                }
            }
            "cycle" => {
                let cycle = self.kueue.cycle(now);
                self.compare(&cycle, &step["expect"])?;
            }
            other => return Err(unreadable("op", other)),
        }
        Ok(())
    }

    fn id(&self, reference: &str) -> Result<WorkloadId, Difference> {
        let (namespace, name) = reference.split_once('/').unwrap_or(("default", reference));
        let found = self.kueue.find(namespace, name);
        let found = found.or_else(|| self.kueue.find("", name));
        found.ok_or_else(|| unreadable("workload", format!("{reference} is unknown")))
    }

    fn name(&self, id: WorkloadId) -> String {
        let workload = self.kueue.workload(id);
        match workload.namespace.as_str() {
            "" | "default" => workload.name.clone(),
            namespace => format!("{namespace}/{}", workload.name),
        }
    }

    fn compare(&self, cycle: &Cycle, expect: &Value) -> Result<(), Difference> {
        let names =
            |ids: &[WorkloadId]| -> Vec<String> { ids.iter().map(|id| self.name(*id)).collect() };
        if expect["processedTied"].as_bool() != Some(true) {
            let expected = expect["processed"].clone();
            let expected = if expected.is_null() {
                json!([])
            } else {
                expected
            };
            same("processed", &expected, &json!(names(&cycle.processed)))?;
        }

        let mut expected = BTreeMap::new();
        for (name, admission) in expect["admitted"].as_object().into_iter().flatten() {
            expected.insert(name.clone(), shown(&read_admission(admission)?));
        }
        let got: BTreeMap<String, String> = cycle
            .admitted
            .iter()
            .map(|one| {
                let admission = self.kueue.workload(one.workload).admission.as_ref();
                (
                    self.name(one.workload),
                    admission.map_or_else(String::new, shown),
                )
            })
            .collect();
        same("admitted", &json!(expected), &json!(got))?;

        let listed = |key: &str| expect[key].as_array().into_iter().flatten();
        let expected: BTreeSet<_> = listed("reservedOnly")
            .map(|one| text(one).to_owned())
            .collect();
        let got: BTreeSet<_> = cycle
            .admitted
            .iter()
            .filter(|one| !one.admitted)
            .map(|one| self.name(one.workload))
            .collect();
        same("reservedOnly", &json!(expected), &json!(got))?;

        let expected: BTreeSet<_> = listed("preempted")
            .map(|one| {
                (
                    text(&one["workload"]).to_owned(),
                    text(&one["reason"]).to_owned(),
                    one.get("preemptor").map(|one| text(one).to_owned()),
                )
            })
            .collect();
        let known: BTreeMap<_, _> = expected
            .iter()
            .map(|one| (one.0.clone(), one.2.is_some()))
            .collect();
        let got: BTreeSet<_> = cycle
            .preempted
            .iter()
            .map(|one| {
                let name = self.name(one.workload);
                let preemptor =
                    Some(self.name(one.preemptor)).filter(|_| known.get(&name) != Some(&false));
                (name, one.reason.to_string(), preemptor)
            })
            .collect();
        same("preempted", &json!(expected), &json!(got))?;

        let expected: BTreeSet<_> = listed("evicted")
            .map(|one| {
                (
                    text(&one["workload"]).to_owned(),
                    text(&one["reason"]).to_owned(),
                )
            })
            .collect();
        let got: BTreeSet<_> = cycle
            .evicted
            .iter()
            .map(|(id, reason)| (self.name(*id), reason.to_string()))
            .collect();
        same("evicted", &json!(expected), &json!(got))?;

        let requeued = expect["requeued"].as_object().into_iter().flatten();
        let expected: BTreeMap<_, _> = requeued
            .map(|(name, one)| {
                (
                    name.clone(),
                    (
                        text(&one["reason"]).to_owned(),
                        text(&one["status"]).to_owned(),
                    ),
                )
            })
            .collect();
        let got: BTreeMap<_, _> = cycle
            .requeued
            .iter()
            .map(|one| {
                (
                    self.name(one.workload),
                    (one.reason.to_string(), one.status.to_string()),
                )
            })
            .collect();
        same("requeued", &json!(expected), &json!(got))?;
        self.compare_queues(&expect["queues"])?;
        self.compare_usage(&expect["usage"])?;
        self.compare_shares(&expect["weightedShares"])
    }

    fn compare_queues(&self, expect: &Value) -> Result<(), Difference> {
        let quota = self.kueue.quota();
        let mut got = BTreeMap::new();
        for id in (0..quota.names().cluster_queues()).map(ClusterQueueId::from) {
            let (active, inadmissible) = (self.kueue.active(id), self.kueue.inadmissible(id));
            if active.is_empty() && inadmissible.is_empty() {
                continue;
            }
            let active: Vec<_> = active.into_iter().map(|id| self.name(id)).collect();
            let inadmissible: BTreeSet<_> =
                inadmissible.into_iter().map(|id| self.name(id)).collect();
            let name = quota.names().cluster_queue_name(id).to_owned();
            got.insert(name, (active, inadmissible));
        }
        let mut expected = BTreeMap::new();
        for (queue, one) in expect.as_object().into_iter().flatten() {
            let list = |key: &str| {
                one[key]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|one| text(one).to_owned())
            };
            let active: Vec<String> = list("active").collect();
            let inadmissible: BTreeSet<String> = list("inadmissible").collect();
            if !(active.is_empty() && inadmissible.is_empty()) {
                expected.insert(queue.clone(), (active, inadmissible));
            }
        }
        same("queues", &json!(expected), &json!(got))
    }

    fn compare_usage(&self, expect: &Value) -> Result<(), Difference> {
        let quota = self.kueue.quota();
        let names = quota.names();
        let mut got: BTreeMap<String, i64> = BTreeMap::new();
        for node in (0..quota.nodes()).map(QuotaNodeId::from) {
            let kind = match quota.as_cluster_queue(node) {
                Some(queue) if !quota.is_active(queue) => continue,
                Some(_) => "clusterQueues",
                None => "cohorts",
            };
            for fr in (0..names.flavor_resources()).map(FlavorResourceId::from) {
                let usage = quota.usage(node, fr);
                if usage != Amount::ZERO {
                    let (flavor, resource) = names.parts(fr);
                    let key = format!(
                        "{kind} {} {} {}",
                        names.node_name(node),
                        names.flavor_name(flavor),
                        names.resource_name(resource)
                    );
                    got.insert(key, usage.0);
                }
            }
        }
        let mut expected = BTreeMap::new();
        for (kind, nodes) in expect.as_object().into_iter().flatten() {
            for (node, flavors) in nodes.as_object().into_iter().flatten() {
                for (flavor, resources) in flavors.as_object().into_iter().flatten() {
                    for (resource, amount) in resources.as_object().into_iter().flatten() {
                        let amount = amount.as_i64().unwrap_or(i64::MAX);
                        if amount != 0 {
                            expected.insert(format!("{kind} {node} {flavor} {resource}"), amount);
                        }
                    }
                }
            }
        }
        same("usage", &json!(expected), &json!(got))
    }

    fn compare_shares(&self, expect: &Value) -> Result<(), Difference> {
        if !self.fair_sharing {
            return Ok(());
        }
        let quota = self.kueue.quota();
        for node in (0..quota.nodes()).map(QuotaNodeId::from) {
            let kind = match quota.as_cluster_queue(node) {
                Some(queue) if !quota.is_active(queue) => continue,
                Some(_) => "clusterQueues",
                None => "cohorts",
            };
            if quota.parent(node).is_none() {
                continue;
            }
            let name = quota.names().node_name(node);
            let expected = match &expect[kind][name] {
                Value::String(infinite) if infinite == "+Inf" => f64::INFINITY,
                value => value.as_f64().unwrap_or(0.0),
            };
            let got = quota.dominant_resource_share(node).weighted();
            let close = (expected - got).abs() <= expected.abs() * 1e-9;
            if expected != got && !close {
                return Err(Difference::new(format!("share of {name}"), expected, got));
            }
        }
        Ok(())
    }
}

fn same(at: &str, expected: &Value, got: &Value) -> Result<(), Difference> {
    match expected == got {
        true => Ok(()),
        false => Err(Difference::new(at, expected, got)),
    }
}

fn read_admission(value: &Value) -> Result<Admission, Difference> {
    let workload = manifest::workload(&json!({
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "Workload",
        "metadata": {"name": "expected"},
        "spec": {"podSets": []},
        "status": {"admission": value},
    }));
    let workload = workload.map_err(|error| unreadable("admission", error))?;
    Ok(workload.admission.unwrap_or_default())
}

/// An admission in one line.
fn shown(admission: &Admission) -> String {
    let mut shown = admission.cluster_queue.clone();
    for one in &admission.pod_sets {
        shown += &format!(
            " | {} {} {:?} {:?}",
            one.name, one.count, one.flavors, one.usage
        );
        if let Some(topology) = &one.topology {
            shown += &format!(" at {}:", topology.levels.join(","));
            for domain in &topology.domains {
                shown += &format!(" {}×{}", domain.values.join(","), domain.count);
            }
        }
    }
    shown
}
