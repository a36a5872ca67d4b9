//! Which pods there are to place, each with its claims.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::manifest::{ClaimSource, ClaimingPods, DraObjects, PodClaim};
use gpusched_core::kube::{Labels, Node, NodeAffinity};
use gpusched_core::placement::dra::objects::ResourceClaim;
use std::collections::BTreeSet;

/// More pods than this are not placed one by one.
const MOST_PODS: u64 = 100_000;

/// A pod and what it claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name; of a claim that no pod uses, the name of the claim.
    pub name: String,
    /// Its claims, in their order.
    pub claims: Vec<ResourceClaim>,
    /// The name of its PodGroup, in its namespace.
    pub group: Option<String>,
    node_selector: Labels,
    node_affinity: NodeAffinity,
}

impl Pod {
    /// `namespace/name`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Whether the pod may run on a node, as far as node selector and required affinity go.
    pub fn allows(&self, node: &Node) -> bool {
        let mut selector = self.node_selector.iter();
        selector.all(|(key, value)| node.labels.get(key) == Some(value))
            && self.node_affinity.allows(&node.labels, &node.name)
    }
}

/// The pods of a cluster that claim devices and have no node; and for each claim without devices
/// that no pod uses, a pod that would. Pods of a template have claims of their own, named after the
/// pod and its name for the claim.
///
/// # Errors
/// When a pod names a claim, template or PodGroup that does not exist, or there are too many pods.
///
/// ```
/// use gpusched_sim::dra::pods;
/// use gpusched_sim::manifest::DraManifests;
/// let text = "
/// apiVersion: resource.k8s.io/v1
/// kind: ResourceClaimTemplate
/// metadata: {name: gpu}
/// spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu.nvidia.com}}]}}}
/// ---
/// apiVersion: batch/v1
/// kind: Job
/// metadata: {name: train}
/// spec:
///   parallelism: 2
///   template: {spec: {resourceClaims: [{name: g, resourceClaimTemplateName: gpu}]}}
/// ";
/// let manifests = DraManifests::parse([("job.yaml", text)]);
/// let pods = pods(manifests.objects()).unwrap();
/// assert_eq!(pods[1].key(), "default/train-1");
/// assert_eq!(pods[1].claims[0].name, "train-1-g");
/// ```
pub fn pods(objects: &DraObjects) -> Result<Vec<Pod>> {
    let count: u64 = objects.pods.iter().map(|pods| u64::from(pods.count)).sum();
    if count > MOST_PODS {
        let problem = Diagnostic::new(format!("{count} pods are too many to place one by one"));
        return Err(problem.help(format!("give manifests with at most {MOST_PODS} pods")));
    }
    let mut all = Vec::new();
    let mut used = BTreeSet::new();
    for pods in &objects.pods {
        check_group(objects, pods)?;
        for number in 0..pods.count {
            let name = match pods.count {
                1 => pods.name.clone(),
                _ => format!("{}-{number}", pods.name),
            };
            let claims = pods.claims.iter();
            let claims = claims.map(|claim| resolve(objects, pods, &name, claim, &mut used));
            all.push(Pod {
                namespace: pods.namespace.clone(),
                claims: claims.collect::<Result<_>>()?,
                name,
                node_selector: pods.node_selector.clone(),
                node_affinity: pods.node_affinity.clone(),
                group: pods.group.clone(),
            });
        }
    }
    for claim in &objects.claims {
        let key = (claim.namespace.clone(), claim.name.clone());
        if claim.allocation.is_none() && !used.contains(&key) {
            all.push(Pod {
                namespace: claim.namespace.clone(),
                name: claim.name.clone(),
                claims: vec![claim.clone()],
                ..Pod::default()
            });
        }
    }
    Ok(all)
}

/// A pod whose PodGroup does not exist waits for it.
fn check_group(objects: &DraObjects, pods: &ClaimingPods) -> Result<()> {
    let Some(group) = &pods.group else {
        return Ok(());
    };
    let mut known = objects.pod_groups.iter();
    if known.any(|one| one.namespace == pods.namespace && one.name == *group) {
        return Ok(());
    }
    let problem = Diagnostic::new(format!(
        "pod {}/{}: there is no PodGroup `{group}` in its namespace",
        pods.namespace, pods.name
    ));
    let names = objects.pod_groups.iter().map(|one| one.name.as_str());
    Err(match did_you_mean(group, names) {
        Some(close) => problem.help(format!("did you mean `{close}`?")),
        None => problem.help("give the manifest that holds it, too: pods wait until it exists"),
    })
}

fn resolve(
    objects: &DraObjects,
    pods: &ClaimingPods,
    pod: &str,
    claim: &PodClaim,
    used: &mut BTreeSet<(String, String)>,
) -> Result<ResourceClaim> {
    let namespace = &pods.namespace;
    let (kind, name) = match &claim.source {
        ClaimSource::Claim(name) => {
            let mut known = objects.claims.iter();
            let found = known.find(|one| one.namespace == *namespace && one.name == *name);
            if let Some(found) = found {
                used.insert((namespace.clone(), name.clone()));
                return Ok(found.clone());
            }
            ("ResourceClaim", name)
        }
        ClaimSource::Template(name) => {
            let mut known = objects.templates.iter();
            let found = known.find(|one| one.namespace == *namespace && one.name == *name);
            if let Some(found) = found {
                return Ok(ResourceClaim {
                    namespace: namespace.clone(),
                    name: format!("{pod}-{}", claim.name),
                    spec: found.spec.clone(),
                    ..ResourceClaim::default()
                });
            }
            ("ResourceClaimTemplate", name)
        }
    };
    let claims = objects.claims.iter().map(|one| one.name.as_str());
    let templates = objects.templates.iter().map(|one| one.name.as_str());
    let names: Vec<&str> = match claim.source {
        ClaimSource::Claim(_) => claims.collect(),
        ClaimSource::Template(_) => templates.collect(),
    };
    let problem = Diagnostic::new(format!(
        "pod {namespace}/{pod}: there is no {kind} `{name}` in its namespace"
    ));
    Err(match did_you_mean(name, names) {
        Some(close) => problem.help(format!("did you mean `{close}`?")),
        None => problem.help("give the manifest that holds it, too"),
    })
}
