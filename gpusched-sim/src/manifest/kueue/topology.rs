//! Topology.

use super::OBJECT;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::Topology;

/// A Topology.
pub(in crate::manifest) fn topology(at: At<'_, '_>) -> Read<Topology> {
    at.only(&[OBJECT])?;
    let spec = at.field("spec");
    spec.only(&[&["levels"]])?;
    Ok(Topology {
        name: Meta::read(&at)?.name,
        levels: spec.field("levels").list(|item| {
            item.only(&[&["nodeLabel"]])?;
            item.field("nodeLabel").required()
        })?,
    })
}
