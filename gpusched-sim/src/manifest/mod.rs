//! Reading what a cluster holds: Kueue's and Kubernetes' objects from manifests and dumps.
//!
//! Both served versions of `kueue.x-k8s.io` (`v1beta1`, `v1beta2`) become the types of
//! [`gpusched_core::queueing::kueue::objects`], with the defaults of the API; the old names are
//! converted as Kueue's conversion does. One file per kind.
//!
//! [`Manifests`] reads files: what the API server would refuse is said with its place.
//! [`objects_from_json`] takes objects that are known to be right up to their types, such as those
//! of a conformance vector.

pub mod cluster_autoscaler;
mod configuration;
mod cursor;
mod document;
mod dra;
mod fault;
mod jobs;
mod karpenter;
mod kind;
mod kube;
mod kueue;
pub mod lint;
mod meta;
mod quota;
mod read;
mod rules;
mod scheduler;
mod time;

pub use dra::{
    ClaimSource, ClaimingPods, DeviceTaintRule, DraManifests, DraObjects, PodClaim, PodGroup,
    TaintedDevices, write,
};
pub use karpenter::{KarpenterManifests, KarpenterState, StateNode, StatePod, StatePodBudget};
pub use read::{Manifests, Submission};
pub use scheduler::scheduler_profile;

use crate::diagnostic::{Diagnostic, Result};
use cursor::{At, Read};
use fault::Notices;
use gpusched_core::kube::{BoundPod, Node, PodSpec};
use gpusched_core::placement::dra::objects::{
    AllocationResult, Device, DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice,
};
use gpusched_core::queueing::kueue::objects::{
    AdmissionCheck, ClusterQueue, Cohort, LocalQueue, Namespace, PriorityClass, ResourceFlavor,
    Topology, Workload,
};
use gpusched_core::queueing::kueue::{Configuration, Objects};
use serde_json::Value;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is left out that changes no decision.
    Warning,
    /// The API server would refuse it, or decisions would not be those of Kueue.
    Error,
}

/// Something wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What, where, and how to mend it.
    pub diagnostic: Diagnostic,
}

impl Problem {
    fn error(diagnostic: Diagnostic) -> Problem {
        Problem {
            severity: Severity::Error,
            diagnostic,
        }
    }

    fn warning(diagnostic: Diagnostic) -> Problem {
        Problem {
            severity: Severity::Warning,
            diagnostic,
        }
    }
}

/// Reads one object that stands for itself: what is noticed about it goes nowhere.
fn single<T>(value: &Value, read: impl FnOnce(At<'_, '_>) -> Read<T>) -> Result<T> {
    let notices = Notices::default();
    read(At::root(value, &notices)).map_err(|fault| fault.unplaced())
}

