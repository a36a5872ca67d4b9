//! Kueue's `Configuration`.

use crate::manifest::cursor::{At, Read};
use crate::manifest::kueue::Version;
use std::collections::BTreeSet;

/// What Kueue refuses to start with, as far as it is about decisions.
pub(in crate::manifest) fn configuration(at: &At<'_, '_>) -> Read<()> {
    fair_sharing(at)?;
    let resources = at.field("resources");
    let strategy = resources.field("quotaCheckStrategy");
    let prefixes = resources.field("excludeResourcePrefixes");
    if strategy.str()? == Some("IgnoreUndeclared") && !prefixes.strings()?.is_empty() {
        prefixes.refuse(
            prefixes
                .fault("undeclared resources are ignored already")
                .help("leave `excludeResourcePrefixes` out, or `quotaCheckStrategy`"),
        );
    }
    let mut inputs = BTreeSet::new();
    resources.field("transformations").list(|one| {
        let input = one.field("input");
        let name = input.str()?.unwrap_or_default();
        if !inputs.insert(name) {
            input.refuse(input.fault(format!("`{name}` is transformed twice")));
        }
        Ok(())
    })?;
    device_classes(&resources.field("deviceClassMappings"))?;
    let weights = at.field("admissionFairSharing");
    weights.field("resourceWeights").map(|_, weight| {
        if weight.f64()?.is_some_and(|given| given < 0.0) {
            weight.refuse(weight.fault("a weight cannot be negative"));
        }
        Ok(())
    })?;
    Ok(())
}

/// A resource has one mapping, and a class is of one resource.
fn device_classes(at: &At<'_, '_>) -> Read<()> {
    let (mut names, mut classes) = (BTreeSet::new(), BTreeSet::new());
    at.list(|mapping| {
        let name = mapping.field("name");
        if !names.insert(name.string()?) {
            name.refuse(name.fault("this resource has a mapping already"));
        }
        let listed = mapping.field("deviceClassNames");
        let given = listed.strings()?;
        if given.is_empty() {
            listed.refuse(listed.fault("a mapping needs a device class"));
        }
        for class in given {
            if classes.contains(&class) {
                listed.refuse(listed.fault(format!("`{class}` is mapped already")));
            }
            classes.insert(class);
        }
        Ok(())
    })?;
    Ok(())
}

/// Of two strategies, each alone or both in this order.
fn fair_sharing(at: &At<'_, '_>) -> Read<()> {
    let fair = at.field("fairSharing");
    let strategies = fair.field("preemptionStrategies");
    let given = strategies.strings()?;
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    match given.as_slice() {
        ["LessThanOrEqualToFinalShare"]
        | ["LessThanInitialShare"]
        | ["LessThanOrEqualToFinalShare", "LessThanInitialShare"] => {}
        [] => {
            if fair.present() && Version::of(at)? == Version::New {
                let fault = fair.fault("`preemptionStrategies` is not set; both are taken");
                fair.warn(fault.help("Kueue itself may ask for it to be written out"));
            }
        }
        _ => strategies.refuse(strategies.fault("these strategies do not go together").help(
            "possible: LessThanOrEqualToFinalShare, LessThanInitialShare, or both in this order",
        )),
    }
    Ok(())
}
