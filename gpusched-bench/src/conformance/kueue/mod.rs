//! Suite `kueue`: decisions of the unmodified Kueue, from its own unit tables and from random
//! scenarios.
//!
//! A vector is one line of JSON with a kind; each kind has a file here that rebuilds the state,
//! asks the model and compares. Vectors of tier `alpha` (a gate that is off by default) are counted
//! apart: the closing line is about tier `core`.

mod assign;
mod candidate_order;
mod cycles;
mod dominant_resource_share;
mod entry_order;
mod fair_target_order;
mod find_topology;
mod get_targets;
mod mode_preference;
mod needs_second_pass;
mod partial_search;
mod preemption_policy;
mod queue_head;
mod queue_ops;
mod queue_order_timestamp;
mod quota_tree;
mod scheduling_equivalence;
mod snapshot;
mod state;
mod workload_requests;

use super::files::{entries, json, json_lines, name};
use super::{Difference, FileResult, Sheet, Tally, Unreadable};
use gpusched_core::queueing::kueue::Gates;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Compares one vector.
type Check = fn(&Value, Gates) -> Result<(), Difference>;

/// Kinds of vectors, and what checks them.
const KINDS: &[(&str, Check)] = &[
    ("assign", assign::check),
    ("candidate_order", candidate_order::check),
    ("cycles", cycles::check),
    ("dominant_resource_share", dominant_resource_share::check),
    ("entry_order", entry_order::check),
    ("fair_target_order", fair_target_order::check),
    ("find_topology", find_topology::check),
    ("get_targets", get_targets::check),
    ("mode_preference", mode_preference::check),
    ("needs_second_pass", needs_second_pass::check),
    ("partial_search", partial_search::check),
    ("preemption_policy", preemption_policy::check),
    ("queue_head", queue_head::check),
    ("queue_ops", queue_ops::check),
    ("queue_order_timestamp", queue_order_timestamp::check),
    ("quota_tree", quota_tree::check),
    ("scheduling_equivalence", scheduling_equivalence::check),
    ("snapshot", snapshot::check),
    ("workload_requests", workload_requests::check),
];

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let defaults = defaults(dir)?;
    let wanted = |file: &str| file.ends_with(".jsonl") || file.ends_with(".jsonl.gz");
    let mut alpha: BTreeMap<String, Tally> = BTreeMap::new();
    for folder in ["tables", "random"] {
        for path in entries(&dir.join(folder), wanted)? {
            let file = format!("{folder}/{}", name(&path));
            let mut core = FileResult::default();
            let mut rest = FileResult::default();
            for vector in json_lines::<Value>(&path)? {
                let result = match vector["tier"].as_str() {
                    Some("alpha") => &mut rest,
                    _ => &mut core,
                };
                let kind = vector["kind"].as_str().unwrap_or_default();
                match KINDS.iter().find(|(known, _)| *known == kind) {
                    Some((_, check)) => result.count(
                        check(&vector, gates(&vector, defaults)).map_err(|d| named(&vector, d)),
                    ),
                    None => result.tally.not_implemented += 1,
                }
            }
            sheet.add(&file, &core)?;
            alpha.insert(file, rest.tally);
            if let Some(first) = rest.first {
                sheet.line(format_args!("    alpha, first difference: {}", first.at))?;
                sheet.line(format_args!("      expected {}", first.expected))?;
                sheet.line(format_args!("      got      {}", first.got))?;
            }
        }
    }
    let sum = |field: fn(&Tally) -> u64| alpha.values().map(field).sum::<u64>();
    sheet.line(format_args!(
        "tier alpha: {} passed, {} failed, {} not implemented",
        sum(|tally| tally.passed),
        sum(|tally| tally.failed),
        sum(|tally| tally.not_implemented),
    ))
}

/// A difference says which vector it is of.
fn named(vector: &Value, difference: Difference) -> Difference {
    let part = |key: &str| vector[key].as_str().unwrap_or_default();
    let at = format!("{} {}: {}", part("id"), part("name"), difference.at);
    Difference { at, ..difference }
}

/// The defaults of the commit the vectors were taken from; they must be ours.
fn defaults(dir: &Path) -> Result<Gates, Unreadable> {
    let path = dir.join("feature_gates.json");
    let known: BTreeMap<String, Value> = json(&path)?;
    let mut gates = Gates::default();
    for name in Gates::NAMES {
        if let Some(default) = known.get(*name).and_then(|gate| gate["default"].as_bool()) {
            gates
                .set(name, default)
                .map_err(|error| Unreadable::file(&path, error))?;
        }
    }
    Ok(gates)
}

/// Gates of one vector. Those that change no decision are not ours to know.
fn gates(vector: &Value, defaults: Gates) -> Gates {
    let mut gates = defaults;
    for (name, on) in vector["featureGates"].as_object().into_iter().flatten() {
        let _ = gates.set(name, on.as_bool().unwrap_or_default());
    }
    gates
}
