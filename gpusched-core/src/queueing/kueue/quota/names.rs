//! Names of everything quota is counted by, and their ids.

use super::super::Objects;
use super::super::ids::{
    ClusterQueueId, FlavorId, FlavorResourceId, LocalQueueId, QuotaNodeId, ResourceId,
};
use super::super::objects::ResourceGroup;

/// Names and ids, both ways. Looking a name up is a binary search; the other way is an array
/// access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    cluster_queues: Vec<String>,
    cohorts: Vec<String>,
    local_queues: Vec<(String, String)>,
    flavors: Vec<String>,
    resources: Vec<String>,
    flavor_resources: Vec<(FlavorId, ResourceId)>,
}

impl Names {
    /// All names the objects use. Cohorts exist when anybody names them; a flavor-resource when a
    /// quota or an admission does.
    pub(super) fn new(objects: &Objects) -> Names {
        let mut cluster_queues = Vec::new();
        let mut cohorts = Vec::new();
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for queue in &objects.cluster_queues {
            cluster_queues.push(queue.name.clone());
            cohorts.extend(queue.cohort.clone());
            pairs_of(&queue.resource_groups, &mut pairs);
        }
        for cohort in &objects.cohorts {
            cohorts.push(cohort.name.clone());
            cohorts.extend(cohort.parent.clone());
            pairs_of(&cohort.resource_groups, &mut pairs);
        }
        for admission in objects
            .workloads
            .iter()
            .filter_map(|w| w.admission.as_ref())
        {
            for pod_set in &admission.pod_sets {
                let flavors = pod_set.flavors.iter();
                pairs
                    .extend(flavors.map(|(resource, flavor)| (flavor.as_str(), resource.as_str())));
            }
        }
        cohorts.retain(|name| !name.is_empty());
        let declared = objects.flavors.iter().map(|flavor| flavor.name.clone());
        let flavors = sorted(
            pairs
                .iter()
                .map(|(flavor, _)| (*flavor).to_owned())
                .chain(declared),
        );
        let resources = sorted(pairs.iter().map(|(_, resource)| (*resource).to_owned()));
        let flavor_resources = sorted(pairs.iter().filter_map(|(flavor, resource)| {
            Some((find(&flavors, flavor)?, find(&resources, resource)?))
        }));
        let doors = objects.local_queues.iter();
        Names {
            cluster_queues: sorted(cluster_queues),
            cohorts: sorted(cohorts),
            local_queues: sorted(doors.map(|one| (one.namespace.clone(), one.name.clone()))),
            flavors,
            resources,
            flavor_resources,
        }
    }

    /// How many ClusterQueues there are.
    pub fn cluster_queues(&self) -> usize {
        self.cluster_queues.len()
    }

    /// How many cohorts there are, implicit ones included.
    pub fn cohorts(&self) -> usize {
        self.cohorts.len()
    }

    /// How many LocalQueues there are.
    pub fn local_queues(&self) -> usize {
        self.local_queues.len()
    }

    /// How many flavors there are.
    pub fn flavors(&self) -> usize {
        self.flavors.len()
    }

    /// How many resources there are.
    pub fn resources(&self) -> usize {
        self.resources.len()
    }

    /// How many flavor-resources there are.
    pub fn flavor_resources(&self) -> usize {
        self.flavor_resources.len()
    }

    /// A ClusterQueue by its name.
    pub fn cluster_queue(&self, name: &str) -> Option<ClusterQueueId> {
        find(&self.cluster_queues, name)
    }

    /// A cohort by its name.
    pub fn cohort(&self, name: &str) -> Option<QuotaNodeId> {
        find::<QuotaNodeId>(&self.cohorts, name)
            .map(|cohort| QuotaNodeId::from(self.cluster_queues.len() + cohort.index()))
    }

    /// A LocalQueue by its namespace and name.
    pub fn local_queue(&self, namespace: &str, name: &str) -> Option<LocalQueueId> {
        self.local_queues
            .binary_search_by(|(a, b)| (a.as_str(), b.as_str()).cmp(&(namespace, name)))
            .ok()
            .map(LocalQueueId::from)
    }

    /// A flavor by its name.
    pub fn flavor(&self, name: &str) -> Option<FlavorId> {
        find(&self.flavors, name)
    }

    /// A resource by its name.
    pub fn resource(&self, name: &str) -> Option<ResourceId> {
        find(&self.resources, name)
    }

    /// A resource in a flavor; `None` when no quota and no admission has the pair.
    pub fn flavor_resource(
        &self,
        flavor: FlavorId,
        resource: ResourceId,
    ) -> Option<FlavorResourceId> {
        self.flavor_resources
            .binary_search(&(flavor, resource))
            .ok()
            .map(FlavorResourceId::from)
    }

    /// The name of a ClusterQueue.
    pub fn cluster_queue_name(&self, id: ClusterQueueId) -> &str {
        &self.cluster_queues[id.index()]
    }

    /// The name of a node of the tree: of a ClusterQueue or of a cohort.
    pub fn node_name(&self, id: QuotaNodeId) -> &str {
        match id.index().checked_sub(self.cluster_queues.len()) {
            Some(cohort) => &self.cohorts[cohort],
            None => &self.cluster_queues[id.index()],
        }
    }

    /// Namespace and name of a LocalQueue.
    pub fn local_queue_name(&self, id: LocalQueueId) -> (&str, &str) {
        let (namespace, name) = &self.local_queues[id.index()];
        (namespace, name)
    }

    /// The name of a flavor.
    pub fn flavor_name(&self, id: FlavorId) -> &str {
        &self.flavors[id.index()]
    }

    /// The name of a resource.
    pub fn resource_name(&self, id: ResourceId) -> &str {
        &self.resources[id.index()]
    }

    /// Flavor and resource of a flavor-resource.
    #[inline]
    pub fn parts(&self, id: FlavorResourceId) -> (FlavorId, ResourceId) {
        self.flavor_resources[id.index()]
    }
}

fn pairs_of<'o>(groups: &'o [ResourceGroup], pairs: &mut Vec<(&'o str, &'o str)>) {
    for flavor in groups.iter().flat_map(|group| &group.flavors) {
        let resources = flavor.resources.iter();
        pairs.extend(resources.map(|quota| (flavor.flavor.as_str(), quota.resource.as_str())));
    }
}

fn sorted<T: Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn find<Id: From<usize>>(names: &[String], name: &str) -> Option<Id> {
    names
        .binary_search_by(|known| known.as_str().cmp(name))
        .ok()
        .map(Id::from)
}
