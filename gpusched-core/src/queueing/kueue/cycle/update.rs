//! Changes of ClusterQueues and cohorts while workloads hold quota and wait.

use super::super::ids::{ClusterQueueId, QuotaNodeId, ResourceId, WorkloadId};
use super::super::objects::{ClusterQueue, Cohort};
use super::super::{Objects, Quota};
use super::kueue::Kueue;
use super::queue::Queue;
use super::scheduler::Scheduler;
use crate::units::Time;

impl Kueue {
    /// A ClusterQueue is changed. False if there is none of its name: queues are not created or
    /// removed on the way.
    ///
    /// Quota is counted anew, and workloads are compiled anew: O(everything).
    pub fn update_cluster_queue(&mut self, object: ClusterQueue, now: Time) -> bool {
        let known = self
            .objects
            .cluster_queues
            .iter()
            .position(|one| one.name == object.name);
        let Some(at) = known else {
            return false;
        };
        let name = object.name.clone();
        let old = std::mem::replace(&mut self.objects.cluster_queues[at], object);
        let new = &self.objects.cluster_queues[at];
        let moved = old.cohort != new.cohort;
        let changed = moved || old.resource_groups != new.resource_groups;
        if let Some(id) = self.scheduler.quota.names().cluster_queue(&name) {
            self.pending.update_cluster_queue(id, new);
            // Both the tree it leaves and the one it enters have other quotas now.
            let left = self.tree(id).filter(|_| changed);
            self.rebuild();
            let entered = self.tree(id).filter(|_| changed);
            for tree in [left, entered].into_iter().flatten() {
                self.generations_rise(&tree);
            }
            self.retries.request(&self.scheduler.quota, id, now);
        }
        true
    }

    /// A Cohort is created or changed.
    pub fn update_cohort(&mut self, object: Cohort, now: Time) {
        let name = object.name.clone();
        self.objects.cohorts.retain(|one| one.name != name);
        self.objects.cohorts.push(object);
        self.rebuild();
        let quota = &self.scheduler.quota;
        let Some(node) = quota.names().cohort(&name) else {
            return;
        };
        let tree = queues_below(quota, quota.root(node));
        self.generations_rise(&tree);
        if let Some(queue) = tree.first() {
            self.retries.request(&self.scheduler.quota, *queue, now);
        }
    }

    fn tree(&self, queue: ClusterQueueId) -> Option<Vec<ClusterQueueId>> {
        let quota = &self.scheduler.quota;
        Some(queues_below(quota, quota.root(queue.into())))
    }

    fn generations_rise(&mut self, queues: &[ClusterQueueId]) {
        for queue in queues {
            self.scheduler.queues[queue.index()].generation += 1;
        }
    }

    /// Compiles everything from the objects as they are now.
    fn rebuild(&mut self) {
        let holders: Vec<WorkloadId> = self
            .records
            .ids()
            .filter(|id| self.scheduler.holders.find(*id).is_some())
            .collect();
        // Flavors that no ClusterQueue has any more may still be held.
        let objects = Objects {
            workloads: holders
                .iter()
                .map(|id| self.records[*id].object.clone())
                .collect(),
            ..self.objects.clone()
        };
        let mut scheduler = Scheduler::new(&objects, &self.configuration, self.gates);
        std::mem::swap(&mut scheduler, &mut self.scheduler);
        let old = scheduler;
        self.scheduler.cycle = old.cycle;
        for (new, old) in self.scheduler.queues.iter_mut().zip(&old.queues) {
            new.generation = Queue::clone(old).generation;
        }
        let (before, after) = (old.quota.names(), self.scheduler.quota.names());
        self.retries.rename(|root| {
            let node = match old.quota.as_cluster_queue(root) {
                Some(queue) => QuotaNodeId::from(queue),
                None => after.cohort(before.node_name(root))?,
            };
            Some(self.scheduler.quota.root(node))
        });
        for id in holders {
            self.scheduler.hold(id, &self.records[id].object);
        }
        self.shapes.clear();
        let ids: Vec<WorkloadId> = self.records.ids().collect();
        for id in ids {
            if self.records[id].gone {
                continue;
            }
            self.compile(id);
            let resources = &mut self.scheduler.resources;
            let mut rename = |resource: ResourceId| resources.id(old.resources.name(resource));
            if let Some(last) = &mut self.records[id].last {
                last.rename(&mut rename);
            }
        }
        self.tell_who_is_active();
    }
}

/// ClusterQueues at or below a node.
fn queues_below(quota: &Quota, node: QuotaNodeId) -> Vec<ClusterQueueId> {
    let mut queues: Vec<ClusterQueueId> = quota.as_cluster_queue(node).into_iter().collect();
    let mut cohorts = vec![node];
    while let Some(cohort) = cohorts.pop() {
        queues.extend(quota.child_cluster_queues(cohort));
        cohorts.extend(quota.child_cohorts(cohort));
    }
    queues
}
