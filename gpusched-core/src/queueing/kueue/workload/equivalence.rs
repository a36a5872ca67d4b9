//! Which workloads are decided alike.

use super::super::Gates;
use super::super::objects::{TopologyRequest, Workload};
use super::super::requests::PodSetRequests;
use super::effective_priority;
use crate::kube::{PodSpec, Resources};
use rustc_hash::FxHashMap;

const ALLOWED_FLAVOR: &str = "kueue.x-k8s.io/workload-allowed-resource-flavors";

/// A class of workloads that are decided alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EquivalenceClass(pub u32);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    priority: i64,
    pod_sets: Vec<PodSetShape>,
    allowed_flavor: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PodSetShape {
    name: String,
    spec: PodSpec,
    count: i32,
    requests: Resources,
    min_count: Option<i32>,
    topology: Option<TopologyRequest>,
}

/// Numbers the classes. Where Kueue keeps a hash of a workload's shape, this keeps the shape, so
/// that two workloads are never taken for equal by accident.
#[derive(Clone, Debug, Default)]
pub struct EquivalenceClasses {
    known: FxHashMap<Shape, EquivalenceClass>,
}

impl EquivalenceClasses {
    /// The class of a workload with these effective requests; `None` when the gate
    /// `SchedulingEquivalenceHashing` is off. Linear in the size of its specification.
    ///
    /// Equal are workloads of one effective priority whose pod sets agree in name, effective
    /// count and requests, least count, topology request and in what their pods say about nodes
    /// and resources.
    pub fn class(
        &mut self,
        workload: &Workload,
        requests: &[PodSetRequests],
        gates: &Gates,
    ) -> Option<EquivalenceClass> {
        if !gates.scheduling_equivalence_hashing {
            return None;
        }
        let allowed = || workload.annotations.get(ALLOWED_FLAVOR).cloned();
        let pod_sets = workload.pod_sets.iter().enumerate().map(|(at, pod_set)| {
            let effective = requests.get(at);
            PodSetShape {
                name: pod_set.name.clone(),
                spec: decisive(&pod_set.template),
                count: effective.map_or(pod_set.count, |one| one.count),
                requests: effective.map_or_else(Resources::new, |one| one.requests.clone()),
                min_count: pod_set.min_count,
                topology: pod_set.topology.clone(),
            }
        });
        let shape = Shape {
            priority: effective_priority(workload, gates),
            pod_sets: pod_sets.collect(),
            allowed_flavor: gates.concurrent_admission.then(allowed).flatten(),
        };
        let next = EquivalenceClass(u32::try_from(self.known.len()).ok()?);
        Some(*self.known.entry(shape).or_insert(next))
    }
}

/// The part of a pod's specification that counts: neither names and limits of containers nor who
/// binds it.
fn decisive(pod: &PodSpec) -> PodSpec {
    let mut pod = pod.clone();
    pod.scheduler_name = String::new();
    let init = pod.init_containers.iter_mut();
    for container in pod.containers.iter_mut().chain(init) {
        container.name = String::new();
        container.limits = Resources::new();
        container.sidecar = false;
    }
    pod
}
