//! Random clusters: sequences of attempts, releases and taints, each attempt on several nodes.

use super::super::files::json_lines;
use super::super::{Difference, FileResult, Sheet, Unreadable};
use super::read::{self, Answer, check, list, text, unreadable};
use gpusched_core::placement::dra::objects::{AllocationResult, ResourceClaim};
use gpusched_core::placement::dra::{Allocator, Quirks, compare};
use gpusched_sim::manifest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What is compared of each attempt, in the order of results.
const MODES: [&str; 3] = ["as deployed", "mended", "causes"];

/// Results by kind of cluster.
type Results = BTreeMap<String, [FileResult; MODES.len()]>;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let clusters: Vec<Value> = json_lines(&dir.join("clusters.jsonl"))?;
    let clusters: BTreeMap<&str, &Value> =
        clusters.iter().map(|one| (text(one, "id"), one)).collect();
    let mut results = Results::new();
    for scenario in json_lines::<Value>(&dir.join("scenarios.jsonl.gz"))? {
        let kind = text(&scenario, "clusterKind").to_owned();
        let results = results.entry(kind).or_default();
        let name = text(&scenario, "id");
        let named = |difference: Difference| Difference {
            at: format!("{name}, {}", difference.at),
            ..difference
        };
        let Some(cluster) = clusters.get(text(&scenario, "cluster")) else {
            results[0].count(Err(named(unreadable("cluster", "it is not there"))));
            continue;
        };
        if let Err(difference) = replay(&scenario, cluster, results, &named) {
            results[0].count(Err(named(difference)));
        }
    }
    for (at, mode) in MODES.into_iter().enumerate() {
        for (kind, results) in &results {
            sheet.add(&format!("random, {kind}, {mode}"), &results[at])?;
        }
    }
    Ok(())
}

/// A scenario under way. Both allocators are in the state that the recorded decisions lead to.
struct Replay {
    deployed: Allocator,
    mended: Allocator,
    live: BTreeMap<String, AllocationResult>,
}

fn replay(
    scenario: &Value,
    cluster: &Value,
    results: &mut [FileResult; MODES.len()],
    named: &dyn Fn(Difference) -> Difference,
) -> Result<(), Difference> {
    let features = read::features(&scenario["features"])?;
    let objects = read::cluster(cluster, list(cluster, "nodes"))?;
    let mut replay = Replay {
        deployed: Allocator::new(objects.clone(), features, Quirks::KUBE),
        mended: Allocator::new(objects, features, Quirks::NONE),
        live: BTreeMap::new(),
    };
    for (index, step) in list(scenario, "steps").enumerate() {
        let at = |difference: Difference| {
            named(Difference {
                at: format!("step {index}: {}", difference.at),
                ..difference
            })
        };
        match text(step, "op") {
            "allocate" => {
                let claims = read::claims(step)?;
                let mended = replay.ask_mended(step, &claims);
                results[1].count(mended.map_err(at));
                let causes = replay.ask_causes(step, &claims);
                results[2].count(causes.map_err(at));
                let deployed = replay.ask_deployed(step, &claims);
                results[0].count(deployed.map_err(at));
                replay.commit(&step["expected"], &claims)?;
            }
            "release" => {
                for name in list(step, "claimNames") {
                    let name = name.as_str().unwrap_or_default();
                    if let Some(allocation) = replay.live.remove(name) {
                        replay.deployed.release(&allocation);
                        replay.mended.release(&allocation);
                    }
                }
            }
            "setTaints" => replay.set_taints(step)?,
            other => return Err(unreadable("step", format_args!("unknown op {other}"))),
        }
    }
    Ok(())
}

