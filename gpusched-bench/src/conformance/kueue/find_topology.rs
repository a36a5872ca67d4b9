//! Kind `find_topology`: places for the pod sets of one workload in one flavor, or why there is
//! none. Domains are compared in their order, reasons word for word.

use super::{Difference, Gates};
use gpusched_core::kube::{Labels, Resources};
use gpusched_core::placement::tas::{
    FlavorTopology, Forest, Options, Outcome, PodSet, Repair, Rules, TreeId,
};
use gpusched_core::queueing::kueue::objects::{
    PodSet as Spec, TopologyAssignment, TopologyDomain, Workload,
};
use gpusched_sim::manifest;
use serde_json::{Value, json};

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let read = |error| Difference::new("reading the vector", "objects", format!("{error:?}"));
    let list = |key: &str| vector[key].as_array().map_or(&[][..], Vec::as_slice);
    let objects = manifest::objects_from_json(list("nodes").iter().chain(list("pods")));
    let objects = objects.map_err(read)?;
    let levels: Vec<String> = list("levels").iter().map(text).collect();
    let labels = vector["flavorNodeLabels"].as_object().into_iter().flatten();
    let node_labels: Labels = labels
        .map(|(key, value)| (key.clone(), text(value)))
        .collect();
    // Its sibling has the same nodes.
    let flavor = |name| FlavorTopology {
        name,
        topology: "default",
        levels: &levels,
        node_labels: &node_labels,
        tolerations: &[],
    };
    let flavors = [flavor("default"), flavor("sibling")];
    let mut forest = Forest::new(&flavors, &objects.nodes, &objects.pods, Rules::from(&gates));
    let [Some(tree), Some(sibling)] = ["default", "sibling"].map(|name| forest.tree(name)) else {
        return Err(Difference::new("flavors", "two", "fewer"));
    };
    admit(&mut forest, tree, list("usageOfOtherWorkloads"));
    admit(&mut forest, sibling, list("usageOfOtherFlavors"));

    let workload = match &vector["workload"] {
        Value::Null => None,
        workload => Some(manifest::workload(workload).map_err(read)?),
    };
    let specs = workload_of(list("podSets"));
    let specs = manifest::workload(&specs).map_err(read)?;
    let repair = workload
        .as_ref()
        .and_then(|workload| repair(workload, gates));
    let mut asks = Vec::new();
    for (index, (asked, spec)) in list("podSets").iter().zip(&specs.pod_sets).enumerate() {
        let requests = amounts(&asked["singlePodRequests"]);
        let previous = match &workload {
            Some(workload) if repair.is_some() => assigned(workload, &spec.name),
            _ => assigned(&specs, &spec.name),
        };
        let pod_set = PodSet {
            selector: Some(&spec.template.node_selector),
            affinity: Some(&spec.template.affinity),
            tolerations: &spec.template.tolerations,
            topology: spec.topology.as_ref(),
            group: asked["podSetGroupName"].as_str(),
            previous,
            ..PodSet::new(index as u16, spec.count, &requests)
        };
        asks.push(forest.ask(tree, &pod_set));
    }
    let options = Options {
        repair,
        ..Options::default()
    };
    let found = forest.find(&asks, options);
    for expected in list("expect") {
        let name = text(&expected["podSet"]);
        let named = |spec: &Spec| spec.name == name;
        let index = specs.pod_sets.iter().position(named);
        let got = found
            .iter()
            .find(|one| Some(usize::from(one.pod_set)) == index);
        let got = match got.map(|one| &one.outcome) {
            None => String::new(),
            Some(Outcome::Failed(failure)) => failure.to_string(),
            Some(Outcome::Assigned(place)) => shown(&forest.topology_assignment(place)),
            Some(Outcome::Kept) => {
                let had = workload.as_ref().and_then(|one| assigned(one, &name));
                had.map_or_else(String::new, shown)
            }
        };
        let wanted = match (&expected["assignment"], &expected["reason"]) {
            (Value::Null, Value::Null) => String::new(),
            (Value::Null, reason) => text(reason),
            (assignment, _) => shown(&plain(assignment)),
        };
        Difference::check(|| format!("pod set {name}"), wanted, got)?;
    }
    let fits = found.iter().all(|one| one.outcome.failure().is_none());
    let counted = forest.fits_somewhere(&asks, options);
    Difference::check(|| "fits somewhere".to_owned(), fits, counted)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn amounts(value: &Value) -> Resources {
    let amounts = value.as_object().into_iter().flatten();
    amounts
        .map(|(name, amount)| (name.clone(), amount.as_i64().unwrap_or_default()))
        .collect()
}

