//! Kind `assign`: the search for flavors, with a stub in place of preemption.

use super::state::{configuration, objects, unreadable};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::flavors::{
    Assignment, FlavorAssigner, Flavors, Mode, PreemptionOracle, QueueRules, RequestedResources,
    Shape,
};
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, FlavorResourceId};
use gpusched_core::queueing::kueue::objects::TopologyAssignment;
use gpusched_core::queueing::kueue::preemption::PreemptionPossibility;
use gpusched_core::queueing::kueue::requests::{PodSetRequests, total_requests};
use gpusched_core::queueing::kueue::topology::{Placer, Places, Topologies};
use gpusched_core::queueing::kueue::{Amount, Quota, QuotaCheckStrategy};
use gpusched_sim::manifest;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Answers what the vector says.
struct Stub {
    quota: Quota,
    default: (PreemptionPossibility, u32),
    overrides: BTreeMap<FlavorResourceId, (PreemptionPossibility, u32)>,
}

impl PreemptionOracle for Stub {
    fn quota(&self) -> &Quota {
        &self.quota
    }

    fn simulate_preemption(
        &mut self,
        _queue: ClusterQueueId,
        fr: FlavorResourceId,
        _amount: Amount,
    ) -> (PreemptionPossibility, u32) {
        *self.overrides.get(&fr).unwrap_or(&self.default)
    }
}

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let objects = objects(vector)?;
    let config = configuration(vector)?;
    let mut quota = Quota::new(&objects);
    let target = vector["clusterQueue"].as_str().unwrap_or_default();
    let queue = quota.names().cluster_queue(target);
    let spec = objects.cluster_queues.iter().find(|one| one.name == target);
    let (Some(queue), Some(spec)) = (queue, spec) else {
        return Err(unreadable("clusterQueue", "no such ClusterQueue"));
    };
    add_usage(&mut quota, &vector["usage"]);

    let workload = manifest::workload(&json!({
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "Workload",
        "metadata": {"name": "wl", "annotations": vector["workload"]["annotations"]},
        "spec": {"podSets": vector["workload"]["podSets"]},
        "status": {"reclaimablePods": vector["workload"]["reclaimablePods"]},
    }))
    .map_err(|problem| unreadable("workload", problem))?;
    let requests = total_requests(&workload, &config.resources, gates);
    let names = quota.names();
    let flavors = Flavors::new(&objects, names);
    let rules = QueueRules::new(spec, &objects, names, &flavors);
    let mut resources = RequestedResources::new(names);
    let allowed = gates
        .concurrent_admission
        .then(|| workload.allowed_flavors());
    let shape = Shape::new(
        &workload.pod_sets,
        &requests,
        allowed.flatten().as_deref(),
        &flavors,
        names,
        &mut resources,
    );
    let replaced = vector["replacedWorkload"].as_array().map(|slice| {
        let held: Vec<_> = slice.iter().map(held).collect();
        Shape::new(
            &workload.pod_sets,
            &held,
            None,
            &flavors,
            names,
            &mut resources,
        )
    });

    let oracle = &vector["preemptionOracle"];
    let overrides = oracle["overrides"].as_array().into_iter().flatten();
    let mut stub = Stub {
        default: answer(&oracle["default"])?,
        overrides: overrides
            .filter_map(|one| {
                let flavor = names.flavor(one["flavor"].as_str()?)?;
                let resource = names.resource(one["resource"].as_str()?)?;
                Some(answer(one).map(|answer| (names.flavor_resource(flavor, resource), answer)))
            })
            .filter_map(|one| one.map(|(fr, answer)| Some((fr?, answer))).transpose())
            .collect::<Result<_, _>>()?,
        quota: quota.clone(),
    };
    let assigner = FlavorAssigner {
        queue,
        rules: &rules,
        flavors: &flavors,
        resources: &resources,
        shape: &shape,
        last: None,
        nominated: None,
        replaced: replaced
            .as_ref()
            .filter(|_| gates.elastic_jobs_via_workload_slices),
        gates,
        fair_sharing: config.fair_sharing.is_some(),
        ignore_undeclared: gates.quota_check_strategy
            && config.resources.quota_check == QuotaCheckStrategy::IgnoreUndeclared,
    };
    let mut assignment = assigner.assign(&mut stub, None);
    let mut places = Places::default();
    let mut placer = Placer {
        topologies: &mut Topologies::new(&objects, &flavors, names, gates),
        names,
        rules: &rules,
        shape: &shape,
        object: &workload,
        slice: None,
        reserved: false,
        gates,
    };
    placer.place(&mut assignment, &mut places);
    compare(vector, (&assignment, &places), &assigner, &stub.quota)
}

/// Adds `clusterQueue → flavor → resource → amount` to the tree.
fn add_usage(quota: &mut Quota, usage: &Value) {
    for (queue, flavors) in usage.as_object().into_iter().flatten() {
        for (flavor, resources) in flavors.as_object().into_iter().flatten() {
            for (resource, amount) in resources.as_object().into_iter().flatten() {
                let names = quota.names();
                let queue = names.cluster_queue(queue);
                let fr = names
                    .flavor(flavor)
                    .zip(names.resource(resource))
                    .and_then(|(flavor, resource)| names.flavor_resource(flavor, resource));
                if let (Some(queue), Some(fr)) = (queue, fr) {
                    quota.add_usage(queue, fr, Amount(amount.as_i64().unwrap_or(0)));
                }
            }
        }
    }
}

