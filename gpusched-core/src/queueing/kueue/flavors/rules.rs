//! What a ClusterQueue and its flavors say about assignments, on ids.

use super::super::Objects;
use super::super::ids::{FlavorId, FlavorResourceId, ResourceId};
use super::super::objects::{
    ClusterQueue, FlavorFungibility, Preemption, PreemptionPolicy, ResourceFlavor,
};
use super::super::quota::Names;

/// Levels of the topology of a flavor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlavorTopology {
    /// It has none.
    None,
    /// The Topology object is missing.
    Missing,
    /// Node labels, the widest level first.
    Levels(Vec<String>),
}

/// The ResourceFlavors, by id.
#[derive(Clone, Debug, Default)]
pub struct Flavors {
    table: Vec<Option<(ResourceFlavor, FlavorTopology)>>,
}

impl Flavors {
    /// Those of the objects; an id whose object is missing stays empty.
    pub fn new(objects: &Objects, names: &Names) -> Flavors {
        let mut table = vec![None; names.flavors()];
        for flavor in &objects.flavors {
            let topology = match &flavor.topology {
                None => FlavorTopology::None,
                Some(name) => {
                    let found = objects.topologies.iter().find(|one| one.name == *name);
                    found.map_or(FlavorTopology::Missing, |one| {
                        FlavorTopology::Levels(one.levels.clone())
                    })
                }
            };
            if let Some(id) = names.flavor(&flavor.name) {
                table[id.index()] = Some((flavor.clone(), topology));
            }
        }
        Flavors { table }
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The object, if there is one.
    pub fn get(&self, id: FlavorId) -> Option<&ResourceFlavor> {
        Some(&self.table.get(id.index())?.as_ref()?.0)
    }

    /// Its topology; [`FlavorTopology::None`] for a missing flavor.
    pub fn topology(&self, id: FlavorId) -> &FlavorTopology {
        let entry = self.table.get(id.index()).and_then(Option::as_ref);
        entry.map_or(&FlavorTopology::None, |(_, topology)| topology)
    }
}

/// A resource group: its resources get one flavor together.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The resources.
    pub resources: Vec<ResourceId>,
    /// Flavors in order of preference.
    pub flavors: Vec<FlavorId>,
    /// By flavor, then resource; `None` where the ClusterQueue has no quota for the pair.
    pairs: Vec<Option<FlavorResourceId>>,
}

impl Group {
    /// The flavor-resource of the `index`-th flavor.
    #[inline]
    pub fn pair(&self, index: usize, resource: ResourceId) -> Option<FlavorResourceId> {
        let column = self.resources.iter().position(|one| *one == resource)?;
        self.pairs[index * self.resources.len() + column]
    }
}

/// The rules of one ClusterQueue.
#[derive(Clone, Debug, Default)]
pub struct QueueRules {
    /// Its resource groups.
    pub groups: Vec<Group>,
    group_of: Vec<Option<u8>>,
    /// When the next flavor is tried.
    pub fungibility: FlavorFungibility,
    /// Who may be preempted.
    pub preemption: Preemption,
    /// The resource `pods`, if it has quota.
    pub pods: Option<ResourceId>,
    /// Whether all of its flavors have a topology: then all workloads are placed in one.
    pub topology_only: bool,
    /// By flavor: whether the ClusterQueue has it and its topology is known.
    with_topology: Vec<bool>,
    /// Topologies are another cluster's business.
    pub multi_kueue: bool,
    /// By flavor: whether nodes are provisioned after quota is reserved.
    provisioned: Vec<bool>,
}

impl QueueRules {
    /// The controller of ProvisioningRequest admission checks.
    pub const PROVISIONING: &str = "kueue.x-k8s.io/provisioning-request";
    /// The controller of MultiKueue admission checks.
    pub const MULTI_KUEUE: &str = "kueue.x-k8s.io/multikueue";

    /// The rules of `queue` among `objects`.
    pub fn new(queue: &ClusterQueue, objects: &Objects, names: &Names, flavors: &Flavors) -> Self {
        let mut rules = QueueRules {
            fungibility: queue.fungibility,
            preemption: queue.preemption,
            group_of: vec![None; names.resources()],
            topology_only: true,
            with_topology: vec![false; names.flavors()],
            provisioned: vec![false; names.flavors()],
            ..QueueRules::default()
        };
        for spec in &queue.resource_groups {
            let covered = spec.covered.iter();
            let resources: Vec<_> = covered.filter_map(|name| names.resource(name)).collect();
            let mut group = Group::default();
            for quotas in &spec.flavors {
                let Some(flavor) = names.flavor(&quotas.flavor) else {
                    continue;
                };
                group.flavors.push(flavor);
                group.pairs.extend(resources.iter().map(|resource| {
                    let name = names.resource_name(*resource);
                    let has = quotas.resources.iter().any(|quota| quota.resource == name);
                    has.then(|| names.flavor_resource(flavor, *resource))
                        .flatten()
                }));
                match flavors.topology(flavor) {
                    FlavorTopology::None => rules.topology_only = false,
                    FlavorTopology::Missing => {}
                    FlavorTopology::Levels(_) => rules.with_topology[flavor.index()] = true,
                }
            }
            for resource in &resources {
                let group = &mut rules.group_of[resource.index()];
                *group = group.or(u8::try_from(rules.groups.len()).ok());
            }
            group.resources = resources;
            rules.groups.push(group);
        }
        rules.pods = names
            .resource("pods")
            .filter(|id| rules.group_of(*id).is_some());
        for rule in &queue.checks {
            let check = objects.checks.iter().find(|one| one.name == rule.name);
            match check.map(|one| one.controller.as_str()) {
                Some(Self::MULTI_KUEUE) => rules.multi_kueue = true,
                Some(Self::PROVISIONING) => {
                    for id in (0..names.flavors()).map(FlavorId::from) {
                        let name = names.flavor_name(id);
                        rules.provisioned[id.index()] |= rule.on_flavors.is_empty()
                            || rule.on_flavors.iter().any(|one| one == name);
                    }
                }
                _ => {}
            }
        }
        rules
    }

    /// Index of the group that covers a resource.
    #[inline]
    pub fn group_of(&self, resource: ResourceId) -> Option<usize> {
        let group = self.group_of.get(resource.index()).copied().flatten();
        group.map(usize::from)
    }

    /// Whether the ClusterQueue has the flavor and pods are placed in its topology.
    #[inline]
    pub fn with_topology(&self, flavor: FlavorId) -> bool {
        self.with_topology[flavor.index()]
    }

    /// Whether the ClusterQueue has any such flavor.
    pub fn has_topology(&self) -> bool {
        self.with_topology.contains(&true)
    }

    /// Whether nodes of the flavor are provisioned after quota is reserved.
    pub fn provisioned(&self, flavor: FlavorId) -> bool {
        self.provisioned[flavor.index()]
    }

    /// Whether it may preempt even if it has to borrow then.
    pub fn preempts_while_borrowing(&self, fair_sharing: bool) -> bool {
        let never = PreemptionPolicy::Never;
        self.preemption.borrow_within_cohort.policy != never
            || (fair_sharing && self.preemption.reclaim_within_cohort != never)
    }
}
