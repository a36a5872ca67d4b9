//! What keeps a workload out before any decision about it.

use super::super::Gates;
use super::super::cycle::Kueue;
use super::super::ids::WorkloadId;
use super::super::objects::Workload;
use super::super::status::{Blocked, Status};
use super::super::workload::{is_admissible, not_before};
use super::{Change, Waiting};
use crate::units::Time;

const GATED_BY: &str = "kueue.x-k8s.io/admission-gated-by";

/// Why a workload is in no queue, or may not leave it yet; `None` if it may have its turn.
pub(super) fn kept_out(kueue: &Kueue, id: WorkloadId, now: Time) -> Option<Waiting> {
    let workload = kueue.workload(id);
    let waiting = |reason, message: String, change| Waiting {
        reason,
        message,
        changes: vec![change],
        ..Waiting::default()
    };
    if let Some((reason, message, change)) = itself(workload, kueue.gates()) {
        return Some(waiting(reason, message, change));
    }
    if let Some((blocked, message, change)) = queue(kueue, workload) {
        return Some(waiting(blocked.reason(), message, change));
    }
    let until = not_before(workload).filter(|until| now < *until)?;
    let message = "The workload was evicted and its backoff is not over".to_owned();
    Some(waiting(
        "PendingEvaluation",
        message,
        Change::WaitUntil(until),
    ))
}

/// What the workload's own object says.
fn itself(workload: &Workload, gates: Gates) -> Option<(&'static str, String, Change)> {
    if workload.is("Finished") {
        let message = "The workload has finished".to_owned();
        return Some(("Finished", message, Change::SubmitAgain));
    }
    if workload.inactive {
        let message = "The workload is deactivated".to_owned();
        return Some(("Deactivated", message, Change::Activate));
    }
    if is_admissible(workload, &gates) {
        return None;
    }
    let gated = workload.annotations.get(GATED_BY);
    if let Some(by) = gated.filter(|by| gates.admission_gated_by && !by.is_empty()) {
        let message = format!("Admission is gated by: {by}");
        return Some((
            "AdmissionGated",
            message,
            Change::OpenAdmissionGate(by.clone()),
        ));
    }
    let what = match workload.is("WaitingForReplacementPods") {
        true => "WaitingForReplacementPods",
        false => "OnHold",
    };
    let message = format!("The workload is kept waiting: {what}");
    Some(("Suspended", message, Change::Release(what)))
}

/// What the queues it goes through say.
fn queue(kueue: &Kueue, workload: &Workload) -> Option<(Blocked, String, Change)> {
    let objects = kueue.objects();
    let status = Status::new(objects, kueue.gates());
    let blocked = status.workload(workload)?;
    let name = &workload.queue;
    let mut doors = objects.local_queues.iter();
    let door = doors.find(|one| one.namespace == workload.namespace && one.name == *name);
    let behind = door.map_or("", |one| one.cluster_queue.as_str());
    let (message, change) = match blocked {
        Blocked::NoLocalQueue => (
            format!("LocalQueue {name} doesn't exist"),
            Change::CreateLocalQueue {
                namespace: workload.namespace.clone(),
                name: name.clone(),
            },
        ),
        Blocked::NoClusterQueue => (
            format!("ClusterQueue {behind} doesn't exist"),
            Change::CreateClusterQueue(behind.to_owned()),
        ),
        Blocked::LocalQueueStopped => (
            format!("LocalQueue {name} is inactive"),
            Change::ReleaseLocalQueue(name.clone()),
        ),
        Blocked::ClusterQueueInactive => {
            let queue = status.queue_of(workload);
            let inactive = queue.map_or_else(Vec::new, |queue| status.cluster_queue(queue));
            (
                format!("ClusterQueue {behind} is inactive"),
                Change::ActivateClusterQueue {
                    name: behind.to_owned(),
                    inactive,
                },
            )
        }
    };
    Some((blocked, message, change))
}
