//! What would have to change, in a sentence and as data.

use gpusched_core::kube::{Effect, Quantity, Taint};
use gpusched_core::queueing::kueue::Amount;
use gpusched_core::queueing::kueue::diagnose::{Binding, Change, Shortfall};
use gpusched_core::queueing::kueue::objects::{Preemption, PreemptionPolicy};
use gpusched_core::queueing::kueue::status::Inactive;
use gpusched_core::units::Time;
use serde_json::{Value, json};

fn amount(resource: &str, amount: Amount) -> String {
    match amount.is_unlimited() {
        true => "unlimited".to_owned(),
        false => Quantity::of_resource(resource, amount.0).to_string(),
    }
}

/// As Kubernetes writes it: `key=value:effect`.
fn taint(taint: &Taint) -> String {
    let value = match taint.value.as_str() {
        "" => String::new(),
        value => format!("={value}"),
    };
    let effect = match taint.effect {
        Effect::NoSchedule => "NoSchedule",
        Effect::PreferNoSchedule => "PreferNoSchedule",
        Effect::NoExecute => "NoExecute",
    };
    format!("{}{value}:{effect}", taint.key)
}

fn policy(policy: PreemptionPolicy) -> &'static str {
    match policy {
        PreemptionPolicy::Never => "Never",
        PreemptionPolicy::LowerPriority => "LowerPriority",
        PreemptionPolicy::LowerOrNewerEqualPriority => "LowerOrNewerEqualPriority",
        PreemptionPolicy::Any => "Any",
    }
}

fn preemption(rules: &Preemption) -> [(&'static str, &'static str); 3] {
    [
        ("withinClusterQueue", policy(rules.within_cluster_queue)),
        ("reclaimWithinCohort", policy(rules.reclaim_within_cohort)),
        (
            "borrowWithinCohort",
            policy(rules.borrow_within_cohort.policy),
        ),
    ]
}

fn kind(is_cohort: bool) -> &'static str {
    match is_cohort {
        true => "Cohort",
        false => "ClusterQueue",
    }
}

fn quota(one: &Shortfall) -> String {
    let missing = amount(&one.resource, one.missing);
    let (resource, node, kind) = (&one.resource, &one.node, kind(one.is_cohort));
    match one.binding {
        Binding::Quota => format!("{missing} more {resource} has to be free in {kind} {node}"),
        Binding::BorrowingLimit => format!(
            "{missing} more {resource} has to be free in {kind} {node}, or its borrowingLimit be higher"
        ),
    }
}

fn inactive(all: &[Inactive]) -> String {
    let all = all.iter();
    let all: Vec<String> = all.map(|why| format!("{}: {why}", why.reason)).collect();
    all.join("; ")
}

/// In a sentence.
pub(super) fn text(change: &Change) -> String {
    match change {
        Change::FreeQuota(shortfall) => quota(shortfall),
        Change::BelowMaximum {
            resource,
            asked,
            maximum,
        } => format!(
            "{} {resource} is more than there could ever be ({}): ask for less, or add quota",
            amount(resource, *asked),
            amount(resource, *maximum)
        ),
        Change::AllowPreemption(rules) => {
            let rules = preemption(rules).map(|(name, policy)| format!("{name}: {policy}"));
            format!("nobody may be preempted ({})", rules.join(", "))
        }
        Change::Priority(priority) => format!("with priority {priority} it would preempt"),
        Change::Tolerate(one) => format!("a toleration of taint {}", taint(one)),
        Change::MatchNodeLabels => {
            "node selector and affinity have to match the flavor's node labels".to_owned()
        }
        Change::DeclareResource(resource) => {
            format!("the ClusterQueue has to have quota of {resource}")
        }
        Change::CreateFlavor => "the ResourceFlavor has to exist".to_owned(),
        Change::GiveTopology => "the flavor has to have a topology".to_owned(),
        Change::CreateTopology => "the Topology of the flavor has to exist".to_owned(),
        Change::HaveLevel => "its topology has to have the requested level".to_owned(),
        Change::AskForTopology => {
            "the pods have to ask for a topology, as the flavor has one".to_owned()
        }
        Change::FindPlace(why) => format!("a place in the topology: {why}"),
        Change::KeepFlavor => "the slice it replaces has another flavor".to_owned(),
        Change::OtherVariant => "another variant of the workload is for this flavor".to_owned(),
        Change::CreateLocalQueue { namespace, name } => {
            format!("LocalQueue {name} has to exist in namespace {namespace}")
        }
        Change::CreateClusterQueue(name) => format!("ClusterQueue {name} has to exist"),
        Change::ReleaseLocalQueue(name) => {
            format!("LocalQueue {name} has to be released (stopPolicy: None)")
        }
        Change::ActivateClusterQueue {
            name,
            inactive: why,
        } => {
            format!(
                "ClusterQueue {name} has to become active ({})",
                inactive(why)
            )
        }
        Change::CreateNamespace(name) => format!("namespace {name} has to exist"),
        Change::SelectNamespace {
            namespace,
            cluster_queue,
        } => format!(
            "the namespaceSelector of ClusterQueue {cluster_queue} has to match namespace {namespace}"
        ),
        Change::RaiseLimits => "no container may request more than its limits".to_owned(),
        Change::Activate => "spec.active has to be true".to_owned(),
        Change::SubmitAgain => "only a new one can run".to_owned(),
        Change::OpenAdmissionGate(gates) => format!("admission gates have to open: {gates}"),
        Change::OpenPreemptionGates(gates) => {
            format!("preemption gates have to open: {}", gates.join(", "))
        }
        Change::WaitUntil(Time::NEVER) => "it has to be requeued".to_owned(),
        Change::WaitUntil(until) => format!("its backoff has to end ({})", instant(*until)),
        Change::Release(what) => format!("{what} has to end"),
        Change::PassChecks(checks) => {
            format!("admission checks have to pass: {}", checks.join(", "))
        }
        Change::PodsReady(workloads) => {
            format!("pods have to become ready of {}", workloads.join(", "))
        }
        Change::Unblock(first) => format!("{first}, the head of the queue, has to get its quota"),
    }
}

