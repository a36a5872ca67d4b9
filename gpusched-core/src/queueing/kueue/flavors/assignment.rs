//! What a search for flavors finds.

use super::super::Amount;
use super::super::ids::{FlavorId, FlavorResourceId, ResourceId};
use super::super::objects::Delayed;
use super::super::quota::Names;
use super::attempt::Attempts;
use super::last::LastAssignment;
use super::mode::Mode;
use super::reason::{NoFitReason, Reason, TopologyError};
use super::rules::QueueRules;
use super::shape::Amounts;

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
    pub(super) decided: Option<Mode>,
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
    pub fn need_preemption(&self, names: &Names) -> Vec<FlavorResourceId> {
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
