//! Flavor assignment: which flavor each resource of each pod set gets, and on what terms
//! (upstream: `flavorassigner.go`).

use super::super::ids::{ClusterQueueId, FlavorId, FlavorResourceId, ResourceId};
use super::super::objects::Delayed;
use super::super::preemption::PreemptionPossibility;
use super::super::{Amount, Gates, Quota};
use super::attempt::{Attempt, Attempts};
use super::last::LastAssignment;
use super::mode::{GranularMode, Mode, PreemptionMode};
use super::reason::{NoFitReason, Reason, TopologyError};
use super::rules::{FlavorTopology, Flavors, Group, QueueRules};
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

/// The flavor of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlavorAssignment {
    /// The resource.
    pub resource: ResourceId,
    /// Its flavor.
    pub flavor: FlavorId,
    /// What must happen first.
    pub mode: Mode,
    /// Index of the last flavor that was tried, -1 = all were.
    pub tried: i32,
    /// How far away it is borrowed.
    pub borrowing_level: u32,
}

/// The flavors of one pod set.
#[derive(Clone, Debug, Default)]
pub struct PodSetFlavors {
    /// Index of the pod set.
    pub pod_set: usize,
    /// By resource; empty if none suits.
    pub flavors: Vec<FlavorAssignment>,
    /// Pods; fewer than asked for under partial admission.
    pub count: i32,
    /// What they are charged together.
    pub requests: Amounts,
    /// Findings; none if it fits.
    pub reasons: Vec<Reason>,
    /// Why it cannot be placed in a topology at all.
    pub error: Option<TopologyError>,
    /// Whether its place in a topology is decided later.
    pub delayed: Option<Delayed>,
}

impl PodSetFlavors {
    /// What must happen first: the worst over resources.
    pub fn mode(&self) -> Mode {
        if self.error.is_some() {
            return Mode::NoFit;
        }
        if self.reasons.is_empty() {
            return Mode::Fit;
        }
        let modes = self.flavors.iter().map(|one| one.mode);
        modes.min().unwrap_or(Mode::NoFit)
    }

    /// The flavor of a resource.
    pub fn flavor(&self, resource: ResourceId) -> Option<&FlavorAssignment> {
        self.flavors.iter().find(|one| one.resource == resource)
    }

    fn set_mode(&mut self, mode: Mode) {
        for one in &mut self.flavors {
            one.mode = mode;
        }
    }
}

/// What the search found for a workload.
#[derive(Clone, Debug, Default)]
pub struct Assignment {
    /// Per pod set, in order; the search stops at the first group that fits nowhere.
    pub pod_sets: Vec<PodSetFlavors>,
    /// What was tried, per group of pod sets, and whose pod sets these are.
    pub attempts: Vec<(Vec<u16>, Attempts)>,
    /// The furthest any of it is borrowed; 0 = nothing is.
    pub borrowing_level: u32,
    /// Quota it would use, each flavor-resource once.
    pub usage: Vec<(FlavorResourceId, Amount)>,
    /// Whether the search came to an end, so that places can be looked for.
    pub complete: bool,
    /// A mode that was decided for the whole, whatever the pod sets say.
    decided: Option<Mode>,
}

impl Assignment {
    /// What must happen first: the worst over pod sets.
    pub fn mode(&self) -> Mode {
        if let Some(mode) = self.decided {
            return mode;
        }
        let modes = self.pod_sets.iter().map(PodSetFlavors::mode);
        modes.min().unwrap_or(Mode::NoFit)
    }

    /// Gives all flavors, and the whole, one mode.
    pub fn set_mode(&mut self, mode: Mode) {
        self.decided = Some(mode);
        for pod_set in &mut self.pod_sets {
            pod_set.set_mode(mode);
        }
    }

    /// The flavors of a pod set; `None` if the search stopped before it.
    pub fn pod_set(&self, index: usize) -> Option<&PodSetFlavors> {
        self.pod_sets.iter().find(|one| one.pod_set == index)
    }

    /// The same, to change.
    pub fn pod_set_mut(&mut self, index: usize) -> Option<&mut PodSetFlavors> {
        self.pod_sets.iter_mut().find(|one| one.pod_set == index)
    }

    /// Gives one pod set's flavors, and the whole, one mode.
    pub fn set_pod_set_mode(&mut self, index: usize, mode: Mode) {
        if let Some(pod_set) = self.pod_set_mut(index) {
            pod_set.set_mode(mode);
            self.decided = Some(mode);
        }
    }

    /// A pod set cannot be placed in a topology: what was decided for the whole is void.
    pub fn set_error(&mut self, index: usize, error: TopologyError) {
        self.decided = None;
        if let Some(pod_set) = self.pod_set_mut(index) {
            pod_set.error = Some(error);
        }
    }

