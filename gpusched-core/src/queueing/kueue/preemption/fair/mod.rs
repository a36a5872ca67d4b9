//! Victims by dominant resource share.
//!
//! Victims come from the queues that are furthest above their fair share, as long as the incoming
//! workload's side stays below theirs. Shares count with the incoming workload from the start.
//!
//! The victims that are put back in the end are not checked for shares again. This is Kueue's
//! behaviour and can make two workloads preempt each other for ever (issue 14543 upstream).
//!
//! Source: `fairPreemptions` of `pkg/scheduler/preemption/preemption.go`.

mod target_queues;

pub use target_queues::TargetQueues;

use super::super::FairSharingStrategy;
use super::super::ids::{ClusterQueueId, QuotaNodeId, WorkloadId};
use super::super::objects::{Preemption, PreemptionPolicy};
use super::super::quota::DominantResourceShare;
use super::PreemptionReason;
use super::policy::satisfies_preemption_policy;
use super::search::Search;
use crate::units::Time;
use std::cmp::Ordering;

/// What decides who may be a victim.
pub(super) struct Rules<'a> {
    pub(super) policy: &'a Preemption,
    pub(super) strategies: &'a [FairSharingStrategy],
    pub(super) preempt_within_nominal: bool,
    pub(super) now: Time,
}

/// Buffers that outlive a search.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    candidates: Vec<WorkloadId>,
    retry: Vec<WorkloadId>,
    queues: TargetQueues,
}

/// Leaves the victims in the search; false when there is no way.
pub(super) fn search(
    search: &mut Search<'_>,
    scratch: &mut Scratch,
    rules: &Rules<'_>,
    prefer: impl Fn(WorkloadId, WorkloadId) -> Ordering + Copy,
) -> bool {
    collect(search, &mut scratch.candidates, rules.policy);
    if scratch.candidates.is_empty() {
        return false;
    }
    let incoming = search.incoming;
    search
        .quota
        .add_usages(incoming.cluster_queue, incoming.requests);
    scratch.retry.clear();
    let fits = first(search, scratch, rules, prefer)
        || (rules.strategies.len() > 1 && second(search, scratch, rules, prefer));
    search
        .quota
        .remove_usages(incoming.cluster_queue, incoming.requests);
    if fits {
        search.fill_back(true);
    }
    fits
}

fn collect(search: &Search<'_>, out: &mut Vec<WorkloadId>, policy: &Preemption) {
    let (quota, incoming) = (&*search.quota, search.incoming);
    out.clear();
    let mut of_queue = |queue: ClusterQueueId, policy: PreemptionPolicy| {
        let all = search.holders.of_cluster_queue(queue);
        let candidates = all.filter(|(_, holder)| {
            let preemptor = (incoming.priority, incoming.queued);
            satisfies_preemption_policy(policy, preemptor, (holder.priority, holder.queued))
                && holder.uses(incoming.needs)
        });
        out.extend(candidates.map(|(workload, _)| workload));
    };
    let own = QuotaNodeId::from(incoming.cluster_queue);
    if policy.within_cluster_queue != PreemptionPolicy::Never {
        of_queue(incoming.cluster_queue, policy.within_cluster_queue);
    }
    if quota.parent(own).is_none() || policy.reclaim_within_cohort == PreemptionPolicy::Never {
        return;
    }
    let mut cohorts = vec![quota.root(own)];
    while let Some(cohort) = cohorts.pop() {
        cohorts.extend(quota.child_cohorts(cohort));
        for &queue in quota.child_cluster_queues(cohort) {
            let borrows = !quota.is_within_nominal(queue.into(), incoming.needs);
            if queue != incoming.cluster_queue && quota.is_active(queue) && borrows {
                of_queue(queue, policy.reclaim_within_cohort);
            }
        }
    }
}

/// Whether the incoming workload fits, whose own use is counted already.
fn fits(search: &mut Search<'_>) -> bool {
    let incoming = search.incoming;
    let mark = search.quota.begin();
    search
        .quota
        .remove_usages(incoming.cluster_queue, incoming.requests);
    let fits = search.fits(true);
    search.quota.rollback(mark);
    fits
}

