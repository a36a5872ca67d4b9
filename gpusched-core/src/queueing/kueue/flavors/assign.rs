//! Flavor assignment: which flavor each resource of each pod set gets, and on what terms
//! (upstream: `flavorassigner.go`).

use super::super::ids::{ClusterQueueId, FlavorId, FlavorResourceId, ResourceId};
use super::super::preemption::PreemptionPossibility;
use super::super::{Amount, Gates, Quota};
use super::assignment::{Assignment, FlavorAssignment, PodSetFlavors};
use super::attempt::{Attempt, Attempts};
use super::fits::Request;
use super::last::LastAssignment;
use super::mode::{GranularMode, Mode, PreemptionMode};
use super::reason::{NoFitReason, Reason};
use super::rules::{Flavors, Group, QueueRules};
use super::shape::{Amounts, RequestedResources, Shape};

/// Whom the assigner asks about quota and preemption.
pub trait PreemptionOracle {
    /// Quota as it is now.
    fn quota(&self) -> &Quota;

    /// What preempting could do if `queue` asked for `amount` of one flavor-resource and nothing
    /// else; and how far away that would be borrowed once the victims are gone.
    fn simulate_preemption(
        &mut self,
        queue: ClusterQueueId,
        fr: FlavorResourceId,
        amount: Amount,
    ) -> (PreemptionPossibility, u32);
}

/// One search for flavors: everything but the pod counts.
#[derive(Clone, Copy)]
pub struct FlavorAssigner<'a> {
    /// The ClusterQueue.
    pub queue: ClusterQueueId,
    /// Its rules.
    pub rules: &'a QueueRules,
    /// All flavors.
    pub flavors: &'a Flavors,
    /// The resources of the shape.
    pub resources: &'a RequestedResources,
    /// What is asked for.
    pub shape: &'a Shape,
    /// Where the last search stood; `None` = start over.
    pub last: Option<&'a LastAssignment>,
    /// Keep to the flavors of this assignment.
    pub nominated: Option<&'a Assignment>,
    /// The slice an elastic workload replaces, as it was admitted.
    pub replaced: Option<&'a Shape>,
    /// Feature gates.
    pub gates: Gates,
    /// Whether fair sharing is on.
    pub fair_sharing: bool,
    /// Whether resources without quota are ignored.
    pub ignore_undeclared: bool,
}

/// What [`FlavorAssigner::find_flavor`] found for the resources of one group.
struct Found {
    flavors: Vec<FlavorAssignment>,
    reasons: Vec<Reason>,
    tried: Vec<Attempt>,
}

