//! Pods and pod templates.

use super::affinity::node_affinity;
use super::toleration;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::kube::{BoundPod, Container, Labels, PodSpec, Resources, pod_requests};

/// Annotations that make a pod's capacity count through its Workload.
const TOPOLOGY: &[&str] = &[
    "kueue.x-k8s.io/podset-required-topology",
    "kueue.x-k8s.io/podset-preferred-topology",
    "kueue.x-k8s.io/podset-unconstrained-topology",
    "kueue.x-k8s.io/podset-slice-required-topology",
    "kueue.x-k8s.io/podset-slice-required-topology-constraints",
];

/// The part of a pod's specification that decides where it may run. Limits count as requests
/// where there are none, as the API server and Kueue have it.
pub(in crate::manifest) fn pod_spec(at: At<'_, '_>) -> Read<PodSpec> {
    let (resources, resource_limits) = requests_and_limits(at.field("resources"))?;
    let claims = at.field("resourceClaims");
    let claims = claims.list(|item| item.field("resourceClaimTemplateName").name())?;
    Ok(PodSpec {
        containers: at.field("containers").list(container)?,
        init_containers: at.field("initContainers").list(container)?,
        overhead: at.field("overhead").resources()?,
        resources,
        resource_limits,
        node_selector: at.field("nodeSelector").labels()?,
        affinity: node_affinity(at.field("affinity").field("nodeAffinity"))?,
        tolerations: at.field("tolerations").list(toleration)?,
        claim_templates: claims.into_iter().flatten().collect(),
        claimed: Resources::new(),
        scheduler_name: at.field("schedulerName").string()?,
    })
}

fn container(at: At<'_, '_>) -> Read<Container> {
    let (requests, limits) = requests_and_limits(at.field("resources"))?;
    Ok(Container {
        name: at.field("name").string()?,
        requests,
        limits,
        sidecar: at.field("restartPolicy").str()? == Some("Always"),
    })
}

fn requests_and_limits(at: At<'_, '_>) -> Read<(Resources, Resources)> {
    at.only(&[&["requests", "limits", "claims"]])?;
    let limits = at.field("limits").resources()?;
    let mut requests = at.field("requests").resources()?;
    for (resource, limit) in &limits {
        requests.entry(resource.clone()).or_insert(*limit);
    }
    Ok((requests, limits))
}

/// A Pod that is bound to a node; `None` while it is not.
pub(in crate::manifest) fn bound_pod(at: At<'_, '_>) -> Read<Option<BoundPod>> {
    let meta = Meta::read(&at)?;
    let spec = at.field("spec");
    let Some(node) = spec.field("nodeName").name()? else {
        return Ok(None);
    };
    let phase = at.field("status").field("phase").str()?;
    Ok(Some(BoundPod {
        namespace: meta.namespace,
        name: meta.name,
        node,
        labels: meta.labels,
        requests: pod_requests(&pod_spec(spec)?),
        terminated: matches!(phase, Some("Succeeded" | "Failed")),
    }))
}

/// Whether a pod with these annotations is placed by topology-aware scheduling.
pub(in crate::manifest) fn uses_topology(annotations: &Labels) -> bool {
    TOPOLOGY.iter().any(|name| annotations.contains_key(*name))
}
