//! Which reader reads which kind.

use super::cursor::{At, Read};
use super::jobs::Draft;
use super::meta::Meta;
use super::{jobs, kube, kueue, rules};
use gpusched_core::queueing::kueue::Objects;

/// One kind.
pub(super) struct Kind {
    group: &'static str,
    pub(super) name: &'static str,
    pub(super) namespaced: bool,
    /// Reads one object and puts it where it belongs.
    pub(super) read: fn(At<'_, '_>, &mut Objects) -> Read<()>,
    /// What the API server asks of it besides.
    pub(super) rules: fn(&At<'_, '_>) -> Read<()>,
}

const KUEUE: &str = "kueue.x-k8s.io";

/// All kinds that make up a cluster.
const KINDS: &[Kind] = &[
    Kind {
        group: KUEUE,
        name: "ClusterQueue",
        namespaced: false,
        read: |at, objects| {
            objects.cluster_queues.push(kueue::cluster_queue(at)?);
            Ok(())
        },
        rules: rules::cluster_queue,
    },
    Kind {
        group: KUEUE,
        name: "Cohort",
        namespaced: false,
        read: |at, objects| {
            objects.cohorts.push(kueue::cohort(at)?);
            Ok(())
        },
        rules: rules::cohort,
    },
    Kind {
        group: KUEUE,
        name: "LocalQueue",
        namespaced: true,
        read: |at, objects| {
            objects.local_queues.push(kueue::local_queue(at)?);
            Ok(())
        },
        rules: rules::local_queue,
    },
    Kind {
        group: KUEUE,
        name: "ResourceFlavor",
        namespaced: false,
        read: |at, objects| {
            objects.flavors.push(kueue::resource_flavor(at)?);
            Ok(())
        },
        rules: rules::resource_flavor,
    },
    Kind {
        group: KUEUE,
        name: "Topology",
        namespaced: false,
        read: |at, objects| {
            objects.topologies.push(kueue::topology(at)?);
            Ok(())
        },
        rules: rules::topology,
    },
    Kind {
        group: KUEUE,
        name: "AdmissionCheck",
        namespaced: false,
        read: |at, objects| {
            objects.checks.push(kueue::admission_check(at)?);
            Ok(())
        },
        rules: rules::object_name,
    },
    Kind {
        group: KUEUE,
        name: "WorkloadPriorityClass",
        namespaced: false,
        read: |at, objects| {
            let class = kueue::workload_priority_class(at)?;
            objects.workload_priority_classes.push(class);
            Ok(())
        },
        rules: rules::object_name,
    },
    Kind {
        group: KUEUE,
        name: "Workload",
        namespaced: true,
        read: |at, objects| {
            objects.workloads.push(kueue::workload(at)?);
            Ok(())
        },
        rules: rules::workload,
    },
    Kind {
        group: "",
        name: "Namespace",
        namespaced: false,
        read: |at, objects| {
            objects.namespaces.push(kube::namespace(at)?);
            Ok(())
        },
        rules: rules::object_name,
    },
    Kind {
        group: "",
        name: "Node",
        namespaced: false,
        read: |at, objects| {
            objects.nodes.push(kube::node(at)?);
            Ok(())
        },
        rules: rules::object_name,
    },
    Kind {
        group: "",
        name: "Pod",
        namespaced: true,
        read: |at, objects| {
            // Kueue counts the pods it placed itself through their Workloads.
            if !kube::uses_topology(&Meta::read(&at)?.annotations) {
                objects.pods.extend(kube::bound_pod(at)?);
            }
            Ok(())
        },
        rules: rules::object_name,
    },
    Kind {
        group: "scheduling.k8s.io",
        name: "PriorityClass",
        namespaced: false,
        read: |at, objects| {
            objects.priority_classes.push(kube::priority_class(at)?);
            Ok(())
        },
        rules: rules::object_name,
    },
];

/// Makes the Workload of a job.
pub(super) type JobReader = fn(At<'_, '_>) -> Read<Option<Draft>>;

/// Jobs by API group and kind.
const JOBS: &[(&str, &str, JobReader)] = &[
    ("batch", "Job", jobs::job),
    ("jobset.x-k8s.io", "JobSet", jobs::job_set),
];

/// Group and kind of an object.
pub(super) fn group_kind<'v>(at: &At<'_, 'v>) -> Read<(&'v str, &'v str)> {
    let group_version = at.field("apiVersion").str()?.unwrap_or_default();
    let group = group_version.split_once('/').map_or("", |(group, _)| group);
    Ok((group, at.field("kind").str()?.unwrap_or_default()))
}

/// The kind of an object, if it is one of those that make up a cluster.
pub(super) fn known((group, kind): (&str, &str)) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|known| (known.group, known.name) == (group, kind))
}

/// What reads a job of this kind, if something does.
pub(super) fn job((group, kind): (&str, &str)) -> Option<JobReader> {
    let found = JOBS
        .iter()
        .find(|known| (known.0, known.1) == (group, kind));
    found.map(|(.., reader)| *reader)
}

/// The names of all kinds that are read.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let kinds = KINDS.iter().map(|kind| kind.name);
    kinds.chain(JOBS.iter().map(|(_, kind, _)| *kind))
}