macro_rules! readers {
    ($($(#[$doc:meta])* $name:ident: $reader:path => $type:ty;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// When a field that is read has the wrong type or no possible value. The message leads
        /// with the path of the field.
        pub fn $name(value: &Value) -> Result<$type> {
            single(value, $reader)
        })*
    };
}

readers! {
    /// A ClusterQueue.
    cluster_queue: kueue::cluster_queue => ClusterQueue;
    /// A Cohort.
    cohort: kueue::cohort => Cohort;
    /// A LocalQueue.
    local_queue: kueue::local_queue => LocalQueue;
    /// A ResourceFlavor.
    resource_flavor: kueue::resource_flavor => ResourceFlavor;
    /// A Topology.
    topology: kueue::topology => Topology;
    /// An AdmissionCheck.
    admission_check: kueue::admission_check => AdmissionCheck;
    /// A WorkloadPriorityClass.
    workload_priority_class: kueue::workload_priority_class => PriorityClass;
    /// A Workload with its status.
    workload: kueue::workload => Workload;
    /// Kueue's configuration: the part that changes decisions, but for its feature gates.
    configuration: configuration::configuration => Configuration;
    /// A DeviceClass.
    device_class: dra::device_class => DeviceClass;
    /// A ResourceSlice.
    resource_slice: dra::resource_slice => ResourceSlice;
    /// A ResourceClaim with its status.
    resource_claim: dra::resource_claim => ResourceClaim;
    /// A ResourceClaimTemplate.
    resource_claim_template: dra::resource_claim_template => ResourceClaimTemplate;
    /// A device, as a ResourceSlice of `resource.k8s.io/v1` lists it.
    device: dra::v1_device => Device;
    /// What a ResourceClaim has got (`status.allocation`).
    allocation_result: dra::allocation_result => AllocationResult;
    /// A Namespace.
    namespace: kube::namespace => Namespace;
    /// A PriorityClass.
    priority_class: kube::priority_class => PriorityClass;
    /// A Node.
    node: kube::node => Node;
    /// A Pod; `None` while it is bound to no node.
    pod: kube::bound_pod => Option<BoundPod>;
    /// The specification of a pod (`spec` of a Pod or of a template).
    pod_spec: kube::pod_spec => PodSpec;
}

/// Reads the objects of one cluster, by their `kind`. Kinds that nothing here decides with are
/// left out.
///
/// # Errors
/// At the first object that cannot be read; the message says which.
///
/// ```
/// use gpusched_sim::manifest::objects_from_json;
/// let queue = serde_json::json!({
///     "apiVersion": "kueue.x-k8s.io/v1beta1",
///     "kind": "ClusterQueue",
///     "metadata": {"name": "team-a"},
///     "spec": {"cohort": "all", "resourceGroups": [{
///         "coveredResources": ["cpu"],
///         "flavors": [{"name": "default", "resources": [{"name": "cpu", "nominalQuota": "1500m"}]}],
///     }]},
/// });
/// let objects = objects_from_json([&queue]).unwrap();
/// let queue = &objects.cluster_queues[0];
/// assert_eq!(queue.cohort.as_deref(), Some("all"));
/// assert_eq!(queue.resource_groups[0].flavors[0].resources[0].nominal.0, 1500);
/// ```
pub fn objects_from_json<'v>(values: impl IntoIterator<Item = &'v Value>) -> Result<Objects> {
    let mut objects = Objects::default();
    for value in values {
        named(value, |at| {
            match kind::group_kind(&at).map(kind::known)? {
                Some(known) => (known.read)(at, &mut objects),
                None => Ok(()),
            }
        })?;
    }
    Ok(objects)
}

/// Reads what decides about devices in one cluster, by `kind`: DeviceClasses, ResourceSlices,
/// ResourceClaims, ResourceClaimTemplates, Nodes, and pods (also those of Jobs and JobSets). Other kinds are left out, and nothing is
/// checked but types.
///
/// # Errors
/// At the first object that cannot be read; the message says which.
///
/// ```
/// use gpusched_sim::manifest::dra_from_json;
/// let slice = serde_json::json!({
///     "apiVersion": "resource.k8s.io/v1",
///     "kind": "ResourceSlice",
///     "metadata": {"name": "node-1-gpus"},
///     "spec": {
///         "driver": "gpu.nvidia.com",
///         "pool": {"name": "node-1", "generation": 1, "resourceSliceCount": 1},
///         "nodeName": "node-1",
///         "devices": [{"name": "gpu-0", "capacity": {"memory": {"value": "80Gi"}}}],
///     },
/// });
/// let cluster = dra_from_json([&slice]).unwrap();
/// let device = &cluster.slices[0].content.devices[0];
/// assert_eq!(device.capacity["memory"].value.value(), 80 << 30);
/// ```
pub fn dra_from_json<'v>(values: impl IntoIterator<Item = &'v Value>) -> Result<DraObjects> {
    let mut objects = DraObjects::default();
    for value in values {
        named(value, |at| objects.take(at))?;
    }
    Ok(objects)
}

/// Reads an object; what is wrong with it is said together with its kind and name.
fn named<T>(value: &Value, read: impl FnOnce(At<'_, '_>) -> Read<T>) -> Result<T> {
    single(value, read).map_err(|mut problem| {
        let name = |part: &Value| part.as_str().unwrap_or_default().to_owned();
        let (kind, name) = (name(&value["kind"]), name(&value["metadata"]["name"]));
        problem.message = format!("{kind} {name}: {}", problem.message);
        problem
    })
}
