//! batch/v1 Job.

use super::draft::Draft;
use super::template::{pod_class, pod_set};
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;

/// Annotation that allows a Job to start with fewer pods.
const MIN_PARALLELISM: &str = "kueue.x-k8s.io/job-min-parallelism";

/// The Workload of a Job; `None` when it has
/// ended.
pub(in crate::manifest) fn job(at: At<'_, '_>) -> Read<Option<Draft>> {
    let meta = Meta::read(&at)?;
    if ended(&at)? {
        return Ok(None);
    }
    let spec = at.field("spec");
    let template = spec.field("template");
    let pods = pods(&spec)?;
    let mut main = pod_set(&template, "main", pods)?;
    if let Some(text) = meta.annotations.get(MIN_PARALLELISM) {
        let given = text.parse::<i32>().ok();
        let parallelism = spec.field("parallelism").i32()?.unwrap_or(1);
        let metadata = at.field("metadata");
        let annotations = metadata.field("annotations");
        let annotation = annotations.field(MIN_PARALLELISM);
        match given {
            Some(given) if given > 0 && given < parallelism => main.min_count = Some(given),
            _ => annotation.refuse(annotation.fault(format!(
                "`{text}` is no number between 1 and the parallelism ({parallelism}) less one"
            ))),
        }
    }
    Draft::new(&at, "Job", meta, vec![main], pod_class(&template)?).map(Some)
}

/// Pods that run at once: as many as may, but no more than have to complete.
pub(in crate::manifest) fn pods(spec: &At<'_, '_>) -> Read<i32> {
    let (parallelism, completions) = (spec.field("parallelism"), spec.field("completions"));
    for at in [&parallelism, &completions] {
        if at.i32()?.is_some_and(|count| count < 0) {
            return Err(at.fault("a number of pods cannot be negative"));
        }
    }
    let parallel = parallelism.i32()?.unwrap_or(1);
    Ok(parallel.min(completions.i32()?.unwrap_or(parallel)))
}

/// Whether a job's status says that it is over.
pub(in crate::manifest) fn ended(at: &At<'_, '_>) -> Read<bool> {
    let status = at.field("status");
    let ended = status.field("conditions").list(|item| {
        let kind = item.field("type").str()?;
        let over = matches!(kind, Some("Complete" | "Completed" | "Failed"));
        Ok(over && item.field("status").str()? == Some("True"))
    })?;
    Ok(ended.contains(&true))
}
