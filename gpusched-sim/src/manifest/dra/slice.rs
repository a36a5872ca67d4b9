//! ResourceSlice.

use super::device::{counters, device, node_scope};
use super::version::Shape;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::placement::dra::objects::{CounterSet, NodeScope, ResourceSlice, SliceContent};

/// A ResourceSlice.
pub(in crate::manifest) fn resource_slice(at: At<'_, '_>) -> Read<ResourceSlice> {
    let shape = Shape::of(&at)?;
    let spec = at.field("spec");
    spec.only(&[&[
        "driver",
        "pool",
        "nodeName",
        "nodeSelector",
        "allNodes",
        "perDeviceNodeSelection",
        "devices",
        "sharedCounters",
        // Of 1.37, for the kubelet and for sharing by kind of partition.
        "skipNodeOperations",
        "partitionTypeAttribute",
    ]])?;
    let pool = spec.field("pool");
    pool.only(&[&["name", "generation", "resourceSliceCount"]])?;
    let per_device = spec.field("perDeviceNodeSelection").bool()?;
    let scope = match per_device {
        Some(true) => Some(NodeScope::PerDevice),
        _ => None,
    };
    Ok(ResourceSlice {
        name: Meta::read(&at)?.name,
        driver: spec.field("driver").string()?,
        pool: pool.field("name").string()?,
        generation: pool.field("generation").i64()?.unwrap_or_default(),
        slice_count: pool.field("resourceSliceCount").i64()?.unwrap_or_default(),
        scope: node_scope(&spec)?.or(scope),
        content: SliceContent {
            devices: spec.field("devices").list(|item| device(item, shape))?,
            shared_counters: spec.field("sharedCounters").list(counter_set)?,
        },
    })
}

fn counter_set(at: At<'_, '_>) -> Read<CounterSet> {
    at.only(&[&["name", "counters"]])?;
    Ok(CounterSet {
        name: at.field("name").string()?,
        counters: counters(at.field("counters"))?,
    })
}
