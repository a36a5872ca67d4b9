//! Kind `snapshot`: quota, use and workloads of every node.

use super::state::{State, amount};
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, FlavorResourceId, QuotaNodeId};
use gpusched_core::queueing::kueue::{Amount, Quota};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let state = State::new(vector, gates)?;
    let (expect, quota) = (&vector["expect"], &state.quota);
    let nodes = || (0..quota.nodes()).map(QuotaNodeId::from);
    let in_a_tree = nodes().filter(|node| !quota.has_cycle(*node));
    let known = in_a_tree.map(|node| quota.names().node_name(node).to_owned());
    let named = ["clusterQueues", "cohorts"].iter();
    let named = named.filter_map(|kind| expect[*kind].as_object());
    let named: BTreeSet<String> = named.flat_map(|all| all.keys().cloned()).collect();
    let known: BTreeSet<String> = known.collect();
    Difference::check(
        || "nodes".into(),
        format!("{named:?}"),
        format!("{known:?}"),
    )?;

    for (name, node) in expect["cohorts"].as_object().into_iter().flatten() {
        if let Some(id) = quota.names().cohort(name) {
            numbers(quota, id, node)?;
        }
    }
    for (name, node) in expect["clusterQueues"].as_object().into_iter().flatten() {
        let id = state.cluster_queue(name)?;
        numbers(quota, id.into(), node)?;
        let expected = node["workloads"].as_array().into_iter().flatten();
        let expected: BTreeSet<&str> = expected.filter_map(Value::as_str).collect();
        let got = workloads(&state, id);
        let at = || format!("workloads of {name}");
        Difference::check(at, format!("{expected:?}"), format!("{got:?}"))?;
    }
    Ok(())
}

fn workloads(state: &State, queue: ClusterQueueId) -> BTreeSet<&str> {
    let held = state.holders.of_cluster_queue(queue);
    held.map(|(_, holder)| &*holder.name).collect()
}

type Numbers = BTreeMap<String, Amount>;

fn numbers(quota: &Quota, id: QuotaNodeId, node: &Value) -> Result<(), Difference> {
    let name = |fr: FlavorResourceId| {
        let (flavor, resource) = quota.names().parts(fr);
        let flavor = quota.names().flavor_name(flavor);
        format!("{flavor}|{}", quota.names().resource_name(resource))
    };
    let expected = |key: &str| -> Result<Numbers, Difference> {
        let mut all = Numbers::new();
        for (flavor, resources) in node[key].as_object().into_iter().flatten() {
            for (resource, value) in resources.as_object().into_iter().flatten() {
                all.insert(format!("{flavor}|{resource}"), amount(value)?);
            }
        }
        Ok(all)
    };
    let frs = || (0..quota.names().flavor_resources()).map(FlavorResourceId::from);
    let declared = quota
        .declared(id)
        .iter()
        .map(|fr| (name(*fr), quota.subtree_quota(id, *fr)));
    let used = frs().map(|fr| (name(fr), quota.usage(id, fr)));
    let used = used.filter(|(_, value)| *value != Amount::ZERO);
    let pairs: [(&str, Numbers); 2] = [
        ("subtreeQuota", declared.collect()),
        ("usage", used.collect()),
    ];
    for (key, got) in pairs {
        let at = || format!("{key} of {}", quota.names().node_name(id));
        Difference::check(at, format!("{:?}", expected(key)?), format!("{got:?}"))?;
    }
    Ok(())
}
