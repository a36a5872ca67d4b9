//! What NVIDIA's DRA driver publishes of a node: ResourceSlices as they would stand in the API
//! server, made from the catalogue of GPU models and the MIG tables.
//!
//! | module | holds |
//! |---|---|
//! | [`fixed`] | whole GPUs, and instances an administrator made |
//! | [`dynamic`] | every placement of every profile as a device that shares counters (KEP-4815) |
//! | [`compute_domain`] | channels and daemons of multi-node NVLink |
//! | [`device_classes`] | the classes that come with the driver |
//!
//! Source: NVIDIA/k8s-dra-driver-gpu 2240711, `cmd/gpu-kubelet-plugin` and
//! `cmd/compute-domain-kubelet-plugin`. Checked against recorded clusters
//! (`gpusched-bench/tests/dra_publish.rs`). Where the driver leaves the order of devices to chance
//! (whole GPUs and fixed instances), they stand here in the order of their GPUs. Attributes the
//! driver only sometimes has (`addressingMode`) are left out. What the tables do not know is left
//! out and named in [`Published::omitted`].

mod attributes;
mod classes;
mod domain;
mod dynamic;
mod fixed;
mod identity;
#[cfg(test)]
mod tests;
mod units;

pub use classes::device_classes;
pub use domain::{COMPUTE_DOMAIN_DRIVER, clique_label, compute_domain};
pub use dynamic::{SliceModel, dynamic};
pub use fixed::{FixedGpu, FixedInstance, fixed};

use super::objects::{NodeScope, ResourceSlice, SliceContent};
use crate::gpu::mig::GeometryError;
use crate::gpu::model::GpuModel;
use std::collections::BTreeSet;
use std::fmt;

/// The driver of GPUs and MIG devices.
pub const GPU_DRIVER: &str = "gpu.nvidia.com";

/// A node, as far as its name and software show in slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name, which is that of its pools.
    pub name: String,
    /// Version of the GPU driver, as semantic version: `570.133.20`.
    pub driver_version: String,
    /// Version of CUDA the GPU driver supports, as semantic version: `12.8.0`.
    pub cuda_driver_version: String,
}

/// One GPU of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// Its minor number, which is in its name.
    pub minor: u16,
    /// What it is.
    pub model: &'static GpuModel,
    /// Its UUID.
    pub uuid: String,
    /// Where it is on the PCI bus, which orders slices: `0000:3b:00.0`.
    pub pci_bus_id: String,
    /// The root it hangs from, where that is known: `pci0000:30`.
    pub pcie_root: Option<String>,
    /// What NVIDIA's driver does not publish.
    pub extras: Extras,
}

/// Attributes that users ask for and NVIDIA's driver does not have, under gpusched's own domain:
/// what could be asked if it had them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// `gpusched.dev/nvlinkDomain`: GPUs with one value reach each other over NVLink.
    pub nvlink_domain: Option<String>,
    /// `gpusched.dev/numa`: the NUMA node.
    pub numa: Option<i64>,
}

/// What a driver publishes of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The slices, in the order of their names.
    pub slices: Vec<ResourceSlice>,
    /// What the driver would say and the tables do not know.
    pub omitted: BTreeSet<Omission>,
}

/// Something the driver says of a model and nobody has published: it is left out of the slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Omission {
    /// The GPU model.
    pub model: &'static str,
    /// What of it.
    pub part: Omitted,
}

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Omitted {
    /// An attribute of the GPU and its instances.
    Attribute(&'static str),
    /// A capacity of the instances of a profile.
    Capacity {
        /// The profile.
        profile: &'static str,
        /// The capacity.
        name: &'static str,
    },
    /// A counter that instances share: nothing of it is ever used up.
    Counter(&'static str),
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.model;
        match self.part {
            Omitted::Attribute(name) => write!(f, "{model}: attribute `{name}` is not known"),
            Omitted::Capacity { profile, name } => {
                write!(f, "{model}: `{name}` of {profile} is not known")
            }
            Omitted::Counter(name) => {
                write!(f, "{model}: what instances take of `{name}` is not known")
            }
        }
    }
}

/// Why a node cannot be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The tables do not say what the driver calls the model.
    #[error("it is not known how NVIDIA's driver describes a `{0}`")]
    Model(&'static str),
    /// MIG cannot cut it.
    #[error("MIG cannot cut a `{0}`")]
    NoMig(&'static str),
    /// The board's placements are not known.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// A profile has no known id, which its device name holds.
    #[error("the id of {profile} on a `{model}` is not known, which its device name holds")]
    ProfileId {
        /// The model.
        model: &'static str,
        /// The profile.
        profile: &'static str,
    },
    /// The API server would refuse the slice.
    #[error("a ResourceSlice holds at most {most} {what}, not {count}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
}

/// Refuses what the API server would refuse of a slice.
fn at_most(most: usize, what: &'static str, count: usize) -> Result<(), PublishError> {
    match count > most {
        true => Err(PublishError::TooMany { what, count, most }),
        false => Ok(()),
    }
}

/// The slices of a node's pool. The controller that writes them numbers their names; its random
/// ending is left out.
fn pool(node: &Node, driver: &str, contents: Vec<SliceContent>) -> Vec<ResourceSlice> {
    let count = contents.len();
    let slices = contents.into_iter().enumerate();
    let slices = slices.map(|(number, content)| ResourceSlice {
        name: format!("{number:05}-{driver}-{}", node.name),
        driver: driver.to_owned(),
        pool: node.name.clone(),
        generation: 1,
        slice_count: i64::try_from(count).unwrap_or(i64::MAX),
        scope: Some(NodeScope::Node(node.name.clone())),
        content,
    });
    slices.collect()
}
