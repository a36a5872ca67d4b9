//! Pods that wait: which of them count, and which are in need of new nodes
//! (`core/podlistprocessor`).

use super::hints::{Cursors, Placer};
use super::snapshot::{Kind, Snapshot, Tenant};
use super::{Options, gpu};
use crate::provisioning::controller::{View, ViewPod};
use crate::units::{Span, Time};
use std::cmp::Reverse;

/// Younger pods may still be placed by the scheduler.
const AGE: Span = Span::from_secs(2);
/// The same for pods that want GPUs: a GPU takes a while to be offered by a new node.
const GPU_AGE: Span = Span::from_secs(30);

/// Pods with their kinds.
pub(super) type Pods<'v> = Vec<(&'v ViewPod, Kind)>;

/// Those of the pods that are in need of new nodes: pods that fit nodes that are there or on their
/// way are put there, in order of falling priority, then as given. O(pods + kinds · nodes).
pub(super) fn unschedulable<'v>(
    mut pods: Pods<'v>,
    snapshot: &mut Snapshot,
    placer: &mut Placer,
) -> Pods<'v> {
    pods.sort_by_key(|(pod, _)| Reverse(pod.priority));
    let mut cursors = Cursors::default();
    pods.retain(|(pod, kind)| {
        let tenant = Tenant::new(pod, *kind);
        !placer.place(snapshot, tenant, Some(&mut cursors), |_| true)
    });
    pods
}

/// Leaves out pods younger than `new-pod-scale-up-delay`. Says when the next of them is old enough.
pub(super) fn drop_young(pods: &mut Pods<'_>, now: Time, options: &Options) -> Option<Time> {
    let ready = |pod: &ViewPod| pod.created + options.new_pod_scale_up_delay;
    let next = pods
        .iter()
        .map(|(pod, _)| ready(pod))
        .filter(|at| *at > now)
        .min();
    pods.retain(|(pod, _)| ready(pod) <= now);
    next
}

/// Until when the pods hold back a scale-up because the scheduler may place them still: all of
/// them are younger than 2 s, or all that want GPUs are younger than 30 s; `None` = they do not.
///
/// Source: `allPodsAreNew` of `core/static_autoscaler.go` at 1.36.1.
pub(super) fn hold(pods: &Pods<'_>, now: Time) -> Option<Time> {
    let oldest = pods.iter().map(|(pod, _)| pod.created).min();
    let on_gpus = pods
        .iter()
        .filter(|(pod, _)| gpu::wanted(&pod.spec.requests));
    let oldest_on_gpus = on_gpus.map(|(pod, _)| pod.created).min();
    let until = [
        oldest.map(|at| at + AGE),
        oldest_on_gpus.map(|at| at + GPU_AGE),
    ];
    until
        .into_iter()
        .flatten()
        .filter(|until| *until > now)
        .max()
}

/// Pods that count: of the priority that matters. Those that wait, and behind them those on
/// machines that are being drained, which will wait soon.
pub(super) fn counting<'v>(
    view: &'v View,
    drained: impl Iterator<Item = &'v ViewPod>,
    options: &Options,
    snapshot: &mut Snapshot,
) -> Pods<'v> {
    let waiting = view.pending.iter().chain(drained);
    let counts = waiting.filter(|pod| pod.priority >= options.expendable_pods_priority_cutoff);
    counts.map(|pod| (pod, snapshot.kind(&pod.spec))).collect()
}