fn instant(time: Time) -> String {
    jiff::Timestamp::from_microsecond(time.0).map_or_else(|_| String::new(), |at| at.to_string())
}

/// As data: `change` is the kind, `text` the sentence; amounts are Kubernetes quantities.
pub(super) fn json(change: &Change) -> Value {
    let mut value = match change {
        Change::FreeQuota(one) => json!({
            "change": "free-quota",
            "flavor": one.flavor,
            "resource": one.resource,
            "missing": amount(&one.resource, one.missing),
            "within": {"kind": kind(one.is_cohort), "name": one.node},
            "binding": match one.binding {
                Binding::Quota => "quota",
                Binding::BorrowingLimit => "borrowing-limit",
            },
        }),
        Change::BelowMaximum {
            resource,
            asked,
            maximum,
        } => json!({
            "change": "below-maximum",
            "resource": resource,
            "asked": amount(resource, *asked),
            "maximum": amount(resource, *maximum),
        }),
        Change::AllowPreemption(rules) => {
            let mut value = json!({"change": "allow-preemption"});
            for (name, policy) in preemption(rules) {
                value[name] = policy.into();
            }
            value
        }
        Change::Priority(priority) => json!({"change": "priority", "priority": priority}),
        Change::Tolerate(one) => json!({"change": "tolerate", "taint": taint(one)}),
        Change::MatchNodeLabels => json!({"change": "match-node-labels"}),
        Change::DeclareResource(resource) => {
            json!({"change": "declare-resource", "resource": resource})
        }
        Change::CreateFlavor => json!({"change": "create-flavor"}),
        Change::GiveTopology => json!({"change": "give-topology"}),
        Change::CreateTopology => json!({"change": "create-topology"}),
        Change::HaveLevel => json!({"change": "have-level"}),
        Change::AskForTopology => json!({"change": "ask-for-topology"}),
        Change::FindPlace(why) => json!({"change": "find-place", "why": why}),
        Change::KeepFlavor => json!({"change": "keep-flavor"}),
        Change::OtherVariant => json!({"change": "other-variant"}),
        Change::CreateLocalQueue { namespace, name } => {
            json!({"change": "create-local-queue", "namespace": namespace, "name": name})
        }
        Change::CreateClusterQueue(name) => json!({"change": "create-cluster-queue", "name": name}),
        Change::ReleaseLocalQueue(name) => json!({"change": "release-local-queue", "name": name}),
        Change::ActivateClusterQueue { name, inactive } => json!({
            "change": "activate-cluster-queue",
            "name": name,
            "inactive": inactive.iter().map(|why| why.reason.to_string()).collect::<Vec<_>>(),
        }),
        Change::CreateNamespace(name) => json!({"change": "create-namespace", "name": name}),
        Change::SelectNamespace {
            namespace,
            cluster_queue,
        } => json!({
            "change": "select-namespace",
            "namespace": namespace,
            "cluster_queue": cluster_queue,
        }),
        Change::RaiseLimits => json!({"change": "raise-limits"}),
        Change::Activate => json!({"change": "activate"}),
        Change::SubmitAgain => json!({"change": "submit-again"}),
        Change::OpenAdmissionGate(gates) => {
            json!({"change": "open-admission-gate", "gates": gates})
        }
        Change::OpenPreemptionGates(gates) => {
            json!({"change": "open-preemption-gates", "gates": gates})
        }
        Change::WaitUntil(Time::NEVER) => json!({"change": "wait", "until": null}),
        Change::WaitUntil(until) => json!({"change": "wait", "until": instant(*until)}),
        Change::Release(what) => json!({"change": "release", "from": what}),
        Change::PassChecks(checks) => json!({"change": "pass-checks", "checks": checks}),
        Change::PodsReady(workloads) => json!({"change": "pods-ready", "workloads": workloads}),
        Change::Unblock(first) => json!({"change": "unblock", "head": first}),
    };
    value["text"] = text(change).into();
    value
}
