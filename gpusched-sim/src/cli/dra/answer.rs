//! What became of pods, for people and for programs.

use super::super::terminal;
use gpusched_core::placement::dra::{Explanation, Reasons, WhyNot};
use gpusched_sim::dra::{Decided, Differs, Placement, Refused, Together};
use gpusched_sim::manifest::write;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Devices that are named for one reason before the rest is only counted.
const NAMED: usize = 8;

/// For people.
pub(super) fn table(groups: &[Together]) -> String {
    let mut text = String::new();
    let mut last = None;
    for group in groups {
        text += &heading(group);
        for placement in &group.placements {
            text += &pod(placement);
            for one in &placement.differences {
                text += &differs(one);
            }
            if placement.placed.is_none() {
                // Pods of one kind wait for the same reasons: once is enough.
                match last {
                    Some((name, refused)) if refused == &placement.refused => {
                        text += &format!("  for the reasons of {name}\n");
                    }
                    _ => {
                        text += &why_not(placement);
                        last = Some((&placement.pod, &placement.refused));
                    }
                }
            }
        }
    }
    let all = groups.iter().flat_map(|one| &one.placements);
    let placed = all.clone().filter(|one| one.placed.is_some()).count();
    let differ = all
        .clone()
        .filter(|one| !one.differences.is_empty())
        .count();
    let all = terminal::count(all.count() as u64, "pod");
    text += &format!("{placed} of {all} placed\n");
    if differ > 0 {
        let pods = terminal::count(differ as u64, "pod");
        text += &format!("{pods} met nodes where the API says otherwise\n");
    }
    text
}

/// Where the deployed allocator does not do what the API says.
fn differs(one: &Differs) -> String {
    let causes = match one.causes.as_slice() {
        [] => "several bugs together".to_owned(),
        causes => causes.join(", "),
    };
    let (deployed, mended) = (decided(&one.deployed), decided(&one.mended));
    format!(
        "  differs on {}: {deployed}, where the API says {mended} ({causes})\n",
        one.node
    )
}

fn decided(one: &Decided) -> String {
    match one {
        Decided::Devices(devices) => devices.join(", "),
        Decided::Nothing => "nothing".to_owned(),
        Decided::Error(kind) => format!("error {kind}"),
    }
}

/// What is said of pods that are placed together.
fn heading(group: &Together) -> String {
    let mut text = String::new();
    if let Some(gang) = &group.gang {
        let none = if gang.is_placed() { "" } else { ": none is" };
        text += &format!(
            "PodGroup {}: {} can be placed, at least {} must{none}\n",
            gang.name,
            terminal::count(gang.found as u64, "pod"),
            gang.least
        );
    }
    if let Some(label) = &group.label {
        text += &match &group.value {
            Some(value) => format!("Nodes with {label}={value}\n"),
            None => format!("No node has the label {label}\n"),
        };
        for (value, placed) in &group.others {
            let pods = terminal::count(*placed as u64, "pod");
            text += &format!("  among those with {value}: {pods} placed\n");
        }
    }
    text
}

fn pod(placement: &Placement) -> String {
    let mut text = String::new();
    match &placement.placed {
        Some(placed) => {
            text += &format!("{} -> {}\n", placement.pod, placed.node);
            for (claim, result) in &placed.allocations {
                for device in &result.devices {
                    text += &format!(
                        "  {claim} {}: {}/{}/{}",
                        device.request, device.driver, device.pool, device.device
                    );
                    let consumed = device.consumed_capacity.iter();
                    let consumed: Vec<String> = consumed
                        .map(|(name, amount)| format!("{name} {amount}"))
                        .collect();
                    if !consumed.is_empty() {
                        text += &format!(" ({})", consumed.join(", "));
                    }
                    text += "\n";
                }
            }
        }
        None => text += &format!("{} has no node\n", placement.pod),
    }
    text
}

fn why_not(placement: &Placement) -> String {
    let mut text = String::new();
    for (node, why) in &placement.refused {
        text += &match why {
            Refused::Selector => format!("  not {node}: node selector or affinity\n"),
            Refused::Claim(claim) => format!("  not {node}: {claim} has its devices elsewhere\n"),
            Refused::Error(failure) => format!("  not {node}: {}: {failure}\n", failure.kind),
            Refused::NoDevices(explanation) => no_devices(node, explanation),
        };
    }
    text
}