impl FlavorAssigner<'_> {
    /// Searches flavors for all pod sets; `counts` reduces them (partial admission).
    ///
    /// Placement in a topology is not looked at: that is the cycle's. O(pod sets × resources ×
    /// flavors) walks to the root of the quota tree, plus one question to the oracle for each pair
    /// that only preempting could give.
    pub fn assign(&self, oracle: &mut impl PreemptionOracle, counts: Option<&[i32]>) -> Assignment {
        let mut assignment = Assignment::default();
        for members in &self.shape.groups {
            let pod_sets: Vec<PodSetFlavors> = members
                .iter()
                .map(|one| self.pod_set(usize::from(*one), counts))
                .collect();
            let mut attempts = Attempts::default();
            let (flavors, reasons) =
                self.flavors_of_group(oracle, &pod_sets, &assignment.usage, &mut attempts);
            let mut failed = false;
            for mut pod_set in pod_sets {
                pod_set.flavors = self.flavors_of(&pod_set, &flavors);
                pod_set.reasons.clone_from(&reasons);
                failed |= !pod_set.requests.is_empty() && pod_set.flavors.is_empty();
                self.charge(&mut assignment, &pod_set, oracle.quota());
                assignment.pod_sets.push(pod_set);
            }
            assignment.attempts.push((members.clone(), attempts));
            if failed {
                return assignment;
            }
        }
        assignment.complete = true;
        assignment
    }

    /// A pod set with its requests and what it holds already, but no flavors yet.
    fn pod_set(&self, index: usize, counts: Option<&[i32]>) -> PodSetFlavors {
        let shape = &self.shape.pod_sets[index];
        let count = counts.and_then(|counts| counts.get(index)).copied();
        let mut pod_set = PodSetFlavors {
            pod_set: index,
            count: shape.count,
            ..PodSetFlavors::default()
        };
        match count.filter(|_| shape.count != 0) {
            Some(count) => {
                shape.scaled(count, &mut pod_set.requests);
                pod_set.count = count;
            }
            None => pod_set.requests.clone_from(&shape.requests),
        }
        if let Some(pods) = self.rules.pods {
            let count = i64::from(pod_set.count);
            pod_set.requests.retain(|(resource, _)| *resource != pods);
            self.resources.add(&mut pod_set.requests, pods, count);
        }
        if self.gates.topology_aware_scheduling {
            let held = shape.assigned.iter();
            pod_set.flavors = held
                .map(|(resource, flavor)| FlavorAssignment {
                    resource: *resource,
                    flavor: *flavor,
                    mode: Mode::Fit,
                    tried: 0,
                    borrowing_level: 0,
                })
                .collect();
        }
        pod_set
    }

    /// Flavors for all resources the pod sets of a group ask for; none if any resource finds none.
    fn flavors_of_group(
        &self,
        oracle: &mut impl PreemptionOracle,
        pod_sets: &[PodSetFlavors],
        assumed: &[(FlavorResourceId, Amount)],
        attempts: &mut Attempts,
    ) -> (Vec<FlavorAssignment>, Vec<Reason>) {
        let mut total = Amounts::new();
        let mut flavors: Vec<FlavorAssignment> = Vec::new();
        for pod_set in pod_sets {
            for (resource, amount) in &pod_set.requests {
                self.resources.add(&mut total, *resource, *amount);
            }
            for held in &pod_set.flavors {
                flavors.retain(|one| one.resource != held.resource);
                flavors.push(*held);
            }
        }
        let mut reasons = Vec::new();
        for (resource, amount) in &total {
            let Some(group) = self.rules.group_of(*resource) else {
                if *amount == 0 || self.ignore_undeclared {
                    continue;
                }
                let resource = *resource;
                return (Vec::new(), vec![Reason::Undeclared { resource }]);
            };
            if flavors.iter().any(|one| one.resource == *resource) {
                continue;
            }
            let found = self.find_flavor(oracle, pod_sets, &total, *resource, group, assumed);
            attempts.merge(&found.tried, group, self.rules);
            if found.flavors.is_empty() {
                return (Vec::new(), found.reasons);
            }
            for one in found.flavors {
                flavors.retain(|held| held.resource != one.resource);
                flavors.push(one);
            }
            reasons.extend(found.reasons);
        }
        (flavors, reasons)
    }

    /// The flavor for all requested resources of one resource group.
    fn find_flavor(
        &self,
        oracle: &mut impl PreemptionOracle,
        pod_sets: &[PodSetFlavors],
        total: &Amounts,
        resource: ResourceId,
        group: usize,
        assumed: &[(FlavorResourceId, Amount)],
    ) -> Found {
        let group = &self.rules.groups[group];
        let fungible = self.gates.flavor_fungibility;
        let preference = self.rules.fungibility.preference;
        let mut best = (Vec::new(), GranularMode::WORST);
        let mut reasons = Vec::new();
        let mut tried = Vec::with_capacity(group.flavors.len());
        let mut attempted = None;
        let start = match self.last.filter(|_| fungible) {
            Some(last) => last.next(pod_sets[0].pod_set, resource),
            None => 0,
        };
        for (index, flavor) in group.flavors.iter().copied().enumerate().skip(start) {
            attempted = Some(index);
            if let Some(reason) = self.passed_over(flavor, pod_sets, resource) {
                reasons.push(reason);
                continue;
            }
            if let Some(reason) = self.unsuitable(flavor, pod_sets, group) {
                reasons.push(reason);
                tried.push(Attempt {
                    flavor,
                    mode: Mode::NoFit,
                    preemption: None,
                    borrowing_level: 0,
                    no_fit: Some(NoFitReason::NoMatchingFlavor),
                });
                continue;
            }
            let (flavors, mode, attempt) =
                self.try_flavor(oracle, index, pod_sets, total, group, assumed, &mut reasons);
            tried.push(attempt);
            let better = match fungible {
                true => mode.preferred_to(best.1, preference),
                false => mode.preemption > best.1.preemption,
            };
            let stop = match fungible {
                true => !mode.tries_next(&self.rules.fungibility),
                false => mode.preemption == PreemptionMode::Fit,
            };
            if better || stop {
                best = (flavors, mode);
            }
            if stop {
                break;
            }
        }
        let (mut flavors, mode) = best;
        if fungible {
            let last = attempted.is_some_and(|index| index + 1 < group.flavors.len());
            let index = attempted
                .filter(|_| last)
                .and_then(|one| i32::try_from(one).ok());
            for one in &mut flavors {
                one.tried = index.unwrap_or(-1);
            }
        }
        if mode.preemption == PreemptionMode::Fit {
            reasons.clear();
        }
        Found {
            flavors,
            reasons,
            tried,
        }
    }

    /// What one flavor has for the resources of its group. The worst mode over resources stands
    /// for the flavor.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step of the search, cut out to be read"
    )]
    fn try_flavor(
        &self,
        oracle: &mut impl PreemptionOracle,
        index: usize,
        pod_sets: &[PodSetFlavors],
        total: &Amounts,
        group: &Group,
        assumed: &[(FlavorResourceId, Amount)],
        reasons: &mut Vec<Reason>,
    ) -> (Vec<FlavorAssignment>, GranularMode, Attempt) {
        let flavor = group.flavors[index];
        let mut flavors = Vec::with_capacity(group.resources.len());
        let mut worst = GranularMode::BEST;
        let mut furthest = 0;
        let mut no_fit = None;
        for (resource, amount) in total {
            if !group.resources.contains(resource) {
                continue;
            }
            let mut amount = *amount;
            if let Some(replaced) = self.replaced {
                let (other, held) = slice(replaced, pod_sets, *resource, flavor);
                if let Some(original) = other {
                    worst = GranularMode::WORST;
                    reasons.push(Reason::OtherSlice { flavor, original });
                    no_fit = no_fit.max(Some(NoFitReason::NoMatchingFlavor));
                }
                amount = amount.saturating_sub(held);
            }
            let pair = group.pair(index, *resource);
            let request = Request {
                flavor,
                resource: *resource,
                assumed: pair.map_or(Amount::ZERO, |pair| of(assumed, pair)),
                amount: Amount(amount),
            };
            let (mode, refused) = self.fits(oracle, pair, &request, reasons);
            no_fit = no_fit.max(refused);
            furthest = furthest.max(mode.borrowing_level);
            if worst.preferred_to(mode, self.rules.fungibility.preference) {
                worst = mode;
            }
            if worst.preemption != PreemptionMode::NoFit {
                flavors.push(FlavorAssignment {
                    resource: *resource,
                    flavor,
                    mode: mode.preemption.mode(),
                    tried: 0,
                    borrowing_level: mode.borrowing_level,
                });
            }
        }
        let attempt = Attempt {
            flavor,
            mode: worst.preemption.mode(),
            preemption: match worst.preemption {
                PreemptionMode::Fit | PreemptionMode::NoFit => None,
                other => Some(other),
            },
            borrowing_level: furthest,
            no_fit,
        };
        (flavors, worst, attempt)
    }

    /// The flavors of the group that concern one pod set. One that asks for nothing with quota,
    /// such as the leader of a group, goes where its group goes.
    fn flavors_of(
        &self,
        pod_set: &PodSetFlavors,
        group: &[FlavorAssignment],
    ) -> Vec<FlavorAssignment> {
        let asked = |one: &&FlavorAssignment| {
            let mut requests = pod_set.requests.iter();
            requests.any(|(resource, _)| *resource == one.resource)
        };
        if !pod_set.requests.is_empty() {
            return group.iter().filter(asked).copied().collect();
        }
        let topology = self.shape.pod_sets[pod_set.pod_set].topology.as_ref();
        match topology.is_some_and(|one| one.group.is_some()) {
            true => {
                let placed = |one: &&FlavorAssignment| self.rules.with_topology(one.flavor);
                group.iter().filter(placed).copied().collect()
            }
            false => Vec::new(),
        }
    }

    /// Charges a pod set; a slice that is replaced has paid its part already.
    fn charge(&self, assignment: &mut Assignment, pod_set: &PodSetFlavors, quota: &Quota) {
        let shape = &self.shape.pod_sets[pod_set.pod_set];
        let held = self.replaced.and_then(|replaced| {
            let mut pod_sets = replaced.pod_sets.iter();
            pod_sets.find(|one| one.name == shape.name)
        });
        for one in &pod_set.flavors {
            assignment.borrowing_level = assignment.borrowing_level.max(one.borrowing_level);
            let amount = amount_of(&pod_set.requests, one.resource)
                .saturating_sub(held.map_or(0, |held| amount_of(&held.requests, one.resource)));
            if let Some(fr) = quota.names().flavor_resource(one.flavor, one.resource) {
                add(&mut assignment.usage, fr, Amount(amount));
            }
        }
    }
}

