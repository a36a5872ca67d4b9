//! Which reader reads which kind.

use super::cursor::{At, Read};
use super::meta::Meta;
use super::{kube, kueue};
use gpusched_core::queueing::kueue::Objects;

/// Reads one object and puts it where it belongs.
type Reader = fn(At<'_, '_>, &mut Objects) -> Read<()>;

/// Kinds by API group and name. A group and kind that are not here are left out.
const KINDS: &[(&str, &str, Reader)] = &[
    ("kueue.x-k8s.io", "ClusterQueue", |at, objects| {
        objects.cluster_queues.push(kueue::cluster_queue(at)?);
        Ok(())
    }),
    ("kueue.x-k8s.io", "Cohort", |at, objects| {
        objects.cohorts.push(kueue::cohort(at)?);
        Ok(())
    }),
    ("kueue.x-k8s.io", "LocalQueue", |at, objects| {
        objects.local_queues.push(kueue::local_queue(at)?);
        Ok(())
    }),
    ("kueue.x-k8s.io", "ResourceFlavor", |at, objects| {
        objects.flavors.push(kueue::resource_flavor(at)?);
        Ok(())
    }),
    ("kueue.x-k8s.io", "Topology", |at, objects| {
        objects.topologies.push(kueue::topology(at)?);
        Ok(())
    }),
    ("kueue.x-k8s.io", "AdmissionCheck", |at, objects| {
        objects.checks.push(kueue::admission_check(at)?);
        Ok(())
    }),
    ("kueue.x-k8s.io", "WorkloadPriorityClass", |at, objects| {
        let class = kueue::workload_priority_class(at)?;
        objects.workload_priority_classes.push(class);
        Ok(())
    }),
    ("kueue.x-k8s.io", "Workload", |at, objects| {
        objects.workloads.push(kueue::workload(at)?);
        Ok(())
    }),
    ("", "Namespace", |at, objects| {
        objects.namespaces.push(kube::namespace(at)?);
        Ok(())
    }),
    ("", "Node", |at, objects| {
        objects.nodes.push(kube::node(at)?);
        Ok(())
    }),
    ("", "Pod", |at, objects| {
        // Kueue counts the pods it placed itself through their Workloads.
        if !kube::uses_topology(&Meta::read(&at)?.annotations) {
            objects.pods.extend(kube::bound_pod(at)?);
        }
        Ok(())
    }),
    ("scheduling.k8s.io", "PriorityClass", |at, objects| {
        objects.priority_classes.push(kube::priority_class(at)?);
        Ok(())
    }),
];

/// Reads an object whose kind is known; says whether it was.
pub(super) fn read(at: At<'_, '_>, objects: &mut Objects) -> Read<bool> {
    let group_version = at.field("apiVersion").str()?.unwrap_or_default();
    let group = group_version.split_once('/').map_or("", |(group, _)| group);
    let kind = at.field("kind").str()?.unwrap_or_default();
    match KINDS
        .iter()
        .find(|known| (known.0, known.1) == (group, kind))
    {
        Some((.., reader)) => reader(at, objects).map(|()| true),
        None => Ok(false),
    }
}
