//! Victims by priority and by place in the cohort tree.
//!
//! A workload has three kinds of victims: those of its own queue; those over which it has a
//! *hierarchical advantage*, because a subtree it belongs to, and they do not, still has the quota
//! it asks for; and others of the cohort tree that borrow. Only the last kind is limited by
//! `borrowWithinCohort`.
//!
//! Source: `pkg/scheduler/preemption/classical`.

use super::super::Amount;
use super::super::Quota;
use super::super::ids::{ClusterQueueId, FlavorResourceId, QuotaNodeId, WorkloadId};
use super::super::objects::{Preemption, PreemptionPolicy};
use super::lazy::Sorted;
use super::policy::satisfies_preemption_policy;
use super::search::Search;
use super::{Holder, PreemptionReason};
use std::cmp::Ordering;

/// What kind of victim a candidate is, in the order of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Hierarchical,
    Priority { while_borrowing: bool },
    SameQueue,
}

impl Kind {
    fn rank(self) -> u8 {
        match self {
            Kind::Hierarchical => 0,
            Kind::Priority { .. } => 1,
            Kind::SameQueue => 2,
        }
    }

    fn reason(self) -> PreemptionReason {
        match self {
            Kind::SameQueue => PreemptionReason::InClusterQueue,
            Kind::Priority {
                while_borrowing: true,
            } => PreemptionReason::InCohortReclaimWhileBorrowing,
            _ => PreemptionReason::InCohortReclamation,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    workload: WorkloadId,
    kind: Kind,
    /// The lowest cohort above both queues; the candidate's own queue if it is the same.
    common: QuotaNodeId,
}

/// Buffers that outlive a search.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    candidates: Vec<Candidate>,
    requests: Vec<(FlavorResourceId, Amount)>,
    cohorts: Vec<QuotaNodeId>,
}

/// Leaves the victims in the search; false when there is no way.
pub(super) fn search(
    search: &mut Search<'_>,
    scratch: &mut Scratch,
    policy: &Preemption,
    prefer: impl Fn(WorkloadId, WorkloadId) -> Ordering,
) -> bool {
    collect(search, scratch, policy);
    let candidates = &mut scratch.candidates;
    let holders = search.holders;
    let order = |a: &Candidate, b: &Candidate| {
        let staying = |one: &Candidate| !holders.get(one.workload).evicted;
        staying(a)
            .cmp(&staying(b))
            .then_with(|| a.kind.rank().cmp(&b.kind.rank()))
            .then_with(|| prefer(a.workload, b.workload))
    };

    let any = |kind: fn(&Candidate) -> bool| candidates.iter().any(kind);
    let none_elsewhere = !any(|one| one.kind != Kind::SameQueue);
    let none_hierarchical = !any(|one| one.kind == Kind::Hierarchical);
    let may_not_borrow = policy.borrow_within_cohort.policy == PreemptionPolicy::Never;
    let attempts: &[bool] = if none_elsewhere || (may_not_borrow && !under_nominal(search)) {
        &[true]
    } else if may_not_borrow && none_hierarchical {
        &[false, true]
    } else {
        &[true, false]
    };
    let mut sorted = Sorted::default();
    for &allow_borrowing in attempts {
        let mark = search.quota.begin();
        let mut at = 0;
        while let Some(candidate) = sorted.get(candidates, at, order) {
            at += 1;
            if !is_valid(search, candidate, allow_borrowing) {
                continue;
            }
            search.remove(candidate.workload, candidate.kind.reason());
            if search.fits(allow_borrowing) {
                search.fill_back(allow_borrowing);
                search.quota.commit(mark);
                return true;
            }
        }
        search.quota.rollback(mark);
        search.restore_topology();
        search.targets.clear();
    }
    false
}

/// Whether the queue uses less than its nominal quota of everything that is needed.
fn under_nominal(search: &Search<'_>) -> bool {
    let node = QuotaNodeId::from(search.incoming.cluster_queue);
    let mut needs = search.incoming.needs.iter();
    needs.all(|fr| search.quota.usage(node, *fr) < search.quota.subtree_quota(node, *fr))
}

/// Whether a candidate still is one: with what was removed before it, its queue, or a cohort on
/// the way to the common one, may not borrow any more.
fn is_valid(search: &Search<'_>, candidate: &Candidate, allow_borrowing: bool) -> bool {
    let while_borrowing = match candidate.kind {
        Kind::SameQueue => return true,
        Kind::Hierarchical => true,
        Kind::Priority { while_borrowing } => while_borrowing,
    };
    if allow_borrowing && !while_borrowing {
        return false;
    }
    let queue = QuotaNodeId::from(search.holders.get(candidate.workload).cluster_queue);
    let quota = &*search.quota;
    std::iter::once(queue)
        .chain(quota.path_parent_to_root(queue))
        .take_while(|node| *node != candidate.common)
        .all(|node| !quota.is_within_nominal(node, search.incoming.needs))
}

fn collect(search: &Search<'_>, scratch: &mut Scratch, policy: &Preemption) {
    let (quota, incoming) = (&*search.quota, search.incoming);
    let own = QuotaNodeId::from(incoming.cluster_queue);
    scratch.candidates.clear();
    if policy.within_cluster_queue != PreemptionPolicy::Never {
        let out = &mut scratch.candidates;
        collect_queue(search, incoming.cluster_queue, own, policy, false, out);
    }
    if policy.reclaim_within_cohort == PreemptionPolicy::Never {
        return;
    }
    scratch.requests.clear();
    scratch.requests.extend_from_slice(incoming.requests);
    let mut advantage = quota.fit_in_quota(own, &mut scratch.requests);
    let mut visited = own;
    for ancestor in quota.path_parent_to_root(own) {
        collect_subtree(search, ancestor, visited, policy, advantage, scratch);
        // Whatever is below a cohort that has the quota is at an advantage over all above it.
        advantage |= quota.fit_in_quota(ancestor, &mut scratch.requests);
        visited = ancestor;
    }
}

/// Candidates below a cohort, but not below its child `visited`.
fn collect_subtree(
    search: &Search<'_>,
    common: QuotaNodeId,
    visited: QuotaNodeId,
    policy: &Preemption,
    advantage: bool,
    scratch: &mut Scratch,
) {
    let quota: &Quota = search.quota;
    let needs = search.incoming.needs;
    scratch.cohorts.clear();
    scratch.cohorts.push(common);
    while let Some(cohort) = scratch.cohorts.pop() {
        let children = quota.child_cohorts(cohort).iter().copied();
        scratch.cohorts.extend(
            children.filter(|child| *child != visited && !quota.is_within_nominal(*child, needs)),
        );
        for &queue in quota.child_cluster_queues(cohort) {
            let node = QuotaNodeId::from(queue);
            let skip = node == visited || queue == search.incoming.cluster_queue;
            if !skip && quota.is_active(queue) && !quota.is_within_nominal(node, needs) {
                let out = &mut scratch.candidates;
                collect_queue(search, queue, common, policy, advantage, out);
            }
        }
    }
}

fn collect_queue(
    search: &Search<'_>,
    queue: ClusterQueueId,
    common: QuotaNodeId,
    policy: &Preemption,
    advantage: bool,
    out: &mut Vec<Candidate>,
) {
    let incoming = search.incoming;
    let same = queue == incoming.cluster_queue;
    let allowed = match same {
        true => policy.within_cluster_queue,
        false => policy.reclaim_within_cohort,
    };
    for (workload, holder) in search.holders.of_cluster_queue(queue) {
        let preemptor = (incoming.priority, incoming.queued);
        let candidate = (holder.priority, holder.queued);
        if !holder.uses(incoming.needs)
            || !satisfies_preemption_policy(allowed, preemptor, candidate)
        {
            continue;
        }
        let kind = match (same, advantage) {
            (true, _) => Kind::SameQueue,
            (false, true) => Kind::Hierarchical,
            (false, false) => Kind::Priority {
                while_borrowing: may_while_borrowing(policy, incoming.priority, holder),
            },
        };
        out.push(Candidate {
            workload,
            kind,
            common,
        });
    }
}

/// Whether a workload that borrows may preempt another that borrows.
fn may_while_borrowing(policy: &Preemption, priority: i64, candidate: &Holder) -> bool {
    let borrow = &policy.borrow_within_cohort;
    let threshold = borrow.max_priority_threshold.map(i64::from);
    borrow.policy != PreemptionPolicy::Never
        && candidate.priority < priority
        && threshold.is_none_or(|threshold| candidate.priority <= threshold)
}