/// Whether the replaced slice has another flavor for the resource, and what it holds of it.
fn slice(
    replaced: &Shape,
    pod_sets: &[PodSetFlavors],
    resource: ResourceId,
    flavor: FlavorId,
) -> (Option<Option<FlavorId>>, i64) {
    let mut held = 0i64;
    for pod_set in pod_sets {
        let Some(old) = replaced.pod_sets.get(pod_set.pod_set) else {
            continue;
        };
        let mut assigned = old.assigned.iter();
        let original = assigned.find(|(one, _)| *one == resource).map(|one| one.1);
        if original != Some(flavor) {
            return (Some(original), held);
        }
        held = held.saturating_add(amount_of(&old.requests, resource));
    }
    (None, held)
}

fn amount_of(amounts: &Amounts, resource: ResourceId) -> i64 {
    let mut amounts = amounts.iter();
    amounts
        .find(|(one, _)| *one == resource)
        .map_or(0, |one| one.1)
}

fn of(usage: &[(FlavorResourceId, Amount)], fr: FlavorResourceId) -> Amount {
    let found = usage.iter().find(|(one, _)| *one == fr);
    found.map_or(Amount::ZERO, |(_, amount)| *amount)
}

fn add(usage: &mut Vec<(FlavorResourceId, Amount)>, fr: FlavorResourceId, amount: Amount) {
    match usage.iter_mut().find(|(one, _)| *one == fr) {
        Some((_, sum)) => *sum = *sum + amount,
        None => usage.push((fr, amount)),
    }
}
