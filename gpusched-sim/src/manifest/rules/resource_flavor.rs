//! ResourceFlavor.

use super::names::{label_value, labels, object_name, qualified, reference};
use crate::manifest::cursor::{At, Read};
use std::collections::BTreeSet;

/// What the API server asks of a ResourceFlavor.
pub(in crate::manifest) fn resource_flavor(at: &At<'_, '_>) -> Read<()> {
    object_name(at)?;
    let spec = at.field("spec");
    let node_labels = spec.field("nodeLabels");
    labels(&node_labels)?;
    let mut taints = BTreeSet::new();
    spec.field("nodeTaints").list(|taint| {
        qualified(&taint.field("key"))?;
        label_value(&taint.field("value"))?;
        let pair = (taint.field("key").str()?, taint.field("effect").str()?);
        if !taints.insert(pair) {
            taint.refuse(taint.fault("this taint is there twice"));
        }
        Ok(())
    })?;
    spec.field("tolerations").list(|one| toleration(&one))?;
    let topology = spec.field("topologyName");
    reference(&topology)?;
    if topology.present() && node_labels.labels()?.is_empty() {
        topology.refuse(
            topology
                .fault("a flavor with a topology needs `nodeLabels`")
                .help("say which nodes it is about, such as `node-group: gpu`"),
        );
    }
    Ok(())
}

fn toleration(at: &At<'_, '_>) -> Read<()> {
    let (value, seconds) = (at.field("value"), at.field("tolerationSeconds"));
    if at.field("operator").str()? == Some("Exists") && value.name()?.is_some() {
        value.refuse(
            value
                .fault("with `operator: Exists` there is no value")
                .help("leave it out, or compare with `operator: Equal`"),
        );
    }
    if seconds.present() && at.field("effect").str()? != Some("NoExecute") {
        seconds.refuse(seconds.fault("only `effect: NoExecute` is tolerated for a time"));
    }
    Ok(())
}