/// What a replaced slice holds.
fn held(value: &Value) -> PodSetRequests {
    let pairs = |key: &str| value[key].as_object().into_iter().flatten();
    PodSetRequests {
        name: value["podSet"].as_str().unwrap_or_default().to_owned(),
        count: 1,
        requests: pairs("requests")
            .map(|(resource, amount)| (resource.clone(), amount.as_i64().unwrap_or(0)))
            .collect(),
        flavors: pairs("flavors")
            .map(|(resource, flavor)| {
                (
                    resource.clone(),
                    flavor.as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect(),
    }
}

fn answer(value: &Value) -> Result<(PreemptionPossibility, u32), Difference> {
    let level = value["borrowingLevel"].as_u64().unwrap_or(0);
    let possibility = match value["possibility"].as_str() {
        Some("NoCandidates") => PreemptionPossibility::NoCandidates,
        Some("Preempt") => PreemptionPossibility::Preempt,
        Some("Reclaim") => PreemptionPossibility::Reclaim,
        other => return Err(unreadable("possibility", format!("{other:?}"))),
    };
    Ok((possibility, u32::try_from(level).unwrap_or(u32::MAX)))
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::NoFit => "NoFit",
        Mode::Preempt => "Preempt",
        Mode::DeferredFit => "DeferredFit",
        Mode::Fit => "Fit",
    }
}

fn compare(
    vector: &Value,
    (assignment, places): (&Assignment, &Places),
    assigner: &FlavorAssigner<'_>,
    quota: &Quota,
) -> Result<(), Difference> {
    let expect = &vector["expect"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let same = |at: &str, expected: String, got: String| {
        Difference::check(|| at.to_owned(), expected, got)
    };
    same(
        "mode",
        text(&expect["mode"]),
        mode(assignment.mode()).to_owned(),
    )?;
    let level = expect["borrowingLevel"].as_u64().unwrap_or(0);
    same(
        "borrowing level",
        level.to_string(),
        assignment.borrowing_level.to_string(),
    )?;
    let reason = assignment.no_fit_reason(assigner.rules);
    let reason = reason.map_or("", |reason| reason.as_str());
    same("reason", text(&expect["noFitReason"]), reason.to_owned())?;

    let names = quota.names();
    let mut usage: BTreeMap<String, i64> = BTreeMap::new();
    for (flavor, resources) in expect["usage"].as_object().into_iter().flatten() {
        for (resource, amount) in resources.as_object().into_iter().flatten() {
            usage.insert(format!("{flavor}|{resource}"), amount.as_i64().unwrap_or(0));
        }
    }
    usage.retain(|_, amount| *amount != 0);
    let got: BTreeMap<String, i64> = assignment
        .usage
        .iter()
        .filter(|(_, amount)| *amount != Amount::ZERO)
        .map(|(fr, amount)| {
            let (flavor, resource) = names.parts(*fr);
            let pair = (names.flavor_name(flavor), names.resource_name(resource));
            (format!("{}|{}", pair.0, pair.1), amount.0)
        })
        .collect();
    same("usage", format!("{usage:?}"), format!("{got:?}"))?;

    let got: Vec<Value> = assignment
        .pod_sets
        .iter()
        .map(|one| {
            let flavors: Map<String, Value> = one
                .flavors
                .iter()
                .map(|flavor| {
                    let resource = assigner.resources.name(flavor.resource).to_owned();
                    let assigned = json!({
                        "name": names.flavor_name(flavor.flavor),
                        "mode": mode(flavor.mode),
                        "lastTriedFlavorIndex": flavor.tried,
                    });
                    (resource, assigned)
                })
                .collect();
            json!({
                "name": assigner.shape.pod_sets[one.pod_set].name,
                "count": one.count,
                "flavors": flavors,
                "error": one.error.is_some(),
                "topologyAssignment": places.get(one.pod_set).map(|place| shown(&place.assignment)),
            })
        })
        .collect();
    let expected = expect["podSets"].as_array().into_iter().flatten();
    let expected: Vec<Value> = expected
        .map(|one| {
            json!({
                "name": one["name"],
                "count": one["count"],
                "flavors": one["flavors"],
                "error": one.get("error").is_some(),
                "topologyAssignment": one.get("topologyAssignment"),
            })
        })
        .collect();
    match expected == got {
        true => Ok(()),
        false => Err(Difference::new("podSets", json!(expected), json!(got))),
    }
}

fn shown(assignment: &TopologyAssignment) -> Value {
    let domains = assignment.domains.iter();
    let domains: Vec<Value> = domains
        .map(|one| json!({"values": one.values, "count": one.count}))
        .collect();
    json!({"levels": assignment.levels, "domains": domains})
}
