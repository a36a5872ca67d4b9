//! What a workload asks for, compiled to ids once: equal workloads can share it.

use super::super::ids::{FlavorId, ResourceId};
use super::super::objects::{PodSet, TopologyMode, TopologyRequest};
use super::super::quota::Names;
use super::super::requests::{PodSetRequests, scaled};
use super::rules::{FlavorTopology, Flavors};
use super::{Mismatch, mismatch};
use crate::kube::{Resources, pod_requests};

/// Amounts by resource, in the order the search for flavors takes them.
pub type Amounts = Vec<(ResourceId, i64)>;

/// Ids of requested resources. Those that quota knows keep their ids; others get the next ones,
/// in the order they turn up.
#[derive(Clone, Debug, Default)]
pub struct RequestedResources {
    /// Name, and its place in the order of the search.
    table: Vec<(String, u64)>,
}

impl RequestedResources {
    /// With the resources quota knows.
    pub fn new(names: &Names) -> Self {
        let known = (0..names.resources()).map(ResourceId::from);
        let table = known.map(|id| entry(names.resource_name(id))).collect();
        RequestedResources { table }
    }

    /// The id of a resource. O(resources): there are few, and it is asked once per shape.
    pub fn id(&mut self, name: &str) -> ResourceId {
        let known = self.table.iter().position(|(one, _)| one == name);
        let index = known.unwrap_or_else(|| {
            self.table.push(entry(name));
            self.table.len() - 1
        });
        ResourceId::from(index)
    }

    /// The name of a resource.
    pub fn name(&self, id: ResourceId) -> &str {
        &self.table[id.index()].0
    }

    /// Ids for names, in the order of the search: by a hash of the name, as upstream keeps its
    /// lists of requests, then by name.
    fn amounts(&mut self, requests: &Resources) -> Amounts {
        let mut amounts: Amounts = requests
            .iter()
            .map(|(name, amount)| (self.id(name), *amount))
            .collect();
        amounts.sort_by(|(a, _), (b, _)| {
            let key = |id: &ResourceId| &self.table[id.index()];
            let ((a, hash_a), (b, hash_b)) = (key(a), key(b));
            (hash_a, a).cmp(&(hash_b, b))
        });
        amounts
    }

    /// Adds `amount` of a resource to amounts in the order of the search.
    pub(super) fn add(&self, to: &mut Amounts, resource: ResourceId, amount: i64) {
        match to.iter_mut().find(|(one, _)| *one == resource) {
            Some((_, sum)) => *sum = sum.saturating_add(amount),
            None => {
                let (name, hash) = &self.table[resource.index()];
                let at = to.partition_point(|(one, _)| {
                    let (other, order) = &self.table[one.index()];
                    (order, other) < (hash, name)
                });
                to.insert(at, (resource, amount));
            }
        }
    }
}

fn entry(name: &str) -> (String, u64) {
    (name.to_owned(), fnv1a(name))
}

/// The 64-bit Fowler–Noll–Vo hash, variant 1a.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// One pod set of a [`Shape`].
#[derive(Clone, Debug)]
pub struct PodSetShape {
    /// Its name.
    pub name: String,
    /// Pods that are charged.
    pub count: i32,
    /// What they are charged together.
    pub requests: Amounts,
    /// Flavors it has already, where quota is reserved.
    pub assigned: Vec<(ResourceId, FlavorId)>,
    /// How its pods must be together, if it asks for that.
    pub topology: Option<TopologyRequest>,
    /// Whether it asks for a topology of its own accord.
    pub explicit_topology: bool,
    /// Resources the pods themselves ask for.
    own: Vec<ResourceId>,
    /// By flavor: why its pods may not run there.
    mismatches: Vec<Option<Mismatch>>,
    /// By flavor: whether its topology has all levels that are asked for.
    has_levels: Vec<bool>,
}

impl PodSetShape {
    /// Amounts for `count` pods.
    pub(super) fn scaled(&self, count: i32, to: &mut Amounts) {
        to.clear();
        let amounts = self.requests.iter();
        to.extend(amounts.map(|(one, amount)| (*one, scaled(*amount, self.count, count))));
    }

    /// Whether the pods themselves ask for one of the resources.
    pub(super) fn asks_for_any(&self, resources: &[ResourceId]) -> bool {
        self.own.iter().any(|one| resources.contains(one))
    }