fn no_devices(node: &str, explanation: &Explanation) -> String {
    let mut text = format!("  not {node}:\n");
    for pool in &explanation.pools {
        text += &format!("    pool {} does not count: {}\n", pool.pool, pool.why);
    }
    for reasons in &explanation.requests {
        if reasons.is_met() {
            text += &format!(
                "    request {} could have {}\n",
                reasons.request,
                reasons.taken.join(", ")
            );
            continue;
        }
        let wanted = match reasons.wanted {
            Some(wanted) => terminal::count(wanted.max(0) as u64, "device"),
            None => "all devices of its kind".to_owned(),
        };
        let found = reasons.taken.len();
        text += &format!(
            "    request {} wants {wanted}, found {found}\n",
            reasons.request
        );
        for (why, devices) in grouped(reasons) {
            let named: Vec<&str> = devices.iter().take(NAMED).copied().collect();
            let more = match devices.len().saturating_sub(NAMED) {
                0 => String::new(),
                rest => format!(" and {rest} more"),
            };
            text += &format!("      {why}: {}{more}\n", named.join(", "));
        }
    }
    text
}

/// Devices by reason, in the order reasons first come up.
fn grouped(reasons: &Reasons) -> Vec<(&WhyNot, Vec<&str>)> {
    let mut order: Vec<(&WhyNot, Vec<&str>)> = Vec::new();
    let mut known: BTreeMap<&WhyNot, usize> = BTreeMap::new();
    for (device, why) in &reasons.refused {
        let at = *known.entry(why).or_insert_with(|| {
            order.push((why, Vec::new()));
            order.len() - 1
        });
        order[at].1.push(device);
    }
    order
}

/// For programs.
pub(super) fn json(groups: &[Together]) -> Value {
    let pods = groups.iter().flat_map(|one| &one.placements);
    let mut answer = json!({ "pods": pods.map(pod_json).collect::<Vec<_>>() });
    let labelled = |one: &&Together| one.label.is_some() && one.gang.is_none();
    if let Some(one) = groups.iter().find(labelled) {
        answer["label"] = json!(one.label);
        answer["value"] = json!(one.value);
        answer["others"] = json!(one.others);
    }
    let gangs = groups.iter().filter_map(|one| {
        let gang = one.gang.as_ref()?;
        Some(json!({
            "podGroup": gang.name,
            "minCount": gang.least,
            "found": gang.found,
            "placed": gang.is_placed(),
            "label": one.label,
            "value": one.value,
            "others": one.others,
        }))
    });
    let gangs: Vec<Value> = gangs.collect();
    if !gangs.is_empty() {
        answer["gangs"] = json!(gangs);
    }
    answer
}

fn pod_json(placement: &Placement) -> Value {
    let placed = placement.placed.as_ref();
    let allocations = placed.iter().flat_map(|placed| &placed.allocations);
    let allocations = allocations.map(
        |(claim, result)| json!({ "claim": claim, "allocation": write::allocation_result(result) }),
    );
    let mut pod = json!({
        "pod": placement.pod,
        "node": placed.map(|placed| &placed.node),
        "allocations": allocations.collect::<Vec<_>>(),
        "refused": placement.refused.iter().map(|(node, why)| refused(node, why)).collect::<Vec<_>>(),
    });
    if !placement.differences.is_empty() {
        let differences = placement.differences.iter().map(|one| {
            json!({
                "node": one.node,
                "deployed": decided(&one.deployed),
                "correct": decided(&one.mended),
                "causes": one.causes,
            })
        });
        pod["differences"] = differences.collect();
    }
    pod
}

fn refused(node: &str, why: &Refused) -> Value {
    match why {
        Refused::Selector => json!({ "node": node, "why": "node-selector" }),
        Refused::Claim(claim) => json!({ "node": node, "why": "claim-elsewhere", "claim": claim }),
        Refused::Error(failure) => json!({
            "node": node,
            "why": "error",
            "kind": failure.kind.name(),
            "text": failure.text,
        }),
        Refused::NoDevices(explanation) => {
            let requests = explanation.requests.iter().map(|one| {
                let devices = one.refused.iter().map(|(device, why)| {
                    json!({ "device": device, "why": why.name(), "text": why.to_string() })
                });
                json!({
                    "request": one.request,
                    "wanted": one.wanted,
                    "met": one.is_met(),
                    "taken": one.taken,
                    "refused": devices.collect::<Vec<_>>(),
                })
            });
            let pools = explanation.pools.iter();
            let pools = pools.map(|one| json!({ "pool": one.pool, "why": one.why }));
            json!({
                "node": node,
                "why": "no-devices",
                "requests": requests.collect::<Vec<_>>(),
                "pools": pools.collect::<Vec<_>>(),
            })
        }
    }
}
