//! Whom a workload rather preempts.

use super::super::ids::{ClusterQueueId, LocalQueueId};
use super::holders::Holder;
use crate::units::Time;
use std::cmp::Ordering;

/// What a LocalQueue used in the past, where admission is shared fairly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalQueueUse {
    /// Weighted use.
    pub usage: f64,
    /// A number that LocalQueues of the same name, in whatever namespace, have in common: Kueue
    /// compares the names alone.
    pub name: u32,
}

/// The order in which victims are considered: those on their way out first, then those of other
/// queues, those of LocalQueues that used more (within one ClusterQueue), lower priority, later
/// reservation; at last UID and name.
///
/// `own` is the ClusterQueue of the incoming workload, `now` stands in for reservations that are
/// not recorded yet.
///
/// Source: `pkg/scheduler/preemption/common/ordering.go`.
pub fn candidates_ordering(
    a: &Holder,
    b: &Holder,
    own: ClusterQueueId,
    now: Time,
    local_queues: &[Option<LocalQueueUse>],
) -> Ordering {
    b.evicted
        .cmp(&a.evicted)
        .then_with(|| (a.cluster_queue == own).cmp(&(b.cluster_queue == own)))
        .then_with(|| by_local_queue(a, b, local_queues))
        .then_with(|| a.priority.cmp(&b.priority))
        .then_with(|| b.reserved.unwrap_or(now).cmp(&a.reserved.unwrap_or(now)))
        .then_with(|| a.uid.cmp(&b.uid))
        .then_with(|| a.name.cmp(&b.name))
}

fn by_local_queue(a: &Holder, b: &Holder, uses: &[Option<LocalQueueUse>]) -> Ordering {
    if uses.is_empty() || a.cluster_queue != b.cluster_queue {
        return Ordering::Equal;
    }
    let used = |queue: Option<LocalQueueId>| *uses.get(queue?.index())?;
    match (used(a.local_queue), used(b.local_queue)) {
        (Some(a), Some(b)) if a.name != b.name => b.usage.total_cmp(&a.usage),
        _ => Ordering::Equal,
    }
}
