//! Answers about a workload, for people and for programs.

use super::change;
use gpusched_core::kube::Quantity;
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::diagnose::{
    Admittance, Answer, Change, PodSetFindings, Victim, Waiting,
};
use gpusched_core::queueing::kueue::objects::PodSetAssignment;
use serde_json::{Map, Value, json};

/// Names of workloads.
pub(super) struct Names<'k> {
    pub(super) kueue: &'k Kueue,
}

impl Names<'_> {
    fn key(&self, victim: &Victim) -> String {
        self.kueue.workload(victim.workload).key()
    }
}

/// For people: a word, then lines that begin with two spaces.
pub(super) fn text(names: &Names<'_>, answer: &Answer) -> String {
    match answer {
        Answer::Admitted(given) => admitted(given),
        Answer::Preempting(victims) => {
            let mut text = "PREEMPTING\n".to_owned();
            for one in victims {
                let leaving = match one.leaving {
                    true => ", on its way out already",
                    false => "",
                };
                text += &format!(
                    "  {} of {}, priority {} ({}){leaving}\n",
                    names.key(one),
                    one.cluster_queue,
                    one.priority,
                    one.reason
                );
            }
            text
        }
        Answer::Pending(waiting) => pending(waiting),
    }
}

fn admitted(given: &Admittance) -> String {
    let mut text = match given.checks.is_empty() {
        true => format!("ADMITTED by {}\n", given.admission.cluster_queue),
        false => format!("QUOTA RESERVED in {}\n", given.admission.cluster_queue),
    };
    for one in &given.admission.pod_sets {
        let pods = if one.count == 1 { "pod" } else { "pods" };
        text += &format!("  {}: {} {pods}", one.name, one.count);
        for (resource, flavor) in &one.flavors {
            let amount = one.usage.get(resource).copied().unwrap_or(0);
            let amount = Quantity::of_resource(resource, amount);
            text += &format!(", {amount} {resource} of {flavor}");
        }
        text += "\n";
        if let Some(topology) = &one.topology {
            text += &format!("    at {}\n", topology.levels.join(", "));
            for domain in &topology.domains {
                let place = domain.values.join(", ");
                text += &format!("      {place}: {}\n", domain.count);
            }
        }
    }
    if !given.checks.is_empty() {
        text += &format!("  waits for checks: {}\n", given.checks.join(", "));
    }
    if given.places_later {
        text += "  its places are decided after these\n";
    }
    text
}

fn pending(waiting: &Waiting) -> String {
    let mut text = format!("PENDING ({})\n", waiting.reason);
    if !waiting.message.is_empty() {
        text += &format!("  {}\n", waiting.message);
    }
    if waiting.changes.is_empty() && waiting.pod_sets.is_empty() {
        return text;
    }
    text += "  what would have to change:\n";
    for change in &waiting.changes {
        text += &format!("    {}\n", change::text(change));
    }
    for one in &waiting.pod_sets {
        let several = one.ways.len() > 1;
        let pods = if one.count == 1 { "pod" } else { "pods" };
        text += &format!("    pod set {} ({} {pods})", one.name, one.count);
        text += if several { ", one of:\n" } else { ":\n" };
        for way in &one.ways {
            let changes: Vec<String> = way.changes.iter().map(change::text).collect();
            let changes = changes.join("; and ");
            text += &match &way.flavor {
                Some(flavor) => format!("      {flavor}: {changes}\n"),
                None => format!("      {changes}\n"),
            };
        }
    }
    text
}

/// For programs. `answer` says which of the other fields are there.
pub(super) fn json(names: &Names<'_>, answer: &Answer) -> Value {
    match answer {
        Answer::Admitted(given) => json!({
            "answer": match given.checks.is_empty() && !given.places_later {
                true => "admitted",
                false => "quota-reserved",
            },
            "cluster_queue": given.admission.cluster_queue,
            "pod_sets": given.admission.pod_sets.iter().map(pod_set).collect::<Vec<_>>(),
            "waits_for_checks": given.checks,
            "places_later": given.places_later,
        }),
        Answer::Preempting(victims) => {
            let victims = victims.iter().map(|one| {
                json!({
                    "workload": names.key(one),
                    "cluster_queue": one.cluster_queue,
                    "priority": one.priority,
                    "reason": one.reason.to_string(),
                    "leaving": one.leaving,
                })
            });
            json!({"answer": "preempting", "victims": victims.collect::<Vec<_>>()})
        }
        Answer::Pending(waiting) => json!({
            "answer": "pending",
            "reason": waiting.reason,
            "message": waiting.message,
            "changes": changes(&waiting.changes),
            "pod_sets": waiting.pod_sets.iter().map(findings).collect::<Vec<_>>(),
        }),
    }
}

fn changes(all: &[Change]) -> Vec<Value> {
    all.iter().map(change::json).collect()
}

fn findings(one: &PodSetFindings) -> Value {
    let ways = one.ways.iter().map(|way| {
        json!({
            "flavor": way.flavor,
            "changes": changes(&way.changes),
        })
    });
    json!({
        "name": one.name,
        "count": one.count,
        "one_of": ways.collect::<Vec<_>>(),
    })
}

fn pod_set(one: &PodSetAssignment) -> Value {
    let usage = one.usage.iter().map(|(resource, amount)| {
        let amount = Quantity::of_resource(resource, *amount).to_string();
        (resource.clone(), Value::String(amount))
    });
    let topology = one.topology.as_ref().map(|topology| {
        let domains = topology.domains.iter();
        let domains = domains.map(|one| json!({"values": one.values, "count": one.count}));
        json!({"levels": topology.levels, "domains": domains.collect::<Vec<_>>()})
    });
    json!({
        "name": one.name,
        "count": one.count,
        "flavors": one.flavors,
        "usage": usage.collect::<Map<_, _>>(),
        "topology": topology,
    })
}
