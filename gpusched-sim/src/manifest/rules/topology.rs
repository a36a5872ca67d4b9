//! Topology.

use super::names::{object_name, qualified};
use crate::manifest::cursor::{At, Read};

/// Label of a node's own name.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// What the API server asks of a Topology.
pub(in crate::manifest) fn topology(at: &At<'_, '_>) -> Read<()> {
    object_name(at)?;
    let spec = at.field("spec");
    let levels = spec.field("levels");
    let labels = levels.list(|level| {
        let label = level.field("nodeLabel");
        qualified(&label)?;
        Ok(label.str()?.unwrap_or_default())
    })?;
    if labels.is_empty() || labels.len() > 16 {
        let message = format!("a topology has 1 to 16 levels, not {}", labels.len());
        levels.refuse(levels.fault(message));
    }
    let mut number = 0;
    levels.list(|level| {
        let label = level.field("nodeLabel");
        let name = labels[number];
        if labels[..number].contains(&name) {
            label.refuse(label.fault(format!("`{name}` is a level already")));
        }
        number += 1;
        if name == HOSTNAME && number < labels.len() {
            label.refuse(
                label
                    .fault("nothing is narrower than a host")
                    .help(format!("`{HOSTNAME}` can only be the last level")),
            );
        }
        Ok(())
    })?;
    Ok(())
}
