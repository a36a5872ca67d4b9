//! ClusterQueue.

use super::super::Amount;
use crate::kube::LabelSelector;

/// A ClusterQueue. Defaults are those of the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterQueue {
    /// Its name.
    pub name: String,
    /// The cohort it belongs to.
    pub cohort: Option<String>,
    /// Quotas; flavors in order of preference.
    pub resource_groups: Vec<ResourceGroup>,
    /// What a head that cannot be admitted does to those behind it.
    pub strategy: QueueingStrategy,
    /// Namespaces it serves; `None` = none.
    pub namespace_selector: Option<LabelSelector>,
    /// When the next flavor is tried.
    pub fungibility: FlavorFungibility,
    /// Who may be preempted.
    pub preemption: Preemption,
    /// `fairSharing.weight`; 1 by default ([`ClusterQueue::weight`]).
    pub fair_weight: Option<f64>,
    /// Admission checks.
    pub checks: Vec<AdmissionCheckRule>,
    /// Whether it admits.
    pub stop_policy: StopPolicy,
    /// It is being deleted: `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// `admissionScope.admissionMode: UsageBasedAdmissionFairSharing`.
    pub admission_fair_sharing: bool,
    /// Variants of a workload per flavor.
    pub concurrent_admission: Option<ConcurrentAdmission>,
}

impl ClusterQueue {
    /// Its weight under fair sharing.
    pub fn weight(&self) -> f64 {
        self.fair_weight.unwrap_or(1.0)
    }
}

/// Resources that are assigned one flavor together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceGroup {
    /// The resources.
    pub covered: Vec<String>,
    /// Flavors in order of preference.
    pub flavors: Vec<FlavorQuotas>,
}

/// Quotas of one flavor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlavorQuotas {
    /// The flavor.
    pub flavor: String,
    /// One per covered resource.
    pub resources: Vec<ResourceQuota>,
}

/// Quota of one resource in one flavor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceQuota {
    /// The resource.
    pub resource: String,
    /// What is its own.
    pub nominal: Amount,
    /// Most it may take beyond; `None` = no limit.
    pub borrowing_limit: Option<Amount>,
    /// Most it may give; `None` = everything.
    pub lending_limit: Option<Amount>,
}

/// `queueingStrategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueingStrategy {
    /// A head that cannot be admitted steps aside.
    #[default]
    BestEffortFifo,
    /// It blocks the queue.
    StrictFifo,
}

/// Whether to try the next flavor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FungibilityPolicy {
    /// Take this one.
    MayStopSearch,
    /// Try the next.
    TryNextFlavor,
}

/// What is better, when all flavors were tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FungibilityPreference {
    /// To borrow.
    #[default]
    BorrowingOverPreemption,
    /// To preempt.
    PreemptionOverBorrowing,
}

/// `flavorFungibility`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlavorFungibility {
    /// When it would have to borrow.
    pub when_can_borrow: FungibilityPolicy,
    /// When it would have to preempt.
    pub when_can_preempt: FungibilityPolicy,
    /// What is better.
    pub preference: FungibilityPreference,
}

impl Default for FlavorFungibility {
    fn default() -> Self {
        FlavorFungibility {
            when_can_borrow: FungibilityPolicy::MayStopSearch,
            when_can_preempt: FungibilityPolicy::TryNextFlavor,
            preference: FungibilityPreference::default(),
        }
    }
}

/// Whom a workload may preempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PreemptionPolicy {
    /// Nobody.
    #[default]
    Never,
    /// Those of lower priority.
    LowerPriority,
    /// Those, and newer ones of equal priority.
    LowerOrNewerEqualPriority,
    /// Anybody (other queues only).
    Any,
}

/// `borrowWithinCohort`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BorrowWithinCohort {
    /// `Never` or `LowerPriority`.
    pub policy: PreemptionPolicy,
    /// Victims of a higher priority are spared.
    pub max_priority_threshold: Option<i32>,
}

/// `preemption`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preemption {
    /// In the same queue.
    pub within_cluster_queue: PreemptionPolicy,
    /// In queues that borrow.
    pub reclaim_within_cohort: PreemptionPolicy,
    /// While borrowing itself.
    pub borrow_within_cohort: BorrowWithinCohort,
}

/// An admission check and the flavors it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdmissionCheckRule {
    /// The check.
    pub name: String,
    /// Flavors; empty = all.
    pub on_flavors: Vec<String>,
}

/// `stopPolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopPolicy {
    /// It works.
    #[default]
    None,
    /// Nothing new is admitted.
    Hold,
    /// And what runs is evicted.
    HoldAndDrain,
}

/// When a running variant moves to a better flavor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MigrationMode {
    /// As soon as a better one can be admitted.
    #[default]
    TryPreferredFlavors,
    /// Never: the first variant that is admitted stays.
    RetainFirstAdmission,
}

/// `concurrentAdmissionPolicy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConcurrentAdmission {
    /// When a running variant moves.
    pub migration: MigrationMode,
    /// The last flavor worth moving to.
    pub last_acceptable_flavor: Option<String>,
}
