//! Places in a topology for what has flavors.

use super::super::flavors::{Mode, Reason, TopologyError};
use super::super::objects::{Delayed, TopologyDomain, TopologyMode, Workload};
use super::Scheduler;
use super::entry::{Candidate, Nomination};
use super::record::Records;
use super::topologies::{Place, ready, selector};
use crate::kube::{Toleration, pod_requests};
use crate::placement::tas::{Ask, Found, Options, Outcome, PodSet, Repair};

/// Whether an admitted workload has pods on a node that failed.
pub(super) fn on_failed_node(object: &Workload) -> bool {
    let assigned = object.admission.iter().flat_map(|one| &one.pod_sets);
    let topologies = assigned.filter_map(|one| one.topology.as_ref());
    let mut domains = topologies.flat_map(|one| &one.domains);
    object.is("Admitted") && domains.any(|one| failed(object, one.values.last()))
}

fn failed(object: &Workload, value: Option<&String>) -> bool {
    value.is_some_and(|value| object.unhealthy_nodes.contains(value))
}

impl Scheduler {
    pub(super) fn options<'a>(&self, object: &'a Workload) -> Options<'a> {
        let repair = object.unhealthy_nodes.first().map(|node| Repair {
            node,
            keep: self.gates.skip_reassignment_for_pod_owned_workloads && object.is_of_one_pod(),
        });
        Options {
            repair,
            ..Options::default()
        }
    }

    /// Places for an assignment whose flavors fit. Without one the workload would have to preempt;
    /// without one even if nobody else was there it fits nowhere.
    pub(super) fn place(
        &mut self,
        records: &Records,
        candidate: &Candidate,
        nomination: &mut Nomination,
    ) {
        if !self.gates.topology_aware_scheduling
            || !nomination.assignment.complete
            || nomination.assignment.mode() == Mode::NoFit
        {
            return;
        }
        let object = &records[candidate.workload].object;
        self.keep_places(object, nomination);
        let asks = self.asks(records, candidate, nomination);
        let options = self.options(object);
        if nomination.assignment.mode() == Mode::Fit {
            let found = self.topologies.find(&asks, options);
            match failure(&found) {
                None => self.settle(nomination, &asks, found),
                Some((pod_set, reason)) => {
                    if let Some(one) = nomination.assignment.pod_set_mut(pod_set) {
                        one.reasons.push(Reason::Topology(reason));
                    }
                    nomination
                        .assignment
                        .set_pod_set_mode(pod_set, Mode::Preempt);
                }
            }
        }
        // Nobody is preempted for the replacement of a failed node.
        if nomination.assignment.mode() == Mode::Preempt && object.unhealthy_nodes.is_empty() {
            let empty = Options {
                simulate_empty: true,
                ..options
            };
            let found = self.topologies.find(&asks, empty);
            match failure(&found) {
                Some((pod_set, _)) => {
                    let ask = asks.iter().find(|ask| usize::from(ask.pod_set) == pod_set);
                    let flavor = ask.map(|ask| self.topologies.forest.flavor(ask.tree()));
                    let names = self.quota.names();
                    if let Some(flavor) = flavor.and_then(|flavor| names.flavor(flavor)) {
                        nomination.assignment.topology_failed(pod_set, flavor);
                    }
                    nomination.assignment.set_pod_set_mode(pod_set, Mode::NoFit);
                }
                // Quota may do and places be scattered: victims make room for both.
                None => {
                    for ask in &asks {
                        let pod_set = usize::from(ask.pod_set);
                        nomination
                            .assignment
                            .set_pod_set_mode(pod_set, Mode::Preempt);
                    }
                }
            }
        }
    }

    /// Places for an assignment that waits for victims, as if these had left; without victims as if
    /// everybody had, only to keep others from taking them in this cycle.
    pub(super) fn place_after_preemption(
        &mut self,
        records: &Records,
        candidate: &Candidate,
        nomination: &mut Nomination,
    ) {
        let object = &records[candidate.workload].object;
        let only = self.queues[candidate.queue.index()].rules.topology_only;
        if !self.gates.topology_aware_scheduling
            || nomination.assignment.mode() != Mode::Preempt
            || !(candidate.shape.explicit_topology() || only)
            || on_failed_node(object)
        {
            return;
        }
        let asks = self.asks(records, candidate, nomination);
        let leaving: Vec<_> = nomination.leaving().collect();
        let mark = self.topologies.begin();
        for workload in &leaving {
            self.topologies.leave(*workload);
        }
        let options = Options {
            simulate_empty: leaving.is_empty(),
            ..self.options(object)
        };
        let found = self.topologies.find(&asks, options);
        self.topologies.rollback(mark);
        self.settle(nomination, &asks, found);
    }

    /// What a workload that holds quota has already.
    fn keep_places(&self, object: &Workload, nomination: &mut Nomination) {
        let Some(admission) = &object.admission else {
            return;
        };
        for pod_set in &mut nomination.assignment.pod_sets {
            let Some(assigned) = admission.pod_sets.get(pod_set.pod_set) else {
                continue;
            };
            pod_set.delayed = assigned.delayed;
            let place = assigned.topology.as_ref().map(|assignment| Place {
                pod_set: pod_set.pod_set,
                assignment: assignment.clone(),
                usage: None,
            });
            nomination.places.set(pod_set.pod_set, place);
        }
    }

    /// Takes places over into a nomination.
    fn settle(&mut self, nomination: &mut Nomination, asks: &[Ask], found: Vec<Found>) {
        for one in found {
            let pod_set = usize::from(one.pod_set);
            let ask = asks.iter().find(|ask| ask.pod_set == one.pod_set);
            let place = match &one.outcome {
                Outcome::Kept => continue,
                Outcome::Failed(_) => None,
                Outcome::Assigned(assignment) => ask.map(|ask| Place {
                    pod_set,
                    assignment: self.topologies.forest.topology_assignment(assignment),
                    usage: Some(self.topologies.forest.usage(assignment, ask.requests())),
                }),
            };
            let assigned = nomination.assignment.pod_set_mut(pod_set);
            if let Some(assigned) = assigned
                && place.is_some()
                && assigned.delayed.is_some()
            {
                assigned.delayed = Some(Delayed::Ready);
            }
            nomination.places.set(pod_set, place);
        }
    }

    /// What has to be looked for: the pod sets that need a place and have none, or one on a failed
    /// node. Finds out which of them cannot have one, and which get theirs later.
    pub(super) fn asks(
        &mut self,
        records: &Records,
        candidate: &Candidate,
        nomination: &mut Nomination,
    ) -> Vec<Ask> {
        let mut asks = Vec::new();
        if !self.gates.topology_aware_scheduling || !nomination.assignment.complete {
            return asks;
        }
        let object = &records[candidate.workload].object;
        let elastic = self.gates.elastic_jobs_via_workload_slices_with_tas
            && self.gates.elastic_jobs_via_workload_slices
            && object.is_elastic();
        for (index, shape) in candidate.shape.pod_sets.iter().enumerate() {
            let rules = &self.queues[candidate.queue.index()].rules;
            if !shape.explicit_topology && !rules.topology_only {
                continue;
            }
            let Some(assigned) = nomination.assignment.pod_set(index) else {
                continue;
            };
            if assigned.error.is_some() || assigned.count == 0 {
                continue;
            }
            let place = nomination.places.get(index);
            let domains = place.map(|place| &place.assignment.domains);
            let broken = |domains: &Vec<TopologyDomain>| {
                domains.iter().any(|one| failed(object, one.values.last()))
            };
            if domains.is_some_and(|domains| !broken(domains)) {
                continue;
            }
            let mode = shape.topology.as_ref().map(|topology| &topology.mode);
            let mut flavors: Vec<_> = assigned.flavors.iter().map(|one| one.flavor).collect();
            flavors.retain(|flavor| rules.with_topology(*flavor));
            flavors.sort_unstable();
            flavors.dedup();
            let error = match (elastic, mode) {
                (true, Some(TopologyMode::Required(_))) => Some(TopologyError::ElasticRequired),
                (true, Some(TopologyMode::Preferred(_))) => Some(TopologyError::ElasticPreferred),
                _ if !rules.has_topology() => Some(TopologyError::NoInformation),
                _ => match flavors.as_slice() {
                    [] => Some(TopologyError::NoFlavor),
                    [_] => None,
                    many => Some(TopologyError::ManyFlavors(many.to_vec())),
                },
            };
            if let Some(error) = error {
                nomination.assignment.set_error(index, error);
                continue;
            }
            let flavor = flavors[0];
            if rules.multi_kueue || (!candidate.reserved && rules.provisioned(flavor)) {
                if let Some(assigned) = nomination.assignment.pod_set_mut(index) {
                    assigned.delayed = Some(Delayed::Pending);
                }
                continue;
            }
            let Some(tree) = self.topologies.tree(flavor) else {
                continue;
            };
            let spec = &object.pod_sets[index];
            let slice = candidate.replaces.as_ref().filter(|_| elastic);
            let slice = slice.and_then(|(slice, _)| {
                let admission = records[*slice].object.admission.as_ref()?;
                let assigned = admission
                    .pod_sets
                    .iter()
                    .find(|one| one.name == spec.name)?;
                assigned.topology.as_ref()
            });
            let previous = place.map(|place| &place.assignment).or(slice);
            let selector = selector(object, index);
            let tolerations: Vec<Toleration> = spec
                .template
                .tolerations
                .iter()
                .chain(
                    ready(object)
                        .filter_map(|one| one.tolerations.get(&spec.name))
                        .flatten(),
                )
                .cloned()
                .collect();
            let requests = pod_requests(&spec.template);
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let pod_set = PodSet {
                selector: Some(&selector),
                affinity: Some(&spec.template.affinity),
                tolerations: &tolerations,
                topology: spec.topology.as_ref().filter(|_| shape.explicit_topology),
                group: spec.topology.as_ref().and_then(|one| one.group.as_deref()),
                previous,
                ..PodSet::new(index, assigned.count, &requests)
            };
            asks.push(self.topologies.forest.ask(tree, &pod_set));
        }
        asks
    }
}

/// The first pod set without a place, and why.
fn failure(found: &[Found]) -> Option<(usize, String)> {
    found.iter().find_map(|one| {
        let failure = one.outcome.failure()?;
        Some((usize::from(one.pod_set), failure.to_string()))
    })
}
