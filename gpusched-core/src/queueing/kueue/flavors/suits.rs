//! Whether a flavor is looked at for a group of pod sets, whatever its quota.

use super::super::ids::{FlavorId, ResourceId};
use super::assign::FlavorAssigner;
use super::assignment::PodSetFlavors;
use super::reason::Reason;
use super::rules::{FlavorTopology, Group};

impl FlavorAssigner<'_> {
    /// Why a flavor is not looked at, whatever it is like.
    pub(super) fn passed_over(
        &self,
        flavor: FlavorId,
        pod_sets: &[PodSetFlavors],
        resource: ResourceId,
    ) -> Option<Reason> {
        let keeps = self
            .gates
            .recompute_assignment_upon_preemption_targets_overlap
            || (self.gates.topology_aware_scheduling
                && self.gates.tas_recompute_assignment_within_scheduling_cycle);
        if let Some(nominated) = self.nominated.filter(|_| keeps) {
            let had = |one: &PodSetFlavors| {
                let before = nominated.pod_set(one.pod_set)?.flavor(resource)?;
                (before.flavor == flavor).then_some(())
            };
            if !pod_sets.iter().any(|one| had(one).is_some()) {
                return Some(Reason::NotNominated { flavor, resource });
            }
        }
        let allowed = self.shape.allowed.as_ref();
        let other = allowed.is_some_and(|allowed| !allowed.contains(&flavor));
        other.then_some(Reason::OtherVariant { flavor })
    }

    /// Why the pods cannot use a flavor, whatever its quota.
    pub(super) fn unsuitable(
        &self,
        flavor: FlavorId,
        pod_sets: &[PodSetFlavors],
        group: &Group,
    ) -> Option<Reason> {
        if self.flavors.get(flavor).is_none() {
            return Some(Reason::FlavorNotFound { flavor });
        }
        pod_sets.iter().find_map(|one| {
            if self.gates.topology_aware_scheduling
                && let Some(reason) = self.wrong_topology(flavor, one.pod_set, group)
            {
                return Some(reason);
            }
            let pod_set = u16::try_from(one.pod_set).ok()?;
            let mismatch = self.shape.pod_sets[one.pod_set].mismatch(flavor);
            mismatch.map(|_| Reason::Mismatch { flavor, pod_set })
        })
    }

    fn wrong_topology(&self, flavor: FlavorId, pod_set: usize, group: &Group) -> Option<Reason> {
        let pod_set = &self.shape.pod_sets[pod_set];
        let topology = self.flavors.topology(flavor);
        if !pod_set.explicit_topology {
            // A ClusterQueue that has nothing else places every workload in a topology.
            let only = *topology != FlavorTopology::None && !self.rules.topology_only;
            return only.then_some(Reason::TopologyOnly { flavor });
        }
        match topology {
            // It may still give quota for what the pods do not ask for themselves: outputs of
            // resource transformations.
            FlavorTopology::None => {
                let needs = pod_set.asks_for_any(&group.resources);
                needs.then_some(Reason::NoTopology { flavor })
            }
            FlavorTopology::Missing => Some(Reason::TopologyNotFound { flavor }),
            FlavorTopology::Levels(_) => {
                let has = pod_set.has_levels(flavor);
                (!has).then_some(Reason::NoSuchLevel { flavor })
            }
        }
    }
}
