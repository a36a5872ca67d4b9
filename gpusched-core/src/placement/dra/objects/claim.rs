//! ResourceClaim and ResourceClaimTemplate: what is asked for.

use super::{AllocationResult, DeviceToleration, OpaqueConfig};
use crate::kube::Quantity;
use std::collections::BTreeMap;

/// A ResourceClaim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceClaim {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub spec: ClaimSpec,
    /// What it has; `None` = nothing yet.
    pub allocation: Option<AllocationResult>,
    /// Names of the pods that may use it now.
    pub reserved_for: Vec<String>,
}

/// A ResourceClaimTemplate: a claim for each pod that names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceClaimTemplate {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What each claim asks for.
    pub spec: ClaimSpec,
}

/// `spec.devices` of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimSpec {
    /// The requests, in their order.
    pub requests: Vec<DeviceRequest>,
    /// What must hold across devices.
    pub constraints: Vec<Constraint>,
    /// Configuration for the drivers.
    pub config: Vec<ClaimConfig>,
}

/// One request of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub kind: RequestKind,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Exactly this. The name of the sub-request is empty.
    Exactly(SubRequest),
    /// The first of these that can be had.
    FirstAvailable(Vec<SubRequest>),
}

/// Devices of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubRequest {
    /// Name within the request; empty under [`RequestKind::Exactly`].
    pub name: String,
    /// The DeviceClass.
    pub class: String,
    /// CEL expressions that must all be true; `None` = a selector without CEL.
    pub selectors: Vec<Option<String>>,
    /// How many.
    pub mode: AllocationMode,
    /// Access beside its users, for monitoring; `None` = not said.
    pub admin_access: Option<bool>,
    /// Device taints that do no harm.
    pub tolerations: Vec<DeviceToleration>,
    /// How much of a device's capacities, by name as written; `None` = not said.
    pub capacity: Option<BTreeMap<String, Quantity>>,
}

/// How many devices a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllocationMode {
    /// This many.
    ExactCount(i64),
    /// All that match.
    All,
    /// A mode this version does not know.
    Other(String),
}

impl Default for AllocationMode {
    fn default() -> Self {
        AllocationMode::ExactCount(1)
    }
}

/// What must hold across the devices of several requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// The requests (`main` or `main/sub`); empty = all.
    pub requests: Vec<String>,
    /// What must hold.
    pub rule: Rule,
}

/// What must hold across devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All have the same value of the attribute (fully qualified name).
    MatchAttribute(String),
    /// No two have the same value of it.
    DistinctAttribute(String),
    /// A constraint this version does not know.
    Unknown,
}

/// Configuration for the devices of some requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimConfig {
    /// The requests (`main` or `main/sub`); empty = all.
    pub requests: Vec<String>,
    /// For which driver, and what; `None` = configuration of a kind this version does not know.
    pub opaque: Option<OpaqueConfig>,
}
