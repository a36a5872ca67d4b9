//! What a pod asks for.

use super::{Labels, NodeAffinity, Resources, Toleration};

/// One container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What it requests; a limit without a request counts as one.
    pub requests: Resources,
    /// Its limits.
    pub limits: Resources,
    /// An init container that keeps running (`restartPolicy: Always`).
    pub sidecar: bool,
}

/// The part of a pod's specification that decides where it may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodSpec {
    /// Containers.
    pub containers: Vec<Container>,
    /// Init containers, in their order.
    pub init_containers: Vec<Container>,
    /// What the runtime class adds.
    pub overhead: Resources,
    /// Pod-level requests, which override the sum over containers for the resources they name.
    pub resources: Resources,
    /// Pod-level limits.
    pub resource_limits: Resources,
    /// Labels a node must have.
    pub node_selector: Labels,
    /// Node affinity.
    pub affinity: NodeAffinity,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// Names of the ResourceClaimTemplates it refers to.
    pub claim_templates: Vec<String>,
    /// What the claims made of them are charged to quota, by logical resource.
    pub claimed: Resources,
    /// Scheduler that binds it, if not the default one.
    pub scheduler_name: String,
}
