//! What an API server holds of Dynamic Resource Allocation: `resource.k8s.io/v1` of Kubernetes
//! 1.36, as far as it decides. Plain data; reading it from YAML or JSON is `gpusched-sim`'s.

mod allocation;
mod claim;
mod class;
mod slice;

pub use allocation::{AllocationResult, DeviceConfig, DeviceResult};
pub use claim::{
    AllocationMode, ClaimConfig, ClaimSpec, Constraint, DeviceRequest, RequestKind, ResourceClaim,
    ResourceClaimTemplate, Rule, SubRequest,
};
pub use class::{DeviceClass, OpaqueConfig};
pub use slice::{
    CounterSet, CounterUse, Device, DeviceCapacity, DeviceTaint, DeviceToleration, NodeScope,
    RequestPolicy, ResourceSlice, SliceContent, TaintEffect, ValidRange,
};
