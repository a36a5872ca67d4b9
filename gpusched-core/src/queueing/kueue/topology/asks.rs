//! Which pod sets need a place, and what they ask for.

use super::super::flavors::{Assignment, PodSetFlavors, PodSetShape, TopologyError};
use super::super::ids::FlavorId;
use super::super::objects::{
    CheckPhase, CheckState, Delayed, PodSet, TopologyAssignment, TopologyMode, Workload,
};
use super::place::{Placer, failed};
use super::topologies::Places;
use crate::kube::{Labels, Toleration, pod_requests};
use crate::placement::tas::{Ask, PodSet as Asking};

/// Where a pod set has to be placed.
enum Where {
    /// In the topology of this flavor.
    Flavor(FlavorId),
    /// That is decided later: when nodes were provisioned, or by another cluster.
    Later,
}

impl Placer<'_> {
    /// What has to be looked for: the pod sets that need a place and have none, or one on a failed
    /// node. Finds out which of them cannot have one, and which get theirs later.
    pub fn asks(&mut self, assignment: &mut Assignment, places: &Places) -> Vec<Ask> {
        let mut asks = Vec::new();
        if !self.gates.topology_aware_scheduling || !assignment.complete {
            return asks;
        }
        for (index, shape) in self.shape.pod_sets.iter().enumerate() {
            let spec = self
                .object
                .pod_sets
                .iter()
                .find(|one| one.name == shape.name);
            let (Some(spec), Some(assigned)) = (spec, assignment.pod_set(index)) else {
                continue;
            };
            let needs = shape.explicit_topology || self.rules.topology_only;
            if !needs || assigned.error.is_some() || assigned.count == 0 {
                continue;
            }
            let has = places.get(index).map(|place| &place.assignment);
            if has.is_some_and(|has| !has.domains.iter().any(|one| failed(self.object, one))) {
                continue;
            }
            match self.place_for(shape, assigned) {
                Err(error) => assignment.set_error(index, error),
                Ok(Where::Later) => {
                    if let Some(assigned) = assignment.pod_set_mut(index) {
                        assigned.delayed = Some(Delayed::Pending);
                    }
                }
                Ok(Where::Flavor(flavor)) => {
                    let count = assigned.count;
                    asks.extend(self.ask(index, count, shape, spec, has, flavor));
                }
            }
        }
        asks
    }

    fn is_elastic(&self) -> bool {
        self.gates.elastic_jobs_via_workload_slices_with_tas
            && self.gates.elastic_jobs_via_workload_slices
            && self.object.is_elastic()
    }

    /// The one flavor of a pod set that has a topology.
    fn place_for(
        &self,
        shape: &PodSetShape,
        assigned: &PodSetFlavors,
    ) -> Result<Where, TopologyError> {
        match shape.topology.as_ref().map(|topology| &topology.mode) {
            Some(TopologyMode::Required(_)) if self.is_elastic() => {
                return Err(TopologyError::ElasticRequired);
            }
            Some(TopologyMode::Preferred(_)) if self.is_elastic() => {
                return Err(TopologyError::ElasticPreferred);
            }
            _ if !self.rules.has_topology() => return Err(TopologyError::NoInformation),
            _ => {}
        }
        let flavors = assigned.flavors.iter().map(|one| one.flavor);
        let mut flavors: Vec<FlavorId> = flavors.collect();
        flavors.retain(|flavor| self.rules.with_topology(*flavor));
        flavors.sort_unstable();
        flavors.dedup();
        match flavors.as_slice() {
            [] => Err(TopologyError::NoFlavor),
            [one] if self.rules.multi_kueue || (!self.reserved && self.rules.provisioned(*one)) => {
                Ok(Where::Later)
            }
            [one] => Ok(Where::Flavor(*one)),
            _ => Err(TopologyError::ManyFlavors(flavors)),
        }
    }

    /// Makes the request of a pod set ready for a flavor. `has` is its place with a failed node.
    fn ask(
        &mut self,
        index: usize,
        count: i32,
        shape: &PodSetShape,
        spec: &PodSet,
        has: Option<&TopologyAssignment>,
        flavor: FlavorId,
    ) -> Option<Ask> {
        let tree = self.topologies.tree(flavor)?;
        let slice = self.slice.filter(|_| self.is_elastic()).and_then(|slice| {
            let mut assigned = slice.admission.as_ref()?.pod_sets.iter();
            let assigned = assigned.find(|one| one.name == spec.name)?;
            assigned.topology.as_ref()
        });
        let added = ready(self.object).filter_map(|one| one.tolerations.get(&spec.name));
        let tolerations = spec.template.tolerations.iter().chain(added.flatten());
        let tolerations: Vec<Toleration> = tolerations.cloned().collect();
        let selector = selector(self.object, spec);
        let requests = pod_requests(&spec.template);
        let asking = Asking {
            selector: Some(&selector),
            affinity: Some(&spec.template.affinity),
            tolerations: &tolerations,
            topology: spec.topology.as_ref().filter(|_| shape.explicit_topology),
            group: spec.topology.as_ref().and_then(|one| one.group.as_deref()),
            previous: has.or(slice),
            ..Asking::new(u16::try_from(index).ok()?, count, &requests)
        };
        Some(self.topologies.forest.ask(tree, &asking))
    }
}

/// Labels a node must have: those of the template and those the admission checks added.
fn selector(object: &Workload, spec: &PodSet) -> Labels {
    let mut selector = spec.template.node_selector.clone();
    for check in ready(object) {
        let added = check.node_selectors.get(&spec.name).into_iter().flatten();
        selector.extend(added.map(|(key, value)| (key.clone(), value.clone())));
    }
    selector
}

/// Checks that are ready.
fn ready(object: &Workload) -> impl Iterator<Item = &CheckState> {
    let checks = object.checks.iter();
    checks.filter(|check| check.phase == CheckPhase::Ready)
}
