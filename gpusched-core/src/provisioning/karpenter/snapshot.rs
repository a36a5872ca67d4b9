//! What a [`View`] shows, as a solve wants it.

use super::labels::NODEPOOL;
use super::objects::{ExistingNode, NodeType, PlacedPod, Pod, PodSpec, PodTerms};
use super::pdb::{PodDisruptionBudget, is_reschedulable};
use super::world::Question;
use crate::ids::JobId;
use crate::kube::{Effect, Resources, Taint};
use crate::provisioning::controller::{Machine, MachineId, View, ViewPod};
use crate::units::MICROS;
use std::collections::BTreeMap;

/// Pods a node takes when its type does not say: the kubelet's `maxPods`.
const MAX_PODS: i64 = 110;

/// Where a pod of a problem comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Queue,
    Going,
    Emptied,
}

pub(super) fn with_max_pods(mut of: NodeType) -> NodeType {
    for resources in [&mut of.capacity, &mut of.allocatable] {
        resources.entry("pods".into()).or_insert(MAX_PODS);
    }
    of
}

/// Counts a machine as what its pool has.
pub(super) fn charge<'v>(
    used: &mut BTreeMap<&'v str, Resources>,
    machine: &'v Machine,
    types: &[NodeType],
) {
    let Some(owner) = &machine.owner else { return };
    let used = used.entry(owner).or_default();
    *used.entry("nodes".into()).or_insert(0) += 1;
    for (resource, amount) in &types[machine.node_type].capacity {
        *used.entry(resource.clone()).or_insert(0) += amount;
    }
}

/// Whether a pod cares where others are.
pub(super) fn minds_others(pod: &PodSpec) -> bool {
    let near = |terms: &PodTerms| !terms.required.is_empty() || !terms.preferred.is_empty();
    !pod.spread.is_empty() || near(&pod.affinity) || near(&pod.anti_affinity)
}

/// The pods of a question: those that wait; and of those whose machine is going or is to be emptied
/// the ones that move.
pub(super) fn asked<'v>(
    view: &'v View,
    question: Question<'_>,
    pod_budgets: &[PodDisruptionBudget],
) -> Vec<(&'v ViewPod, From)> {
    let waiting = view.pending.iter().map(|pod| (pod, From::Queue));
    let going = question.going.iter().flat_map(|id| pods_of(view, id));
    let going = going.filter(|pod| is_reschedulable(pod, pod_budgets));
    let going = going.map(|pod| (pod, From::Going));
    let moved = moved(view, question, pod_budgets);
    waiting.chain(going).chain(moved).collect()
}

/// Those to be moved.
pub(super) fn moved<'v>(
    view: &'v View,
    question: Question<'_>,
    pod_budgets: &[PodDisruptionBudget],
) -> Vec<(&'v ViewPod, From)> {
    let emptied = question.emptied.iter().flat_map(|id| pods_of(view, id));
    let moved = emptied.filter(|pod| is_reschedulable(pod, pod_budgets));
    moved.map(|pod| (pod, From::Emptied)).collect()
}

fn pods_of<'v>(view: &'v View, id: &MachineId) -> impl Iterator<Item = &'v ViewPod> + use<'v> {
    let machine = view.machines.get(id).into_iter();
    machine.flat_map(|machine| machine.pods.iter().map(|one| &one.pod))
}

/// The name of a pod: its job and which of the job's pods it is. Names sort as their numbers do.
pub(super) fn name(pod: &ViewPod) -> String {
    name_of((pod.job, pod.index))
}

/// The name of a pod by job and index.
pub(super) fn name_of((job, index): (JobId, u32)) -> String {
    format!("{:010}-{index:06}", job.0)
}

pub(super) fn made(pod: &ViewPod, waiting: bool) -> Pod {
    let name = name(pod);
    Pod {
        uid: name.clone(),
        name,
        created: pod.created.0.div_euclid(MICROS),
        waiting,
        spec: (*pod.spec).clone(),
    }
}

/// A machine as a solve sees it.
pub(super) fn existing(machine: &Machine, of: &NodeType) -> ExistingNode {
    let mut labels = machine.labels.clone();
    if let Some(owner) = &machine.owner {
        labels
            .entry(NODEPOOL.into())
            .or_insert_with(|| owner.clone());
    }
    let mut taints = machine.taints.clone();
    if machine.cordoned {
        taints.push(Taint {
            key: "node.kubernetes.io/unschedulable".into(),
            value: String::new(),
            effect: Effect::NoSchedule,
        });
    }
    // Whether a machine's room counts pods is not said: what its type takes, less those there.
    let takes = of.allocatable.get("pods").copied().unwrap_or(MAX_PODS);
    let mut available = machine.available.clone();
    available.insert("pods".into(), takes - machine.pods.len() as i64);
    ExistingNode {
        name: machine.name.clone(),
        labels,
        taints,
        available,
        capacity: of.capacity.clone(),
        daemons: Resources::new(),
        initialized: false,
        closed: false,
        pods: machine
            .pods
            .iter()
            .map(|one| placed(&one.pod.spec))
            .collect(),
    }
}

pub(super) fn placed(spec: &PodSpec) -> PlacedPod {
    PlacedPod {
        namespace: spec.namespace.clone(),
        labels: spec.labels.clone(),
        anti_affinity: spec.anti_affinity.required.clone(),
        host_ports: spec.host_ports.clone(),
    }
}
