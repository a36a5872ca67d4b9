//! Dynamic Resource Allocation: the objects of `resource.k8s.io`, and the pods that claim devices.
//!
//! `v1` and `v1beta2` have one shape; `v1beta1` keeps devices under `basic` and requests flat. All
//! become the types of [`gpusched_core::placement::dra::objects`].

mod allocation;
mod claim;
mod class;
mod device;
mod kinds;
mod pod_group;
mod pods;
mod read;
mod rules;
mod slice;
mod taint_rule;
mod version;
pub mod write;

pub(super) use allocation::allocation_result;
pub(super) use claim::{resource_claim, resource_claim_template};
pub(super) use class::device_class;
pub use pod_group::PodGroup;
pub use pods::{ClaimSource, ClaimingPods, PodClaim};
pub use read::DraManifests;
pub(super) use slice::resource_slice;
pub use taint_rule::{DeviceTaintRule, TaintedDevices};

use super::cursor::{At, Read};
use super::kind::group_kind;
use gpusched_core::kube::Node;
use gpusched_core::placement::dra::objects::{
    Device, DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice,
};
use version::Shape;

/// What a cluster holds that decides about devices, each kind in the order it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraObjects {
    /// DeviceClasses.
    pub classes: Vec<DeviceClass>,
    /// ResourceSlices.
    pub slices: Vec<ResourceSlice>,
    /// ResourceClaims, with what they have already.
    pub claims: Vec<ResourceClaim>,
    /// ResourceClaimTemplates.
    pub templates: Vec<ResourceClaimTemplate>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Pods that wait for a node and claim devices.
    pub pods: Vec<ClaimingPods>,
    /// DeviceTaintRules, which are applied where [`DraObjects::tainted`] is asked for.
    pub taint_rules: Vec<DeviceTaintRule>,
    /// PodGroups.
    pub pod_groups: Vec<PodGroup>,
}

impl DraObjects {
    /// Takes in an object by its kind. `false` when nothing here decides with it.
    pub(super) fn take(&mut self, at: At<'_, '_>) -> Read<bool> {
        match kinds::known(group_kind(&at)?) {
            Some(kind) => {
                (kind.read)(at, self)?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Takes in an object that says what claims of workloads are charged; `false` when it is of
    /// another kind.
    pub(super) fn take_charged(&mut self, at: &At<'_, '_>, kind: (&str, &str)) -> Read<bool> {
        const CHARGED: [&str; 3] = ["DeviceClass", "ResourceSlice", "ResourceClaimTemplate"];
        let known = kinds::known(kind);
        let Some(known) = known.filter(|one| CHARGED.contains(&one.name)) else {
            return Ok(false);
        };
        (known.read)(*at, self)?;
        (known.rules)(at)?;
        Ok(true)
    }
}

/// A device as `v1` writes it in a slice.
pub(super) fn v1_device(at: At<'_, '_>) -> Read<Device> {
    device::device(at, Shape::Nested)
}