/// By the first strategy. Candidates that do not pass are left for the second one.
fn first(
    search: &mut Search<'_>,
    scratch: &mut Scratch,
    rules: &Rules<'_>,
    prefer: impl Fn(WorkloadId, WorkloadId) -> Ordering + Copy,
) -> bool {
    let own = search.incoming.cluster_queue;
    let within_nominal = rules.preempt_within_nominal
        && search
            .quota
            .is_within_nominal(own.into(), search.incoming.needs);
    let queues = &mut scratch.queues;
    queues.start(
        search.quota,
        search.holders,
        own,
        rules.now,
        &scratch.candidates,
    );
    while let Some(queue) = queues.next(search.quota, search.holders, prefer) {
        let unconditional = match (queue == own, within_nominal) {
            (true, _) => Some(PreemptionReason::InClusterQueue),
            (false, true) => Some(PreemptionReason::InCohortReclamation),
            (false, false) => None,
        };
        if let Some(reason) = unconditional {
            if let Some(candidate) = queues.pop(queue, prefer) {
                search.remove(candidate, reason);
                queues.changed(search.quota, queue);
                if fits(search) {
                    return true;
                }
            }
            continue;
        }
        let (ours, theirs) = sides(search, queues, queue);
        let new_share = queues.share(search.quota, ours);
        let old_share = queues.share(search.quota, theirs);
        let hopeless = new_share.is_beyond(old_share);
        while let Some(candidate) = queues.pop(queue, prefer) {
            let passes = !hopeless
                && match rules.strategies[0] {
                    FairSharingStrategy::LessThanInitialShare => {
                        new_share.compare(old_share).is_lt()
                    }
                    FairSharingStrategy::LessThanOrEqualToFinalShare => {
                        let without = share_without(search, theirs, queue, candidate);
                        new_share.compare(without).is_le()
                    }
                };
            if !passes {
                scratch.retry.push(candidate);
                continue;
            }
            search.remove(candidate, PreemptionReason::InCohortFairSharing);
            queues.changed(search.quota, queue);
            if fits(search) {
                return true;
            }
            // Shares have changed: another queue may be the one to take from.
            break;
        }
    }
    false
}

/// By the second strategy, which is always `LessThanInitialShare`: at most one victim per queue.
fn second(
    search: &mut Search<'_>,
    scratch: &mut Scratch,
    rules: &Rules<'_>,
    prefer: impl Fn(WorkloadId, WorkloadId) -> Ordering + Copy,
) -> bool {
    let own = search.incoming.cluster_queue;
    let queues = &mut scratch.queues;
    queues.start(search.quota, search.holders, own, rules.now, &scratch.retry);
    while let Some(queue) = queues.next(search.quota, search.holders, prefer) {
        let (ours, theirs) = sides(search, queues, queue);
        let new_share = queues.share(search.quota, ours);
        let old_share = queues.share(search.quota, theirs);
        if new_share.compare(old_share).is_lt()
            && let Some(candidate) = queues.pop(queue, prefer)
        {
            search.remove(candidate, PreemptionReason::InCohortFairSharing);
            queues.changed(search.quota, queue);
            if fits(search) {
                return true;
            }
        }
        queues.drop_queue(queue);
    }
    false
}

/// The children of the lowest cohort above both queues: the one with the preemptor below it, and
/// the one with the target. Their shares are what is compared.
fn sides(
    search: &Search<'_>,
    queues: &TargetQueues,
    target: ClusterQueueId,
) -> (QuotaNodeId, QuotaNodeId) {
    let quota = &*search.quota;
    let below = |queue: ClusterQueueId, common: Option<QuotaNodeId>| {
        let mut node = QuotaNodeId::from(queue);
        while quota.parent(node) != common
            && let Some(parent) = quota.parent(node)
        {
            node = parent;
        }
        node
    };
    let common = quota
        .path_parent_to_root(target.into())
        .find(|node| queues.is_above_preemptor(*node));
    (
        below(search.incoming.cluster_queue, common),
        below(target, common),
    )
}

/// The share of a node without one of the workloads below it.
fn share_without(
    search: &mut Search<'_>,
    node: QuotaNodeId,
    queue: ClusterQueueId,
    candidate: WorkloadId,
) -> DominantResourceShare {
    let mark = search.quota.begin();
    search
        .quota
        .remove_usages(queue, &search.holders.get(candidate).usage);
    let share = search.quota.dominant_resource_share(node);
    search.quota.rollback(mark);
    share
}
