//! A device of a slice.

use super::version::Shape;
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::node_selector_term;
use gpusched_core::cel::Attribute;
use gpusched_core::kube::Quantity;
use gpusched_core::placement::dra::objects::{
    CounterUse, Device, DeviceCapacity, DeviceTaint, NodeScope, RequestPolicy, TaintEffect,
    ValidRange,
};
use std::collections::BTreeMap;

/// What a device has in every version.
pub(super) const FIELDS: &[&str] = &[
    "attributes",
    "capacity",
    "consumesCounters",
    "nodeName",
    "nodeSelector",
    "allNodes",
    "taints",
    "bindsToNode",
    "bindingConditions",
    "bindingFailureConditions",
    "allowMultipleAllocations",
    // Alpha: what of the node's own resources comes with it.
    "nodeAllocatableResources",
];

/// A device, which older versions keep under `basic`; fields of the other versions are the rules'
/// business.
pub(in crate::manifest) fn device(at: At<'_, '_>, shape: Shape) -> Read<Device> {
    let name = at.field("name").string()?;
    match shape {
        Shape::Nested => {
            at.only(&[&["name", "basic"], FIELDS])?;
            body(&at, name)
        }
        Shape::Flat => {
            at.only(&[&["name", "basic"], FIELDS])?;
            let basic = at.field("basic");
            basic.only(&[FIELDS])?;
            body(&basic, name)
        }
    }
}

fn body(at: &At<'_, '_>, name: String) -> Read<Device> {
    Ok(Device {
        name,
        attributes: at.field("attributes").map(|_, one| attribute(one))?,
        capacity: at.field("capacity").map(|_, one| capacity(one))?,
        consumes: at.field("consumesCounters").list(|item| {
            item.only(&[&["counterSet", "counters"]])?;
            Ok(CounterUse {
                counter_set: item.field("counterSet").string()?,
                counters: counters(item.field("counters"))?,
            })
        })?,
        scope: node_scope(at)?,
        taints: at.field("taints").list(taint)?,
        binds_to_node: at.field("bindsToNode").bool()?.unwrap_or(false),
        binding_conditions: at.field("bindingConditions").strings()?,
        binding_failure_conditions: at.field("bindingFailureConditions").strings()?,
        allow_multiple_allocations: at.field("allowMultipleAllocations").bool()?,
    })
}

/// Where a slice or a device can be used, if it says so.
pub(super) fn node_scope(at: &At<'_, '_>) -> Read<Option<NodeScope>> {
    if let Some(node) = at.field("nodeName").name()? {
        return Ok(Some(NodeScope::Node(node)));
    }
    if at.field("allNodes").bool()? == Some(true) {
        return Ok(Some(NodeScope::All));
    }
    let selector = at.field("nodeSelector");
    if !selector.present() {
        return Ok(None);
    }
    selector.only(&[&["nodeSelectorTerms"]])?;
    let terms = selector.field("nodeSelectorTerms");
    let mut read = terms.list(node_selector_term)?;
    match (read.pop(), read.is_empty()) {
        (Some(term), true) => Ok(Some(NodeScope::Selector(term))),
        _ => Err(terms
            .fault("this node selector must have exactly one term")
            .help("put all requirements into the `matchExpressions` of one term")),
    }
}

/// Amounts by counter: each is an object with a `value`.
pub(super) fn counters(at: At<'_, '_>) -> Read<BTreeMap<String, Quantity>> {
    at.map(|_, one| {
        one.only(&[&["value"]])?;
        amount(one.field("value"))
    })
}

/// A quantity that must be there.
pub(super) fn amount(at: At<'_, '_>) -> Read<Quantity> {
    at.quantity()?.ok_or_else(|| at.missing())
}

fn attribute(at: At<'_, '_>) -> Read<Attribute> {
    at.only(&[&[
        "int", "bool", "string", "version", "ints", "bools", "strings", "versions",
    ]])?;
    let texts = |name| at.field(name).strings();
    Ok(if let Some(value) = at.field("int").i64()? {
        Attribute::Int(value)
    } else if let Some(value) = at.field("bool").bool()? {
        Attribute::Bool(value)
    } else if let Some(value) = at.field("string").str()? {
        Attribute::Text(value.to_owned())
    } else if let Some(value) = at.field("version").str()? {
        Attribute::Version(value.to_owned())
    } else if at.field("ints").present() {
        let list = at.field("ints");
        Attribute::Ints(list.list(|item| item.i64()?.ok_or_else(|| item.missing()))?)
    } else if at.field("bools").present() {
        let list = at.field("bools");
        Attribute::Bools(list.list(|item| item.bool()?.ok_or_else(|| item.missing()))?)
    } else if at.field("strings").present() {
        Attribute::Texts(texts("strings")?)
    } else if at.field("versions").present() {
        Attribute::Versions(texts("versions")?)
    } else {
        Attribute::Unknown
    })
}

fn capacity(at: At<'_, '_>) -> Read<DeviceCapacity> {
    at.only(&[&["value", "requestPolicy"]])?;
    let policy = at.field("requestPolicy");
    Ok(DeviceCapacity {
        value: amount(at.field("value"))?,
        policy: match policy.present() {
            true => Some(request_policy(policy)?),
            false => None,
        },
    })
}

fn request_policy(at: At<'_, '_>) -> Read<RequestPolicy> {
    at.only(&[&["default", "validValues", "validRange"]])?;
    let range = at.field("validRange");
    range.only(&[&["min", "max", "step"]])?;
    let bound = |name| range.field(name).quantity();
    Ok(RequestPolicy {
        default: at.field("default").quantity()?,
        valid_values: at.field("validValues").list(amount)?,
        valid_range: match range.present() {
            true => Some(ValidRange {
                min: bound("min")?,
                max: bound("max")?,
                step: bound("step")?,
            }),
            false => None,
        },
    })
}

pub(super) fn taint(at: At<'_, '_>) -> Read<DeviceTaint> {
    at.only(&[&["key", "value", "effect", "timeAdded"]])?;
    Ok(DeviceTaint {
        key: at.field("key").string()?,
        value: at.field("value").string()?,
        effect: effect(at.field("effect").str()?.unwrap_or_default()),
    })
}

/// The effect of a taint by its name.
pub(super) fn effect(name: &str) -> TaintEffect {
    match name {
        "None" => TaintEffect::None,
        "NoSchedule" => TaintEffect::NoSchedule,
        "NoExecute" => TaintEffect::NoExecute,
        other => TaintEffect::Other(other.to_owned()),
    }
}
