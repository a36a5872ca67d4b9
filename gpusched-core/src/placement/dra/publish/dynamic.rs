//! Every placement of every profile as a device: the driver's gate `DynamicMIG`.

use super::units::Shares;
use super::{GPU_DRIVER, Gpu, Node, PublishError, Published, at_most, attributes, pool, units};
use crate::gpu::mig::{Geometry, Instance, MigGpu, board_of_model};
use crate::ids::NodeId;
use crate::placement::dra::objects::{CounterSet, CounterUse, Device, SliceContent};
use crate::placement::mig::dra_device_name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most counter sets in a slice.
const MOST_SETS: usize = 8;

/// How devices and counters are put into slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceModel {
    /// For Kubernetes 1.34: a slice per GPU with its devices and its counters.
    Combined,
    /// For Kubernetes 1.35 and newer: a slice with all counters, and one per GPU with its devices.
    Split,
}

/// Publishes a node whose GPUs are cut when a claim asks for a part. Slices stand in the order of
/// PCI bus ids, devices within one in the order of names: that is the order the allocator tries
/// them in. `whole` is false where MIG mode is on and cannot be switched (Ampere): then GPUs as a
/// whole are not offered. O(devices · log devices).
///
/// # Errors
/// When a GPU cannot be cut, a board is not known well enough, or more GPUs share counters than a
/// slice may hold.
///
/// ```
/// use gpusched_core::gpu::model::find;
/// use gpusched_core::placement::dra::publish::{Gpu, Node, SliceModel, dynamic};
/// let node = Node {
///     name: "node-1".to_owned(),
///     driver_version: "570.133.20".to_owned(),
///     cuda_driver_version: "12.8.0".to_owned(),
/// };
/// let gpu = Gpu {
///     minor: 0,
///     model: find("A30").unwrap(),
///     uuid: "GPU-0".to_owned(),
///     pci_bus_id: "0000:0f:00.0".to_owned(),
///     pcie_root: None,
///     extras: Default::default(),
/// };
/// let published = dynamic(&node, &[gpu], SliceModel::Split, true).unwrap();
/// let [counters, devices] = &published.slices[..] else { panic!("two slices") };
/// assert_eq!(counters.content.shared_counters[0].name, "gpu-0-counter-set");
/// let names: Vec<&str> = devices.content.devices.iter().map(|one| one.name.as_str()).collect();
/// assert_eq!(names[..2], ["gpu-0", "gpu-0-mig-1g6gb-14-0"]);
/// ```
pub fn dynamic(
    node: &Node,
    gpus: &[Gpu],
    model: SliceModel,
    whole: bool,
) -> Result<Published, PublishError> {
    let mut gpus: Vec<&Gpu> = gpus.iter().collect();
    gpus.sort_by(|a, b| a.pci_bus_id.cmp(&b.pci_bus_id));
    let mut published = Published::default();
    let (mut contents, mut sets) = (Vec::new(), Vec::new());
    // Equal GPUs are cut alike.
    let mut geometries = BTreeMap::new();
    for gpu in gpus {
        let geometry = match geometries.get(gpu.model.name) {
            Some(known) => Arc::clone(known),
            None => {
                let made = Arc::new(geometry(gpu)?);
                geometries.insert(gpu.model.name, Arc::clone(&made));
                made
            }
        };
        let (set, devices) = partitions(node, gpu, &geometry, whole, &mut published)?;
        let shared_counters = match model {
            SliceModel::Combined => vec![set],
            SliceModel::Split => {
                sets.push(set);
                Vec::new()
            }
        };
        contents.push(SliceContent {
            devices,
            shared_counters,
        });
    }
    if model == SliceModel::Split {
        at_most(MOST_SETS, "counter sets", sets.len())?;
        let shared = SliceContent {
            devices: Vec::new(),
            shared_counters: sets,
        };
        contents.insert(0, shared);
    }
    published.slices = pool(node, GPU_DRIVER, contents);
    Ok(published)
}

/// How a GPU can be cut.
fn geometry(gpu: &Gpu) -> Result<Geometry, PublishError> {
    let board = board_of_model(gpu.model.name, gpu.model.mem_mib);
    let board = board.ok_or(PublishError::NoMig(gpu.model.name))?;
    Ok(Geometry::of(board)?)
}

/// The counters of a GPU, and the devices that share them.
fn partitions(
    node: &Node,
    gpu: &Gpu,
    geometry: &Arc<Geometry>,
    whole: bool,
    published: &mut Published,
) -> Result<(CounterSet, Vec<Device>), PublishError> {
    let board = geometry.board();
    let cut = MigGpu::new(Arc::clone(geometry), NodeId(0), gpu.minor);
    let shares = Shares::of(gpu.model, geometry, &mut published.omitted);
    let set = CounterSet {
        name: format!("gpu-{}-counter-set", gpu.minor),
        counters: shares.all(geometry.units()),
    };
    let takes = |counters| {
        let counter_set = set.name.clone();
        vec![CounterUse {
            counter_set,
            counters,
        }]
    };
    let mut devices = Vec::new();
    if whole {
        devices.push(Device {
            name: format!("gpu-{}", gpu.minor),
            attributes: attributes::of_gpu(node, gpu, published)?,
            capacity: shares.board(),
            consumes: takes(set.counters.clone()),
            ..Device::default()
        });
    }
    for row in board.rows() {
        let profile = board.profile(row);
        for &start in geometry.starts(row) {
            let name = dra_device_name(
                &cut,
                Instance {
                    profile: row,
                    start,
                },
            );
            let counters = shares.taken(profile, start, geometry.size(row));
            devices.push(Device {
                name: name.ok_or(PublishError::ProfileId {
                    model: gpu.model.name,
                    profile: profile.name,
                })?,
                attributes: attributes::of_instance(node, gpu, profile.name, None, published)?,
                capacity: units::capacities(gpu.model, profile, &mut published.omitted),
                consumes: takes(counters),
                ..Device::default()
            });
        }
    }
    devices.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((set, devices))
}
