//! Kueue's own `Configuration` (`config.kueue.x-k8s.io`).

use super::cursor::{At, Read};
use super::kueue::Version;
use gpusched_core::queueing::kueue::{
    AdmissionFairSharing, Configuration, CounterSource, DeviceClassMapping, FairSharing,
    FairSharingStrategy, PodsReady, QuotaCheckStrategy, RequeuingTimestamp, ResourcesConfig,
    Transformation, TransformationStrategy,
};
use gpusched_core::units::Span;
use std::collections::BTreeMap;

/// Fields that change decisions here.
const READ: &[&str] = &[
    "fairSharing",
    "admissionFairSharing",
    "resources",
    "waitForPodsReady",
    "featureGates",
];
/// Fields that say how the controller runs, or what belongs to jobs rather than to decisions.
const OTHER: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "namespace",
    "webhook",
    "leaderElection",
    "metrics",
    "health",
    "pprofBindAddress",
    "controller",
    "tls",
    "manageJobsWithoutQueueName",
    "managedJobsNamespaceSelector",
    "internalCertManagement",
    "clientConnection",
    "integrations",
    "multiKueue",
    "objectRetentionPolicies",
    "visibilityServer",
    "queueVisibility",
];

const STRATEGIES: &[(&str, FairSharingStrategy)] = &[
    (
        "LessThanOrEqualToFinalShare",
        FairSharingStrategy::LessThanOrEqualToFinalShare,
    ),
    (
        "LessThanInitialShare",
        FairSharingStrategy::LessThanInitialShare,
    ),
];
const QUOTA_CHECKS: &[(&str, QuotaCheckStrategy)] = &[
    ("BlockUndeclared", QuotaCheckStrategy::BlockUndeclared),
    ("IgnoreUndeclared", QuotaCheckStrategy::IgnoreUndeclared),
];
const TRANSFORMATIONS: &[(&str, TransformationStrategy)] = &[
    ("Retain", TransformationStrategy::Retain),
    ("Replace", TransformationStrategy::Replace),
];
const TIMESTAMPS: &[(&str, RequeuingTimestamp)] = &[
    ("Eviction", RequeuingTimestamp::Eviction),
    ("Creation", RequeuingTimestamp::Creation),
];

/// The part that changes decisions, with the defaults of the version it is written in.
pub(super) fn configuration(at: At<'_, '_>) -> Read<Configuration> {
    at.only(&[READ, OTHER])?;
    let version = Version::of(&at)?;
    let pods_ready = at.field("waitForPodsReady");
    let requeuing = pods_ready.field("requeuingStrategy");
    Ok(Configuration {
        fair_sharing: fair_sharing(at.field("fairSharing"), version)?,
        admission_fair_sharing: admission_fair_sharing(at.field("admissionFairSharing"))?,
        resources: resources(at.field("resources"))?,
        requeuing_timestamp: requeuing
            .field("timestamp")
            .choice(TIMESTAMPS)?
            .unwrap_or_default(),
        pods_ready: wait_for_pods_ready(pods_ready, version)?,
    })
}

/// `featureGates`, in the order of their names.
pub(super) fn feature_gates(at: At<'_, '_>) -> Read<BTreeMap<String, bool>> {
    at.map(|_, gate| gate.bool()?.ok_or_else(|| gate.missing()))
}

fn fair_sharing(at: At<'_, '_>, version: Version) -> Read<Option<FairSharing>> {
    at.only(&[&["preemptionStrategies", "enable"]])?;
    let enabled = match version {
        Version::Old => at.field("enable").bool()?.unwrap_or(false),
        Version::New => at.present(),
    };
    let strategies = at
        .field("preemptionStrategies")
        .list(|item| item.choice(STRATEGIES)?.ok_or_else(|| item.missing()))?;
    Ok(match (enabled, strategies.is_empty()) {
        (false, _) => None,
        (true, true) => Some(FairSharing::default()),
        (true, false) => Some(FairSharing { strategies }),
    })
}

fn admission_fair_sharing(at: At<'_, '_>) -> Read<Option<AdmissionFairSharing>> {
    if !at.present() {
        return Ok(None);
    }
    at.only(&[&[
        "usageHalfLifeTime",
        "usageSamplingInterval",
        "resourceWeights",
    ]])?;
    let sampling = at.field("usageSamplingInterval").duration()?;
    Ok(Some(AdmissionFairSharing {
        half_life: at
            .field("usageHalfLifeTime")
            .duration()?
            .unwrap_or_default(),
        sampling: sampling
            .filter(|span| *span != Span::ZERO)
            .unwrap_or(Span::from_secs(5 * 60)),
        weights: at
            .field("resourceWeights")
            .map(|_, weight| weight.f64()?.ok_or_else(|| weight.missing()))?,
    }))
}

