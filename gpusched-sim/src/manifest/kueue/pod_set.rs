//! Pod sets of a Workload and the topology they ask for.

use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::pod_spec;
use gpusched_core::queueing::kueue::objects::{PodSet, SliceLayer, TopologyMode, TopologyRequest};

/// Name of a pod set that has none.
pub(super) const MAIN: &str = "main";

/// A pod set.
pub(super) fn pod_set(at: At<'_, '_>) -> Read<PodSet> {
    at.only(&[&["name", "count", "minCount", "template", "topologyRequest"]])?;
    let template = at.field("template");
    template.only(&[&["metadata", "spec"]])?;
    let meta = template.field("metadata");
    let name = at.field("name").name()?;
    Ok(PodSet {
        name: name.unwrap_or_else(|| MAIN.to_owned()),
        count: at.field("count").i32()?.unwrap_or(1),
        min_count: at.field("minCount").i32()?,
        template: pod_spec(template.field("spec"))?,
        template_labels: meta.field("labels").labels()?,
        template_annotations: meta.field("annotations").labels()?,
        topology: topology_request(at.field("topologyRequest"))?,
    })
}

fn topology_request(at: At<'_, '_>) -> Read<Option<TopologyRequest>> {
    if !at.present() {
        return Ok(None);
    }
    at.only(&[&[
        "required",
        "preferred",
        "unconstrained",
        "podSetGroupName",
        "podSetSliceRequiredTopology",
        "podSetSliceSize",
        "podsetSliceRequiredTopologyConstraints",
        // Of the pods, not of their placement.
        "podIndexLabel",
        "subGroupIndexLabel",
        "subGroupCount",
    ]])?;
    let required = at.field("required").str()?.map(str::to_owned);
    let preferred = at.field("preferred").str()?.map(str::to_owned);
    let unconstrained = at.field("unconstrained").bool()?.unwrap_or(false);
    let mode = match (required, preferred, unconstrained) {
        (Some(level), ..) => TopologyMode::Required(level),
        (None, Some(level), _) => TopologyMode::Preferred(level),
        (None, None, true) => TopologyMode::Unconstrained,
        (None, None, false) => TopologyMode::SlicesOnly,
    };
    let layers = slice_layers(at.field("podsetSliceRequiredTopologyConstraints"))?;
    let slices = match at.field("podSetSliceRequiredTopology").str()? {
        Some(topology) if layers.is_empty() => vec![SliceLayer {
            topology: topology.to_owned(),
            size: at.field("podSetSliceSize").i32()?.unwrap_or_default(),
        }],
        _ => layers,
    };
    let group = at.field("podSetGroupName").name()?;
    Ok(Some(TopologyRequest {
        mode,
        group,
        slices,
    })
    .filter(asks_for_something))
}

/// Whether a request is more than the labels of pod ranks, which every job's has: those alone are
/// no request for a topology.
pub(in crate::manifest) fn asks_for_something(request: &TopologyRequest) -> bool {
    request.mode != TopologyMode::SlicesOnly
        || request.group.is_some()
        || !request.slices.is_empty()
}

/// Slices within slices, the widest first.
pub(in crate::manifest) fn slice_layers(at: At<'_, '_>) -> Read<Vec<SliceLayer>> {
    at.list(|item| {
        item.only(&[&["topology", "size"]])?;
        Ok(SliceLayer {
            topology: item.field("topology").required()?,
            size: item.field("size").i32()?.unwrap_or_default(),
        })
    })
}
