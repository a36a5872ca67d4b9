//! What a cluster's API server would hold, as plain data: the input of everything else here.
//!
//! Names refer to names; [`gpusched-sim`'s readers] fill these from manifests and dumps of either
//! API version. Nothing is validated beyond its type: a ClusterQueue with an unknown flavor is a
//! legal object that Kueue reports as inactive.
//!
//! [`gpusched-sim`'s readers]: https://docs.rs/gpusched-sim

mod cluster_queue;
mod cohort;
mod flavor;
mod local_queue;
mod marks;
mod workload;

pub use cluster_queue::{
    AdmissionCheckRule, BorrowWithinCohort, ClusterQueue, ConcurrentAdmission, FlavorFungibility,
    FlavorQuotas, FungibilityPolicy, FungibilityPreference, MigrationMode, Preemption,
    PreemptionPolicy, QueueingStrategy, ResourceGroup, ResourceQuota, StopPolicy,
};
pub use cohort::Cohort;
pub use flavor::{AdmissionCheck, Namespace, ResourceFlavor, Topology};
pub use local_queue::LocalQueue;
pub use workload::{
    Admission, CheckPhase, CheckState, Condition, Delayed, PodSet, PodSetAssignment, PriorityClass,
    RequeueState, SliceLayer, TopologyAssignment, TopologyDomain, TopologyMode, TopologyRequest,
    Workload,
};

use crate::kube::{BoundPod, Node};

/// All objects of one cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objects {
    /// Namespaces and their labels.
    pub namespaces: Vec<Namespace>,
    /// ResourceFlavors.
    pub flavors: Vec<ResourceFlavor>,
    /// Topologies.
    pub topologies: Vec<Topology>,
    /// AdmissionChecks.
    pub checks: Vec<AdmissionCheck>,
    /// Cohorts that exist as objects; others are implied by who names them.
    pub cohorts: Vec<Cohort>,
    /// ClusterQueues.
    pub cluster_queues: Vec<ClusterQueue>,
    /// LocalQueues.
    pub local_queues: Vec<LocalQueue>,
    /// WorkloadPriorityClasses.
    pub workload_priority_classes: Vec<PriorityClass>,
    /// PriorityClasses.
    pub priority_classes: Vec<PriorityClass>,
    /// Workloads, pending and admitted.
    pub workloads: Vec<Workload>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Pods that are bound to nodes and not Kueue's.
    pub pods: Vec<BoundPod>,
}
