//! Which nodes have GPUs, and which pods want some (`utils/gpu`).

use crate::kube::{Labels, Resources};

/// Resources that are GPUs, in the order in which a node is searched for them.
pub(super) const RESOURCES: [&str; 5] = [
    "nvidia.com/gpu",
    "habana.ai/gaudi",
    "gpu.intel.com/xe",
    "amd.com/gpu",
    "microsoft.com/directx",
];

/// The GPU resource of a node: the first it offers some of; NVIDIA's where it has the provider's
/// label and offers none yet; `None` for a node without GPUs.
pub(super) fn resource(
    labels: &Labels,
    allocatable: &Resources,
    label: &str,
) -> Option<&'static str> {
    let offered = |one: &&&str| allocatable.get(**one).is_some_and(|amount| *amount != 0);
    let first = RESOURCES.iter().find(offered).copied();
    first.or_else(|| labels.contains_key(label).then_some(RESOURCES[0]))
}

/// Whether a pod wants GPUs.
pub(super) fn wanted(requests: &Resources) -> bool {
    RESOURCES.iter().any(|one| requests.contains_key(*one))
}
