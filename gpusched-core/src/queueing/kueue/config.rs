//! Kueue's `Configuration`: the part that changes decisions.

use super::DeviceClassMapping;
use crate::units::Span;
use std::collections::BTreeMap;

/// Cluster-wide settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// Fair sharing; `None` = off.
    pub fair_sharing: Option<FairSharing>,
    /// Admission fair sharing; `None` = off.
    pub admission_fair_sharing: Option<AdmissionFairSharing>,
    /// How requests become what quota counts.
    pub resources: ResourcesConfig,
    /// `waitForPodsReady`; `None` = off.
    pub pods_ready: Option<PodsReady>,
    /// Which time an evicted workload is queued by.
    pub requeuing_timestamp: RequeuingTimestamp,
}

/// When a victim may be taken under fair sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FairSharingStrategy {
    /// The preemptor's share is at most the victim queue's share without the victim.
    LessThanOrEqualToFinalShare,
    /// The preemptor's share is below the victim queue's share with the victim.
    LessThanInitialShare,
}

/// `fairSharing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FairSharing {
    /// In the order they are tried.
    pub strategies: Vec<FairSharingStrategy>,
}

impl Default for FairSharing {
    fn default() -> Self {
        FairSharing {
            strategies: vec![
                FairSharingStrategy::LessThanOrEqualToFinalShare,
                FairSharingStrategy::LessThanInitialShare,
            ],
        }
    }
}

/// `admissionFairSharing`.
#[derive(Clone, Debug, PartialEq)]
pub struct AdmissionFairSharing {
    /// Half-life of past use; zero = no memory.
    pub half_life: Span,
    /// How often use is sampled.
    pub sampling: Span,
    /// Weight per resource; 1 where missing.
    pub weights: BTreeMap<String, f64>,
}

/// What to do with a requested resource the ClusterQueue does not declare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuotaCheckStrategy {
    /// The workload cannot be admitted.
    #[default]
    BlockUndeclared,
    /// It is not counted.
    IgnoreUndeclared,
}

/// Whether a transformed resource is kept beside its outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransformationStrategy {
    /// Kept.
    #[default]
    Retain,
    /// Replaced.
    Replace,
}

/// A transformation of one requested resource into others.
#[derive(Clone, Debug, PartialEq)]
pub struct Transformation {
    /// The resource.
    pub input: String,
    /// Whether it is kept.
    pub strategy: TransformationStrategy,
    /// Another resource whose amount multiplies the outputs.
    pub multiply_by: Option<String>,
    /// Output per unit of input, as exact quantities in nano-units of the resource's base unit.
    pub outputs: BTreeMap<String, i128>,
}

/// `resources`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourcesConfig {
    /// Undeclared resources.
    pub quota_check: QuotaCheckStrategy,
    /// Resources whose names begin so are not counted.
    pub exclude_prefixes: Vec<String>,
    /// Transformations.
    pub transformations: Vec<Transformation>,
    /// What claims on devices are charged.
    pub device_classes: Vec<DeviceClassMapping>,
}

/// Which time an evicted workload is queued by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequeuingTimestamp {
    /// Of the eviction.
    #[default]
    Eviction,
    /// Of its creation.
    Creation,
}

/// `waitForPodsReady`.
#[derive(Clone, Debug, PartialEq)]
pub struct PodsReady {
    /// From admission until all pods must be ready.
    pub timeout: Span,
    /// The same after a pod that was ready is not; `None` = no limit.
    pub recovery_timeout: Option<Span>,
    /// Whether nothing else is admitted until all admitted pods are ready.
    pub block_admission: bool,
    /// Evictions after which a workload is deactivated; `None` = never.
    pub backoff_limit: Option<u32>,
    /// First delay before it is queued again.
    pub backoff_base: Span,
    /// Longest delay.
    pub backoff_max: Span,
}

impl PodsReady {
    /// How long a workload may not come back after its `count`-th eviction, from 1: twice as long
    /// each time, up to the longest delay.
    ///
    /// ```
    /// use gpusched_core::queueing::kueue::PodsReady;
    /// let rules = PodsReady::default();
    /// let delays: Vec<f64> = [1, 2, 3, 6, 7, 99].map(|n| rules.backoff(n).as_secs_f64()).into();
    /// assert_eq!(delays, [60.0, 120.0, 240.0, 1920.0, 3600.0, 3600.0]);
    /// ```
    pub fn backoff(&self, count: i32) -> Span {
        let doublings = u32::try_from(count.saturating_sub(1)).unwrap_or(0);
        let factor = 1i64.checked_shl(doublings.min(62)).unwrap_or(i64::MAX);
        Span(self.backoff_base.0.saturating_mul(factor)).min(self.backoff_max)
    }
}

impl Default for PodsReady {
    fn default() -> Self {
        PodsReady {
            timeout: Span::from_secs(30 * 60),
            recovery_timeout: Some(Span::from_secs(30 * 60)),
            block_admission: false,
            backoff_limit: None,
            backoff_base: Span::from_secs(60),
            backoff_max: Span::from_secs(3600),
        }
    }
}
