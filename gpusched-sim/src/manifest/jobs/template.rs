//! Pod templates of jobs: the pod, and what its annotations ask of the topology.

use super::draft::ClassName;
use crate::manifest::cursor::{At, Read};
use crate::manifest::fault::Notices;
use crate::manifest::kube::pod_spec;
use crate::manifest::kueue::{asks_for_something, slice_layers};
use gpusched_core::kube::Labels;
use gpusched_core::queueing::kueue::objects::{PodSet, SliceLayer, TopologyMode, TopologyRequest};
use serde_json::Value;

const REQUIRED: &str = "kueue.x-k8s.io/podset-required-topology";
const PREFERRED: &str = "kueue.x-k8s.io/podset-preferred-topology";
const UNCONSTRAINED: &str = "kueue.x-k8s.io/podset-unconstrained-topology";
const SLICE_TOPOLOGY: &str = "kueue.x-k8s.io/podset-slice-required-topology";
const SLICE_SIZE: &str = "kueue.x-k8s.io/podset-slice-size";
const SLICE_LAYERS: &str = "kueue.x-k8s.io/podset-slice-required-topology-constraints";
const GROUP: &str = "kueue.x-k8s.io/podset-group-name";

/// Slices within slices: at most so many.
const MOST_LAYERS: usize = 3;

/// A pod set of `count` pods of a template.
pub(super) fn pod_set(at: &At<'_, '_>, name: &str, count: i32) -> Read<PodSet> {
    let meta = at.field("metadata");
    let annotations = meta.field("annotations");
    Ok(PodSet {
        name: name.to_owned(),
        count,
        min_count: None,
        template: pod_spec(at.field("spec"))?,
        template_labels: meta.field("labels").labels()?,
        template_annotations: annotations.labels()?,
        topology: topology(&annotations)?,
    })
}

/// The PriorityClass the pods name.
pub(super) fn pod_class(at: &At<'_, '_>) -> Read<Option<ClassName>> {
    let spec = at.field("spec");
    ClassName::read(&spec.field("priorityClassName"))
}

/// What annotations ask for, if anything.
fn topology(at: &At<'_, '_>) -> Read<Option<TopologyRequest>> {
    let annotations = at.labels()?;
    let level = |name: &str| annotations.get(name).cloned();
    let mode = match (level(REQUIRED), level(PREFERRED), level(UNCONSTRAINED)) {
        (Some(level), ..) => TopologyMode::Required(level),
        (None, Some(level), _) => TopologyMode::Preferred(level),
        (None, None, Some(flag)) => match flag.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => TopologyMode::Unconstrained,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => TopologyMode::SlicesOnly,
            _ => {
                let fault = format!("`{flag}` is neither true nor false");
                return Err(at.field(UNCONSTRAINED).fault(fault));
            }
        },
        (None, None, None) => TopologyMode::SlicesOnly,
    };
    let one_place = matches!(mode, TopologyMode::Required(_) | TopologyMode::Preferred(_));
    Ok(Some(TopologyRequest {
        mode,
        group: level(GROUP).filter(|_| one_place),
        slices: slices(at, &annotations)?,
    })
    .filter(asks_for_something))
}

fn slices(at: &At<'_, '_>, annotations: &Labels) -> Read<Vec<SliceLayer>> {
    if let Some(text) = annotations.get(SLICE_LAYERS) {
        let wrong = |what: String| {
            let fault = at.field(SLICE_LAYERS).fault(what);
            fault.help("write a JSON list such as [{\"topology\": \"rack\", \"size\": 4}]")
        };
        let layers: Value = serde_json::from_str(text)
            .map_err(|error| wrong(format!("this is no valid JSON: {error}")))?;
        let notices = Notices::default();
        let layers = slice_layers(At::root(&layers, &notices))
            .map_err(|fault| wrong(fault.unplaced().message))?;
        if layers.is_empty() || layers.len() > MOST_LAYERS {
            let count = layers.len();
            return Err(wrong(format!(
                "there are 1 to {MOST_LAYERS} layers, not {count}"
            )));
        }
        return Ok(layers);
    }
    match (annotations.get(SLICE_TOPOLOGY), annotations.get(SLICE_SIZE)) {
        (Some(topology), Some(size)) => match size.parse::<i32>() {
            Ok(size) if size > 0 => Ok(vec![SliceLayer {
                topology: topology.clone(),
                size,
            }]),
            _ => Err(at
                .field(SLICE_SIZE)
                .fault(format!("`{size}` is no number of pods"))),
        },
        _ => Ok(Vec::new()),
    }
}
