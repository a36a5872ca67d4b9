//! What queues have to know of a workload.

use super::super::ids::{LocalQueueId, NamespaceId};
use super::super::objects::Workload;
use super::super::quota::Names;
use super::super::workload::{
    EquivalenceClass, effective_priority, not_before, queue_order_timestamp,
};
use super::super::{Gates, RequeuingTimestamp};
use super::Pending;
use crate::units::Time;
use std::cmp::Ordering;

/// A workload that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingWorkload {
    /// Its effective priority.
    pub priority: i64,
    /// The time it is queued by.
    pub queued: Time,
    /// Its UID: Kueue's last word.
    pub uid: Box<str>,
    /// Its reference, namespace and name: the last word here.
    pub name: Box<str>,
    /// `metadata.generation`.
    pub generation: i64,
    /// Its namespace.
    pub namespace: NamespaceId,
    /// The LocalQueue it came through.
    pub local_queue: Option<LocalQueueId>,
    /// Those that are decided as it is; `None` = not known.
    pub class: Option<EquivalenceClass>,
    /// When it may come back, if it was sent away; [`Time::NEVER`] = when it is updated.
    pub not_before: Option<Time>,
}

impl PendingWorkload {
    /// What a Workload object of this class says.
    pub fn new(
        workload: &Workload,
        class: Option<EquivalenceClass>,
        pending: &Pending,
        names: &Names,
        gates: &Gates,
        requeuing: RequeuingTimestamp,
    ) -> PendingWorkload {
        PendingWorkload {
            priority: effective_priority(workload, gates),
            queued: queue_order_timestamp(workload, gates, requeuing),
            uid: workload.uid.as_str().into(),
            name: format!("{}/{}", workload.namespace, workload.name).into(),
            generation: workload.generation,
            namespace: pending.namespace(&workload.namespace),
            local_queue: names.local_queue(&workload.namespace, &workload.queue),
            class,
            not_before: not_before(workload),
        }
    }

    pub(super) fn backoff_expired(&self, now: Time) -> bool {
        self.not_before.is_none_or(|until| now >= until)
    }

    /// Queue order, but for what changes with the state of the queue: higher priority, earlier
    /// time, UID, name.
    pub(super) fn order(&self, other: &PendingWorkload) -> Ordering {
        other
            .priority
            .cmp(&self.priority)
            .then_with(|| self.queued.cmp(&other.queued))
            .then_with(|| self.uid.cmp(&other.uid))
            .then_with(|| self.name.cmp(&other.name))
    }
}