impl Replay {
    /// Every answer of every node as recorded.
    fn ask_deployed(&mut self, step: &Value, claims: &[ResourceClaim]) -> Result<(), Difference> {
        let expected = &step["expected"];
        let chosen = expected["node"].as_str();
        let mut first = None;
        let nodes = list(step, "nodes").filter_map(Value::as_str);
        let nodes = nodes.map(|name| read::node(&self.deployed, name).map(|id| (name, id)));
        let nodes: Vec<_> = nodes.collect::<Result<_, _>>()?;
        let mut recorded = list(expected, "perNode");
        let mut attempt = self.deployed.attempt(claims);
        let mut ended = "unschedulable";
        for (name, id) in nodes {
            let outcome = attempt.on(id);
            let got = Answer::new(outcome, |solution| attempt.results(solution), "node-error");
            let Some(node) = recorded.next() else {
                return Err(unreadable("perNode", format_args!("{name} is missing")));
            };
            let at = |what: &str| format!("{name}: {what}");
            check(&at("node"), &text(node, "node"), &name)?;
            check(&at("outcome"), &text(node, "outcome"), &got.outcome)?;
            check(&at("error"), &text(node, "errorKind"), &got.error.as_str())?;
            let invocations = node["allocateOneInvocations"].as_u64();
            check(&at("invocations"), &invocations, &Some(got.invocations))?;
            if got.outcome == "error" {
                (ended, first) = ("error", None);
                break;
            }
            if got.outcome == "fit" && first.is_none() {
                (ended, first) = ("allocated", Some(name));
            }
            if chosen == Some(name) {
                let allocations = read::allocations(expected)?;
                check(
                    &at("allocations"),
                    &allocations,
                    &read::comparable(&got.allocations),
                )?;
            } else {
                check(&at("devices"), &read::devices(node), &got.devices(claims))?;
            }
        }
        check("outcome", &text(expected, "outcome"), &ended)?;
        check("node", &chosen, &first)
    }

    /// Devices as with all quirks corrected, which for most attempts are the same.
    fn ask_mended(&mut self, step: &Value, claims: &[ResourceClaim]) -> Result<(), Difference> {
        let expected = &step["expected"];
        let corrected = expected.get("withAllFixes").is_some();
        let key = if corrected { "withAllFixes" } else { "perNode" };
        let recorded = list(expected, key);
        let nodes = recorded.map(|node| {
            let name = text(node, "node");
            read::node(&self.mended, name).map(|id| (name, id, node))
        });
        let nodes: Vec<_> = nodes.collect::<Result<_, _>>()?;
        let mut attempt = self.mended.attempt(claims);
        for (name, id, node) in nodes {
            let outcome = attempt.on(id);
            let got = Answer::new(outcome, |solution| attempt.results(solution), "node-error");
            let at = |what: &str| format!("{name}: {what}");
            check(&at("outcome"), &text(node, "outcome"), &got.outcome)?;
            if !corrected && expected["node"].as_str() == Some(name) {
                let allocations = read::allocations(expected)?;
                check(
                    &at("allocations"),
                    &allocations,
                    &read::comparable(&got.allocations),
                )?;
            } else {
                check(&at("devices"), &read::devices(node), &got.devices(claims))?;
            }
        }
        Ok(())
    }

    /// Which quirks change the devices on some node. Attempts that one corrected quirk changes and
    /// all of them together do not are no difference between the two allocators.
    fn ask_causes(&mut self, step: &Value, claims: &[ResourceClaim]) -> Result<(), Difference> {
        let names = list(step, "nodes").filter_map(Value::as_str);
        let nodes = names.map(|name| read::node(&self.deployed, name));
        let nodes: Vec<_> = nodes.collect::<Result<_, _>>()?;
        let differences = compare(&mut self.deployed, claims, &nodes);
        let expected = &step["expected"];
        let recorded = list(expected, "bugs").filter_map(Value::as_str);
        let differ = expected.get("withAllFixes").is_some();
        let recorded: BTreeSet<&str> = recorded.filter(|_| differ).collect();
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for difference in &differences {
            found.extend(&difference.causes);
        }
        if found.is_empty() && !differences.is_empty() {
            found.insert("combined");
        }
        check("causes", &recorded, &found)
    }

    /// Enters what the claims got as recorded, so that one difference does not lead to others.
    fn commit(&mut self, expected: &Value, claims: &[ResourceClaim]) -> Result<(), Difference> {
        let allocations = read::allocations(expected)?;
        for (claim, allocation) in claims.iter().zip(allocations) {
            self.deployed.commit(&allocation);
            self.mended.commit(&allocation);
            self.live.insert(claim.name.clone(), allocation);
        }
        Ok(())
    }

    fn set_taints(&mut self, step: &Value) -> Result<(), Difference> {
        let device = json!({"name": "any", "taints": step["taints"]});
        let device = manifest::device(&device).map_err(|error| unreadable("taints", error))?;
        let name = |key| text(step, key);
        for allocator in [&mut self.deployed, &mut self.mended] {
            let taints = device.taints.clone();
            if !allocator.set_taints(name("driver"), name("pool"), name("device"), taints) {
                return Err(unreadable("setTaints", "there is no such device"));
            }
        }
        Ok(())
    }
}
