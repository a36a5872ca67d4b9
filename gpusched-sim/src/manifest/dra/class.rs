//! DeviceClass, and what classes and claims have in common.

use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::placement::dra::objects::{DeviceClass, OpaqueConfig};
use serde_json::Value;

/// A DeviceClass.
pub(in crate::manifest) fn device_class(at: At<'_, '_>) -> Read<DeviceClass> {
    let spec = at.field("spec");
    spec.only(&[&[
        "selectors",
        "config",
        "extendedResourceName",
        // Of 1.31 and its control plane controllers.
        "suitableNodes",
    ]])?;
    let config = spec.field("config").list(|item| {
        item.only(&[&["opaque"]])?;
        opaque(item.field("opaque"))
    })?;
    Ok(DeviceClass {
        name: Meta::read(&at)?.name,
        selectors: selectors(spec.field("selectors"))?,
        config: config.into_iter().flatten().collect(),
        extended_resource: spec.field("extendedResourceName").name()?,
    })
}

/// Expressions that must all be true; `None` for a selector of a kind this version does not know.
pub(super) fn selectors(at: At<'_, '_>) -> Read<Vec<Option<String>>> {
    at.list(|item| {
        item.only(&[&["cel"]])?;
        let cel = item.field("cel");
        cel.only(&[&["expression"]])?;
        match cel.present() {
            true => Ok(Some(cel.field("expression").string()?)),
            false => Ok(None),
        }
    })
}

/// Parameters for a driver; `None` where there are none of a known kind.
pub(super) fn opaque(at: At<'_, '_>) -> Read<Option<OpaqueConfig>> {
    at.only(&[&["driver", "parameters"]])?;
    if !at.present() {
        return Ok(None);
    }
    let parameters = at.field("parameters");
    Ok(Some(OpaqueConfig {
        driver: at.field("driver").string()?,
        parameters: parameters.value().map(Value::to_string).unwrap_or_default(),
    }))
}
