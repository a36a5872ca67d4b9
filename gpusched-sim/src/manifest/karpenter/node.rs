//! Nodes and NodeClaims: what is there, and what is on its way.

use super::node_pool::ReadPool;
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::{node as kube_node, taint};
use crate::manifest::meta::Meta;
use gpusched_core::kube::{Labels, Resources, Taint};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, Offering};
use gpusched_core::provisioning::karpenter::Requirement;
use gpusched_core::provisioning::karpenter::labels::{
    CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODEPOOL, ZONE,
};
use gpusched_core::provisioning::karpenter::objects::NodeType;
use gpusched_core::units::Time;

const INITIALIZED: &str = "karpenter.sh/initialized";
const REGISTERED: &str = "karpenter.sh/registered";
const DISRUPTED: &str = "karpenter.sh/disrupted";
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";

/// Taints that go while a node starts.
const EPHEMERAL: &[&str] = &[
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "karpenter.sh/unregistered",
];

/// A node as manifests have it.
#[derive(Clone, Debug, PartialEq)]
pub struct StateNode {
    /// Its name.
    pub name: String,
    /// Its NodePool, if it has one.
    pub pool: Option<String>,
    /// Its labels.
    pub labels: Labels,
    /// Its taints, without those of the start-up.
    pub taints: Vec<Taint>,
    /// What pods can have of it.
    pub allocatable: Resources,
    /// All there is.
    pub capacity: Resources,
    /// When it was made.
    pub created: Time,
    /// Whether it takes pods.
    pub initialized: bool,
    /// Whether it takes no new pods.
    pub cordoned: bool,
    /// Whether it must not be disrupted.
    pub keep: bool,
    /// Whether it is being deleted or disrupted.
    pub going: bool,
    /// When a pod last came or went, where its NodeClaim says.
    pub last_pod_event: Option<Time>,
    /// Why Karpenter itself took it for drifted, where its NodeClaim says.
    pub drifted: Option<String>,
    /// What it is: a type, and the offering it was launched from.
    pub bought: (usize, usize),
}

/// A NodeClaim.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) name: String,
    /// The Node it became.
    pub(super) node: Option<String>,
    labels: Labels,
    created: Time,
    initialized: bool,
    going: bool,
    last_pod_event: Option<Time>,
    drifted: Option<String>,
}

impl Claim {
    pub(super) fn pool(&self) -> Option<&String> {
        self.labels.get(NODEPOOL)
    }
}

/// A NodeClaim with its status.
pub(super) fn claim(at: &At<'_, '_>) -> Read<Claim> {
    let meta = Meta::read(at)?;
    let status = at.field("status");
    let conditions = status.field("conditions").list(|item| {
        let holds = item.field("status").str()? == Some("True");
        Ok((
            item.field("type").string()?,
            holds,
            item.field("reason").string()?,
        ))
    })?;
    let condition = |name: &str| conditions.iter().find(|one| one.0 == name && one.1);
    Ok(Claim {
        node: status.field("nodeName").name()?,
        created: meta.created,
        initialized: condition("Initialized").is_some(),
        going: at.field("metadata").field("deletionTimestamp").present()
            || condition("InstanceTerminating").is_some(),
        last_pod_event: status.field("lastPodEventTime").instant()?,
        drifted: condition("Drifted").map(|one| one.2.clone()),
        labels: meta.labels,
        name: meta.name,
    })
}

/// What nodes are read with.
pub(super) struct Known<'a> {
    pub(super) pools: &'a [ReadPool],
    pub(super) claims: &'a [Claim],
    /// Types that may be added to: a node that is in no catalogue gets one of its own.
    pub(super) types: &'a mut Vec<NodeType>,
}

/// A Node, with its NodeClaim if there is one.
pub(super) fn node(at: &At<'_, '_>, known: &mut Known<'_>) -> Read<StateNode> {
    let meta = Meta::read(at)?;
    let claim = known
        .claims
        .iter()
        .find(|one| one.node.as_ref() == Some(&meta.name));
    let read = kube_node(*at)?;
    let status = at.field("status");
    let unsaid = !status.field("conditions").present();
    let initialized = match (read.labels.get(INITIALIZED), claim) {
        (Some(said), _) => said == "true",
        (None, Some(claim)) => claim.initialized,
        (None, None) => !read.labels.contains_key(REGISTERED) && (read.ready || unsaid),
    };
    let metadata = at.field("metadata");
    let annotation = metadata.field("annotations");
    let disrupted = read.taints.iter().any(|taint| taint.key == DISRUPTED);
    let mut labels = read.labels;
    labels
        .entry(HOSTNAME.into())
        .or_insert_with(|| meta.name.clone());
    let pool = labels.get(NODEPOOL).cloned();
    let capacity = match status.field("capacity") {
        given if given.present() => given.resources()?,
        _ => read.allocatable.clone(),
    };
    let mut taints = read.taints;
    // What cordons a node is said apart.
    taints.retain(|taint| taint.key != "node.kubernetes.io/unschedulable");
    if !initialized {
        let of = known
            .pools
            .iter()
            .find(|one| Some(&one.pool.template.name) == pool.as_ref());
        let starts = of.map_or(&[][..], |one| &one.startup_taints);
        taints.retain(|taint| !starts.contains(taint) && !EPHEMERAL.contains(&taint.key.as_str()));
    }
    let mut node = StateNode {
        name: meta.name.clone(),
        pool,
        taints,
        allocatable: read.allocatable,
        capacity,
        created: claim.map_or(meta.created, |claim| claim.created),
        initialized,
        cordoned: read.unschedulable,
        keep: annotation.field(DO_NOT_DISRUPT).str()? == Some("true"),
        going: metadata.field("deletionTimestamp").present()
            || disrupted
            || claim.is_some_and(|claim| claim.going),
        last_pod_event: claim.and_then(|claim| claim.last_pod_event),
        drifted: claim.and_then(|claim| claim.drifted.clone()),
        labels,
        bought: (0, 0),
    };
    node.bought = bought(&metadata.field("labels"), &node, known)?;
    node.label(&known.types[node.bought.0]);
    Ok(node)
}

