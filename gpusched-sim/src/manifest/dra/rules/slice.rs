//! ResourceSlice.

use super::{at_most, device, elsewhere, exactly_one, length, names, unique};
use crate::manifest::cursor::{At, Read};
use crate::manifest::dra::device::FIELDS;
use crate::manifest::dra::version::Shape;
use crate::manifest::rules;

/// What the API server asks of a ResourceSlice.
pub(in crate::manifest) fn resource_slice(at: &At<'_, '_>) -> Read<()> {
    rules::object_name(at)?;
    let shape = Shape::of(at)?;
    let spec = at.field("spec");
    names::driver(&spec.field("driver"))?;
    pool(&spec.field("pool"))?;
    scope(&spec)?;
    let (devices, sets) = (spec.field("devices"), spec.field("sharedCounters"));
    if devices.present() && sets.present() {
        sets.warn(
            sets.fault("a slice holds devices or counters, not both, since Kubernetes 1.35")
                .help("give the counters a slice of their own in the same pool"),
        );
    }
    counter_sets(&sets)?;
    let per_device = spec.field("perDeviceNodeSelection").bool()? == Some(true);
    let heavy = devices.list(|item| {
        names::label(&item.field("name"))?;
        match shape {
            Shape::Nested => {
                elsewhere(
                    &item,
                    &["basic"],
                    "from v1beta2 on what stood under it stands here",
                );
                device::device(&item, per_device)
            }
            Shape::Flat => {
                elsewhere(&item, FIELDS, "in v1beta1 it stands under `basic`");
                device::device(&item.field("basic"), per_device)
            }
        }
    })?;
    match heavy.contains(&true) {
        true => at_most(&devices, 64, "devices that have taints or counters"),
        false => at_most(&devices, 128, "devices"),
    }
    unique(&devices, "name", "device")
}

fn pool(at: &At<'_, '_>) -> Read<()> {
    names::pool(&at.field("name"))?;
    let generation = at.field("generation");
    if let Some(number) = generation.i64()?.filter(|number| *number < 0) {
        generation.refuse(generation.fault(format!("there is no generation {number}")));
    }
    let count = at.field("resourceSliceCount");
    match count.i64()? {
        Some(1..) => {}
        Some(number) => count.refuse(
            count
                .fault(format!("a pool cannot have {number} slices"))
                .help("say how many slices this generation of the pool has, this one included"),
        ),
        None => count.refuse(count.missing()),
    }
    Ok(())
}

fn scope(at: &At<'_, '_>) -> Read<()> {
    for flag in ["allNodes", "perDeviceNodeSelection"] {
        let flag = at.field(flag);
        if flag.bool()? == Some(false) {
            flag.refuse(flag.fault("this is true or not there"));
        }
    }
    exactly_one(
        at,
        &[
            "nodeName",
            "nodeSelector",
            "allNodes",
            "perDeviceNodeSelection",
        ],
    );
    if at.field("nodeName").present() {
        names::object(&at.field("nodeName"))?;
    }
    Ok(())
}

fn counter_sets(at: &At<'_, '_>) -> Read<()> {
    at_most(at, 8, "counter sets");
    unique(at, "name", "counter set")?;
    at.list(|item| {
        names::label(&item.field("name"))?;
        let counters = item.field("counters");
        if length(&counters) == 0 {
            counters.refuse(counters.missing());
        }
        counter_names(&counters)
    })?;
    Ok(())
}

/// Counters of a set, or those a device takes.
pub(super) fn counter_names(at: &At<'_, '_>) -> Read<()> {
    at_most(at, 32, "counters");
    at.map(|name, value| {
        names::label_text(&value, name);
        let amount = value.field("value");
        if amount.quantity()?.is_some_and(|given| given.nanos() < 0) {
            amount.refuse(amount.fault("a counter cannot be below 0"));
        }
        Ok(())
    })?;
    Ok(())
}
