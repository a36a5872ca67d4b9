//! Workload: what is queued, admitted and preempted.

use crate::kube::{Labels, PodSpec, Resources, Toleration};
use crate::units::Time;
use std::collections::BTreeMap;

/// A Workload with its status. Times are microseconds since the Unix epoch; one that is missing
/// is [`Time::ZERO`], older than every real one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID, the last tie-break.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// When it was created.
    pub created: Time,
    /// Its labels.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: Labels,
    /// Kind and name of its controller and owners.
    pub owners: Vec<(String, String)>,
    /// The LocalQueue.
    pub queue: String,
    /// `spec.priority`.
    pub priority: Option<i32>,
    /// The class its priority comes from.
    pub priority_class: Option<String>,
    /// `spec.active`.
    pub inactive: bool,
    /// Groups of equal pods.
    pub pod_sets: Vec<PodSet>,
    /// Names of closed gates, which keep it from preempting.
    pub preemption_gates: Vec<String>,
    /// `maximumExecutionTimeSeconds`.
    pub max_execution_s: Option<i64>,
    /// Seconds it was admitted before, in all earlier admissions together.
    pub past_execution_s: i64,
    /// `status.admission`.
    pub admission: Option<Admission>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// `status.requeueState`.
    pub requeue: Option<RequeueState>,
    /// `status.reclaimablePods`: pods that ended, by pod set.
    pub reclaimable: BTreeMap<String, i32>,
    /// `status.admissionChecks`.
    pub checks: Vec<CheckState>,
    /// `status.unhealthyNodes`.
    pub unhealthy_nodes: Vec<String>,
    /// `status.nominatedClusterNames`.
    pub nominated_clusters: Vec<String>,
}

impl Workload {
    /// A condition by its type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|one| one.kind == kind)
    }

    /// Whether a condition is there and true.
    pub fn is(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|one| one.status)
    }
}

/// A group of equal pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSet {
    /// Its name.
    pub name: String,
    /// Pods.
    pub count: i32,
    /// Least pods it can do with.
    pub min_count: Option<i32>,
    /// The pod.
    pub template: PodSpec,
    /// Labels of the pod.
    pub template_labels: Labels,
    /// Annotations of the pod.
    pub template_annotations: Labels,
    /// Where its pods must be together.
    pub topology: Option<TopologyRequest>,
}

/// How close pods must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum TopologyMode {
    /// Within one domain of this level.
    Required(String),
    /// Within one domain of this level if possible.
    Preferred(String),
    /// Anywhere, but on counted capacity.
    Unconstrained,
    /// Only slices are constrained.
    #[default]
    SlicesOnly,
}

/// Groups of pods that must be together, by size and level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SliceLayer {
    /// The level each slice must be within.
    pub topology: String,
    /// Pods of a slice.
    pub size: i32,
}

/// `topologyRequest`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TopologyRequest {
    /// How close pods must be.
    pub mode: TopologyMode,
    /// Pod sets with one group name get one domain.
    pub group: Option<String>,
    /// Slices, the widest first; either spelling of the API.
    pub slices: Vec<SliceLayer>,
}

/// `status.admission`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Admission {
    /// The ClusterQueue that gave the quota.
    pub cluster_queue: String,
    /// Per pod set.
    pub pod_sets: Vec<PodSetAssignment>,
}

/// Whether a topology assignment comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delayed {
    /// It does.
    Pending,
    /// It came.
    Ready,
}

/// What a pod set was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodSetAssignment {
    /// The pod set.
    pub name: String,
    /// Flavor by resource.
    pub flavors: BTreeMap<String, String>,
    /// Quota used, all pods together.
    pub usage: Resources,
    /// Pods.
    pub count: i32,
    /// Where they run.
    pub topology: Option<TopologyAssignment>,
    /// Whether that comes later.
    pub delayed: Option<Delayed>,
}

/// Pods of one domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TopologyDomain {
    /// Label values of the levels listed in the assignment.
    pub values: Vec<String>,
    /// Pods.
    pub count: i32,
}

/// Where the pods of a pod set run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopologyAssignment {
    /// The levels the values are of: the hostname alone if it is the lowest, else all.
    pub levels: Vec<String>,
    /// The domains, in order.
    pub domains: Vec<TopologyDomain>,
}

/// A status condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Its type, such as `QuotaReserved`.
    pub kind: String,
    /// `True`.
    pub status: bool,
    /// Its reason.
    pub reason: String,
    /// For people.
    pub message: String,
    /// When the status changed.
    pub at: Time,
}

/// `status.requeueState`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequeueState {
    /// Evictions so far.
    pub count: i32,
    /// Not before.
    pub at: Option<Time>,
}

/// State of an admission check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckPhase {
    /// Not decided.
    #[default]
    Pending,
    /// Passed.
    Ready,
    /// To be tried again.
    Retry,
    /// Never.
    Rejected,
}

/// `status.admissionChecks`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckState {
    /// The check.
    pub name: String,
    /// Its state.
    pub phase: CheckPhase,
    /// When the state changed.
    pub at: Time,
    /// Seconds until the next try.
    pub requeue_after_s: Option<i64>,
    /// Node selectors it adds, by pod set.
    pub node_selectors: BTreeMap<String, Labels>,
    /// Tolerations it adds, by pod set.
    pub tolerations: BTreeMap<String, Vec<Toleration>>,
}

/// A WorkloadPriorityClass or a PriorityClass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriorityClass {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: i32,
    /// The default of its kind (`globalDefault` of a PriorityClass).
    pub global_default: bool,
}
