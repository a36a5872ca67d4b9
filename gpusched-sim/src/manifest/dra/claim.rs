//! ResourceClaim and ResourceClaimTemplate.

use super::allocation::allocation_result;
use super::class::{opaque, selectors};
use super::device::{amount, effect};
use super::version::Shape;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::placement::dra::objects::{
    AllocationMode, ClaimConfig, ClaimSpec, Constraint, DeviceRequest, DeviceToleration,
    RequestKind, ResourceClaim, ResourceClaimTemplate, Rule, SubRequest,
};

/// What a request says of the devices it is for.
pub(super) const DEVICES: &[&str] = &[
    "deviceClassName",
    "selectors",
    "allocationMode",
    "count",
    "adminAccess",
    "tolerations",
    "capacity",
];

/// A ResourceClaim with its status.
pub(in crate::manifest) fn resource_claim(at: At<'_, '_>) -> Read<ResourceClaim> {
    let shape = Shape::of(&at)?;
    let Meta {
        namespace, name, ..
    } = Meta::read(&at)?;
    let status = at.field("status");
    let allocation = status.field("allocation");
    Ok(ResourceClaim {
        namespace,
        name,
        spec: claim_spec(at.field("spec"), shape)?,
        allocation: match allocation.present() {
            true => Some(allocation_result(allocation)?),
            false => None,
        },
        reserved_for: status
            .field("reservedFor")
            .list(|item| item.field("name").string())?,
    })
}

/// A ResourceClaimTemplate.
pub(in crate::manifest) fn resource_claim_template(at: At<'_, '_>) -> Read<ResourceClaimTemplate> {
    let shape = Shape::of(&at)?;
    let Meta {
        namespace, name, ..
    } = Meta::read(&at)?;
    let spec = at.field("spec");
    spec.only(&[&["metadata", "spec"]])?;
    Ok(ResourceClaimTemplate {
        namespace,
        name,
        spec: claim_spec(spec.field("spec"), shape)?,
    })
}

fn claim_spec(at: At<'_, '_>, shape: Shape) -> Read<ClaimSpec> {
    at.only(&[&["devices"]])?;
    let devices = at.field("devices");
    devices.only(&[&["requests", "constraints", "config"]])?;
    Ok(ClaimSpec {
        requests: devices.field("requests").list(|one| request(one, shape))?,
        constraints: devices.field("constraints").list(constraint)?,
        config: devices.field("config").list(|item| {
            item.only(&[&["requests", "opaque"]])?;
            Ok(ClaimConfig {
                requests: item.field("requests").strings()?,
                opaque: opaque(item.field("opaque"))?,
            })
        })?,
    })
}

/// A request; fields of the other versions are the rules' business. One that is neither `exactly` something nor a list of choices is of a kind this
/// version does not know: nothing is available for it.
fn request(at: At<'_, '_>, shape: Shape) -> Read<DeviceRequest> {
    let choices = at.field("firstAvailable");
    let exactly = at.field("exactly");
    let name = at.field("name").string()?;
    let kind = match shape {
        Shape::Nested => {
            at.only(&[&["name", "exactly", "firstAvailable"], DEVICES])?;
            exactly.only(&[DEVICES])?;
            exactly.present().then_some(exactly)
        }
        Shape::Flat => {
            at.only(&[&["name", "exactly", "firstAvailable"], DEVICES])?;
            (!choices.present()).then_some(at)
        }
    };
    Ok(DeviceRequest {
        name,
        kind: match kind {
            Some(exactly) => RequestKind::Exactly(sub_request(&exactly, String::new())?),
            None => RequestKind::FirstAvailable(choices.list(|choice| {
                choice.only(&[&["name"], DEVICES])?;
                sub_request(&choice, choice.field("name").string()?)
            })?),
        },
    })
}

fn sub_request(at: &At<'_, '_>, name: String) -> Read<SubRequest> {
    let count = at.field("count").i64()?;
    let capacity = at.field("capacity");
    capacity.only(&[&["requests"]])?;
    Ok(SubRequest {
        name,
        class: at.field("deviceClassName").string()?,
        selectors: selectors(at.field("selectors"))?,
        mode: match at.field("allocationMode").str()? {
            None | Some("" | "ExactCount") => AllocationMode::ExactCount(count.unwrap_or(1)),
            Some("All") => AllocationMode::All,
            Some(other) => AllocationMode::Other(other.to_owned()),
        },
        admin_access: at.field("adminAccess").bool()?,
        tolerations: at.field("tolerations").list(toleration)?,
        capacity: match capacity.present() {
            true => Some(capacity.field("requests").map(|_, one| amount(one))?),
            false => None,
        },
    })
}

fn constraint(at: At<'_, '_>) -> Read<Constraint> {
    at.only(&[&["requests", "matchAttribute", "distinctAttribute"]])?;
    let same = at.field("matchAttribute").str()?;
    let distinct = at.field("distinctAttribute").str()?;
    Ok(Constraint {
        requests: at.field("requests").strings()?,
        rule: match (same, distinct) {
            (Some(name), _) => Rule::MatchAttribute(name.to_owned()),
            (None, Some(name)) => Rule::DistinctAttribute(name.to_owned()),
            (None, None) => Rule::Unknown,
        },
    })
}

/// A toleration of device taints.
pub(super) fn toleration(at: At<'_, '_>) -> Read<DeviceToleration> {
    at.only(&[&["key", "operator", "value", "effect", "tolerationSeconds"]])?;
    Ok(DeviceToleration {
        key: at.field("key").string()?,
        operator: at.field("operator").string()?,
        value: at.field("value").string()?,
        effect: at.field("effect").name()?.map(|name| effect(&name)),
        seconds: at.field("tolerationSeconds").i64()?,
    })
}
