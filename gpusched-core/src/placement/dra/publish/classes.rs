//! The DeviceClasses that come with NVIDIA's driver.

use super::{COMPUTE_DOMAIN_DRIVER, GPU_DRIVER};
use crate::placement::dra::objects::DeviceClass;

/// Class, driver, and what a device must say besides.
const CLASSES: &[(&str, &str, &[&str])] = &[
    ("gpu.nvidia.com", GPU_DRIVER, &["type == 'gpu'"]),
    ("mig.nvidia.com", GPU_DRIVER, &["type == 'mig'"]),
    ("vfio.gpu.nvidia.com", GPU_DRIVER, &["type == 'vfio'"]),
    (
        "compute-domain-daemon.nvidia.com",
        COMPUTE_DOMAIN_DRIVER,
        &["type == 'daemon'"],
    ),
    (
        "compute-domain-default-channel.nvidia.com",
        COMPUTE_DOMAIN_DRIVER,
        &["type == 'channel'", "id == 0"],
    ),
];

/// The classes: whole GPUs (which also serve `nvidia.com/gpu`), MIG devices, GPUs passed through,
/// and the devices of ComputeDomains.
///
/// ```
/// use gpusched_core::placement::dra::publish::device_classes;
/// let classes = device_classes();
/// assert_eq!(classes[0].extended_resource.as_deref(), Some("nvidia.com/gpu"));
/// assert!(classes.iter().any(|class| class.name == "mig.nvidia.com"));
/// ```
pub fn device_classes() -> Vec<DeviceClass> {
    let class = |(name, driver, rules): &(&str, &str, &[&str])| {
        let mut expression = format!("device.driver == '{driver}'");
        for rule in *rules {
            expression += &format!(" && device.attributes['{driver}'].{rule}");
        }
        DeviceClass {
            name: (*name).to_owned(),
            selectors: vec![Some(expression)],
            config: Vec::new(),
            extended_resource: (*name == "gpu.nvidia.com").then(|| "nvidia.com/gpu".to_owned()),
        }
    };
    CLASSES.iter().map(class).collect()
}
