//! Variants of one workload, each for a flavor of its own, and slices of elastic ones.

use super::super::flavors::Shape;
use super::super::ids::{ClusterQueueId, WorkloadId};
use super::super::objects::Workload;
use super::super::pending::RequeueReason;
use super::entry::{Candidate, Decision, Entry};
use super::outcome::{Explanation, QuotaReservedReason};
use super::record::Records;
use super::scheduler::Scheduler;
use std::sync::Arc;

impl Scheduler {
    /// Whether a variant for a flavor that comes first is admitted.
    pub(super) fn has_better_variant(&self, records: &Records, candidate: &Candidate) -> bool {
        let better = |other: usize, own: usize| other < own;
        self.admitted_variant(records, candidate, better).is_some()
    }

    /// The admitted variant for a flavor that comes later.
    pub(super) fn worse_variant(
        &self,
        records: &Records,
        candidate: &Candidate,
    ) -> Option<WorkloadId> {
        self.admitted_variant(records, candidate, |other, own| other > own)
    }

    fn admitted_variant(
        &self,
        records: &Records,
        candidate: &Candidate,
        wanted: impl Fn(usize, usize) -> bool,
    ) -> Option<WorkloadId> {
        if !self.gates.concurrent_admission {
            return None;
        }
        let object = &records[candidate.workload].object;
        let parent = object.variant_of()?;
        let own = self.place_of_flavor(candidate.queue, object)?;
        let holders = self.holders.of_cluster_queue(candidate.queue);
        holders
            .map(|(workload, _)| workload)
            .filter(|workload| *workload != candidate.workload)
            .filter(|workload| {
                let other = &records[*workload].object;
                other.namespace == object.namespace
                    && other.variant_of() == Some(parent)
                    && other.is("Admitted")
                    && self
                        .place_of_flavor(candidate.queue, other)
                        .is_some_and(|place| wanted(place, own))
            })
            .min_by_key(|workload| &records[*workload].object.name)
    }

    /// The place of a variant's flavor in the ClusterQueue's order of preference.
    fn place_of_flavor(&self, queue: ClusterQueueId, object: &Workload) -> Option<usize> {
        let allowed = object.allowed_flavors()?;
        let flavor = self.quota.names().flavor(allowed.first()?)?;
        let group = self.queues[queue.index()].rules.groups.first()?;
        group.flavors.iter().position(|one| *one == flavor)
    }

    /// Moves from the flavor of `worse` to that of the entry, if the ClusterQueue lets it.
    pub(super) fn migrate(&self, records: &Records, entry: &mut Entry, worse: WorkloadId) {
        let queue = &self.queues[entry.candidate.queue.index()];
        let names = self.quota.names();
        let last = queue
            .concurrent
            .as_ref()
            .and_then(|one| one.last_acceptable_flavor.as_ref());
        let last = last.and_then(|name| {
            let flavor = names.flavor(name)?;
            let group = queue.rules.groups.first()?;
            group.flavors.iter().position(|one| *one == flavor)
        });
        let own = self.place_of_flavor(
            entry.candidate.queue,
            &records[entry.candidate.workload].object,
        );
        if let (Some(last), Some(own)) = (last, own)
            && own > last
        {
            entry.quota_reserved_reason = Some(QuotaReservedReason::PendingEvaluation);
            entry.explanation = Explanation::FlavorNotAcceptable;
            return;
        }
        let reason = QuotaReservedReason::WaitingForPreemptedWorkloads;
        entry.quota_reserved_reason = Some(reason);
        entry.candidate.last = None;
        entry.reason = RequeueReason::PendingMigration;
        entry.explanation = Explanation::PendingMigration;
        entry.decision = Decision::Migrate(worse);
    }

    /// The admitted slice a head is to replace, as it was admitted.
    pub(super) fn replaced_slice(
        &mut self,
        records: &Records,
        workload: WorkloadId,
        queue: ClusterQueueId,
    ) -> Option<(WorkloadId, Arc<Shape>)> {
        if !self.gates.elastic_jobs_via_workload_slices {
            return None;
        }
        let object = &records[workload].object;
        let (namespace, name) = object.replaces()?.split_once('/')?;
        let slice = records
            .find(namespace, name)
            .filter(|_| namespace == object.namespace)?;
        let holder = self.holders.find(slice)?;
        if holder.cluster_queue != queue {
            return None;
        }
        let shape = self.reserved_shape(&records[slice].object);
        Some((slice, shape))
    }
}
