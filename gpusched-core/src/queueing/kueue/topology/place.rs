//! Places in a topology for what has flavors (upstream: `tas_flavorassigner.go`).

use super::super::Gates;
use super::super::flavors::{Assignment, Mode, QueueRules, Reason, Shape};
use super::super::ids::WorkloadId;
use super::super::objects::{Delayed, TopologyDomain, Workload};
use super::super::quota::Names;
use super::topologies::{Place, Places, Topologies};
use crate::placement::tas::{Ask, Found, Options, Outcome, Repair};

/// Whether an admitted workload has pods on a node that failed.
pub fn on_failed_node(object: &Workload) -> bool {
    let assigned = object.admission.iter().flat_map(|one| &one.pod_sets);
    let topologies = assigned.filter_map(|one| one.topology.as_ref());
    let mut domains = topologies.flat_map(|one| &one.domains);
    object.is("Admitted") && domains.any(|one| failed(object, one))
}

/// Whether a domain is a node of the workload that failed.
pub(super) fn failed(object: &Workload, domain: &TopologyDomain) -> bool {
    let node = domain.values.last();
    node.is_some_and(|node| object.unhealthy_nodes.contains(node))
}

/// How places are looked for: a workload with a failed node only replaces that.
pub fn options(object: &Workload, gates: Gates) -> Options<'_> {
    let repair = object.unhealthy_nodes.first().map(|node| Repair {
        node,
        keep: gates.skip_reassignment_for_pod_owned_workloads && object.is_of_one_pod(),
    });
    Options {
        repair,
        ..Options::default()
    }
}

/// Looks for the places of one workload.
#[derive(Debug)]
pub struct Placer<'a> {
    /// Where.
    pub topologies: &'a mut Topologies,
    /// Names of quota.
    pub names: &'a Names,
    /// The rules of its ClusterQueue.
    pub rules: &'a QueueRules,
    /// What it asks for.
    pub shape: &'a Shape,
    /// Its object.
    pub object: &'a Workload,
    /// The slice it replaces.
    pub slice: Option<&'a Workload>,
    /// Whether it holds quota already.
    pub reserved: bool,
    /// Feature gates.
    pub gates: Gates,
}

impl Placer<'_> {
    /// Places for an assignment whose flavors fit. Without one the workload would have to preempt;
    /// without one even if nobody else was there it fits nowhere.
    pub fn place(&mut self, assignment: &mut Assignment, places: &mut Places) {
        if !self.gates.topology_aware_scheduling
            || !assignment.complete
            || assignment.mode() == Mode::NoFit
        {
            return;
        }
        self.keep_places(assignment, places);
        let asks = self.asks(assignment, places);
        let options = options(self.object, self.gates);
        if assignment.mode() == Mode::Fit {
            let found = self.topologies.forest.find(&asks, options);
            match failure(&found) {
                None => self.settle(assignment, places, &asks, found),
                Some((pod_set, reason)) => {
                    if let Some(one) = assignment.pod_set_mut(pod_set) {
                        one.reasons.push(Reason::Topology(reason));
                    }
                    assignment.set_pod_set_mode(pod_set, Mode::Preempt);
                }
            }
        }
        // Nobody is preempted for the replacement of a failed node.
        if assignment.mode() == Mode::Preempt && self.object.unhealthy_nodes.is_empty() {
            let empty = Options {
                simulate_empty: true,
                ..options
            };
            let found = self.topologies.forest.find(&asks, empty);
            match failure(&found) {
                Some((pod_set, _)) => {
                    let ask = asks.iter().find(|ask| usize::from(ask.pod_set) == pod_set);
                    let flavor = ask.map(|ask| self.topologies.forest.flavor(ask.tree()));
                    if let Some(flavor) = flavor.and_then(|flavor| self.names.flavor(flavor)) {
                        assignment.topology_failed(pod_set, flavor);
                    }
                    assignment.set_pod_set_mode(pod_set, Mode::NoFit);
                }
                // Quota may do and places be scattered: victims make room for both.
                None => {
                    for ask in &asks {
                        let pod_set = usize::from(ask.pod_set);
                        assignment.set_pod_set_mode(pod_set, Mode::Preempt);
                    }
                }
            }
        }
    }

    /// Places for an assignment that waits for victims, as if these had left; without victims as if
    /// everybody had, only to keep others from taking them in this cycle.
    pub fn place_after_preemption(
        &mut self,
        assignment: &mut Assignment,
        places: &mut Places,
        leaving: &[WorkloadId],
    ) {
        let only = self.rules.topology_only;
        if !self.gates.topology_aware_scheduling
            || assignment.mode() != Mode::Preempt
            || !(self.shape.explicit_topology() || only)
            || on_failed_node(self.object)
        {
            return;
        }
        let asks = self.asks(assignment, places);
        let mark = self.topologies.begin();
        for workload in leaving {
            self.topologies.leave(*workload);
        }
        let options = Options {
            simulate_empty: leaving.is_empty(),
            ..options(self.object, self.gates)
        };
        let found = self.topologies.forest.find(&asks, options);
        self.topologies.rollback(mark);
        self.settle(assignment, places, &asks, found);
    }

    /// What a workload that holds quota has already.
    fn keep_places(&self, assignment: &mut Assignment, places: &mut Places) {
        let Some(admission) = &self.object.admission else {
            return;
        };
        for pod_set in &mut assignment.pod_sets {
            let name = &self.shape.pod_sets[pod_set.pod_set].name;
            let Some(assigned) = admission.pod_sets.iter().find(|one| one.name == *name) else {
                continue;
            };
            pod_set.delayed = assigned.delayed;
            let place = assigned.topology.as_ref().map(|assignment| Place {
                pod_set: pod_set.pod_set,
                assignment: assignment.clone(),
                usage: None,
            });
            places.set(pod_set.pod_set, place);
        }
    }

    /// Takes places over into a nomination.
    fn settle(
        &mut self,
        assignment: &mut Assignment,
        places: &mut Places,
        asks: &[Ask],
        found: Vec<Found>,
    ) {
        for one in found {
            let pod_set = usize::from(one.pod_set);
            let ask = asks.iter().find(|ask| ask.pod_set == one.pod_set);
            let place = match &one.outcome {
                Outcome::Kept => continue,
                Outcome::Failed(_) => None,
                Outcome::Assigned(found) => ask.map(|ask| Place {
                    pod_set,
                    assignment: self.topologies.forest.topology_assignment(found),
                    usage: Some(self.topologies.forest.usage(found, ask.requests())),
                }),
            };
            let assigned = assignment.pod_set_mut(pod_set);
            if let Some(assigned) = assigned
                && place.is_some()
                && assigned.delayed.is_some()
            {
                assigned.delayed = Some(Delayed::Ready);
            }
            places.set(pod_set, place);
        }
    }
}

/// The first pod set without a place, and why.
fn failure(found: &[Found]) -> Option<(usize, String)> {
    found.iter().find_map(|one| {
        let failure = one.outcome.failure()?;
        Some((usize::from(one.pod_set), failure.to_string()))
    })
}
