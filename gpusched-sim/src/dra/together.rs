//! Pods that must have nodes with one value of a label, as a PodGroup with
//! `schedulingConstraints.topology` asks (KEP-5732): one NVLink domain, one rack.

use super::{Devices, Placement, Pod};
use gpusched_core::ids::NodeId;
use std::collections::BTreeMap;

/// Where pods went together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// The value of the label, if any node has the label.
    pub value: Option<String>,
    /// What became of each pod there.
    pub placements: Vec<Placement>,
    /// Of the other values: how many of the pods were placed among their nodes.
    pub others: BTreeMap<String, usize>,
}

/// Tries to place the pods, one after the other, among the nodes of each value of a label; takes
/// the value that places most of them, the first in the order of values among equals. Nodes without
/// the label do not count. Pods × nodes attempts.
pub fn place_together(
    devices: &mut Devices,
    pods: &[Pod],
    nodes: &[NodeId],
    label: &str,
) -> Together {
    let mut groups: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for &id in nodes {
        if let Some(value) = devices.nodes()[id.index()].labels.get(label) {
            groups.entry(value.clone()).or_default().push(id);
        }
    }
    let mut counts = BTreeMap::new();
    for (value, nodes) in &groups {
        let placements = place_all(devices, pods, nodes);
        let placed = placements.iter().filter(|one| one.placed.is_some()).count();
        counts.insert(value.clone(), placed);
        for placement in placements.iter().rev() {
            devices.undo(placement);
        }
        if placed == pods.len() {
            break;
        }
    }
    let most = counts.values().max().copied();
    let best = counts.iter().find(|(_, placed)| Some(**placed) == most);
    let best = best.map(|(value, _)| value.clone());
    let nodes = best.as_ref().and_then(|value| groups.get(value));
    let placements = place_all(devices, pods, nodes.map_or(&[], Vec::as_slice));
    counts.retain(|value, _| Some(value) != best.as_ref());
    Together {
        value: best,
        placements,
        others: counts,
    }
}

fn place_all(devices: &mut Devices, pods: &[Pod], nodes: &[NodeId]) -> Vec<Placement> {
    pods.iter().map(|pod| devices.place(pod, nodes)).collect()
}
