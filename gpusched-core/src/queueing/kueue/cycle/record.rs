//! The workloads, with what is compiled of them.

use super::super::flavors::{LastAssignment, Shape};
use super::super::ids::{ClusterQueueId, LocalQueueId, NamespaceId, WorkloadId};
use super::super::objects::{Condition, Workload};
use super::super::workload::EquivalenceClass;
use super::outcome::{Explanation, QuotaReservedReason};
use crate::kube::Container;
use crate::units::Time;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// One workload. The object is what the API server would hold; the rest follows from it.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) object: Workload,
    /// The ClusterQueue its LocalQueue leads to, or that gave it quota.
    pub(super) queue: Option<ClusterQueueId>,
    pub(super) local_queue: Option<LocalQueueId>,
    pub(super) namespace: NamespaceId,
    /// Whether its namespace exists.
    pub(super) has_namespace: bool,
    pub(super) priority: i64,
    pub(super) queued: Time,
    pub(super) shape: Arc<Shape>,
    pub(super) class: Option<EquivalenceClass>,
    /// Where the last search for flavors stood.
    pub(super) last: Option<LastAssignment>,
    /// Why it is pending.
    pub(super) why: Option<(Option<QuotaReservedReason>, Explanation)>,
    /// Whether some container requests more than its limit.
    pub(super) above_limits: bool,
    /// It was deleted.
    pub(super) gone: bool,
}

impl Record {
    pub(super) fn reserved(&self) -> bool {
        self.object.is("QuotaReserved")
    }
}

/// All workloads ever seen, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    table: Vec<Record>,
    by_key: FxHashMap<(String, String), WorkloadId>,
}

impl Records {
    pub(super) fn push(&mut self, record: Record) -> WorkloadId {
        let id = WorkloadId::from(self.table.len());
        let key = (record.object.namespace.clone(), record.object.name.clone());
        self.by_key.insert(key, id);
        self.table.push(record);
        id
    }

    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<WorkloadId> {
        let key = (namespace.to_owned(), name.to_owned());
        self.by_key.get(&key).copied().filter(|id| !self[*id].gone)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = WorkloadId> + use<> {
        (0..self.table.len()).map(WorkloadId::from)
    }
}

impl std::ops::Index<WorkloadId> for Records {
    type Output = Record;

    fn index(&self, id: WorkloadId) -> &Record {
        &self.table[id.index()]
    }
}

impl std::ops::IndexMut<WorkloadId> for Records {
    fn index_mut(&mut self, id: WorkloadId) -> &mut Record {
        &mut self.table[id.index()]
    }
}

/// Sets a condition. The time of one whose status stays is kept, as the API machinery does.
pub(super) fn set_condition(
    object: &mut Workload,
    kind: &str,
    status: bool,
    reason: &str,
    now: Time,
) {
    let known = object.conditions.iter_mut().find(|one| one.kind == kind);
    match known {
        Some(known) => {
            if known.status != status {
                known.status = status;
                known.at = now;
            }
            if known.reason != reason {
                reason.clone_into(&mut known.reason);
            }
            known.message.clear();
        }
        None => object.conditions.push(Condition {
            kind: kind.to_owned(),
            status,
            reason: reason.to_owned(),
            message: String::new(),
            at: now,
        }),
    }
}

/// Whether some container requests more of a resource than its limit.
pub(super) fn above_limits(object: &Workload) -> bool {
    let above = |one: &Container| {
        let limits = one.limits.iter();
        let mut requests =
            limits.filter_map(|(name, limit)| Some((one.requests.get(name)?, limit)));
        requests.any(|(request, limit)| request > limit)
    };
    let pods = object.pod_sets.iter().map(|one| &one.template);
    let mut containers = pods.flat_map(|pod| pod.init_containers.iter().chain(&pod.containers));
    containers.any(above)
}
