//! Selectors: what compiles, what matches, which errors, at what cost.
//!
//! `tables/cel_table.jsonl` holds upstream's own cases, `tables/cel_corpus.jsonl` other expressions
//! over five devices.

use crate::conformance::files::{json, json_lines};
use crate::conformance::{Difference, FileResult, Sheet, Unreadable};
use gpusched_core::cel::{Attribute, COST_LIMIT, DeviceFacts, Env, Expressions, Program};
use gpusched_core::kube::Quantity;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Costs beside upstream's.
#[derive(Default)]
struct Costs {
    equal: u64,
    different: u64,
    first: Option<Difference>,
}

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let tables = dir.join("tables");
    let devices: BTreeMap<String, Value> = json(&tables.join("cel_corpus_devices.json"))?;
    let mut costs = Costs::default();
    let mut unsupported = BTreeSet::new();
    for file in ["cel_table.jsonl", "cel_corpus.jsonl"] {
        let mut result = FileResult::default();
        for record in json_lines::<Value>(&tables.join(file))? {
            let device = match record["deviceRef"].as_str() {
                Some(name) => devices.get(name).unwrap_or(&Value::Null),
                None => &record["device"],
            };
            let got = decision(&record, device, &mut costs);
            if got == "error unsupported" {
                unsupported.insert(text(&record["expression"]));
            }
            let name = || format!("{} {}", text(&record["name"]), text(&record["expression"]));
            result.count(Difference::check(name, expected(&record), got));
        }
        sheet.add(&format!("tables/{file}"), &result)?;
    }
    for expression in unsupported {
        sheet.line(format_args!("    not supported: {expression}"))?;
    }
    let Costs {
        equal, different, ..
    } = costs;
    sheet.line(format_args!(
        "costs of evaluations: {equal} equal, {different} different"
    ))?;
    if let Some(first) = costs.first {
        sheet.line(format_args!(
            "    first: {}: expected {}, got {}",
            first.at, first.expected, first.got
        ))?;
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn expected(record: &Value) -> String {
    match (record["compile"].as_str(), record["result"].as_str()) {
        (Some("ok"), Some("error")) => {
            format!("runtime error {}", text(&record["runtimeErrorKind"]))
        }
        (Some("ok"), Some(result)) => result.to_owned(),
        _ => format!("error {}", text(&record["compileErrorKind"])),
    }
}

fn decision(record: &Value, device: &Value, costs: &mut Costs) -> String {
    let gate = |name: &str| record["env"][name].as_bool().unwrap_or_default();
    let env = Env {
        expressions: match record["env"]["expressionType"].as_str() {
            Some("newexpressions") => Expressions::New,
            _ => Expressions::Stored,
        },
        consumable_capacity: gate("consumableCapacity"),
        list_type_attributes: gate("listTypeAttributes"),
    };
    let program = match Program::compile(&text(&record["expression"]), &env) {
        Ok(program) => program,
        Err(error) => return format!("error {}", error.kind.as_str()),
    };
    let evaluation = program.evaluate(&facts(device), COST_LIMIT);
    if let Some(cost) = record["actualCost"].as_u64() {
        if cost == evaluation.cost {
            costs.equal += 1;
        } else {
            costs.different += 1;
            let at = text(&record["expression"]);
            costs
                .first
                .get_or_insert(Difference::new(at, cost, evaluation.cost));
        }
    }
    match evaluation.outcome {
        Ok(true) => "match".to_owned(),
        Ok(false) => "no-match".to_owned(),
        Err(error) => format!("runtime error {}", error.kind.as_str()),
    }
}

/// A device in the form of the resource API.
fn facts(device: &Value) -> DeviceFacts {
    let entries = |key: &str| device[key].as_object().into_iter().flatten();
    DeviceFacts {
        driver: text(&device["driver"]),
        attributes: entries("attributes")
            .map(|(name, value)| (name.clone(), attribute(value)))
            .collect(),
        capacity: entries("capacity")
            .map(|(name, value)| {
                let amount: Quantity = text(&value["value"]).parse().unwrap_or_default();
                (name.clone(), amount)
            })
            .collect(),
        allow_multiple_allocations: device["allowMultipleAllocations"].as_bool(),
    }
}

fn attribute(value: &Value) -> Attribute {
    let Some((kind, value)) = value.as_object().and_then(|object| object.iter().next()) else {
        return Attribute::Unknown;
    };
    let list = value.as_array().into_iter().flatten();
    match kind.as_str() {
        "int" => Attribute::Int(value.as_i64().unwrap_or_default()),
        "bool" => Attribute::Bool(value.as_bool().unwrap_or_default()),
        "string" => Attribute::Text(text(value)),
        "version" => Attribute::Version(text(value)),
        "ints" => Attribute::Ints(list.filter_map(Value::as_i64).collect()),
        "bools" => Attribute::Bools(list.filter_map(Value::as_bool).collect()),
        "strings" => Attribute::Texts(list.map(text).collect()),
        "versions" => Attribute::Versions(list.map(text).collect()),
        _ => Attribute::Unknown,
    }
}
