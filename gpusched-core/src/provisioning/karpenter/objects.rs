//! What a solve looks at, as plain data.

use super::labels::{CAPACITY_TYPE, INSTANCE_TYPE, RESERVATION_ID, ZONE};
use super::solve::alternatives;
use super::{Requirement, Requirements, Undefined};
use crate::kube::{LabelSelector, Labels, NodeAffinity, Resources, Taint, Toleration};
use crate::provisioning::catalog::{InstanceType, Offering};

/// A NodePool that may make nodes: ready, not being deleted, and not of fixed size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodePool {
    /// Its name.
    pub name: String,
    /// Pools of larger weight are tried first; of equal ones the name that sorts last.
    pub weight: u32,
    /// What its nodes may be.
    pub requirements: Requirements,
    /// Labels of its nodes.
    pub labels: Labels,
    /// Taints of its nodes; those of the start-up do not count.
    pub taints: Vec<Taint>,
    /// The most its nodes may have together; `nodes` counts them.
    pub limits: Option<Resources>,
}

/// An instance type with its labels as requirements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeType {
    /// Its name.
    pub name: String,
    /// Values of its labels, all zones and capacity types it is offered in included.
    pub requirements: Requirements,
    /// All there is.
    pub capacity: Resources,
    /// What pods can have.
    pub allocatable: Resources,
    /// Where it is offered.
    pub offerings: Vec<NodeOffering>,
}

impl NodeType {
    /// Whether a DaemonSet runs on nodes of this type, as far as labels of the type tell: what a
    /// pool adds to them, and its taints, are not asked about. O(terms × labels).
    ///
    /// ```
    /// use gpusched_core::provisioning::catalog::InstanceType;
    /// use gpusched_core::provisioning::karpenter::objects::{NodeType, PodSpec};
    /// let small = NodeType::from(&InstanceType { name: "small".into(), ..InstanceType::default() });
    /// let key = "node.kubernetes.io/instance-type".to_owned();
    /// let only = |name: &str| PodSpec {
    ///     node_selector: [(key.clone(), name.to_owned())].into(),
    ///     ..PodSpec::default()
    /// };
    /// assert!(small.hosts(&PodSpec::default(), &[]));
    /// assert!(small.hosts(&only("small"), &[]) && !small.hosts(&only("large"), &[]));
    /// ```
    pub fn hosts(&self, daemon: &PodSpec, well_known: &[&str]) -> bool {
        let undefined = Undefined::WellKnown(well_known);
        let wanted = alternatives(daemon);
        let mut wanted = wanted.iter();
        wanted.any(|one| self.requirements.compatible(one, undefined).is_ok())
    }
}

/// An offering with its labels as requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeOffering {
    /// Zone, capacity type and, if reserved, the reservation.
    pub requirements: Requirements,
    /// The offering.
    pub offering: Offering,
}

impl From<Offering> for NodeOffering {
    fn from(offering: Offering) -> NodeOffering {
        let mut requirements: Requirements = [
            Requirement::one_of(ZONE, &[&offering.zone]),
            Requirement::one_of(CAPACITY_TYPE, &[offering.capacity_type.name()]),
        ]
        .into_iter()
        .collect();
        if let Some(reservation) = &offering.reservation {
            requirements.add(Requirement::one_of(RESERVATION_ID, &[&reservation.id]));
        }
        NodeOffering {
            requirements,
            offering,
        }
    }
}

impl From<&InstanceType> for NodeType {
    fn from(of: &InstanceType) -> NodeType {
        let zones: Vec<&str> = of.offerings.iter().map(|one| one.zone.as_str()).collect();
        let ways = of.offerings.iter().map(|one| one.capacity_type.name());
        let mut requirements = Requirements::of_labels(&of.labels);
        requirements.set(
            INSTANCE_TYPE,
            Some(Requirement::one_of(INSTANCE_TYPE, &[&of.name])),
        );
        requirements.set(ZONE, Some(Requirement::one_of(ZONE, &zones)));
        let ways: Vec<&str> = ways.collect();
        requirements.set(
            CAPACITY_TYPE,
            Some(Requirement::one_of(CAPACITY_TYPE, &ways)),
        );
        NodeType {
            name: of.name.clone(),
            requirements,
            capacity: of.capacity.clone(),
            allocatable: of.allocatable.clone(),
            offerings: of
                .offerings
                .iter()
                .cloned()
                .map(NodeOffering::from)
                .collect(),
        }
    }
}