/// Use that is there already.
fn admit(forest: &mut Forest, tree: TreeId, usage: &[Value]) {
    for one in usage {
        let requests = forest.requests(&amounts(&one["singlePodRequests"]));
        let assignment = TopologyAssignment {
            levels: Vec::new(),
            domains: vec![domain(one)],
        };
        let usage = forest.usage_by_name(tree, &assignment, requests);
        forest.admit(&usage);
    }
}

fn domain(value: &Value) -> TopologyDomain {
    let values = value["values"].as_array().into_iter().flatten();
    TopologyDomain {
        values: values.map(text).collect(),
        count: value["count"].as_i64().unwrap_or_default() as i32,
    }
}

/// An assignment whose domains are listed one by one.
fn plain(value: &Value) -> TopologyAssignment {
    let each = |key: &str| value[key].as_array().into_iter().flatten();
    TopologyAssignment {
        levels: each("levels").map(text).collect(),
        domains: each("domains").map(domain).collect(),
    }
}

fn shown(assignment: &TopologyAssignment) -> String {
    let mut shown = assignment.levels.join(",");
    for domain in &assignment.domains {
        shown += &format!("; {} {}", domain.values.join(","), domain.count);
    }
    shown
}

/// The workload these pod sets are of; what they had before is its admission.
fn workload_of(pod_sets: &[Value]) -> Value {
    let spec = |one: &Value| {
        json!({
            "name": one["name"],
            "count": one["count"],
            "topologyRequest": one["topologyRequest"],
            "template": {"spec": {
                "tolerations": one["tolerations"],
                "nodeSelector": one["nodeSelector"],
                "affinity": {"nodeAffinity": one["nodeAffinity"]},
            }},
        })
    };
    let had = |one: &Value| {
        json!({
            "name": one["name"],
            "count": one["count"],
            "topologyAssignment": one["previousAssignment"],
        })
    };
    json!({
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "Workload",
        "metadata": {"name": "asking"},
        "spec": {"podSets": pod_sets.iter().map(spec).collect::<Vec<_>>()},
        "status": {"admission": {
            "clusterQueue": "queue",
            "podSetAssignments": pod_sets.iter().map(had).collect::<Vec<_>>(),
        }},
    })
}

fn assigned<'w>(workload: &'w Workload, pod_set: &str) -> Option<&'w TopologyAssignment> {
    let admission = workload.admission.as_ref()?;
    let assigned = admission.pod_sets.iter().find(|one| one.name == pod_set)?;
    assigned.topology.as_ref()
}

/// The first failed node; a workload that is one pod's keeps what it has.
fn repair(workload: &Workload, gates: Gates) -> Option<Repair<'_>> {
    const GROUP: &str = "kueue.x-k8s.io/is-group-workload";
    let of_one_pod = matches!(workload.owners.as_slice(), [(kind, _)] if kind == "Pod")
        && workload.annotations.get(GROUP).map(String::as_str) != Some("true");
    Some(Repair {
        node: workload.unhealthy_nodes.first()?,
        keep: gates.skip_reassignment_for_pod_owned_workloads && of_one_pod,
    })
}
