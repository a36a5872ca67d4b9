//! What an instance type of the catalogue is to the scheduler, and to a controller of nodes.

use crate::cluster::Node;
use crate::gpu::model;
use crate::provisioning::catalog::{Gpus, InstanceType};
use crate::provisioning::karpenter::Requirement;
use crate::provisioning::karpenter::objects::NodeType;

/// The label that names the GPU model of a node (GPU feature discovery).
pub const PRODUCT: &str = "nvidia.com/gpu.product";

/// The resource GPUs are published as.
pub const GPU: &str = "nvidia.com/gpu";

/// Parts each GPU is published in where pods ask for shares of one, as a device plugin with so many
/// time-slicing replicas does: a whole GPU is then a thousand.
pub const REPLICAS: i64 = 1000;

/// Most pods on a node: the default of the kubelet.
const PODS: i64 = 110;

/// What catalogues call a GPU, its least memory in GiB, and what it is called here.
const MODELS: &[(&str, u64, &str)] = &[
    ("k80", 0, "K80"),
    ("v100", 24, "V100-SXM2-32GB"),
    ("v100", 0, "V100-SXM2-16GB"),
    ("v100-32gb", 0, "V100-SXM2-32GB"),
    ("t4", 0, "T4"),
    ("a10", 0, "A10"),
    ("l4", 0, "L4"),
    ("l40s", 0, "L40S"),
    ("a100", 60, "A100-SXM4-80GB"),
    ("a100", 0, "A100-SXM4-40GB"),
    ("a100-80gb", 0, "A100-SXM4-80GB"),
    ("a100-80gb-pcie", 0, "A100-PCIE-80GB"),
    ("h100", 0, "H100-SXM5-80GB"),
    ("h100-nvl", 0, "H100-NVL-94GB"),
    ("h200", 0, "H200-SXM-141GB"),
    ("b200", 0, "B200-180GB"),
    ("b300", 0, "B300-270GB"),
    ("gb200", 0, "GB200"),
    ("rtx-pro-server-6000", 0, "RTX-PRO-6000-Blackwell-Server"),
    ("mi300x", 0, "MI300X"),
];

/// The name under which the scheduler knows a GPU of the catalogue; its own, in capitals, where it
/// has no other.
fn model_name(gpus: &Gpus) -> String {
    let known = MODELS
        .iter()
        .find(|(name, gib, _)| *name == gpus.model && gpus.memory_mib >= gib * 1024);
    match known {
        Some((.., name)) => (*name).to_owned(),
        None => gpus.model.to_uppercase(),
    }
}

/// The type as a machine of the scheduler: what pods can have of it. Memory of devices is what the
/// driver reports where the model is known. A share of a GPU is not offered: such a type counts as
/// one without GPUs, as it does to Karpenter.
///
/// ```
/// use gpusched_core::provisioning::catalog::{Gpus, InstanceType};
/// use gpusched_core::provisioning::controlled::machine;
/// let gpus = Gpus { vendor: "nvidia".into(), model: "a100".into(), milli: 8000, memory_mib: 81_920 };
/// let p4de = InstanceType {
///     name: "p4de.24xlarge".into(),
///     gpus: Some(gpus),
///     allocatable: [("cpu".to_owned(), 95_690), ("memory".to_owned(), 1 << 40)].into(),
///     ..InstanceType::default()
/// };
/// let node = machine(&p4de, "n");
/// assert_eq!((node.gpus, node.gpu_model.as_str()), (8, "A100-SXM4-80GB"));
/// assert_eq!((node.cpu_milli, node.mem_mib), (95_690, 1 << 20));
/// ```
pub fn machine(of: &InstanceType, name: impl Into<String>) -> Node {
    let amount = |resource: &str| {
        of.allocatable
            .get(resource)
            .map_or(0, |&amount| amount.max(0))
    };
    let whole = of.gpus.as_ref().filter(|gpus| gpus.whole() > 0);
    let model = whole.map(model_name).unwrap_or_default();
    let listed = whole.map_or(0, |gpus| gpus.memory_mib as u32);
    Node {
        gpu_mem_mib: model::find(&model).map_or(listed, |known| known.mem_mib),
        cpu_milli: amount("cpu") as u64,
        mem_mib: amount("memory") as u64 >> 20,
        ..Node::with_gpus(name, whole.map_or(0, Gpus::whole), model)
    }
}

/// The type as a controller sees it: with room for 110 pods, its GPU model as a label, and each GPU
/// in `replicas` parts, whoever made it.
pub fn published(of: &InstanceType, replicas: i64) -> NodeType {
    let mut seen = of.clone();
    let node = machine(of, "");
    for amounts in [&mut seen.capacity, &mut seen.allocatable] {
        amounts.retain(|resource, _| !resource.ends_with(".com/gpu"));
        amounts.entry("pods".into()).or_insert(PODS);
        if node.gpus > 0 {
            amounts.insert(GPU.into(), i64::from(node.gpus) * replicas);
        }
    }
    let mut node_type = NodeType::from(&seen);
    if node.gpus > 0 {
        let product = Requirement::one_of(PRODUCT, &[&node.gpu_model]);
        node_type.requirements.set(PRODUCT, Some(product));
    }
    node_type
}
