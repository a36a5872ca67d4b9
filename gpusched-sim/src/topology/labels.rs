//! Which labels of nodes are levels of a topology.
//!
//! Kubernetes has `topology.kubernetes.io/zone`; the rest are the labels of providers and of
//! topograph (`network.topology.nvidia.com/…`), and the ones Kueue's documentation uses
//! (`cloud.provider.com/topology-…`). `nvidia.com/gpu.clique` is set by NVIDIA's feature discovery:
//! nodes with the same value share an NVLink domain.

use gpusched_core::topology::Scope;

/// Well-known labels, and what they name.
pub const LABELS: [(&str, Scope); 18] = [
    ("topology.kubernetes.io/zone", Scope::Zone),
    ("failure-domain.beta.kubernetes.io/zone", Scope::Zone),
    ("topology.k8s.aws/network-node-layer-1", Scope::Zone),
    ("network.topology.nvidia.com/core", Scope::Zone),
    ("network.topology.nvidia.com/datacenter", Scope::Zone),
    ("topology.k8s.aws/network-node-layer-2", Scope::Block),
    ("topology.kubernetes.io/block", Scope::Block),
    ("cloud.provider.com/topology-block", Scope::Block),
    ("cloud.google.com/gce-topology-block", Scope::Block),
    ("network.topology.nvidia.com/spine", Scope::Block),
    ("topology.k8s.aws/network-node-layer-3", Scope::Rack),
    ("topology.kubernetes.io/rack", Scope::Rack),
    ("cloud.provider.com/topology-rack", Scope::Rack),
    ("cloud.google.com/gce-topology-subblock", Scope::Rack),
    ("network.topology.nvidia.com/leaf", Scope::Rack),
    ("network.topology.nvidia.com/block", Scope::Rack),
    ("network.topology.nvidia.com/accelerator", Scope::Nvlink),
    ("nvidia.com/gpu.clique", Scope::Nvlink),
];

/// The label every node has of its own.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// What a well-known label names.
pub fn scope_of(label: &str) -> Option<Scope> {
    let known = LABELS.iter().find(|(name, _)| *name == label);
    known.map(|(_, scope)| *scope)
}

/// The scopes of levels that somebody lists far to near: well-known labels keep theirs, others
/// take the one above the level below them, from the rack up. Never nearer than what stands below.
///
/// ```
/// use gpusched_core::topology::Scope;
/// use gpusched_sim::topology::labels::scopes;
/// let levels = ["example.com/hall", "example.com/row", "topology.kubernetes.io/rack"];
/// assert_eq!(scopes(&levels), [Scope::Zone, Scope::Block, Scope::Rack]);
/// ```
pub fn scopes<T: AsRef<str>>(levels: &[T]) -> Vec<Scope> {
    let mut below = None;
    let mut scopes: Vec<Scope> = levels
        .iter()
        .rev()
        .map(|level| {
            let next = match below {
                None | Some(Scope::Node | Scope::Nvlink) => Scope::Rack,
                Some(Scope::Rack) => Scope::Block,
                Some(Scope::Block | Scope::Zone) => Scope::Zone,
            };
            let scope = scope_of(level.as_ref()).unwrap_or(next);
            let scope = below.map_or(scope, |below| scope.max(below));
            below = Some(scope);
            scope
        })
        .collect();
    scopes.reverse();
    scopes
}
