//! The workloads that hold quota.

use super::super::ids::{ClusterQueueId, FlavorResourceId, LocalQueueId, WorkloadId};
use super::super::objects::Workload;
use super::super::quota::Names;
use super::super::requests::PodSetRequests;
use super::super::workload::{effective_priority, is_evicted, queue_order_timestamp};
use super::super::{Amount, Gates, RequeuingTimestamp};
use crate::units::Time;

/// What preemption has to know of a workload that holds quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The queue whose quota it holds.
    pub cluster_queue: ClusterQueueId,
    /// The LocalQueue it came through, if that exists.
    pub local_queue: Option<LocalQueueId>,
    /// Its effective priority.
    pub priority: i64,
    /// The time it was queued by.
    pub queued: Time,
    /// When its quota was reserved; `None` = that is not recorded yet.
    pub reserved: Option<Time>,
    /// It is being evicted already.
    pub evicted: bool,
    /// Its UID: the last word of Kueue between two victims.
    pub uid: Box<str>,
    /// Its reference, namespace and name: the last word here, where UIDs are not unique.
    pub name: Box<str>,
    /// What it holds, one entry per flavor-resource it was assigned, zero included.
    pub usage: Box<[(FlavorResourceId, Amount)]>,
}

impl Holder {
    /// What a Workload object says, with its effective requests. `None` when it holds no quota of
    /// a ClusterQueue that exists. Flavor-resources without a name are not counted.
    pub fn new(
        workload: &Workload,
        requests: &[PodSetRequests],
        names: &Names,
        gates: &Gates,
        requeuing: RequeuingTimestamp,
    ) -> Option<Holder> {
        let admission = workload.admission.as_ref()?;
        let reservation = workload.condition("QuotaReserved");
        Some(Holder {
            cluster_queue: names.cluster_queue(&admission.cluster_queue)?,
            local_queue: names.local_queue(&workload.namespace, &workload.queue),
            priority: effective_priority(workload, gates),
            queued: queue_order_timestamp(workload, gates, requeuing),
            reserved: reservation.filter(|one| one.status).map(|one| one.at),
            evicted: is_evicted(workload),
            uid: workload.uid.as_str().into(),
            name: format!("{}/{}", workload.namespace, workload.name).into(),
            usage: assigned(requests, names).into(),
        })
    }

    /// Whether it was assigned one of these.
    #[inline]
    pub fn uses(&self, frs: &[FlavorResourceId]) -> bool {
        self.usage.iter().any(|(fr, _)| frs.contains(fr))
    }
}

/// What pod sets were assigned, added up by flavor-resource.
fn assigned(requests: &[PodSetRequests], names: &Names) -> Vec<(FlavorResourceId, Amount)> {
    let mut usage: Vec<(FlavorResourceId, Amount)> = Vec::new();
    for pod_set in requests {
        for (resource, flavor) in &pod_set.flavors {
            let parts = names.flavor(flavor).zip(names.resource(resource));
            let Some(fr) = parts.and_then(|(flavor, r)| names.flavor_resource(flavor, r)) else {
                continue;
            };
            let value = Amount(pod_set.requests.get(resource).copied().unwrap_or(0));
            match usage.iter_mut().find(|(known, _)| *known == fr) {
                Some((_, sum)) => *sum = *sum + value,
                None => usage.push((fr, value)),
            }
        }
    }
    usage
}

#[derive(Clone, Debug)]
struct Held {
    workload: WorkloadId,
    holder: Holder,
    /// Where it is in the list of its queue.
    at: usize,
    hidden: bool,
}

const NOBODY: u32 = u32::MAX;

/// All workloads that hold quota. Putting one in and taking one out is O(1).
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// By workload: its place in `held`.
    place: Vec<u32>,
    held: Vec<Held>,
    by_queue: Vec<Vec<WorkloadId>>,
}

impl Holders {
    /// Nobody holds anything.
    pub fn new() -> Holders {
        Holders::default()
    }

    /// A workload holds quota from now on. The quota itself is counted elsewhere
    /// ([`Quota::add_usages`](super::super::Quota::add_usages)). Replaces what was known of the
    /// workload.
    pub fn insert(&mut self, workload: WorkloadId, holder: Holder) {
        self.remove(workload);
        let queue = holder.cluster_queue.index();
        if self.place.len() <= workload.index() {
            self.place.resize(workload.index() + 1, NOBODY);
        }
        if self.by_queue.len() <= queue {
            self.by_queue.resize(queue + 1, Vec::new());
        }
        self.place[workload.index()] = self.held.len() as u32;
        self.held.push(Held {
            workload,
            at: self.by_queue[queue].len(),
            hidden: false,
            holder,
        });
        self.by_queue[queue].push(workload);
    }

    /// It holds none any more. `None` when it held none.
    pub fn remove(&mut self, workload: WorkloadId) -> Option<Holder> {
        let place = self.place_of(workload)?;
        self.place[workload.index()] = NOBODY;
        let gone = self.held.swap_remove(place);
        if let Some(moved) = self.held.get(place) {
            self.place[moved.workload.index()] = place as u32;
        }
        let queue = gone.holder.cluster_queue.index();
        self.by_queue[queue].swap_remove(gone.at);
        if let Some(&moved) = self.by_queue[queue].get(gone.at)
            && let Some(place) = self.place_of(moved)
        {
            self.held[place].at = gone.at;
        }
        Some(gone.holder)
    }

    /// What is known of a workload that holds quota.
    pub fn find(&self, workload: WorkloadId) -> Option<&Holder> {
        self.place_of(workload)
            .map(|place| &self.held[place].holder)
    }

    /// It is being evicted from now on: it is the first to be taken as a victim, for it costs
    /// nothing more. Nothing happens when it holds no quota.
    pub fn set_evicted(&mut self, workload: WorkloadId) {
        if let Some(place) = self.place_of(workload) {
            self.held[place].holder.evicted = true;
        }
    }

    /// Keeps a workload out of the candidates, or lets it in again; its quota is not touched.
    /// Nothing happens when it holds no quota.
    pub fn set_hidden(&mut self, workload: WorkloadId, hidden: bool) {
        if let Some(place) = self.place_of(workload) {
            self.held[place].hidden = hidden;
        }
    }

    /// How many hold quota.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether nobody does.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Those that hold quota of a queue and are not hidden, in no particular order.
    pub fn of_cluster_queue(
        &self,
        queue: ClusterQueueId,
    ) -> impl Iterator<Item = (WorkloadId, &Holder)> {
        let all = self
            .by_queue
            .get(queue.index())
            .map_or(&[][..], Vec::as_slice);
        all.iter()
            .map(|workload| &self.held[self.place[workload.index()] as usize])
            .filter(|held| !held.hidden)
            .map(|held| (held.workload, &held.holder))
    }

    /// Of a workload that is known to hold quota: a candidate.
    #[inline]
    pub(super) fn get(&self, workload: WorkloadId) -> &Holder {
        &self.held[self.place[workload.index()] as usize].holder
    }

    #[inline]
    fn place_of(&self, workload: WorkloadId) -> Option<usize> {
        self.place
            .get(workload.index())
            .filter(|place| **place != NOBODY)
            .map(|place| *place as usize)
    }
}
