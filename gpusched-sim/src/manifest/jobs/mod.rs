//! Jobs, and the Workloads Kueue's job controllers make of them.
//!
//! A job is queued when it has the label `kueue.x-k8s.io/queue-name`, or when its namespace has a
//! LocalQueue called `default`. What it says in labels and
//! annotations (priority class, topology, partial admission, longest run) becomes fields of the
//! Workload. Kueue ends a Workload's name in a hash of the job's UID, which a manifest does not
//! have; here the name ends before it.

mod draft;
mod job;
mod job_set;
mod template;

pub(super) use draft::{Draft, QUEUE_NAME};
pub(super) use job::{ended, job, pods};
pub(super) use job_set::job_set;

/// The LocalQueue of jobs without a label.
pub(super) const DEFAULT_QUEUE: &str = "default";

/// Kinds that Kueue queues as a whole: jobs that are parts of one are not queued again.
pub(super) const FRAMEWORKS: &[&str] = &[
    "AppWrapper",
    "Deployment",
    "JAXJob",
    "JobSet",
    "LeaderWorkerSet",
    "MPIJob",
    "PaddleJob",
    "PyTorchJob",
    "RayCluster",
    "RayJob",
    "RayService",
    "SparkApplication",
    "StatefulSet",
    "TFJob",
    "TrainJob",
    "XGBoostJob",
];
