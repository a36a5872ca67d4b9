//! The request of one pod ([`Shape`]), a group of equal pods ([`PodSet`]) and a job made of such
//! groups ([`Spec`]).

use crate::ids::ShapeId;
use crate::topology::Scope;
use crate::units::MILLI;
use serde::{Deserialize, Serialize};

/// A request for MIG instances instead of devices.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigRequest {
    /// Instances of the profile of that name, as in a Kubernetes resource. A board that does not
    /// have the name cannot serve the pod.
    Profile(String),
    /// On each board the smallest profile offered there that has the compute share and the memory
    /// asked for: [`crate::cluster::Inventory::smallest_profile`].
    AtLeast,
}

/// What one pod asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// GPUs. More than one means whole devices of one node.
    pub gpus: u32,
    /// Share of each GPU in milli-GPU; 1000 is the whole device. Ignored when `gpus` is 0.
    pub gpu_milli: u32,
    /// Memory each GPU must offer, MiB; 0 = any.
    pub gpu_mem_mib: u32,
    /// Whether a pod that shares a device reserves that memory on it, so that all on the device
    /// together never need more than there is. Where each client has a fixed part of the memory
    /// instead (MPS), nothing is reserved.
    pub reserves_gpu_mem: bool,
    /// Acceptable GPU models; empty = any. A name accepts itself and its variants (`A100` accepts
    /// `A100-SXM4-80GB`).
    pub models: Vec<String>,
    /// Unacceptable GPU models, matched alike.
    pub models_not: Vec<String>,
    /// CPU, milli-cores.
    pub cpu_milli: u64,
    /// Memory, MiB.
    pub mem_mib: u64,
    /// Most pods of one pod set on one node; 0 = no limit.
    pub max_per_node: u32,
    /// MIG instances instead of devices: `gpus` of them, all on one node, each with the compute
    /// share `gpu_milli` (for accounts; the profile says what is held). `None` = devices.
    pub mig: Option<MigRequest>,
    /// The one way of sharing a device it may be put under; `None` = any.
    pub only: Option<ShareWay>,
    /// NVLink bandwidth each of its whole devices must have to each other one, GB/s in one
    /// direction; 0 = any. Straight links and those through a switch count alike.
    pub nvlink_gbps: u32,
    /// Share of its node's network cards it holds, percent; 0 = none is asked for.
    pub rdma_percent: u32,
    /// Whether it may be on a node that is open to such pods only: a spot machine. Elsewhere it
    /// makes no difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_spot: bool,
}

/// A way of sharing a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShareWay {
    /// Not at all.
    Exclusive,
    /// MPS.
    Mps,
    /// Time-slicing.
    Timeslice,
    /// MIG.
    Mig,
    /// vGPU.
    Vgpu,
}

impl Default for Shape {
    /// One pod that asks for nothing.
    fn default() -> Self {
        Shape {
            gpus: 0,
            gpu_milli: MILLI,
            gpu_mem_mib: 0,
            reserves_gpu_mem: true,
            models: Vec::new(),
            models_not: Vec::new(),
            cpu_milli: 0,
            mem_mib: 0,
            max_per_node: 0,
            mig: None,
            only: None,
            nvlink_gbps: 0,
            rdma_percent: 0,
            on_spot: false,
        }
    }
}

impl Shape {
    /// A request for `gpus` whole GPUs and nothing else.
    pub fn whole_gpus(gpus: u32) -> Shape {
        Shape {
            gpus,
            ..Shape::default()
        }
    }

    /// A request for `count` MIG instances of a profile and nothing else. `milli` is the compute
    /// share of one.
    ///
    /// ```
    /// use gpusched_core::workload::Shape;
    /// let pod = Shape::mig_instances("3g.20gb", 2, 428);
    /// assert_eq!((pod.total_milli(), pod.is_share()), (856, false));
    /// ```
    pub fn mig_instances(profile: impl Into<String>, count: u32, milli: u32) -> Shape {
        Shape {
            gpus: count,
            gpu_milli: milli,
            mig: Some(MigRequest::Profile(profile.into())),
            ..Shape::default()
        }
    }

    /// Milli-GPU one pod holds.
    pub fn total_milli(&self) -> u64 {
        u64::from(self.gpus) * u64::from(self.gpu_milli)
    }

    /// Whether the pod shares one device with others.
    pub fn is_share(&self) -> bool {
        self.gpus == 1 && self.gpu_milli < MILLI && self.mig.is_none()
    }

    /// Whether it may be put under a way of sharing.
    pub fn allows(&self, way: ShareWay) -> bool {
        self.only.is_none_or(|only| only == way)
    }

    /// Whether a GPU of `model` is acceptable.
    ///
    /// ```
    /// use gpusched_core::workload::Shape;
    /// let mut shape = Shape::whole_gpus(1);
    /// shape.models = vec!["A100".into(), "T4".into()];
    /// assert!(shape.accepts("A100-SXM4-80GB") && shape.accepts("T4"));
    /// assert!(!shape.accepts("A10") && !shape.accepts("V100M32"));
    /// ```
    pub fn accepts(&self, model: &str) -> bool {
        (self.models.is_empty() || self.models.iter().any(|name| names(name, model)))
            && !self.models_not.iter().any(|name| names(name, model))
    }
}

/// Whether `name` means `model`: equal, or a family whose variants follow a dash.
fn names(name: &str, model: &str) -> bool {
    model
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// How near to one another the pods of a set must, or should, be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Locality {
    /// The scope all pods must, or should, be in; `None` = any place will do.
    pub within: Option<Scope>,
    /// They must, or they do not start; else they only should.
    pub required: bool,
    /// Pods come in groups of so many, and it is each group that must, or should, be within the
    /// scope; 0 = all pods are one group.
    pub slice: u32,
}

/// A number of equal pods.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodSet {
    /// Role of the pods, such as `worker`.
    pub name: String,
    /// What each asks for.
    pub shape: ShapeId,
    /// How many there are (at least 1).
    pub count: u32,
    /// How near to one another they must, or should, be.
    pub locality: Locality,
}

/// A job specification: pod sets that start together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The pod sets, in the order they are placed.
    pub pod_sets: Vec<PodSet>,
    /// Pods in all.
    pub pods: u32,
    /// Milli-GPU in all.
    pub gpu_milli: u64,
    /// Line of the first job of this kind in its file (0 = none), for messages.
    pub first_line: u64,
}
