//! A Workload in the making: what a job says, before priorities are looked up.

use crate::manifest::cursor::{At, Read};
use crate::manifest::fault::{Fault, Part};
use crate::manifest::meta::Meta;
use gpusched_core::kube::Labels;
use gpusched_core::queueing::kueue::Gates;
use gpusched_core::queueing::kueue::objects::{Objects, PodSet, PriorityClass, Workload};

/// Label that names the LocalQueue.
pub(in crate::manifest) const QUEUE_NAME: &str = "kueue.x-k8s.io/queue-name";
/// Label that names the WorkloadPriorityClass.
const PRIORITY_CLASS: &str = "kueue.x-k8s.io/priority-class";
/// Label that limits the time it may run.
const MAX_EXEC_TIME: &str = "kueue.x-k8s.io/max-exec-time-seconds";
/// Annotations Kueue copies from the job.
const COPIED: &[&str] = &[
    "kueue.x-k8s.io/admission-gated-by",
    "kueue.x-k8s.io/priority-boost",
];

/// A priority class by name, and where it is named.
#[derive(Clone, Debug)]
pub(super) struct ClassName {
    name: String,
    path: Vec<Part>,
}

impl ClassName {
    /// The class a field names, if it does.
    pub(super) fn read(at: &At<'_, '_>) -> Read<Option<ClassName>> {
        let path = || at.path();
        Ok(at.name()?.map(|name| ClassName { name, path: path() }))
    }

    fn find(&self, classes: &[PriorityClass]) -> Read<PriorityClass> {
        let found = classes.iter().find(|class| class.name == self.name);
        found.cloned().ok_or_else(|| {
            let message = format!("there is no priority class `{}`", self.name);
            Fault::new(self.path.clone(), message)
                .help("Kueue makes no Workload of a job whose class does not exist")
        })
    }
}

/// What a job says.
#[derive(Clone, Debug)]
pub(in crate::manifest) struct Draft {
    workload: Workload,
    /// The WorkloadPriorityClass it names.
    class: Option<ClassName>,
    /// The PriorityClass its pods name.
    pod_class: Option<ClassName>,
}

impl Draft {
    /// Starts a Workload for a job with these pod sets; `pod_class` is what the first pods that
    /// have one name.
    pub(super) fn new(
        at: &At<'_, '_>,
        kind: &str,
        meta: Meta,
        pod_sets: Vec<PodSet>,
        pod_class: Option<ClassName>,
    ) -> Read<Draft> {
        let max_execution_s = max_execution(at, &meta.labels)?;
        let annotations = meta.annotations.iter();
        let copied = annotations.filter(|(name, _)| COPIED.contains(&name.as_str()));
        let metadata = at.field("metadata");
        let labels = metadata.field("labels");
        let class = ClassName::read(&labels.field(PRIORITY_CLASS))?;
        Ok(Draft {
            workload: Workload {
                name: format!("{}-{}", kind.to_lowercase(), meta.name),
                annotations: copied.map(|(k, v)| (k.clone(), v.clone())).collect(),
                namespace: meta.namespace,
                uid: meta.uid,
                generation: 1,
                created: meta.created,
                owners: vec![(kind.to_owned(), meta.name)],
                pod_sets,
                max_execution_s,
                ..Workload::default()
            },
            class,
            pod_class,
        })
    }

    /// The finished Workload of a LocalQueue. A class that does not exist is a fault: Kueue makes no Workload until
    /// it does.
    ///
    /// The WorkloadPriorityClass the job names comes first; then, with its gate, the one called
    /// `default`; then the PriorityClass of the pods; then the PriorityClass that is the default;
    /// then 0.
    pub(in crate::manifest) fn finish(
        mut self,
        queue: String,
        objects: &Objects,
        gates: Gates,
    ) -> Read<Workload> {
        let default = |classes: &[PriorityClass]| {
            let defaults = classes.iter().filter(|class| class.global_default);
            defaults.max_by_key(|class| class.value).cloned()
        };
        let own = &objects.workload_priority_classes;
        let fallback = gates
            .workload_priority_class_defaulting
            .then(|| default(own))
            .flatten();
        let class = match (&self.class, fallback, &self.pod_class) {
            (Some(name), ..) => Some(name.find(own)?),
            (None, Some(class), _) => Some(class),
            (None, None, Some(name)) => Some(name.find(&objects.priority_classes)?),
            (None, None, None) => default(&objects.priority_classes),
        };
        self.workload.queue = queue;
        self.workload.priority = Some(class.as_ref().map_or(0, |class| class.value));
        self.workload.priority_class = class.map(|class| class.name);
        Ok(self.workload)
    }
}

fn max_execution(at: &At<'_, '_>, labels: &Labels) -> Read<Option<i64>> {
    let Some(text) = labels.get(MAX_EXEC_TIME) else {
        return Ok(None);
    };
    match text.parse::<i32>() {
        Ok(seconds) if seconds > 0 => Ok(Some(seconds.into())),
        _ => {
            let labels = at.field("metadata");
            let labels = labels.field("labels");
            Err(labels
                .field(MAX_EXEC_TIME)
                .fault(format!("`{text}` is no number of seconds above 0")))
        }
    }
}
