//! What a claim has got.

use super::{DeviceToleration, OpaqueConfig};
use crate::kube::{NodeSelectorTerm, Quantity};
use std::collections::BTreeMap;

/// `status.allocation` of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocationResult {
    /// The devices, in the order they were chosen.
    pub devices: Vec<DeviceResult>,
    /// Configuration, that of classes first.
    pub config: Vec<DeviceConfig>,
    /// Where pods that use it can run; `None` = everywhere.
    pub node_selector: Option<Vec<NodeSelectorTerm>>,
}

/// One device of an allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceResult {
    /// The request it answers: `main` or `main/sub`.
    pub request: String,
    /// Driver.
    pub driver: String,
    /// Pool.
    pub pool: String,
    /// Device.
    pub device: String,
    /// Given for monitoring beside its users; `None` = not said.
    pub admin_access: Option<bool>,
    /// Tolerations of the request.
    pub tolerations: Vec<DeviceToleration>,
    /// Conditions to wait for before a pod is bound.
    pub binding_conditions: Vec<String>,
    /// Conditions that end the wait as a failure.
    pub binding_failure_conditions: Vec<String>,
    /// Tells this share of the device from others; `None` = the device is whole. Upstream draws a
    /// UUID; here shares are numbered.
    pub share_id: Option<String>,
    /// How much of the device's capacities it takes.
    pub consumed_capacity: BTreeMap<String, Quantity>,
}

/// Configuration in an allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    /// It comes from the class, not from the claim.
    pub from_class: bool,
    /// The requests it is for; empty = all.
    pub requests: Vec<String>,
    /// For which driver, and what.
    pub opaque: Option<OpaqueConfig>,
}
