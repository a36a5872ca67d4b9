//! JobSet (`jobset.x-k8s.io`).

use super::draft::Draft;
use super::job::{ended, pods};
use super::template::{pod_class, pod_set};
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;

/// The Workload of a JobSet, with a pod set per replicated job; `None` when it has
/// ended.
pub(in crate::manifest) fn job_set(at: At<'_, '_>) -> Read<Option<Draft>> {
    let meta = Meta::read(&at)?;
    if ended(&at)? {
        return Ok(None);
    }
    let spec = at.field("spec");
    let mut class = None;
    let pod_sets = spec.field("replicatedJobs").list(|item| {
        let replicas = item.field("replicas");
        let job = item.field("template");
        let job = job.field("spec");
        let template = job.field("template");
        let count = i64::from(replicas.i32()?.unwrap_or(1)) * i64::from(pods(&job)?);
        let count = i32::try_from(count)
            .ok()
            .filter(|count| *count >= 0)
            .ok_or_else(|| replicas.fault(format!("{count} pods are no number of pods")))?;
        if class.is_none() {
            class = pod_class(&template)?;
        }
        pod_set(&template, &item.field("name").required()?, count)
    })?;
    Draft::new(&at, "JobSet", meta, pod_sets, class).map(Some)
}
