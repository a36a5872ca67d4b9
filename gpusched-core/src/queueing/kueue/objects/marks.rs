//! What labels, annotations and owners of a Workload mean to its admission.

use super::Workload;

const ALLOWED_FLAVORS: &str = "kueue.x-k8s.io/workload-allowed-resource-flavors";
const VARIANT_PARENT: &str = "kueue.x-k8s.io/concurrent-admission-parent";
const REPLACEMENT_FOR: &str = "kueue.x-k8s.io/workload-slice-replacement-for";
const POD_GROUP: &str = "kueue.x-k8s.io/is-group-workload";
const ELASTIC: &str = "kueue.x-k8s.io/elastic-job";

impl Workload {
    /// Namespace and name, as Kueue refers to it.
    ///
    /// ```
    /// use gpusched_core::queueing::kueue::objects::Workload;
    /// let workload = Workload { namespace: "a".into(), name: "b".into(), ..Workload::default() };
    /// assert_eq!(workload.key(), "a/b");
    /// ```
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Flavors a variant of a concurrently admitted workload is for, the first being its own;
    /// `None` = all.
    pub fn allowed_flavors(&self) -> Option<Vec<String>> {
        let text = self.annotations.get(ALLOWED_FLAVORS)?;
        Some(match text.trim().is_empty() {
            true => Vec::new(),
            false => text.split(',').map(|name| name.trim().to_owned()).collect(),
        })
    }

    /// The workload it is a variant of.
    pub fn variant_of(&self) -> Option<&str> {
        let owners = self.owners.iter();
        let parent = owners
            .filter(|(kind, _)| kind == "Workload")
            .map(|(_, name)| name);
        parent.map(String::as_str).next()
    }

    /// Whether it only stands for its variants and is never queued itself.
    pub fn is_variant_parent(&self) -> bool {
        self.labels
            .get(VARIANT_PARENT)
            .is_some_and(|value| value == "true")
    }

    /// [Key](Workload::key) of the slice an elastic workload replaces.
    pub fn replaces(&self) -> Option<&str> {
        self.annotations.get(REPLACEMENT_FOR).map(String::as_str)
    }

    /// Whether it is the workload of one pod that nothing else owns: such a pod cannot move.
    pub fn is_of_one_pod(&self) -> bool {
        let group = self
            .annotations
            .get(POD_GROUP)
            .is_some_and(|value| value == "true");
        matches!(self.owners.as_slice(), [(kind, _)] if kind == "Pod") && !group
    }

    /// Whether it belongs to an elastic job.
    pub fn is_elastic(&self) -> bool {
        self.annotations
            .get(ELASTIC)
            .is_some_and(|value| value == "true")
    }
}
