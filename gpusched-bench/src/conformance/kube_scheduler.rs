//! Suite `kube_scheduler`: what fits, scores of nodes, and the order of ties, of Kubernetes 1.36.

use super::files::json_lines;
use super::{Difference, FileResult, Sheet, Unreadable};
use gpusched_core::placement::kube_scheduler::{
    Balance, NodeResources, PodResources, ScoredResource, ShapePoint, Strategy,
    balanced_allocation, heap_order, insufficient,
};
use gpusched_sim::manifest::{node, pod_spec};
use serde_json::{Map, Value};
use std::path::Path;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let mut result = FileResult::default();
    let mut scores = 0;
    for case in json_lines::<Value>(&dir.join("scoring.jsonl.gz"))? {
        let checked = scoring(&case, &mut scores);
        result.count(checked.map_err(|difference| Difference {
            at: format!("{}: {}", text(&case["id"]), difference.at),
            ..difference
        }));
    }
    sheet.add("scoring.jsonl.gz", &result)?;
    sheet.line(format_args!("    {scores} scores"))?;
    let mut result = FileResult::default();
    for case in json_lines::<Value>(&dir.join("winner_order.jsonl"))? {
        let totals: Vec<i64> = numbers(&case["totalScores"]);
        let got: Vec<i64> = heap_order(&totals)
            .into_iter()
            .map(|at| at as i64)
            .collect();
        let name = || text(&case["id"]).to_owned();
        let expected = numbers(&case["order"]);
        result.count(Difference::check(
            name,
            format!("{expected:?}"),
            format!("{got:?}"),
        ));
    }
    sheet.add("winner_order.jsonl", &result)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn numbers(value: &Value) -> Vec<i64> {
    list(value).iter().filter_map(Value::as_i64).collect()
}

fn unreadable(what: impl std::fmt::Display) -> Difference {
    Difference::new("it cannot be read", "a manifest", what)
}

fn pod(manifest: &Value) -> Result<PodResources, Difference> {
    let spec = pod_spec(&manifest["spec"]).map_err(|error| unreadable(error.message))?;
    Ok(PodResources::new(&spec))
}

fn scoring(case: &Value, scores: &mut u64) -> Result<(), Difference> {
    let pod = pod(&case["pod"])?;
    let mut nodes = Vec::new();
    for expected in list(&case["nodes"]) {
        nodes.push(on_node(&pod, expected)?);
    }
    for config in list(&case["configs"]) {
        let got = rate(config, &pod, &nodes);
        let expected = match config["skipped"].as_bool() {
            Some(true) => None,
            _ => Some(numbers(&config["scores"])),
        };
        let at = || format!("{} {}", text(&config["plugin"]), text(&config["strategy"]));
        Difference::check(at, format!("{expected:?}"), format!("{got:?}"))?;
        *scores += got.map_or(0, |got| got.len() as u64);
    }
    Ok(())
}

/// A node with its pods; checks their sums, and whether the pod fits.
fn on_node(pod: &PodResources, expected: &Value) -> Result<NodeResources, Difference> {
    let manifest = node(&expected["node"]).map_err(|error| unreadable(error.message))?;
    let mut resources = NodeResources {
        allocatable: manifest.allocatable,
        ..NodeResources::default()
    };
    for bound in list(&expected["pods"]) {
        resources.add(&self::pod(bound)?);
    }
    for (sums, name) in [
        (&resources.requested, "requested"),
        (&resources.non_zero, "nonZeroRequested"),
    ] {
        for (key, resource) in [("milliCPU", "cpu"), ("memory", "memory")] {
            let got = sums.get(resource).copied().unwrap_or(0);
            let recorded = expected[name][key].as_i64().unwrap_or(0);
            Difference::check(|| format!("{} {name} {key}", manifest.name), recorded, got)?;
        }
    }
    let empty = Map::new();
    let scalars = expected["requested"]["scalarResources"]
        .as_object()
        .unwrap_or(&empty);
    for (name, amount) in scalars {
        let got = resources.requested.get(name).copied().unwrap_or(0);
        let at = || format!("{} {name}", manifest.name);
        Difference::check(at, amount.as_i64().unwrap_or(0), got)?;
    }
    let missing = insufficient(pod, &resources);
    let mut reasons: Vec<String> = missing.iter().map(|one| one.reason()).collect();
    reasons.sort_unstable();
    let code = match (
        missing.is_empty(),
        missing.iter().any(|one| one.unresolvable),
    ) {
        (true, _) => "",
        (_, true) => "UnschedulableAndUnresolvable",
        _ => "Unschedulable",
    };
    let recorded: Vec<&str> = list(&expected["reasons"]).iter().map(text).collect();
    Difference::check(
        || format!("{} fit", manifest.name),
        format!("{recorded:?} {}", text(&expected["code"])),
        format!("{reasons:?} {code}"),
    )?;
    Ok(resources)
}

/// Scores of all nodes; `None`: the plugin is skipped.
fn rate(config: &Value, pod: &PodResources, nodes: &[NodeResources]) -> Option<Vec<i64>> {
    let resources: Vec<ScoredResource> = list(&config["resources"])
        .iter()
        .map(|resource| ScoredResource {
            name: text(&resource["name"]).to_owned(),
            weight: resource["weight"].as_i64().unwrap_or(0),
        })
        .collect();
    let strategy = match (text(&config["plugin"]), text(&config["strategy"])) {
        ("NodeResourcesFit", "LeastAllocated") => Strategy::LeastAllocated,
        ("NodeResourcesFit", "MostAllocated") => Strategy::MostAllocated,
        ("NodeResourcesFit", _) => Strategy::RequestedToCapacityRatio(
            list(&config["shape"])
                .iter()
                .map(|point| ShapePoint {
                    utilization: point["utilization"].as_i64().unwrap_or(0),
                    score: point["score"].as_i64().unwrap_or(0),
                })
                .collect(),
        ),
        _ => {
            if pod.asks_for_none(&resources) {
                return None;
            }
            let score = |node: &NodeResources| {
                let (before, after) = node.balance(pod, &resources);
                balanced_allocation(&before, &after, Balance::Change)
            };
            return Some(nodes.iter().map(score).collect());
        }
    };
    let score = |node: &NodeResources| strategy.score(&node.scored(pod, &resources));
    Some(nodes.iter().map(score).collect())
}
