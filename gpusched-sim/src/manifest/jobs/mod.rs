//! Jobs, and the Workloads Kueue's job controllers make of them.
//!
//! A job is queued when it has the label `kueue.x-k8s.io/queue-name`. What it says in labels and
//! annotations (priority class, topology, partial admission, longest run) becomes fields of the
//! Workload. Kueue ends a Workload's name in a hash of the job's UID, which a manifest does not
//! have; here the name ends before it.

mod draft;
mod job;
mod job_set;
mod template;

pub(super) use draft::{Draft, QUEUE_NAME};
pub(super) use job::job;
pub(super) use job_set::job_set;
