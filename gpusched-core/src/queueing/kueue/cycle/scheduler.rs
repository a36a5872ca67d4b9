//! What decisions are made with.

use super::super::flavors::{Flavors, RequestedResources, Shape};
use super::super::ids::{ClusterQueueId, LocalQueueId, WorkloadId};
use super::super::objects::{StopPolicy, Workload};
use super::super::preemption::{Holder, Holders, LocalQueueUse, Preemptor};
use super::super::requests::{PodSetRequests, total_requests};
use super::super::status::Status;
use super::super::topology::Topologies;
use super::super::{Configuration, Gates, Objects, Quota, QuotaCheckStrategy};
use super::queue::Queue;
use std::sync::Arc;

/// Everything decisions are made with, but for the queues of pending workloads.
#[derive(Clone, Debug)]
pub(super) struct Scheduler {
    pub(super) gates: Gates,
    pub(super) configuration: Configuration,
    pub(super) fair_sharing: bool,
    pub(super) ignore_undeclared: bool,
    pub(super) quota: Quota,
    pub(super) holders: Holders,
    pub(super) preemptor: Preemptor,
    pub(super) flavors: Flavors,
    pub(super) resources: RequestedResources,
    /// By ClusterQueue.
    pub(super) queues: Vec<Queue>,
    pub(super) topologies: Topologies,
    /// By LocalQueue: the ClusterQueue behind it, if there is one and the LocalQueue is open.
    doors: Vec<Option<ClusterQueueId>>,
    /// By LocalQueue: what it used, where that counts.
    pub(super) local_queues: Vec<Option<LocalQueueUse>>,
    /// Cycles so far.
    pub(super) cycle: u64,
}

impl Scheduler {
    pub(super) fn new(objects: &Objects, configuration: &Configuration, gates: Gates) -> Scheduler {
        let mut quota = Quota::new(objects);
        let names = quota.names();
        let flavors = Flavors::new(objects, names);
        let status = Status::new(objects, gates);
        let mut queues = vec![Queue::default(); names.cluster_queues()];
        for queue in &objects.cluster_queues {
            if let Some(id) = names.cluster_queue(&queue.name) {
                queues[id.index()] = Queue::new(queue, objects, names, &flavors, &status);
            }
        }
        let mut doors = vec![None; names.local_queues()];
        for door in &objects.local_queues {
            if let Some(id) = names.local_queue(&door.namespace, &door.name) {
                let open = door.stop_policy == StopPolicy::None;
                // What comes through a stopped door is not queued.
                doors[id.index()] = names.cluster_queue(&door.cluster_queue).filter(|_| open);
            }
        }
        let preemptor = Preemptor::new(objects, names, configuration, &gates);
        let resources = RequestedResources::new(names);
        let topologies = Topologies::new(objects, &flavors, names, gates);
        for (index, queue) in queues.iter().enumerate() {
            let id = ClusterQueueId::from(index);
            quota.set_active(id, queue.inactive.is_empty());
        }
        Scheduler {
            gates,
            fair_sharing: configuration.fair_sharing.is_some(),
            ignore_undeclared: gates.quota_check_strategy
                && configuration.resources.quota_check == QuotaCheckStrategy::IgnoreUndeclared,
            configuration: configuration.clone(),
            quota,
            holders: Holders::new(),
            preemptor,
            flavors,
            resources,
            queues,
            topologies,
            doors,
            local_queues: Vec::new(),
            cycle: 0,
        }
    }

    /// Effective requests of a workload.
    pub(super) fn requests(&self, object: &Workload) -> Vec<PodSetRequests> {
        total_requests(object, &self.configuration.resources, self.gates)
    }

    /// Compiles what a workload asks for.
    pub(super) fn shape(&mut self, object: &Workload, requests: &[PodSetRequests]) -> Shape {
        let allowed = match self.gates.concurrent_admission {
            true => object.allowed_flavors(),
            false => None,
        };
        Shape::new(
            &object.pod_sets,
            requests,
            allowed.as_deref(),
            &self.flavors,
            self.quota.names(),
            &mut self.resources,
        )
    }

    /// Compiles what a workload holds.
    pub(super) fn reserved_shape(&mut self, object: &Workload) -> Arc<Shape> {
        let requests = self.requests(object);
        Arc::new(self.shape(object, &requests))
    }

    /// The ClusterQueue behind a LocalQueue.
    pub(super) fn behind(&self, door: LocalQueueId) -> Option<ClusterQueueId> {
        self.doors[door.index()]
    }

    /// Counts what a workload holds by its object, in place of what it held before.
    pub(super) fn hold(&mut self, id: WorkloadId, object: &Workload) {
        self.release(id);
        let requests = self.requests(object);
        let requeuing = self.configuration.requeuing_timestamp;
        let names = self.quota.names();
        let Some(holder) = Holder::new(object, &requests, names, &self.gates, requeuing) else {
            return;
        };
        self.quota.add_usages(holder.cluster_queue, &holder.usage);
        self.holders.insert(id, holder);
        if self.gates.topology_aware_scheduling {
            let usage = self.topologies.usage_of(object, self.quota.names());
            self.topologies.hold(id, usage);
        }
    }

    /// A workload holds nothing any more. Its ClusterQueue may have room again.
    pub(super) fn release(&mut self, id: WorkloadId) {
        self.topologies.release(id);
        if let Some(holder) = self.holders.remove(id) {
            self.quota
                .remove_usages(holder.cluster_queue, &holder.usage);
            self.queues[holder.cluster_queue.index()].generation += 1;
        }
    }
}
