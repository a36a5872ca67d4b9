//! Pods that claim devices: on their own, or those of Jobs and JobSets.

use crate::manifest::cursor::{At, Read};
use crate::manifest::jobs::{ended, pods};
use crate::manifest::kube::node_affinity;
use crate::manifest::meta::Meta;
use gpusched_core::kube::{Labels, NodeAffinity};

/// Equal pods that are not on a node yet and claim devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimingPods {
    /// Their namespace; empty = not said.
    pub namespace: String,
    /// Name of the pod; of a Job, or of a JobSet and one of its jobs, what their names begin with.
    pub name: String,
    /// How many there are.
    pub count: u32,
    /// What they claim, in their order.
    pub claims: Vec<PodClaim>,
    /// Labels their node must have.
    pub node_selector: Labels,
    /// The node affinity they have.
    pub node_affinity: NodeAffinity,
    /// The PodGroup they are of.
    pub group: Option<String>,
}

/// One claim of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodClaim {
    /// Its name in the pod.
    pub name: String,
    /// Which claim it is.
    pub source: ClaimSource,
}

/// Where a claim of a pod comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimSource {
    /// The ResourceClaim of this name, which others may use as well.
    Claim(String),
    /// One of its own, made from the ResourceClaimTemplate of this name.
    Template(String),
}

/// A Pod; `None` when it has a node, has ended, or claims nothing.
pub(in crate::manifest) fn pod(at: At<'_, '_>) -> Read<Option<ClaimingPods>> {
    let spec = at.field("spec");
    let phase = at.field("status").field("phase").str()?;
    if spec.field("nodeName").name()?.is_some() || matches!(phase, Some("Succeeded" | "Failed")) {
        return Ok(None);
    }
    let meta = Meta::read(&at)?;
    of_template(&spec, meta.namespace, meta.name, 1)
}

/// The pods of a Job; `None` when it has ended, or they claim nothing.
pub(in crate::manifest) fn job(at: At<'_, '_>) -> Read<Option<ClaimingPods>> {
    if ended(&at)? {
        return Ok(None);
    }
    let meta = Meta::read(&at)?;
    let spec = at.field("spec");
    let template = spec.field("template");
    let count = number(&spec, i64::from(pods(&spec)?))?;
    of_template(&template.field("spec"), meta.namespace, meta.name, count)
}

/// The pods of a JobSet that claim something, by replicated job.
pub(in crate::manifest) fn job_set(at: At<'_, '_>) -> Read<Vec<ClaimingPods>> {
    if ended(&at)? {
        return Ok(Vec::new());
    }
    let meta = Meta::read(&at)?;
    let jobs = at.field("spec").field("replicatedJobs").list(|item| {
        let job = item.field("template");
        let job = job.field("spec");
        let template = job.field("template");
        let replicas = item.field("replicas").i32()?.unwrap_or(1);
        let count = number(&item, i64::from(replicas) * i64::from(pods(&job)?))?;
        let name = format!("{}-{}", meta.name, item.field("name").string()?);
        of_template(&template.field("spec"), meta.namespace.clone(), name, count)
    })?;
    Ok(jobs.into_iter().flatten().collect())
}

fn number(at: &At<'_, '_>, count: i64) -> Read<u32> {
    u32::try_from(count).map_err(|_| at.fault(format!("{count} pods are no number of pods")))
}

fn of_template(
    spec: &At<'_, '_>,
    namespace: String,
    name: String,
    count: u32,
) -> Read<Option<ClaimingPods>> {
    let claims = spec.field("resourceClaims").list(claim)?;
    if claims.is_empty() || count == 0 {
        return Ok(None);
    }
    Ok(Some(ClaimingPods {
        namespace,
        name,
        count,
        claims,
        node_selector: spec.field("nodeSelector").labels()?,
        node_affinity: node_affinity(spec.field("affinity").field("nodeAffinity"))?,
        group: spec.field("schedulingGroup").field("podGroupName").name()?,
    }))
}

fn claim(at: At<'_, '_>) -> Read<PodClaim> {
    at.only(&[&["name", "resourceClaimName", "resourceClaimTemplateName"]])?;
    let claim = at.field("resourceClaimName").name()?;
    let template = at.field("resourceClaimTemplateName").name()?;
    let source = match (claim, template) {
        (Some(name), None) => ClaimSource::Claim(name),
        (None, Some(name)) => ClaimSource::Template(name),
        (Some(_), Some(_)) | (None, None) => {
            let what =
                "a pod's claim has one of `resourceClaimName` and `resourceClaimTemplateName`";
            return Err(at.fault(what));
        }
    };
    Ok(PodClaim {
        name: at.field("name").string()?,
        source,
    })
}
