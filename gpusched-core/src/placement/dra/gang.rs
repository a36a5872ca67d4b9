//! All pods of a gang or none.
//!
//! Kubernetes places the pods of a group one after the other and never goes back
//! (KEP-4671), so a gang can fail that would fit. [`greedy`] does that with devices; [`exact`]
//! goes back. Only devices are looked at: claims of a pod are its own, and what else a node must
//! have for a pod is the caller's business.

use super::allocator::Allocator;
use super::failure::Failure;
use super::objects::{AllocationResult, ResourceClaim};
use crate::ids::NodeId;
use rustc_hash::FxHashMap;

/// A pod that got its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The node.
    pub node: NodeId,
    /// What each of its claims got.
    pub allocations: Vec<AllocationResult>,
}

/// What came of the exact search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Every pod, in their order.
    All(Vec<Placed>),
    /// There is no way.
    Nothing,
    /// Not decided within the limit.
    OutOfSteps,
}

/// Places pods one after the other, each on the first of the nodes that has devices for it. The
/// allocator is as before; [`Allocator::commit`] enters what is to stay.
///
/// # Errors
/// One that ends the attempt of a pod. Nodes with broken pools are passed over.
pub fn greedy(
    allocator: &mut Allocator,
    pods: &[Vec<ResourceClaim>],
    nodes: &[NodeId],
) -> Result<Option<Vec<Placed>>, Failure> {
    let mut placed: Vec<Placed> = Vec::with_capacity(pods.len());
    let mut failed = None;
    for claims in pods {
        match first_fit(allocator, claims, nodes) {
            Ok(Some(pod)) => {
                pod.allocations.iter().for_each(|one| allocator.commit(one));
                placed.push(pod);
            }
            other => {
                failed = Some(other.map(|_| None));
                break;
            }
        }
    }
    let given = placed.iter().flat_map(|pod| &pod.allocations);
    given.for_each(|one| allocator.release(one));
    failed.unwrap_or(Ok(Some(placed)))
}

fn first_fit(
    allocator: &mut Allocator,
    claims: &[ResourceClaim],
    nodes: &[NodeId],
) -> Result<Option<Placed>, Failure> {
    let mut attempt = allocator.attempt(claims);
    for &node in nodes {
        match attempt.on(node).answer {
            Ok(Some(solution)) => {
                let allocations = attempt.results(&solution);
                return Ok(Some(Placed { node, allocations }));
            }
            Err(failure) if !failure.kind.is_of_node() => return Err(failure),
            Ok(None) | Err(_) => {}
        }
    }
    Ok(None)
}

/// Finds a place for every pod if there is one: pods go to nodes in the order given, and pods that
/// stand on one node are asked for together, so that devices of one are chosen again where that
/// makes room for another. Equal pods are not tried in every order, and no set of pods is asked for
/// on a node twice. With [`Quirks::NONE`](super::Quirks) the answer is exact; the quirks can miss
/// what fits. The allocator is as before.
///
/// At most `limit` times a node is asked; exponential in the pods without that.
///
/// # Errors
/// One that ends the attempt of a pod. Nodes with broken pools are passed over.
pub fn exact(
    allocator: &mut Allocator,
    pods: &[Vec<ResourceClaim>],
    nodes: &[NodeId],
    limit: usize,
) -> Result<Found, Failure> {
    let kinds = kinds(pods);
    let mut search = Search {
        allocator,
        pods,
        nodes,
        answers: FxHashMap::default(),
        kinds,
        left: limit,
        on: vec![Vec::new(); nodes.len()],
    };
    // The node of each pod placed so far, by position; the last is tried next.
    let mut places: Vec<usize> = Vec::with_capacity(pods.len());
    let mut next = 0;
    while places.len() < pods.len() {
        let pod = places.len();
        let place = (next..nodes.len()).find_map(|place| match search.fits(place, pod) {
            Ok(Some(false)) => None,
            other => Some(other.map(|answer| answer.map(|_| place))),
        });
        match place.transpose()? {
            Some(Some(place)) => {
                search.on[place].push(pod);
                places.push(place);
                next = search.first_place(&places);
            }
            Some(None) => return Ok(Found::OutOfSteps),
            None => {
                let Some(place) = places.pop() else {
                    return Ok(Found::Nothing);
                };
                search.on[place].pop();
                next = place + 1;
            }
        }
    }
    search.results(&places).map(Found::All)
}

struct Search<'a> {
    allocator: &'a mut Allocator,
    pods: &'a [Vec<ResourceClaim>],
    nodes: &'a [NodeId],
    /// The first pod that asks for the same, of each pod.
    kinds: Vec<usize>,
    /// Whether a node has devices for pods of these kinds.
    answers: FxHashMap<(usize, Vec<usize>), bool>,
    left: usize,
    /// The pods on each node.
    on: Vec<Vec<usize>>,
}

impl Search<'_> {
    /// The first node for the next pod: equal pods stand in the order of nodes.
    fn first_place(&self, places: &[usize]) -> usize {
        let pod = places.len();
        let same = self.kinds.get(pod).map(|kind| {
            let before = (0..pod).rev().find(|&one| self.kinds[one] == *kind);
            before.map_or(0, |one| places[one])
        });
        same.unwrap_or_default()
    }

    fn claims(&self, place: usize, pod: Option<usize>) -> Vec<ResourceClaim> {
        let pods = self.on[place].iter().copied().chain(pod);
        pods.flat_map(|pod| self.pods[pod].iter().cloned())
            .collect()
    }

    /// Whether a node has devices for one more pod; `None` when no step is left.
    fn fits(&mut self, place: usize, pod: usize) -> Result<Option<bool>, Failure> {
        let pods = self.on[place].iter().copied().chain([pod]);
        let mut kinds: Vec<usize> = pods.map(|pod| self.kinds[pod]).collect();
        kinds.sort_unstable();
        let key = (place, kinds);
        if let Some(&known) = self.answers.get(&key) {
            return Ok(Some(known));
        }
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let claims = self.claims(place, Some(pod));
        let fits = match self.allocator.attempt(&claims).on(self.nodes[place]).answer {
            Ok(solution) => solution.is_some(),
            Err(failure) if failure.kind.is_of_node() => false,
            Err(failure) => return Err(failure),
        };
        self.answers.insert(key, fits);
        Ok(Some(fits))
    }

    fn results(mut self, places: &[usize]) -> Result<Vec<Placed>, Failure> {
        let mut placed: Vec<(usize, Placed)> = Vec::with_capacity(places.len());
        for (place, &node) in self.nodes.iter().enumerate() {
            let claims = self.claims(place, None);
            let pods = std::mem::take(&mut self.on[place]);
            let mut attempt = self.allocator.attempt(&claims);
            let solution = attempt.on(node).answer?;
            let all = solution.map(|solution| attempt.results(&solution));
            let mut all = all.unwrap_or_default().into_iter();
            for pod in pods {
                let allocations = all.by_ref().take(self.pods[pod].len()).collect();
                placed.push((pod, Placed { node, allocations }));
            }
        }
        placed.sort_by_key(|(pod, _)| *pod);
        Ok(placed.into_iter().map(|(_, pod)| pod).collect())
    }
}

fn kinds(pods: &[Vec<ResourceClaim>]) -> Vec<usize> {
    let same = |a: &[ResourceClaim], b: &[ResourceClaim]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.spec == b.spec)
    };
    let first = |pod: &Vec<ResourceClaim>| pods.iter().position(|one| same(one, pod));
    pods.iter()
        .map(|pod| first(pod).unwrap_or_default())
        .collect()
}