impl StateNode {
    /// Adds what Karpenter writes on every node it makes: the labels of its type. Whoever writes a
    /// node by hand need not list them.
    fn label(&mut self, of: &NodeType) {
        for one in of.requirements.iter().filter(|one| !one.is_complement()) {
            if let (Some(value), 1) = (one.values().first(), one.values().len())
                && self.pool.is_some()
            {
                let missing = self.labels.entry(one.key().to_owned());
                missing.or_insert_with(|| value.clone());
            }
        }
    }
}

/// A NodeClaim that has been launched and is no Node yet; `None` while it has not.
pub(super) fn in_flight(
    at: &At<'_, '_>,
    claim: &Claim,
    known: &mut Known<'_>,
) -> Read<Option<StateNode>> {
    let status = at.field("status");
    let allocatable = status.field("allocatable");
    if !allocatable.present() {
        let fault = at.fault(format!("NodeClaim {} has not been launched", claim.name));
        at.warn(fault.help("it is left out; its pods are solved anew"));
        return Ok(None);
    }
    let mut labels = claim.labels.clone();
    labels.insert(HOSTNAME.into(), claim.name.clone());
    let mut node = StateNode {
        name: claim.name.clone(),
        pool: claim.pool().cloned(),
        taints: at.field("spec").field("taints").list(taint)?,
        allocatable: allocatable.resources()?,
        capacity: status.field("capacity").resources()?,
        created: claim.created,
        initialized: false,
        cordoned: false,
        keep: false,
        going: claim.going,
        last_pod_event: claim.last_pod_event,
        drifted: None,
        labels,
        bought: (0, 0),
    };
    let metadata = at.field("metadata");
    node.bought = bought(&metadata.field("labels"), &node, known)?;
    node.label(&known.types[node.bought.0]);
    Ok(Some(node))
}

/// The type and offering of a node. One of a NodePool must have a price, or what replacing it saves
/// cannot be told; any other gets a type of its own that nothing is launched from.
fn bought(at: &At<'_, '_>, node: &StateNode, known: &mut Known<'_>) -> Read<(usize, usize)> {
    let pool = node.pool.as_ref().and_then(|name| {
        let mut pools = known.pools.iter();
        pools.find(|one| one.pool.template.name == *name)
    });
    let label = |key: &str| node.labels.get(key).map_or("", String::as_str);
    if let Some(pool) = pool {
        for key in [INSTANCE_TYPE, ZONE, CAPACITY_TYPE] {
            if label(key).is_empty() {
                let fault = at.fault(format!("node {} has no label {key}", node.name));
                return Err(fault.help("without type, zone and capacity type it has no price"));
            }
        }
        let class = pool.class.label();
        let of_class = |of: &NodeType| {
            let said = of.requirements.get(&class);
            said.is_some_and(|said: &Requirement| said.has(&pool.class.name))
        };
        let name = label(INSTANCE_TYPE);
        let found = known
            .types
            .iter()
            .position(|of| of.name == name && of_class(of));
        let Some(index) = found else {
            let fault = at
                .field(INSTANCE_TYPE)
                .fault(format!("the catalogue has no type `{name}`"));
            return Err(fault.help("add it with its price to a file for `--catalog`"));
        };
        let offers = |zone: &str, way: &str| {
            let mut offerings = known.types[index].offerings.iter().map(|one| &one.offering);
            offerings.position(|one| one.zone == zone && one.capacity_type.name() == way)
        };
        if let Some(offering) = offers(label(ZONE), label(CAPACITY_TYPE)) {
            return Ok((index, offering));
        }
        let (zone, way) = (label(ZONE), label(CAPACITY_TYPE));
        let fault = at.field(CAPACITY_TYPE);
        let fault = fault.fault(format!(
            "the catalogue has no price of {name}, {way} in {zone}"
        ));
        return Err(fault.help("add it to a file for `--catalog`, or check the node's labels"));
    }
    let way = CapacityType::named(label(CAPACITY_TYPE)).unwrap_or(CapacityType::OnDemand);
    known.types.push(NodeType {
        name: label(INSTANCE_TYPE).to_owned(),
        capacity: node.capacity.clone(),
        allocatable: node.allocatable.clone(),
        offerings: vec![
            Offering {
                zone: label(ZONE).to_owned(),
                capacity_type: way,
                price: Price::FREE,
                available: false,
                reservation: None,
            }
            .into(),
        ],
        ..NodeType::default()
    });
    Ok((known.types.len() - 1, 0))
}
