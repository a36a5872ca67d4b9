//! NodeResourcesFit as a filter: what a node lacks.

use super::resources::{NodeResources, PodResources};

/// A resource a node has too little of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insufficient {
    /// Its name; `pods` for the number of pods.
    pub resource: String,
    /// Even the empty node has too little, so that evicting pods would not help.
    pub unresolvable: bool,
}

impl Insufficient {
    /// The reason as kube-scheduler words it.
    pub fn reason(&self) -> String {
        match self.resource.as_str() {
            "pods" => "Too many pods".to_owned(),
            name => format!("Insufficient {name}"),
        }
    }
}

/// Everything the node lacks for the pod; empty: it fits. `cpu`, `memory` and
/// `ephemeral-storage` first, others by name. O(resources).
///
/// Source: `fitsRequest` of `pkg/scheduler/framework/plugins/noderesources/fit.go`.
pub fn insufficient(pod: &PodResources, node: &NodeResources) -> Vec<Insufficient> {
    let mut missing = Vec::new();
    let allowed = node.allocatable.get("pods").copied().unwrap_or(0);
    if node.pods + 1 > allowed {
        missing.push(Insufficient {
            resource: "pods".to_owned(),
            unresolvable: false,
        });
    }
    const FIRST: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
    let first = FIRST
        .iter()
        .filter_map(|name| pod.requests.get_key_value(*name));
    let rest = (pod.requests.iter()).filter(|(name, _)| !FIRST.contains(&name.as_str()));
    for (name, amount) in first.chain(rest) {
        let has = node.allocatable.get(name).copied().unwrap_or(0);
        let used = node.requested.get(name).copied().unwrap_or(0);
        if *amount > 0 && *amount > has - used {
            missing.push(Insufficient {
                resource: name.clone(),
                unresolvable: *amount > has,
            });
        }
    }
    missing
}