    /// The topology of a flavor has no place for a pod set, even if nobody else was there.
    pub fn topology_failed(&mut self, index: usize, flavor: FlavorId) {
        for (members, attempts) in &mut self.attempts {
            if members.iter().any(|one| usize::from(*one) == index) {
                attempts.topology_failed(flavor);
            }
        }
    }

    /// Why the workload fits nowhere, if it does not: the most severe reason over pod sets.
    pub fn no_fit_reason(&self, rules: &QueueRules) -> Option<NoFitReason> {
        if self.mode() != Mode::NoFit {
            return None;
        }
        let refused = |member: &u16| {
            let pod_set = self.pod_set(usize::from(*member));
            pod_set.is_some_and(|one| one.mode() == Mode::NoFit)
        };
        let groups = self.attempts.iter();
        groups
            .filter(|(members, _)| members.iter().any(refused))
            .filter_map(|(_, attempts)| attempts.no_fit(rules))
            .max()
    }

    /// What it leaves for the next search.
    pub fn last(&self, generation: u64, cycle: u64, class: Option<u32>) -> LastAssignment {
        let pod_sets = self.pod_sets.iter().map(|one| one.pod_set + 1).max();
        let mut tried = vec![Vec::new(); pod_sets.unwrap_or(0)];
        for pod_set in &self.pod_sets {
            let flavors = pod_set.flavors.iter();
            tried[pod_set.pod_set] = flavors.map(|one| (one.resource, one.tried)).collect();
        }
        LastAssignment {
            tried,
            generation,
            cycle,
            class,
        }
    }

    /// Flavor-resources somebody would have to be preempted for.
    pub fn need_preemption(&self, names: &super::super::quota::Names) -> Vec<FlavorResourceId> {
        let flavors = self.pod_sets.iter().flat_map(|one| &one.flavors);
        let mut need: Vec<_> = flavors
            .filter(|one| one.mode == Mode::Preempt)
            .filter_map(|one| names.flavor_resource(one.flavor, one.resource))
            .collect();
        need.sort_unstable();
        need.dedup();
        need
    }
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
    /// Placement in a topology is not looked at: see [`super::topology`]. O(pod sets × resources ×
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

    /// Why a flavor is not looked at, whatever it is like.
    fn passed_over(
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
    fn unsuitable(
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

    /// Whether quota holds one more request, and what would have to happen if not now.
    fn fits(
        &self,
        oracle: &mut impl PreemptionOracle,
        pair: Option<FlavorResourceId>,
        request: &Request,
        reasons: &mut Vec<Reason>,
    ) -> (GranularMode, Option<NoFitReason>) {
        let value = request.assumed + request.amount;
        let node = self.queue.into();
        let quota = oracle.quota();
        let maximum = pair.map_or(Amount::ZERO, |fr| quota.potential_available(node, fr));
        let mode = |preemption, borrowing_level| GranularMode {
            preemption,
            borrowing_level,
        };
        let Some(fr) = pair.filter(|_| value <= maximum) else {
            if pair.is_none() && value <= maximum {
                return (mode(PreemptionMode::Fit, 0), None);
            }
            reasons.push(Reason::AboveMaximum {
                flavor: request.flavor,
                resource: request.resource,
                assumed: request.assumed,
                request: request.amount,
                maximum,
            });
            let reason = NoFitReason::ExceedsMaxQuota;
            return (mode(PreemptionMode::NoFit, 0), Some(reason));
        };
        let available = quota.available(self.queue, fr);
        let (level, may_reclaim) = quota.height_of_lowest_subtree_that_fits(self.queue, fr, value);
        if value <= available {
            return (mode(PreemptionMode::Fit, level), None);
        }
        reasons.push(Reason::InsufficientUnused {
            flavor: request.flavor,
            resource: request.resource,
            missing: value - available,
        });
        let nominal = quota.subtree_quota(node, fr);
        if nominal >= value || may_reclaim || self.rules.preempts_while_borrowing(self.fair_sharing)
        {
            let (possibility, level) = oracle.simulate_preemption(self.queue, fr, value);
            let preemption = match possibility {
                PreemptionPossibility::NoCandidates => PreemptionMode::NoCandidates,
                PreemptionPossibility::Preempt => PreemptionMode::Preempt,
                PreemptionPossibility::Reclaim => PreemptionMode::Reclaim,
            };
            return (mode(preemption, level), None);
        }
        let reason = NoFitReason::WaitingForQuota;
        (mode(PreemptionMode::NoFit, level), Some(reason))
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

/// One resource of one flavor, asked of quota.
struct Request {
    flavor: FlavorId,
    resource: ResourceId,
    assumed: Amount,
    amount: Amount,
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
