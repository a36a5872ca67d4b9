//! Which jobs are Kueue's, and in which LocalQueue they wait.

use super::gather::FoundJob;
use crate::manifest::jobs::DEFAULT_QUEUE;
use crate::manifest::kube::implied_namespace;
use gpusched_core::kube::{LabelSelector, Labels};
use gpusched_core::queueing::kueue::Objects;

/// Namespaces whose jobs are never Kueue's unless the configuration says so.
const SYSTEM: &[&str] = &["kube-system", "kueue-system"];

/// What the configuration says of jobs without a label.
#[derive(Clone, Debug, Default)]
pub(in crate::manifest) struct Managed {
    /// Namespaces whose jobs are Kueue's without a label.
    pub(super) selector: Option<LabelSelector>,
    /// Whether such jobs wait for a queue.
    pub(super) all: bool,
}

impl Managed {
    /// The LocalQueue a job waits in: that of its label, or the one called `default` where jobs
    /// are Kueue's without a label. `None` when Kueue leaves the job alone.
    pub(super) fn queue_of(&self, job: &FoundJob, objects: &Objects) -> Option<String> {
        if job.queue.is_some() {
            return job.queue.clone();
        }
        let namespace = job.owner.0.as_str();
        let managed = match &self.selector {
            Some(selector) => selector.matches(&labels_of(namespace, objects)),
            None => !SYSTEM.contains(&namespace),
        };
        let mut queues = objects.local_queues.iter();
        let has_default =
            queues.any(|queue| queue.namespace == namespace && queue.name == DEFAULT_QUEUE);
        match (managed, has_default) {
            (true, true) => Some(DEFAULT_QUEUE.to_owned()),
            (true, false) => self.all.then(String::new),
            (false, _) => None,
        }
    }
}

fn labels_of(namespace: &str, objects: &Objects) -> Labels {
    let mut namespaces = objects.namespaces.iter();
    let found = namespaces.find(|one| one.name == namespace).cloned();
    found
        .unwrap_or_else(|| implied_namespace(namespace.to_owned()))
        .labels
}
