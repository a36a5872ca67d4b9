//! Nodes.

use super::taint;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::kube::Node;

/// A Node. One without a `Ready` condition is not ready, as for Kueue.
pub(in crate::manifest) fn node(at: At<'_, '_>) -> Read<Node> {
    let Meta { name, labels, .. } = Meta::read(&at)?;
    let (spec, status) = (at.field("spec"), at.field("status"));
    let allocatable = match status.field("allocatable") {
        given if given.present() => given.resources()?,
        _ => status.field("capacity").resources()?,
    };
    let ready = status.field("conditions").list(|item| {
        let kind = item.field("type").str()?;
        Ok(kind == Some("Ready") && item.field("status").str()? == Some("True"))
    })?;
    Ok(Node {
        name,
        labels,
        taints: spec.field("taints").list(taint)?,
        allocatable,
        unschedulable: spec.field("unschedulable").bool()?.unwrap_or(false),
        ready: ready.contains(&true),
    })
}
