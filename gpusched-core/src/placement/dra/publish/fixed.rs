//! Whole GPUs, and instances an administrator made.

use super::{GPU_DRIVER, Gpu, Node, PublishError, Published, at_most, attributes, pool, units};
use crate::gpu::mig::{Geometry, Instance, MigGpu, board_of_model};
use crate::ids::NodeId;
use crate::placement::dra::objects::{Device, SliceContent};
use crate::placement::mig::dra_device_name;
use std::sync::Arc;

/// Most devices in a slice, where none shares counters.
const MOST_DEVICES: usize = 128;

/// A GPU, and the instances that stand on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedGpu {
    /// The GPU.
    pub gpu: Gpu,
    /// Its instances; without any the GPU is offered whole.
    pub instances: Vec<FixedInstance>,
}

/// An instance that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedInstance {
    /// Profile and start.
    pub instance: Instance,
    /// Its UUID.
    pub uuid: String,
}

/// Publishes a node in one slice: whole GPUs and the instances that stand. O(devices).
///
/// # Errors
/// When a model or profile is not known well enough, or the devices are too many for a slice.
///
/// ```
/// use gpusched_core::gpu::model::find;
/// use gpusched_core::placement::dra::publish::{FixedGpu, Gpu, Node, fixed};
/// let node = Node {
///     name: "node-1".to_owned(),
///     driver_version: "570.133.20".to_owned(),
///     cuda_driver_version: "12.8.0".to_owned(),
/// };
/// let gpu = Gpu {
///     minor: 0,
///     model: find("H100-SXM5-80GB").unwrap(),
///     uuid: "GPU-0".to_owned(),
///     pci_bus_id: "0000:0f:00.0".to_owned(),
///     pcie_root: None,
///     extras: Default::default(),
/// };
/// let published = fixed(&node, &[FixedGpu { gpu, instances: vec![] }]).unwrap();
/// let device = &published.slices[0].content.devices[0];
/// assert_eq!(device.name, "gpu-0");
/// assert_eq!(device.capacity["memory"].value.to_string(), "81559Mi");
/// ```
pub fn fixed(node: &Node, gpus: &[FixedGpu]) -> Result<Published, PublishError> {
    let mut published = Published::default();
    let mut devices = Vec::new();
    for FixedGpu { gpu, instances } in gpus {
        if instances.is_empty() {
            devices.push(whole(node, gpu, &mut published)?);
            continue;
        }
        let board = board_of_model(gpu.model.name, gpu.model.mem_mib);
        let board = board.ok_or(PublishError::NoMig(gpu.model.name))?;
        let cut = MigGpu::new(Arc::new(Geometry::of(board)?), NodeId(0), gpu.minor);
        for FixedInstance { instance, uuid } in instances {
            let profile = board.profile(instance.profile);
            let name = dra_device_name(&cut, *instance);
            let mut device = Device {
                name: name.ok_or(PublishError::ProfileId {
                    model: gpu.model.name,
                    profile: profile.name,
                })?,
                attributes: attributes::of_instance(
                    node,
                    gpu,
                    profile.name,
                    Some(uuid),
                    &mut published,
                )?,
                capacity: units::capacities(gpu.model, profile, &mut published.omitted),
                ..Device::default()
            };
            let size = cut.geometry().size(instance.profile);
            for slice in instance.start..instance.start + size {
                let name = format!("memorySlice{slice}");
                device.capacity.insert(name, units::capacity(1));
            }
            devices.push(device);
        }
    }
    at_most(MOST_DEVICES, "devices", devices.len())?;
    let content = SliceContent {
        devices,
        ..SliceContent::default()
    };
    published.slices = pool(node, GPU_DRIVER, vec![content]);
    Ok(published)
}

fn whole(node: &Node, gpu: &Gpu, published: &mut Published) -> Result<Device, PublishError> {
    let memory = i64::from(gpu.model.mem_mib) << 20;
    Ok(Device {
        name: format!("gpu-{}", gpu.minor),
        attributes: attributes::of_gpu(node, gpu, published)?,
        capacity: [("memory".to_owned(), units::capacity(memory))].into(),
        ..Device::default()
    })
}