/// A pod that has to be placed: who it is, and what it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its unique id: the last tie of the queue.
    pub uid: String,
    /// When it was made, in seconds.
    pub created: i64,
    /// Whether it may go to nodes that are [`closed`](ExistingNode::closed): it waits, or its node
    /// is going whatever a simulation says.
    pub waiting: bool,
    /// What it wants. Equal pods share it.
    pub spec: PodSpec,
}

/// What a pod wants of a node and of its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodSpec {
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: Labels,
    /// Its effective request ([`crate::kube::pod_requests`]); the pod itself counts as 1 of `pods`.
    pub requests: Resources,
    /// Labels a node must have.
    pub node_selector: Labels,
    /// Node affinity.
    pub node_affinity: NodeAffinity,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// How it is spread.
    pub spread: Vec<Spread>,
    /// Where it wants to be together with others.
    pub affinity: PodTerms,
    /// Where it wants to be apart from others.
    pub anti_affinity: PodTerms,
    /// Ports it takes on its node.
    pub host_ports: Vec<HostPort>,
}

/// A topology spread constraint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spread {
    /// Most pods a domain may have more than the one with fewest.
    pub max_skew: i64,
    /// The label whose values are domains.
    pub key: String,
    /// Whether it may be given up (`ScheduleAnyway`).
    pub soft: bool,
    /// Which pods count; `None` = no pod.
    pub selector: Option<LabelSelector>,
    /// With fewer domains than this the fewest counts as 0.
    pub min_domains: Option<u32>,
    /// Whether nodes whose taints it does not tolerate are left out (default: no).
    pub honor_taints: bool,
    /// Whether nodes its affinity excludes are left out (default: yes).
    pub honor_affinity: bool,
}

/// Terms of pod affinity or anti-affinity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodTerms {
    /// All must hold.
    pub required: Vec<PodTerm>,
    /// Preferences with weights.
    pub preferred: Vec<(i32, PodTerm)>,
}

/// A term of pod affinity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodTerm {
    /// The label whose values are domains.
    pub key: String,
    /// Which pods; `None` = no pod.
    pub selector: Option<LabelSelector>,
    /// Of which namespaces; empty = its own.
    pub namespaces: Vec<String>,
}

/// A port on the node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// Address; `0.0.0.0` or empty is every one.
    pub ip: String,
    /// Number.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

impl HostPort {
    /// Whether both cannot be taken on one node.
    pub fn conflicts(&self, other: &HostPort) -> bool {
        let every = |port: &HostPort| port.ip.is_empty() || port.ip == "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || every(self) || every(other))
    }
}

/// A node that is there, or on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExistingNode {
    /// Its name; nodes are tried in this order.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its taints, without those that go when it is initialized.
    pub taints: Vec<Taint>,
    /// Allocatable less what the pods on it request.
    pub available: Resources,
    /// All it has: what counts against the limits of its pool.
    pub capacity: Resources,
    /// What daemon pods on it request already.
    pub daemons: Resources,
    /// Whether it takes pods; one that does not yet comes after those that do.
    pub initialized: bool,
    /// Whether it takes none of the pods a simulation of consolidation moves
    /// (`consolidateAfter`), only those that are [`waiting`](Pod::waiting).
    pub closed: bool,
    /// The pods on it that count for topology.
    pub pods: Vec<PlacedPod>,
}

/// A pod on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacedPod {
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: Labels,
    /// Whom it must be apart from.
    pub anti_affinity: Vec<PodTerm>,
    /// Ports it takes.
    pub host_ports: Vec<HostPort>,
}
