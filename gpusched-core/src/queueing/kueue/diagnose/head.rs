//! The decision about a workload if it was its queue's head now.

use super::super::cycle::{Decided, Explanation, Kueue, QuotaReservedReason, Requeued};
use super::super::ids::WorkloadId;
use super::super::objects::{CheckPhase, Delayed, Workload};
use super::super::pending::RequeueReason;
use super::super::workload::effective_priority;
use super::Change;
use super::answer::{Admittance, Answer, Victim, Waiting};
use super::doors::kept_out;
use super::findings::findings;
use crate::units::Time;

/// How many priorities are tried to find one from which on a workload may preempt.
const PRIORITIES: usize = 16;

/// What the next cycle would decide about a workload if it was the head of its ClusterQueue and no
/// other queue had one.
///
/// One that holds quota is admitted already. O(state), and one cycle; up to 17 where nobody may be
/// preempted, to find a priority from which on somebody could.
pub fn as_head(kueue: &Kueue, id: WorkloadId, now: Time) -> Answer {
    let object = kueue.workload(id);
    let held = object.is("QuotaReserved") && !object.is("Finished") && !object.inactive;
    if held && let Some(given) = admittance(kueue, object) {
        return Answer::Admitted(given);
    }
    if let Some(waiting) = kept_out(kueue, id, now) {
        return Answer::Pending(waiting);
    }
    let Some(alone) = kueue.alone(id, now) else {
        return Answer::Pending(Waiting::default());
    };
    match alone.decided {
        Decided::Admitted(_) => {
            if let Some(waiting) = waits_for_pods(kueue) {
                return Answer::Pending(waiting);
            }
            match admittance(&alone.after, alone.after.workload(id)) {
                Some(given) => Answer::Admitted(given),
                None => Answer::Pending(Waiting::default()),
            }
        }
        Decided::Preempting(targets) => {
            let victims = targets.iter();
            let victim = |one: &_| {
                let super::super::preemption::Target { workload, reason } = *one;
                Victim::new(kueue, workload, reason)
            };
            Answer::Preempting(victims.map(victim).collect())
        }
        Decided::Evicted(_) => Answer::Pending(Waiting::default()),
        Decided::Requeued(head) => {
            let mut waiting = put_back(kueue, &head);
            let nobody = head.reason == RequeueReason::PreemptionNoCandidates;
            if nobody && let Some(priority) = priority_that_preempts(kueue, id, now) {
                waiting.changes.push(Change::Priority(priority));
            }
            Answer::Pending(waiting)
        }
    }
}

/// Why a head was put back.
pub(super) fn put_back(kueue: &Kueue, head: &Requeued) -> Waiting {
    let id = head.workload;
    let object = kueue.workload(id);
    let names = kueue.quota().names();
    let queue = names.cluster_queue_name(head.cluster_queue);
    let reason = head.quota_reserved_reason;
    let reason = reason.unwrap_or(QuotaReservedReason::PendingEvaluation);
    let mut changes = Vec::new();
    match &head.explanation {
        Explanation::NoNamespace => {
            changes.push(Change::CreateNamespace(object.namespace.clone()));
        }
        Explanation::NamespaceMismatch => changes.push(Change::SelectNamespace {
            namespace: object.namespace.clone(),
            cluster_queue: queue.to_owned(),
        }),
        Explanation::RequestsAboveLimits => changes.push(Change::RaiseLimits),
        Explanation::FailedChecks => {
            let failed = |phase| matches!(phase, CheckPhase::Retry | CheckPhase::Rejected);
            let checks = object.checks.iter().filter(|one| failed(one.phase));
            changes.push(Change::PassChecks(
                checks.map(|one| one.name.clone()).collect(),
            ));
        }
        Explanation::PreemptionGated => {
            let gates = object.preemption_gates.clone();
            changes.push(Change::OpenPreemptionGates(gates));
        }
        _ => {}
    }
    if head.reason == RequeueReason::PreemptionNoCandidates {
        let mut queues = kueue.objects().cluster_queues.iter();
        if let Some(queue) = queues.find(|one| one.name == queue) {
            changes.push(Change::AllowPreemption(queue.preemption));
        }
    }
    Waiting {
        reason: reason.as_str(),
        message: head.explanation.text(kueue.words(id)),
        pod_sets: findings(kueue, id, head.cluster_queue, &head.explanation),
        changes,
    }
}

/// What a workload that holds quota was given, and what it waits for still.
pub(super) fn admittance(kueue: &Kueue, object: &Workload) -> Option<Admittance> {
    let admission = object.admission.clone()?;
    let assigned = || admission.pod_sets.iter();
    let flavors: Vec<&String> = assigned().flat_map(|one| one.flavors.values()).collect();
    let queues = kueue.objects().cluster_queues.iter();
    let rules = queues
        .filter(|one| one.name == admission.cluster_queue)
        .flat_map(|one| &one.checks)
        .filter(|rule| {
            let mut on = rule.on_flavors.iter();
            rule.on_flavors.is_empty() || on.any(|one| flavors.contains(&one))
        });
    let passed = |name: &str| {
        let mut checks = object.checks.iter();
        checks.any(|one| one.name == name && one.phase == CheckPhase::Ready)
    };
    let checks = rules
        .map(|rule| rule.name.clone())
        .filter(|name| !passed(name) && !object.is("Admitted"))
        .collect();
    let places_later =
        assigned().any(|one| one.topology.is_none() && one.delayed == Some(Delayed::Pending));
    Some(Admittance {
        checks,
        places_later,
        admission,
    })
}

/// `waitForPodsReady.blockAdmission`: nothing is admitted while pods of others are not ready.
pub(super) fn waits_for_pods(kueue: &Kueue) -> Option<Waiting> {
    let pods_ready = kueue.configuration().pods_ready.as_ref()?;
    if !pods_ready.block_admission || kueue.gates().disable_wait_for_pods_ready {
        return None;
    }
    let starting: Vec<String> = kueue
        .workloads()
        .map(|id| kueue.workload(id))
        .filter(|one| one.is("Admitted") && !one.is("Finished") && !one.is("PodsReady"))
        .map(|one| format!("{}/{}", one.namespace, one.name))
        .collect();
    (!starting.is_empty()).then(|| Waiting {
        reason: "WaitingForPodsReady",
        message: "waiting for all admitted workloads to be in PodsReady condition".to_owned(),
        changes: vec![Change::PodsReady(starting)],
        ..Waiting::default()
    })
}

/// A priority above one of the workloads that hold quota, with which somebody may be preempted.
fn priority_that_preempts(kueue: &Kueue, id: WorkloadId, now: Time) -> Option<i64> {
    let gates = kueue.gates();
    let own = effective_priority(kueue.workload(id), &gates);
    let holders = kueue.workloads().map(|one| kueue.workload(one));
    let mut priorities: Vec<i64> = holders
        .filter(|one| one.is("QuotaReserved") && !one.is("Finished"))
        .map(|one| effective_priority(one, &gates).saturating_add(1))
        .filter(|priority| *priority > own)
        .collect();
    priorities.sort_unstable();
    priorities.dedup();
    priorities.into_iter().take(PRIORITIES).find(|priority| {
        let Ok(value) = i32::try_from(*priority) else {
            return false;
        };
        let mut trial = kueue.clone();
        trial.update(id, |one| one.priority = Some(value), now);
        let decided = trial.alone(id, now).map(|alone| alone.decided);
        matches!(decided, Some(Decided::Preempting(_)))
    })
}
