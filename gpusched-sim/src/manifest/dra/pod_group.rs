//! PodGroup (`scheduling.k8s.io`, KEP-4671 and KEP-5732): pods that are placed together.

use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;

/// Pods that name it in `spec.schedulingGroup.podGroupName`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodGroup {
    /// Its namespace; empty = not said.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// All pods or none: at least this many must have a node. 0: each pod for itself.
    pub min_count: u32,
    /// The label of which all its nodes must have one value.
    pub topology: Option<String>,
}

/// A PodGroup.
pub(super) fn pod_group(at: At<'_, '_>) -> Read<PodGroup> {
    let meta = Meta::read(&at)?;
    let spec = at.field("spec");
    let policy = spec.field("schedulingPolicy");
    policy.only(&[&["basic", "gang"]])?;
    let gang = policy.field("gang");
    let least = gang.field("minCount");
    let min_count = match least.i32()? {
        None if gang.present() => return Err(least.missing()),
        None => 0,
        Some(count) => match u32::try_from(count) {
            Ok(count) if count > 0 => count,
            _ => return Err(least.fault(format!("a gang cannot be of {count} pods"))),
        },
    };
    let constraints = spec.field("schedulingConstraints");
    let topology = constraints.field("topology");
    let mut keys = topology.list(|one| one.field("key").required())?;
    if keys.len() > 1 {
        return Err(topology.fault("a PodGroup has one topology constraint at most"));
    }
    Ok(PodGroup {
        namespace: meta.namespace,
        name: meta.name,
        min_count,
        topology: keys.pop(),
    })
}