    /// Why its pods may not run in a flavor.
    pub fn mismatch(&self, flavor: FlavorId) -> Option<&Mismatch> {
        self.mismatches[flavor.index()].as_ref()
    }

    /// Whether the flavor's topology has all levels that are asked for.
    pub(super) fn has_levels(&self, flavor: FlavorId) -> bool {
        self.has_levels[flavor.index()]
    }
}

/// What a workload asks for.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Its pod sets, in order.
    pub pod_sets: Vec<PodSetShape>,
    /// Pod sets that get the same flavors, in the order of the first of each group.
    pub groups: Vec<Vec<u16>>,
    /// Flavors this variant of a workload is for; `None` = all.
    pub allowed: Option<Vec<FlavorId>>,
}

impl Shape {
    /// Compiles the pod sets of a workload; `requests` are what
    /// [`total_requests`](super::super::requests::total_requests) says of them.
    ///
    /// O(pod sets × flavors).
    pub fn new(
        pod_sets: &[PodSet],
        requests: &[PodSetRequests],
        allowed: Option<&[String]>,
        flavors: &Flavors,
        names: &Names,
        resources: &mut RequestedResources,
    ) -> Shape {
        let mut groups: Vec<(String, Vec<u16>)> = Vec::new();
        let mut shapes = Vec::with_capacity(requests.len());
        for (index, requests) in requests.iter().enumerate() {
            let Some(spec) = pod_sets.iter().find(|one| one.name == requests.name) else {
                continue;
            };
            let group = spec.topology.as_ref().and_then(|one| one.group.clone());
            let group = group.unwrap_or_else(|| index.to_string());
            let member = u16::try_from(shapes.len()).unwrap_or(u16::MAX);
            match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, members)) => members.push(member),
                None => groups.push((group, vec![member])),
            }
            shapes.push(pod_set(spec, requests, flavors, names, resources));
        }
        Shape {
            pod_sets: shapes,
            groups: groups.into_iter().map(|(_, members)| members).collect(),
            allowed: allowed.map(|allowed| {
                let ids = allowed.iter();
                ids.filter_map(|name| names.flavor(name)).collect()
            }),
        }
    }

    /// Whether some pod set asks for a topology of its own accord.
    pub fn explicit_topology(&self) -> bool {
        self.pod_sets.iter().any(|one| one.explicit_topology)
    }
}

fn pod_set(
    spec: &PodSet,
    requests: &PodSetRequests,
    flavors: &Flavors,
    names: &Names,
    resources: &mut RequestedResources,
) -> PodSetShape {
    let ids = || (0..flavors.len()).map(FlavorId::from);
    let assigned = requests.flavors.iter();
    PodSetShape {
        name: spec.name.clone(),
        count: requests.count,
        requests: resources.amounts(&requests.requests),
        assigned: assigned
            .filter_map(|(resource, flavor)| Some((resources.id(resource), names.flavor(flavor)?)))
            .collect(),
        explicit_topology: spec.topology.as_ref().is_some_and(explicit),
        own: pod_requests(&spec.template)
            .keys()
            .map(|name| resources.id(name))
            .collect(),
        mismatches: ids()
            .map(|id| mismatch(&spec.template, flavors.get(id)?))
            .collect(),
        has_levels: ids()
            .map(|id| has_levels(spec.topology.as_ref(), flavors.topology(id)))
            .collect(),
        topology: spec.topology.clone(),
    }
}

/// A group's name alone asks for nothing.
fn explicit(request: &TopologyRequest) -> bool {
    request.mode != TopologyMode::SlicesOnly || !request.slices.is_empty()
}

fn has_levels(request: Option<&TopologyRequest>, topology: &FlavorTopology) -> bool {
    let (Some(request), FlavorTopology::Levels(levels)) = (request, topology) else {
        return false;
    };
    let main = match &request.mode {
        TopologyMode::Required(level) | TopologyMode::Preferred(level) => levels.contains(level),
        TopologyMode::Unconstrained => true,
        TopologyMode::SlicesOnly => !request.slices.is_empty(),
    };
    main && request
        .slices
        .iter()
        .all(|layer| levels.contains(&layer.topology))
}
