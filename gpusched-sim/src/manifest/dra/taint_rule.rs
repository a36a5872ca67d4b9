//! DeviceTaintRule: taints that an administrator puts on devices of any driver.

use super::DraObjects;
use super::device::taint;
use crate::manifest::cursor::{At, Read};
use gpusched_core::placement::dra::objects::DeviceTaint;

/// A taint, and the devices that get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTaintRule {
    /// The devices: all that the selector is true of; `None` = no device.
    pub selector: Option<TaintedDevices>,
    /// The taint.
    pub taint: DeviceTaint,
}

/// Which devices; what is not said is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaintedDevices {
    /// Their driver.
    pub driver: Option<String>,
    /// Their pool.
    pub pool: Option<String>,
    /// Their name.
    pub device: Option<String>,
}

/// A DeviceTaintRule.
pub(super) fn device_taint_rule(at: At<'_, '_>) -> Read<DeviceTaintRule> {
    let spec = at.field("spec");
    let selector = spec.field("deviceSelector");
    selector.only(&[&["driver", "pool", "device"]])?;
    let devices = TaintedDevices {
        driver: selector.field("driver").name()?,
        pool: selector.field("pool").name()?,
        device: selector.field("device").name()?,
    };
    let given = spec.field("taint");
    if !given.present() {
        return Err(given.missing());
    }
    Ok(DeviceTaintRule {
        selector: selector.present().then_some(devices),
        taint: taint(given)?,
    })
}

impl DraObjects {
    /// The same with the taints of all DeviceTaintRules on the devices they select, as a scheduler
    /// with the gate DRADeviceTaintRules sees them. O(devices · rules).
    pub fn tainted(&self) -> DraObjects {
        let mut objects = self.clone();
        for slice in &mut objects.slices {
            for device in &mut slice.content.devices {
                for rule in &self.taint_rules {
                    let is = |wanted: &Option<String>, have: &str| {
                        wanted.as_deref().is_none_or(|wanted| wanted == have)
                    };
                    let selects = |one: &TaintedDevices| {
                        is(&one.driver, &slice.driver)
                            && is(&one.pool, &slice.pool)
                            && is(&one.device, &device.name)
                    };
                    if rule.selector.as_ref().is_some_and(selects) {
                        device.taints.push(rule.taint.clone());
                    }
                }
            }
        }
        objects
    }
}
