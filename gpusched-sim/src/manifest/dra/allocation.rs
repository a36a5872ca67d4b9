//! What a claim has got: `status.allocation`.

use super::claim::toleration;
use super::class::opaque;
use super::device::amount;
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::node_selector_term;
use gpusched_core::placement::dra::objects::{AllocationResult, DeviceConfig, DeviceResult};

/// An allocation.
pub(in crate::manifest) fn allocation_result(at: At<'_, '_>) -> Read<AllocationResult> {
    at.only(&[&[
        "devices",
        "nodeSelector",
        "allocationTimestamp",
        // Of 1.31.
        "controller",
    ]])?;
    let devices = at.field("devices");
    devices.only(&[&["results", "config"]])?;
    let selector = at.field("nodeSelector");
    Ok(AllocationResult {
        devices: devices.field("results").list(device_result)?,
        config: devices.field("config").list(device_config)?,
        node_selector: match selector.present() {
            true => Some(
                selector
                    .field("nodeSelectorTerms")
                    .list(node_selector_term)?,
            ),
            false => None,
        },
    })
}

fn device_result(at: At<'_, '_>) -> Read<DeviceResult> {
    at.only(&[&[
        "request",
        "driver",
        "pool",
        "device",
        "adminAccess",
        "tolerations",
        "bindingConditions",
        "bindingFailureConditions",
        "shareID",
        "consumedCapacity",
        // Of 1.37.
        "skipNodeOperations",
    ]])?;
    Ok(DeviceResult {
        request: at.field("request").string()?,
        driver: at.field("driver").string()?,
        pool: at.field("pool").string()?,
        device: at.field("device").string()?,
        admin_access: at.field("adminAccess").bool()?,
        tolerations: at.field("tolerations").list(toleration)?,
        binding_conditions: at.field("bindingConditions").strings()?,
        binding_failure_conditions: at.field("bindingFailureConditions").strings()?,
        share_id: at.field("shareID").name()?,
        consumed_capacity: at.field("consumedCapacity").map(|_, one| amount(one))?,
    })
}

fn device_config(at: At<'_, '_>) -> Read<DeviceConfig> {
    at.only(&[&["source", "requests", "opaque"]])?;
    let source = at.field("source");
    Ok(DeviceConfig {
        from_class: source
            .choice(&[("FromClass", true), ("FromClaim", false)])?
            .unwrap_or(false),
        requests: at.field("requests").strings()?,
        opaque: opaque(at.field("opaque"))?,
    })
}
