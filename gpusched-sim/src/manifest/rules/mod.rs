//! What the API server refuses although every field can be read: the rules of the CRDs and of
//! Kueue's webhooks, one file per kind. Each refuses what it finds and goes on.

mod cluster_queue;
mod cohort;
mod configuration;
mod local_queue;
mod names;
mod quotas;
mod resource_flavor;
mod topology;
mod workload;

pub(super) use cluster_queue::cluster_queue;
pub(super) use cohort::cohort;
pub(super) use configuration::configuration;
pub(super) use local_queue::local_queue;
pub(super) use names::{label_value, object_name, qualified};
pub(super) use resource_flavor::resource_flavor;
pub(super) use topology::topology;
pub(super) use workload::workload;
