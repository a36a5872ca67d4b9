//! Multi-node NVLink: the devices of ComputeDomains, and the label that says which nodes share one
//! NVLink domain. The label is all there is: no device says which GPUs it reaches.

use super::{Node, pool};
use crate::cel::Attribute;
use crate::placement::dra::objects::{Device, ResourceSlice, SliceContent};

/// The driver of ComputeDomains.
pub const COMPUTE_DOMAIN_DRIVER: &str = "compute-domain.nvidia.com";

/// The slice of a node that can be part of ComputeDomains: one channel and one daemon. The other
/// channels of a node are not advertised.
///
/// ```
/// use gpusched_core::placement::dra::publish::{Node, compute_domain};
/// let node = Node {
///     name: "node-1".to_owned(),
///     driver_version: "570.133.20".to_owned(),
///     cuda_driver_version: "12.8.0".to_owned(),
/// };
/// let slice = compute_domain(&node);
/// let names: Vec<&str> = slice.content.devices.iter().map(|one| one.name.as_str()).collect();
/// assert_eq!(names, ["channel-0", "daemon-0"]);
/// ```
pub fn compute_domain(node: &Node) -> ResourceSlice {
    let device = |kind: &str| Device {
        name: format!("{kind}-0"),
        attributes: [
            ("type".to_owned(), Attribute::Text(kind.to_owned())),
            ("id".to_owned(), Attribute::Int(0)),
        ]
        .into(),
        ..Device::default()
    };
    let content = SliceContent {
        devices: vec![device("channel"), device("daemon")],
        ..SliceContent::default()
    };
    pool(node, COMPUTE_DOMAIN_DRIVER, vec![content]).remove(0)
}

/// The label of nodes whose GPUs reach each other over NVLink, and its value: UUID of the NVLink
/// cluster and number of the clique, as GPU Feature Discovery (NVIDIA/k8s-device-plugin v0.20.0)
/// writes it.
///
/// ```
/// use gpusched_core::placement::dra::publish::clique_label;
/// let (key, value) = clique_label("b4f2", 3);
/// assert_eq!((key, value.as_str()), ("nvidia.com/gpu.clique", "b4f2.3"));
/// ```
pub fn clique_label(cluster_uuid: &str, clique: u32) -> (&'static str, String) {
    ("nvidia.com/gpu.clique", format!("{cluster_uuid}.{clique}"))
}
