//! ClusterQueue.

use super::quotas::{fair_weight, resource_group};
use super::stop_policy::stop_policy;
use super::{OBJECT, Version};
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::selector;
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::{
    AdmissionCheckRule, BorrowWithinCohort, ClusterQueue, ConcurrentAdmission, FlavorFungibility,
    FungibilityPolicy, FungibilityPreference, MigrationMode, Preemption, PreemptionPolicy,
    QueueingStrategy,
};

const SPEC: &[&str] = &[
    "resourceGroups",
    "queueingStrategy",
    "namespaceSelector",
    "flavorFungibility",
    "preemption",
    "admissionChecksStrategy",
    "stopPolicy",
    "fairSharing",
    "admissionScope",
];
const SPEC_OLD: &[&str] = &["cohort", "admissionChecks"];
const SPEC_NEW: &[&str] = &["cohortName", "concurrentAdmissionPolicy"];

const STRATEGIES: &[(&str, QueueingStrategy)] = &[
    ("BestEffortFIFO", QueueingStrategy::BestEffortFifo),
    ("StrictFIFO", QueueingStrategy::StrictFifo),
];

const FUNGIBILITY: &[(&str, FungibilityPolicy)] = &[
    ("MayStopSearch", FungibilityPolicy::MayStopSearch),
    ("TryNextFlavor", FungibilityPolicy::TryNextFlavor),
];
const WHEN_CAN_BORROW_OLD: &[(&str, FungibilityPolicy)] = &[
    ("Borrow", FungibilityPolicy::MayStopSearch),
    ("MayStopSearch", FungibilityPolicy::MayStopSearch),
    ("TryNextFlavor", FungibilityPolicy::TryNextFlavor),
];
const WHEN_CAN_PREEMPT_OLD: &[(&str, FungibilityPolicy)] = &[
    ("Preempt", FungibilityPolicy::MayStopSearch),
    ("MayStopSearch", FungibilityPolicy::MayStopSearch),
    ("TryNextFlavor", FungibilityPolicy::TryNextFlavor),
];

const PREFERENCES: &[(&str, FungibilityPreference)] = &[
    (
        "BorrowingOverPreemption",
        FungibilityPreference::BorrowingOverPreemption,
    ),
    (
        "PreemptionOverBorrowing",
        FungibilityPreference::PreemptionOverBorrowing,
    ),
];

const WITHIN_CLUSTER_QUEUE: &[(&str, PreemptionPolicy)] = &[
    ("Never", PreemptionPolicy::Never),
    ("LowerPriority", PreemptionPolicy::LowerPriority),
    (
        "LowerOrNewerEqualPriority",
        PreemptionPolicy::LowerOrNewerEqualPriority,
    ),
];
const RECLAIM_WITHIN_COHORT: &[(&str, PreemptionPolicy)] = &[
    ("Never", PreemptionPolicy::Never),
    ("LowerPriority", PreemptionPolicy::LowerPriority),
    (
        "LowerOrNewerEqualPriority",
        PreemptionPolicy::LowerOrNewerEqualPriority,
    ),
    ("Any", PreemptionPolicy::Any),
];
const BORROW_WITHIN_COHORT: &[(&str, PreemptionPolicy)] = &[
    ("Never", PreemptionPolicy::Never),
    ("LowerPriority", PreemptionPolicy::LowerPriority),
];

const MIGRATION: &[(&str, MigrationMode)] = &[
    ("TryPreferredFlavors", MigrationMode::TryPreferredFlavors),
    ("RetainFirstAdmission", MigrationMode::RetainFirstAdmission),
];

const ADMISSION_MODES: &[(&str, bool)] = &[
    ("UsageBasedAdmissionFairSharing", true),
    ("NoAdmissionFairSharing", false),
];

