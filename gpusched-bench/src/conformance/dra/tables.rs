//! The allocator's own cases, and small cases for each of its quirks: one attempt on one node.

use super::super::files::json_lines;
use super::super::{Difference, FileResult, Sheet, Unreadable};
use super::read::{self, Answer, check, list, text};
use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::{Allocator, Quirks, UseOf};
use gpusched_sim::manifest;
use serde_json::{Value, json};
use std::path::Path;

/// `allocator.jsonl`: the cases of the deployed allocator, and those of the experimental one, which
/// are the same and some about list attributes.
pub(super) fn allocator(path: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let vectors: Vec<Value> = json_lines(path)?;
    for channel in ["incubating", "experimental"] {
        let mut result = FileResult::default();
        for vector in &vectors {
            let recorded = &vector["channels"][channel];
            if recorded["supported"] != json!(true) {
                continue;
            }
            let expected = recorded.get("expected").unwrap_or(&vector["expected"]);
            let invocations = recorded["allocateOneInvocations"].as_u64();
            let outcome = one(vector, Quirks::KUBE, expected, invocations);
            result.count(outcome.map_err(|difference| named(vector, difference)));
        }
        sheet.add(&format!("tables/allocator.jsonl, {channel}"), &result)?;
    }
    Ok(())
}

/// `quirks.jsonl`: as deployed, and mended.
pub(super) fn quirks(path: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let (mut deployed, mut mended) = (FileResult::default(), FileResult::default());
    for vector in json_lines::<Value>(path)? {
        let expected = &vector["expected"];
        let invocations = expected["allocateOneInvocations"].as_u64();
        let outcome = one(&vector, Quirks::KUBE, expected, invocations);
        deployed.count(outcome.map_err(|difference| named(&vector, difference)));
        // Nobody mended B5; for the others the number of steps is recorded too.
        if let Some(expected) = vector.get("withAllFixes") {
            let invocations = expected["allocateOneInvocations"].as_u64();
            let outcome = one(&vector, Quirks::NONE, expected, invocations);
            mended.count(outcome.map_err(|difference| named(&vector, difference)));
        }
    }
    sheet.add("tables/quirks.jsonl, as deployed", &deployed)?;
    sheet.add("tables/quirks.jsonl, mended", &mended)
}

fn named(vector: &Value, difference: Difference) -> Difference {
    let at = format!("{}: {}", text(vector, "name"), difference.at);
    Difference { at, ..difference }
}

fn one(
    vector: &Value,
    quirks: Quirks,
    expected: &Value,
    invocations: Option<u64>,
) -> Result<(), Difference> {
    let cluster = read::cluster(vector, std::iter::once(&vector["node"]))?;
    let features = read::features(&vector["features"])?;
    let mut allocator = Allocator::new(cluster, features, quirks);
    in_use(&mut allocator, &vector["allocatedState"])?;
    let claims = read::claims(vector)?;
    let mut attempt = allocator.attempt(&claims);
    let outcome = attempt.on(NodeId(0));
    let got = Answer::new(outcome, |solution| attempt.results(solution), "error");
    check("outcome", &text(expected, "outcome"), &got.outcome)?;
    check("error", &text(expected, "errorKind"), &got.error.as_str())?;
    let recorded = read::allocations(expected)?;
    check(
        "allocations",
        &recorded,
        &read::comparable(&got.allocations),
    )?;
    check("invocations", &invocations, &Some(got.invocations))
}

/// What is in use before.
fn in_use(allocator: &mut Allocator, state: &Value) -> Result<(), Difference> {
    let mut take = |one: &Value, what: &UseOf| {
        let name = |key| text(one, key);
        allocator.take(name("driver"), name("pool"), name("device"), what);
    };
    for one in list(state, "devices") {
        take(one, &UseOf::Whole);
    }
    for one in list(state, "sharedDevices") {
        take(one, &UseOf::Share);
    }
    for one in list(state, "consumedCapacity") {
        let result = json!({"devices": {"results": [one]}});
        let result = manifest::allocation_result(&result);
        let mut result = result.map_err(|error| read::unreadable("consumedCapacity", error))?;
        let amounts = result.devices.pop().unwrap_or_default().consumed_capacity;
        take(one, &UseOf::Consumed(amounts));
    }
    Ok(())
}
