//! What became of each flavor that was tried, and the one word for a workload that fits nowhere.

use super::super::ids::FlavorId;
use super::{Mode, NoFitReason, PreemptionMode, QueueRules};

/// One flavor that was tried for a group of pod sets, with the worst outcome over resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The flavor.
    pub flavor: FlavorId,
    /// The outcome.
    pub mode: Mode,
    /// How quota would be found, if any can be.
    pub preemption: Option<PreemptionMode>,
    /// How far away it would be borrowed.
    pub borrowing_level: u32,
    /// Why not, where it is known.
    pub no_fit: Option<NoFitReason>,
}

/// Attempts of one group of pod sets, one per flavor, in the order they were first tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts(Vec<Attempt>);

impl Attempts {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Attempt> {
        self.0.iter()
    }

    /// Adds what was tried for one resource of group `group`. A flavor of that group that was
    /// tried for another resource only cannot serve both.
    pub(super) fn merge(&mut self, tried: &[Attempt], group: usize, rules: &QueueRules) {
        for one in tried {
            match self.0.iter_mut().find(|known| known.flavor == one.flavor) {
                Some(known) => {
                    known.mode = known.mode.min(one.mode);
                    known.borrowing_level = known.borrowing_level.max(one.borrowing_level);
                    known.preemption = match (known.preemption, one.preemption) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                    known.no_fit = known.no_fit.max(one.no_fit);
                }
                None => self.0.push(one.clone()),
            }
        }
        if tried.is_empty() {
            return;
        }
        let flavors = &rules.groups[group].flavors;
        for known in &mut self.0 {
            let absent = !tried.iter().any(|one| one.flavor == known.flavor);
            if absent && flavors.contains(&known.flavor) {
                known.mode = Mode::NoFit;
                known.no_fit = Some(NoFitReason::NoMatchingFlavor);
            }
        }
    }

    /// The topology of a flavor has no place, although its quota would do.
    pub(super) fn topology_failed(&mut self, flavor: FlavorId) {
        if let Some(known) = self.0.iter_mut().find(|known| known.flavor == flavor) {
            known.mode = Mode::NoFit;
            known.no_fit = Some(NoFitReason::TopologyPlacementFailed);
        }
    }

    /// Why a pod set with these attempts fits nowhere: within a resource group flavors are
    /// alternatives, so the mildest reason counts; groups are all needed, so the most severe of
    /// theirs does.
    pub(super) fn no_fit(&self, rules: &QueueRules) -> Option<NoFitReason> {
        if self.0.is_empty() {
            return Some(NoFitReason::NoMatchingFlavor);
        }
        let refused = || self.0.iter().filter(|one| one.mode == Mode::NoFit);
        let of_group = rules.groups.iter().map(|group| {
            let within = refused().filter(|one| group.flavors.contains(&one.flavor));
            within.map(|one| one.no_fit).min().flatten()
        });
        of_group.max().flatten()
    }
}