fn resources(at: At<'_, '_>) -> Read<ResourcesConfig> {
    at.only(&[&[
        "quotaCheckStrategy",
        "excludeResourcePrefixes",
        "transformations",
        "deviceClassMappings",
    ]])?;
    Ok(ResourcesConfig {
        quota_check: at
            .field("quotaCheckStrategy")
            .choice(QUOTA_CHECKS)?
            .unwrap_or_default(),
        exclude_prefixes: at.field("excludeResourcePrefixes").strings()?,
        transformations: at.field("transformations").list(transformation)?,
        device_classes: at.field("deviceClassMappings").list(device_class_mapping)?,
    })
}

fn device_class_mapping(at: At<'_, '_>) -> Read<DeviceClassMapping> {
    at.only(&[&["name", "deviceClassNames", "sources"]])?;
    Ok(DeviceClassMapping {
        resource: at.field("name").required()?,
        classes: at.field("deviceClassNames").strings()?,
        counters: at.field("sources").list(counter_source)?,
    })
}

fn counter_source(at: At<'_, '_>) -> Read<CounterSource> {
    at.only(&[&["counter", "capacity"]])?;
    let capacity = at.field("capacity");
    if capacity.present() {
        let fault = capacity.fault("capacities of devices are not charged to quota here");
        let help = "their gate, KueueDRAIntegrationConsumableCapacity, is off in Kueue by default";
        return Err(fault.help(help));
    }
    let counter = at.field("counter");
    if !counter.present() {
        return Err(counter.missing());
    }
    counter.only(&[&["name", "driver", "deviceSelector"]])?;
    let selector = counter.field("deviceSelector");
    let cel = selector.field("cel");
    Ok(CounterSource {
        counter: counter.field("name").required()?,
        driver: counter.field("driver").required()?,
        selector: cel.field("expression").required()?,
    })
}

fn transformation(at: At<'_, '_>) -> Read<Transformation> {
    at.only(&[&["input", "strategy", "multiplyBy", "outputs"]])?;
    Ok(Transformation {
        input: at.field("input").required()?,
        strategy: at
            .field("strategy")
            .choice(TRANSFORMATIONS)?
            .unwrap_or_default(),
        multiply_by: at.field("multiplyBy").name()?,
        outputs: at.field("outputs").map(|_, factor| {
            let quantity = factor.quantity()?.ok_or_else(|| factor.missing())?;
            Ok(quantity.nanos())
        })?,
    })
}

fn wait_for_pods_ready(at: At<'_, '_>, version: Version) -> Read<Option<PodsReady>> {
    at.only(&[&[
        "enable",
        "timeout",
        "blockAdmission",
        "recoveryTimeout",
        "requeuingStrategy",
    ]])?;
    let old = version == Version::Old;
    if old && at.field("enable").bool()? != Some(true) {
        return Ok(None);
    }
    let default = PodsReady::default();
    let timeout = at.field("timeout").duration()?;
    let timeout = timeout
        .filter(|span| *span != Span::ZERO)
        .unwrap_or(default.timeout);
    let recovery = at.field("recoveryTimeout").duration()?;
    let requeuing = at.field("requeuingStrategy");
    requeuing.only(&[&[
        "timestamp",
        "backoffLimitCount",
        "backoffBaseSeconds",
        "backoffMaxSeconds",
    ]])?;
    let limit = requeuing.field("backoffLimitCount");
    let seconds = |name: &'static str, default: Span| -> Read<Span> {
        let given = requeuing.field(name).i32()?;
        Ok(given.map_or(default, |given| Span::from_secs(given.into())))
    };
    Ok(Some(PodsReady {
        timeout,
        recovery_timeout: match old {
            true => recovery,
            false => Some(recovery.unwrap_or(timeout)),
        },
        block_admission: at.field("blockAdmission").bool()?.unwrap_or(old),
        backoff_limit: limit
            .i32()?
            .map(|count| {
                u32::try_from(count).map_err(|_| limit.fault("a limit cannot be negative"))
            })
            .transpose()?,
        backoff_base: seconds("backoffBaseSeconds", default.backoff_base)?,
        backoff_max: seconds("backoffMaxSeconds", default.backoff_max)?,
    }))
}
