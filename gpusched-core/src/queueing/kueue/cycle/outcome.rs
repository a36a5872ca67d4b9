//! What a cycle did.

use super::super::flavors::{NoFitReason, Reason, TopologyError, Words};
use super::super::ids::{ClusterQueueId, WorkloadId};
use super::super::pending::RequeueReason;
use super::super::preemption::PreemptionReason;
use std::fmt;

/// How far a head came that was not admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EntryStatus {
    /// It was not nominated, or waits for preemptions it asked for.
    #[default]
    NotNominated,
    /// What it was nominated for was taken by another head of the cycle.
    Skipped,
    /// It would have to preempt and may not yet.
    PreemptionGated,
}

impl fmt::Display for EntryStatus {
    /// As upstream's scheduler spells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EntryStatus::NotNominated => "",
            EntryStatus::Skipped => "skipped",
            EntryStatus::PreemptionGated => "preemptionGated",
        })
    }
}

/// Why a workload holds no quota: the reason of its `QuotaReserved` condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaReservedReason {
    /// The search for flavors says.
    NoFit(NoFitReason),
    /// Others use the quota.
    WaitingForQuota,
    /// Victims are on their way out.
    WaitingForPreemptedWorkloads,
    /// It is to be looked at again.
    PendingEvaluation,
    /// Its ClusterQueue is not active.
    Suspended,
    /// Its namespace or its requests are at fault.
    Misconfigured,
    /// A gate is closed.
    AdmissionGated,
}

impl QuotaReservedReason {
    /// Upstream's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            QuotaReservedReason::NoFit(reason) => reason.as_str(),
            QuotaReservedReason::WaitingForQuota => "WaitingForQuota",
            QuotaReservedReason::WaitingForPreemptedWorkloads => "WaitingForPreemptedWorkloads",
            QuotaReservedReason::PendingEvaluation => "PendingEvaluation",
            QuotaReservedReason::Suspended => "Suspended",
            QuotaReservedReason::Misconfigured => "Misconfigured",
            QuotaReservedReason::AdmissionGated => "AdmissionGated",
        }
    }
}

/// What there is to say about a workload that was not admitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Explanation {
    /// Nothing.
    #[default]
    Nothing,
    /// Findings of the search for flavors, by pod set; and how many victims it waits for.
    Flavors {
        /// Pod set and finding.
        reasons: Vec<(usize, Reason)>,
        /// Pod set that cannot be placed in a topology at all.
        error: Option<(usize, TopologyError)>,
        /// Victims.
        preempting: usize,
    },
    /// Another head of the cycle has the same victims.
    OverlappingTargets,
    /// The same, and it will fit once they are gone.
    FitsAfterPreemption,
    /// Another head of the cycle took what it was nominated for.
    NoLongerFits,
    /// It would have to preempt and may not yet.
    PreemptionGated,
    /// A variant for a better flavor is admitted.
    BetterVariantAdmitted,
    /// A variant may not move to this flavor.
    FlavorNotAcceptable,
    /// A variant for a worse flavor is on its way out.
    PendingMigration,
    /// An admission check failed.
    FailedChecks,
    /// Its ClusterQueue is not active.
    InactiveClusterQueue,
    /// Its namespace does not exist.
    NoNamespace,
    /// Its ClusterQueue does not serve its namespace.
    NamespaceMismatch,
    /// Requests of a container are above its limits.
    RequestsAboveLimits,
}

impl Explanation {
    /// In Kueue's words.
    pub fn text(&self, words: Words<'_>) -> String {
        let text = match self {
            Explanation::Nothing => "",
            Explanation::Flavors {
                reasons,
                error,
                preempting,
            } => {
                let mut text = words.findings(reasons, error.as_ref());
                if *preempting > 0 {
                    text += &format!(". Pending the preemption of {preempting} workload(s)");
                }
                return text;
            }
            Explanation::OverlappingTargets => {
                "Workload has overlapping preemption targets with another workload"
            }
            Explanation::FitsAfterPreemption => {
                "Workload has overlapping preemption targets with another workload, but will fit \
                 after these preemptions complete"
            }
            Explanation::NoLongerFits => {
                "Workload no longer fits after processing another workload"
            }
            Explanation::PreemptionGated => "Workload requires preemption, but it's gated",
            Explanation::BetterVariantAdmitted => "A more favorable variant is already admitted",
            Explanation::FlavorNotAcceptable => "Target flavor is below LastAcceptableFlavorName",
            Explanation::PendingMigration => "Pending the migration of 1 workload(s)",
            Explanation::FailedChecks => "The workload has failed admission checks",
            Explanation::InactiveClusterQueue => "ClusterQueue is inactive",
            Explanation::NoNamespace => "workload namespace does not exist",
            Explanation::NamespaceMismatch => {
                "workload namespace doesn't match ClusterQueue selector"
            }
            Explanation::RequestsAboveLimits => {
                "resources validation failed: requests must not exceed its limits"
            }
        };
        text.to_owned()
    }
}

/// A head that was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requeued {
    /// The workload.
    pub workload: WorkloadId,
    /// Its ClusterQueue.
    pub cluster_queue: ClusterQueueId,
    /// Why.
    pub reason: RequeueReason,
    /// How far it came.
    pub status: EntryStatus,
    /// Why it holds no quota.
    pub quota_reserved_reason: Option<QuotaReservedReason>,
    /// What there is to say about it.
    pub explanation: Explanation,
}

/// A workload that was told to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Preempted {
    /// The victim.
    pub workload: WorkloadId,
    /// Why.
    pub reason: PreemptionReason,
    /// For whom.
    pub preemptor: WorkloadId,
}

/// Why a workload was told to leave without being preempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvictionReason {
    /// A node of it failed and there is no other.
    NodeFailures,
    /// A variant of it gets a better flavor.
    FlavorMigration,
    /// Its pods were not ready in time.
    PodsReadyTimeout,
    /// Its pods were not ready in time once too often: it is not queued again.
    DeactivatedDueToRequeuingLimitExceeded,
    /// Its ClusterQueue is drained.
    ClusterQueueStopped,
    /// Its LocalQueue is drained.
    LocalQueueStopped,
}

impl fmt::Display for EvictionReason {
    /// As in the `Evicted` condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A workload that got quota, or another assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Admitted {
    /// The workload.
    pub workload: WorkloadId,
    /// Whether it is admitted: all its checks have passed and its places are known. Else its quota
    /// is reserved.
    pub admitted: bool,
}

/// What one cycle did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycle {
    /// Nominated heads, in the order they were processed.
    pub processed: Vec<WorkloadId>,
    /// Who got quota, in that order.
    pub admitted: Vec<Admitted>,
    /// Who has to make room. Those on their way out before the cycle are not told again.
    pub preempted: Vec<Preempted>,
    /// Who has to leave for other reasons.
    pub evicted: Vec<(WorkloadId, EvictionReason)>,
    /// Slices that ended because the one that replaces them was admitted.
    pub replaced: Vec<WorkloadId>,
    /// Heads that were put back.
    pub requeued: Vec<Requeued>,
}
