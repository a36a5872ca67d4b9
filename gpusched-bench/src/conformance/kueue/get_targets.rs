//! Kind `get_targets`: whom a workload preempts, and the numbers of the quota tree before.

use super::state::{State, amount, flavor_resource, time, unreadable, workload};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::Amount;
use gpusched_core::queueing::kueue::ids::{FlavorResourceId, QuotaNodeId};
use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::queueing::kueue::preemption::{Incoming, NoTopology, Preemptor, Stage};
use gpusched_core::queueing::kueue::requests::total_requests;
use gpusched_core::queueing::kueue::workload::{effective_priority, queue_order_timestamp};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let mut state = State::new(vector, gates)?;
    quota_tree(&state, &vector["expect"]["quotaTree"])?;

    let call = &vector["call"];
    let incoming = workload(&call["incoming"])?;
    let (requests, needs) = assigned(&state, &incoming, &call["assignment"], gates)?;
    let queue = call["clusterQueue"].as_str().unwrap_or_default();
    let cluster_queue = state.cluster_queue(queue)?;
    let names = state.quota.names();
    let mut preemptor = Preemptor::new(&state.objects, names, &state.configuration, &gates);
    let requeuing = state.configuration.requeuing_timestamp;
    let mut stage = Stage {
        quota: &mut state.quota,
        holders: &state.holders,
        now: time(&vector["t0"])?,
        local_queues: &[],
    };
    let incoming = Incoming {
        cluster_queue,
        priority: effective_priority(&incoming, &gates),
        queued: queue_order_timestamp(&incoming, &gates, requeuing),
        requests: &requests,
        needs: &needs,
    };
    let targets = preemptor.targets(&mut stage, &incoming, &mut NoTopology);
    let name = |one: &Workload| match one.namespace.as_str() {
        "" | "default" => one.name.clone(),
        namespace => format!("{namespace}/{}", one.name),
    };
    let got: BTreeSet<String> = targets
        .iter()
        .map(|target| {
            let victim = &state.objects.workloads[target.workload.index()];
            format!("{} {}", name(victim), target.reason)
        })
        .collect();
    let part = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let expected = vector["expect"]["targets"].as_array().into_iter().flatten();
    let expected: BTreeSet<String> = expected
        .map(|one| format!("{} {}", part(one, "workload"), part(one, "reason")))
        .collect();
    Difference::check(
        || "targets".into(),
        format!("{expected:?}"),
        format!("{got:?}"),
    )
}

type Assigned = (Vec<(FlavorResourceId, Amount)>, Vec<FlavorResourceId>);

/// What the incoming workload asks for, and of that what it needs preemption for.
fn assigned(
    state: &State,
    incoming: &Workload,
    assignment: &Value,
    gates: Gates,
) -> Result<Assigned, Difference> {
    let (mut requests, mut needs) = (Vec::<(FlavorResourceId, Amount)>::new(), Vec::new());
    let totals = total_requests(incoming, &state.configuration.resources, gates);
    for (name, resources) in assignment.as_object().into_iter().flatten() {
        let pod_set = totals.iter().find(|one| one.name == *name);
        let pod_set = pod_set.ok_or_else(|| unreadable("pod set", name))?;
        for (resource, given) in resources.as_object().into_iter().flatten() {
            let flavor = given["flavor"].as_str().unwrap_or_default();
            let fr = flavor_resource(&state.quota, flavor, resource)?;
            let value = Amount(pod_set.requests.get(resource).copied().unwrap_or(0));
            match requests.iter_mut().find(|(known, _)| *known == fr) {
                Some((_, sum)) => *sum = *sum + value,
                None => requests.push((fr, value)),
            }
            if given["mode"] == "Preempt" && !needs.contains(&fr) {
                needs.push(fr);
            }
        }
    }
    Ok((requests, needs))
}

fn quota_tree(state: &State, expect: &Value) -> Result<(), Difference> {
    let quota = &state.quota;
    for (name, node) in expect["clusterQueues"].as_object().into_iter().flatten() {
        let queue = state.cluster_queue(name)?;
        numbers(state, queue.into(), node)?;
        for (pair, values) in node.as_object().into_iter().flatten() {
            let fr = pair_of(state, pair)?;
            let at = |key: &str| format!("{key} of {name}: {pair}");
            let got = quota.available(queue, fr);
            Difference::check(|| at("available"), amount(&values["available"])?, got)?;
            let got = quota.potential_available(queue.into(), fr);
            let expected = amount(&values["potentiallyAvailable"])?;
            Difference::check(|| at("potentiallyAvailable"), expected, got)?;
        }
    }
    let cohort = |name: &String| {
        let id = quota.names().cohort(name);
        id.ok_or_else(|| unreadable("cohort", name))
    };
    for (name, node) in expect["cohorts"].as_object().into_iter().flatten() {
        numbers(state, cohort(name)?, node)?;
    }
    for (kind, cohorts) in [("clusterQueues", false), ("cohorts", true)] {
        let shares = &expect["weightedShares"][kind];
        for (name, expected) in shares.as_object().into_iter().flatten() {
            let node = match cohorts {
                true => cohort(name)?,
                false => state.cluster_queue(name)?.into(),
            };
            let got = quota.dominant_resource_share(node).weighted();
            let expected = expected.as_f64().unwrap_or(f64::INFINITY);
            let same = got == expected || (got - expected).abs() <= 1e-9 * expected.abs();
            if !same {
                let at = format!("weighted share of {name}");
                return Err(Difference::new(at, expected, got));
            }
        }
    }
    Ok(())
}

fn numbers(state: &State, id: QuotaNodeId, node: &Value) -> Result<(), Difference> {
    for (pair, values) in node.as_object().into_iter().flatten() {
        let fr = pair_of(state, pair)?;
        let (subtree, usage) = (state.quota.subtree_quota(id, fr), state.quota.usage(id, fr));
        for (key, got) in [("subtreeQuota", subtree), ("usage", usage)] {
            let at = || format!("{key} of {}: {pair}", state.quota.names().node_name(id));
            Difference::check(at, amount(&values[key])?, got)?;
        }
    }
    Ok(())
}

fn pair_of(state: &State, pair: &str) -> Result<FlavorResourceId, Difference> {
    let (flavor, resource) = pair.split_once('|').unwrap_or((pair, ""));
    flavor_resource(&state.quota, flavor, resource)
}
