//! Pods that claim devices, placed one after the other on the nodes of a cluster: the part of a
//! kube-scheduler that DRA decides, on what manifests and dumps say.
//!
//! A pod goes to the first node, in their order, that its node selector and required node affinity
//! allow and on which the allocator ([`gpusched_core::placement::dra`]) finds devices for all its
//! claims. Which of several nodes a real scheduler would rather take is not looked at.

mod pods;
mod together;

pub use pods::{Pod, pods};
pub use together::{Gang, Together, place_groups, place_together};

use crate::manifest::DraObjects;
use gpusched_core::ids::NodeId;
use gpusched_core::kube::Node;
use gpusched_core::placement::dra::objects::{
    AllocationResult, DeviceResult, NodeScope, ResourceClaim,
};
use gpusched_core::placement::dra::{
    Allocator, Choice, Cluster, Explanation, Failure, FailureKind, Features, Outcome, Quirks,
    compare,
};
use std::collections::{BTreeMap, BTreeSet};

/// A cluster whose devices are being given out.
#[derive(Debug)]
pub struct Devices {
    allocator: Allocator,
    /// Claims that exist, and what they have by now, by namespace and name.
    claims: BTreeMap<(String, String), ResourceClaim>,
    compares: bool,
}

/// What became of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// `namespace/name`.
    pub pod: String,
    /// The node it goes to, and what its claims get there: those that had nothing before.
    pub placed: Option<Placed>,
    /// The nodes that were asked before, in order, and why not there.
    pub refused: Vec<(String, Refused)>,
    /// Where a mended allocator would decide otherwise, if that is looked at
    /// ([`Devices::comparing`]).
    pub differences: Vec<Differs>,
}

/// A node on which the deployed allocator and a mended one decide otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// The node.
    pub node: String,
    /// What the deployed one says.
    pub deployed: Decided,
    /// What a mended one says.
    pub mended: Decided,
    /// The quirks each of which alone makes the difference ([`Quirks::ALL`]).
    pub causes: Vec<&'static str>,
}

/// What an allocator says of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// These devices (`driver/pool/device`).
    Devices(Vec<String>),
    /// Nothing fits.
    Nothing,
    /// An error of this kind.
    Error(FailureKind),
}

/// Where a pod goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The node.
    pub node: String,
    /// Claims (`namespace/name`) and what they got.
    pub allocations: Vec<(String, AllocationResult)>,
}

/// Why a pod does not go to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its node selector or required node affinity does not match.
    Selector,
    /// A claim it shares has devices elsewhere.
    Claim(String),
    /// There are no devices for it.
    NoDevices(Explanation),
    /// The attempt ended with an error. One that is not of the node ends the attempt of the pod.
    Error(Failure),
}

impl Devices {
    /// The cluster as manifests say, with devices of allocated claims in use. Where there are no
    /// Node objects, nodes are those that slices name.
    pub fn new(
        objects: &DraObjects,
        features: Features,
        quirks: Quirks,
        choice: Choice,
    ) -> Devices {
        let cluster = Cluster {
            classes: objects.classes.clone(),
            slices: objects.slices.clone(),
            nodes: nodes(objects),
        };
        let mut allocator = Allocator::new(cluster, features, quirks).with_choice(choice);
        for claim in &objects.claims {
            if let Some(allocation) = &claim.allocation {
                allocator.commit(allocation);
            }
        }
        let claims = objects.claims.iter();
        let claims = claims.map(|claim| {
            let key = (claim.namespace.clone(), claim.name.clone());
            (key, claim.clone())
        });
        Devices {
            allocator,
            claims: claims.collect(),
            compares: false,
        }
    }

    /// The same, and for each pod it is also found out where an allocator without quirks would
    /// decide otherwise, from the state in which the pod comes up.
    pub fn comparing(mut self) -> Devices {
        self.compares = true;
        self
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        self.allocator.nodes()
    }

