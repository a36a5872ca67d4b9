//! Pods that are placed together: on nodes with one value of a label, as a PodGroup with
//! `schedulingConstraints.topology` asks (KEP-5732: one NVLink domain, one rack), and all or none
//! of them, as one with `schedulingPolicy.gang` (KEP-4671).

use super::{Devices, Placement, Pod};
use crate::manifest::PodGroup;
use gpusched_core::ids::NodeId;
use std::collections::BTreeMap;

/// Where pods went together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// The label of which their nodes must have one value.
    pub label: Option<String>,
    /// That value, if any node has the label.
    pub value: Option<String>,
    /// What became of each pod there.
    pub placements: Vec<Placement>,
    /// Of the other values: how many of the pods were placed among their nodes.
    pub others: BTreeMap<String, usize>,
    /// The gang they are.
    pub gang: Option<Gang>,
}

/// Pods of which at least some number must have a node, or none has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gang {
    /// `namespace/name` of its PodGroup.
    pub name: String,
    /// How many must have a node.
    pub least: usize,
    /// How many could have one.
    pub found: usize,
}

impl Gang {
    /// Whether its pods keep what was found for them.
    pub fn is_placed(&self) -> bool {
        self.found >= self.least
    }
}

/// Places pods in their order; those of a PodGroup all at once, when the first of them comes up.
///
/// As upstream, the pods of a group are tried one after the other, and one that has no node does
/// not stop the next. A gang keeps what was found if that is for enough of them, and is not tried
/// with fewer pods than it needs. What was placed before is never moved, and no other order of the
/// pods is tried: gangs of unlike pods can fail that would fit
/// ([`gpusched_core::placement::dra::gang::exact`] goes back).
pub fn place_groups(
    devices: &mut Devices,
    pods: &[Pod],
    nodes: &[NodeId],
    groups: &[PodGroup],
) -> Vec<Together> {
    let group_of = |pod: &Pod| {
        let mut groups = groups.iter();
        groups.find(|one| one.namespace == pod.namespace && pod.group.as_ref() == Some(&one.name))
    };
    let mut all: Vec<Together> = Vec::new();
    let mut done: Vec<&PodGroup> = Vec::new();
    for pod in pods {
        let Some(group) = group_of(pod) else {
            all.push(Together {
                placements: vec![devices.place(pod, nodes)],
                ..Together::default()
            });
            continue;
        };
        if done.contains(&group) {
            continue;
        }
        done.push(group);
        let members = pods.iter().filter(|one| group_of(one) == Some(group));
        let members: Vec<Pod> = members.cloned().collect();
        all.push(place_group(devices, &members, nodes, group));
    }
    all
}

fn place_group(
    devices: &mut Devices,
    pods: &[Pod],
    nodes: &[NodeId],
    group: &PodGroup,
) -> Together {
    let least = group.min_count as usize;
    // Without enough pods none is looked at.
    let nodes = if pods.len() < least { &[] } else { nodes };
    let mut together = match &group.topology {
        Some(label) => place_together(devices, pods, nodes, label),
        None => Together {
            placements: place_all(devices, pods, nodes),
            ..Together::default()
        },
    };
    if least == 0 {
        return together;
    }
    let gang = Gang {
        name: format!("{}/{}", group.namespace, group.name),
        least,
        found: placed(&together.placements),
    };
    if !gang.is_placed() {
        for placement in together.placements.iter_mut().rev() {
            devices.undo(placement);
            placement.placed = None;
        }
    }
    together.gang = Some(gang);
    together
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
        let placed = placed(&placements);
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
        label: Some(label.to_owned()),
        value: best,
        placements,
        others: counts,
        gang: None,
    }
}

fn place_all(devices: &mut Devices, pods: &[Pod], nodes: &[NodeId]) -> Vec<Placement> {
    pods.iter().map(|pod| devices.place(pod, nodes)).collect()
}

fn placed(placements: &[Placement]) -> usize {
    let placed = placements.iter().filter(|one| one.placed.is_some());
    placed.count()
}