/// A ClusterQueue.
pub(in crate::manifest) fn cluster_queue(at: At<'_, '_>) -> Read<ClusterQueue> {
    at.only(&[OBJECT])?;
    let version = Version::of(&at)?;
    let spec = at.field("spec");
    let cohort = match version {
        Version::Old => {
            spec.renamed(&[("cohortName", "cohort")]);
            "cohort"
        }
        Version::New => {
            spec.renamed(&[
                ("cohort", "cohortName"),
                ("admissionChecks", "admissionChecksStrategy"),
            ]);
            "cohortName"
        }
    };
    spec.only(&[SPEC, SPEC_OLD, SPEC_NEW])?;
    let scope = spec.field("admissionScope");
    scope.only(&[&["admissionMode"]])?;
    let metadata = at.field("metadata");
    Ok(ClusterQueue {
        name: Meta::read(&at)?.name,
        terminating: metadata.field("deletionTimestamp").present(),
        cohort: spec.field(cohort).name()?,
        resource_groups: spec.field("resourceGroups").list(resource_group)?,
        strategy: spec
            .field("queueingStrategy")
            .choice(STRATEGIES)?
            .unwrap_or_default(),
        namespace_selector: selector(spec.field("namespaceSelector"))?,
        fungibility: fungibility(spec.field("flavorFungibility"), version)?,
        preemption: preemption(spec.field("preemption"))?,
        fair_weight: fair_weight(spec.field("fairSharing"))?,
        checks: checks(&spec, version)?,
        stop_policy: stop_policy(spec.field("stopPolicy"))?,
        admission_fair_sharing: scope
            .field("admissionMode")
            .choice(ADMISSION_MODES)?
            .unwrap_or(false),
        concurrent_admission: concurrent_admission(spec.field("concurrentAdmissionPolicy"))?,
    })
}

fn fungibility(at: At<'_, '_>, version: Version) -> Read<FlavorFungibility> {
    at.only(&[&["whenCanBorrow", "whenCanPreempt", "preference"]])?;
    let (borrow, preempt) = match version {
        Version::Old => (WHEN_CAN_BORROW_OLD, WHEN_CAN_PREEMPT_OLD),
        Version::New => (FUNGIBILITY, FUNGIBILITY),
    };
    let default = FlavorFungibility::default();
    Ok(FlavorFungibility {
        when_can_borrow: at
            .field("whenCanBorrow")
            .choice(borrow)?
            .unwrap_or(default.when_can_borrow),
        when_can_preempt: at
            .field("whenCanPreempt")
            .choice(preempt)?
            .unwrap_or(default.when_can_preempt),
        preference: at
            .field("preference")
            .choice(PREFERENCES)?
            .unwrap_or(default.preference),
    })
}

fn preemption(at: At<'_, '_>) -> Read<Preemption> {
    at.only(&[&[
        "withinClusterQueue",
        "reclaimWithinCohort",
        "borrowWithinCohort",
    ]])?;
    let borrow = at.field("borrowWithinCohort");
    borrow.only(&[&["policy", "maxPriorityThreshold"]])?;
    Ok(Preemption {
        within_cluster_queue: at
            .field("withinClusterQueue")
            .choice(WITHIN_CLUSTER_QUEUE)?
            .unwrap_or_default(),
        reclaim_within_cohort: at
            .field("reclaimWithinCohort")
            .choice(RECLAIM_WITHIN_COHORT)?
            .unwrap_or_default(),
        borrow_within_cohort: BorrowWithinCohort {
            policy: borrow
                .field("policy")
                .choice(BORROW_WITHIN_COHORT)?
                .unwrap_or_default(),
            max_priority_threshold: borrow.field("maxPriorityThreshold").i32()?,
        },
    })
}

/// The rules of the strategy; in old versions a plain list of names takes their place.
fn checks(spec: &At<'_, '_>, version: Version) -> Read<Vec<AdmissionCheckRule>> {
    let names = spec.field("admissionChecks");
    if version == Version::Old && names.present() {
        return Ok(names
            .strings()?
            .into_iter()
            .map(|name| AdmissionCheckRule {
                name,
                on_flavors: Vec::new(),
            })
            .collect());
    }
    let strategy = spec.field("admissionChecksStrategy");
    strategy.only(&[&["admissionChecks"]])?;
    strategy.field("admissionChecks").list(|item| {
        item.only(&[&["name", "onFlavors"]])?;
        Ok(AdmissionCheckRule {
            name: item.field("name").required()?,
            on_flavors: item.field("onFlavors").strings()?,
        })
    })
}

fn concurrent_admission(at: At<'_, '_>) -> Read<Option<ConcurrentAdmission>> {
    if !at.present() {
        return Ok(None);
    }
    at.only(&[&["migration"]])?;
    let migration = at.field("migration");
    migration.only(&[&["mode", "constraints"]])?;
    let constraints = migration.field("constraints");
    constraints.only(&[&["lastAcceptableFlavorName"]])?;
    Ok(Some(ConcurrentAdmission {
        migration: migration
            .field("mode")
            .choice(MIGRATION)?
            .unwrap_or_default(),
        last_acceptable_flavor: constraints.field("lastAcceptableFlavorName").name()?,
    }))
}
