//! ResourceFlavor.

use super::OBJECT;
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::{taint, toleration};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::ResourceFlavor;

/// A ResourceFlavor; without a `spec` it stands for any node.
pub(in crate::manifest) fn resource_flavor(at: At<'_, '_>) -> Read<ResourceFlavor> {
    at.only(&[OBJECT])?;
    let spec = at.field("spec");
    spec.only(&[&["nodeLabels", "nodeTaints", "tolerations", "topologyName"]])?;
    Ok(ResourceFlavor {
        name: Meta::read(&at)?.name,
        node_labels: spec.field("nodeLabels").labels()?,
        node_taints: spec.field("nodeTaints").list(taint)?,
        tolerations: spec.field("tolerations").list(toleration)?,
        topology: spec.field("topologyName").name()?,
    })
}