    /// Places a pod on the first of `nodes` that has devices for it, and gives it these.
    pub fn place(&mut self, pod: &Pod, nodes: &[NodeId]) -> Placement {
        let mut placement = Placement {
            pod: pod.key(),
            placed: None,
            refused: Vec::new(),
            differences: Vec::new(),
        };
        let claims: Vec<ResourceClaim> = pod.claims.iter().map(|one| self.current(one)).collect();
        let (held, wanted): (Vec<ResourceClaim>, Vec<ResourceClaim>) = claims
            .into_iter()
            .partition(|claim| claim.allocation.is_some());
        let names: Vec<Node> = nodes
            .iter()
            .map(|id| self.nodes()[id.index()].clone())
            .collect();
        if self.compares {
            placement.differences = self.differences(pod, &held, &wanted, nodes);
        }
        let mut attempt = self.allocator.attempt(&wanted);
        let mut found = None;
        for (id, node) in nodes.iter().zip(names) {
            let refused = if !pod.allows(&node) {
                Refused::Selector
            } else if let Some(claim) = held.iter().find(|claim| !reaches(claim, &node)) {
                Refused::Claim(key(claim))
            } else {
                match attempt.on(*id).answer {
                    Ok(Some(solution)) => {
                        found = Some((node.name, attempt.results(&solution)));
                        break;
                    }
                    Ok(None) => match attempt.explain(*id) {
                        Ok(explanation) => Refused::NoDevices(explanation),
                        Err(failure) => Refused::Error(failure),
                    },
                    Err(failure) => Refused::Error(failure),
                }
            };
            let fatal = matches!(&refused, Refused::Error(failure) if !failure.kind.is_of_node());
            placement.refused.push((node.name, refused));
            if fatal {
                break;
            }
        }
        let Some((node, results)) = found else {
            return placement;
        };
        let mut allocations = Vec::new();
        for (mut claim, result) in wanted.into_iter().zip(results) {
            self.allocator.commit(&result);
            allocations.push((key(&claim), result.clone()));
            claim.allocation = Some(result);
            self.claims
                .insert((claim.namespace.clone(), claim.name.clone()), claim);
        }
        placement.placed = Some(Placed { node, allocations });
        placement
    }

    /// Where a mended allocator decides otherwise, among the nodes the pod can go to.
    fn differences(
        &mut self,
        pod: &Pod,
        held: &[ResourceClaim],
        wanted: &[ResourceClaim],
        nodes: &[NodeId],
    ) -> Vec<Differs> {
        let open = |id: &&NodeId| {
            let node = &self.nodes()[id.index()];
            pod.allows(node) && held.iter().all(|claim| reaches(claim, node))
        };
        let open: Vec<NodeId> = nodes.iter().filter(open).copied().collect();
        let found = compare(&mut self.allocator, wanted, &open);
        let mut decided = |outcome: &Outcome, quirks: Quirks| match &outcome.answer {
            Ok(None) => Decided::Nothing,
            Err(failure) => Decided::Error(failure.kind),
            Ok(Some(solution)) => {
                let results = self.allocator.attempt_as(wanted, quirks).results(solution);
                let devices = results.iter().flat_map(|one| &one.devices);
                let name =
                    |one: &DeviceResult| format!("{}/{}/{}", one.driver, one.pool, one.device);
                Decided::Devices(devices.map(name).collect())
            }
        };
        let pairs: Vec<(Decided, Decided)> = found
            .iter()
            .map(|one| {
                let deployed = decided(&one.deployed, Quirks::KUBE);
                (deployed, decided(&one.mended, Quirks::NONE))
            })
            .collect();
        let differs = found.into_iter().zip(pairs);
        differs
            .map(|(one, (deployed, mended))| Differs {
                node: self.nodes()[one.node.index()].name.clone(),
                deployed,
                mended,
                causes: one.causes,
            })
            .collect()
    }

    /// Takes back what a placement gave.
    pub fn undo(&mut self, placement: &Placement) {
        for (name, result) in placement.placed.iter().flat_map(|one| &one.allocations) {
            self.allocator.release(result);
            let known = self.claims.values_mut().find(|claim| key(claim) == *name);
            if let Some(claim) = known {
                claim.allocation = None;
            }
        }
    }

    /// A claim as it is by now.
    fn current(&self, claim: &ResourceClaim) -> ResourceClaim {
        let key = (claim.namespace.clone(), claim.name.clone());
        self.claims.get(&key).unwrap_or(claim).clone()
    }
}

fn key(claim: &ResourceClaim) -> String {
    format!("{}/{}", claim.namespace, claim.name)
}

/// Whether what a claim has can be used on a node.
fn reaches(claim: &ResourceClaim, node: &Node) -> bool {
    let terms = claim
        .allocation
        .as_ref()
        .and_then(|one| one.node_selector.as_ref());
    terms.is_none_or(|terms| {
        terms
            .iter()
            .any(|term| term.matches(&node.labels, &node.name))
    })
}

/// The nodes: as given, or those that slices name, in the order of their names.
fn nodes(objects: &DraObjects) -> Vec<Node> {
    if !objects.nodes.is_empty() {
        return objects.nodes.clone();
    }
    let named = objects
        .slices
        .iter()
        .filter_map(|slice| match &slice.scope {
            Some(NodeScope::Node(name)) => Some(name.clone()),
            _ => None,
        });
    let named: BTreeSet<String> = named.collect();
    let node = |name: String| Node {
        labels: [("kubernetes.io/hostname".to_owned(), name.clone())].into(),
        name,
        ..Node::default()
    };
    named.into_iter().map(node).collect()
}
