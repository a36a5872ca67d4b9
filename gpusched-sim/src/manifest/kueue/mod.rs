//! Objects of `kueue.x-k8s.io`, in either served version.

mod admission;
mod admission_check;
mod cluster_queue;
mod cohort;
mod local_queue;
mod pod_set;
mod quotas;
mod resource_flavor;
mod stop_policy;
mod topology;
mod version;
mod workload;
mod workload_priority_class;

pub(super) use admission_check::admission_check;
pub(super) use cluster_queue::cluster_queue;
pub(super) use cohort::cohort;
pub(super) use local_queue::local_queue;
pub(super) use pod_set::{asks_for_something, slice_layers};
pub(super) use resource_flavor::resource_flavor;
pub(super) use topology::topology;
pub(super) use version::Version;
pub(super) use workload::workload;
pub(super) use workload_priority_class::workload_priority_class;

/// Fields every object has.
const OBJECT: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];
