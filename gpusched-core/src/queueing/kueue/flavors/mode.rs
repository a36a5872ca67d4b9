//! How well a flavor suits, and which of two suits better.

use super::super::objects::{FlavorFungibility, FungibilityPolicy, FungibilityPreference};

/// What must happen before a flavor can be used; the better the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// It cannot be used as things stand, and preempting would not help.
    #[default]
    NoFit,
    /// Quota would allow it, but others are using it; there may be no victims.
    Preempt,
    /// It fits once preemptions that were begun in this cycle have ended.
    DeferredFit,
    /// It can be used at once.
    Fit,
}

/// [`Mode`] as the search for a flavor sees it: how the quota would be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreemptionMode {
    /// It cannot be used.
    #[default]
    NoFit,
    /// Preempting would help, but there is nobody who may be preempted.
    NoCandidates,
    /// Somebody of the same ClusterQueue must go.
    Preempt,
    /// Only borrowers in other ClusterQueues must go.
    Reclaim,
    /// Nobody must go.
    Fit,
}

impl PreemptionMode {
    /// The public mode.
    pub fn mode(self) -> Mode {
        match self {
            PreemptionMode::NoFit => Mode::NoFit,
            PreemptionMode::NoCandidates | PreemptionMode::Preempt | PreemptionMode::Reclaim => {
                Mode::Preempt
            }
            PreemptionMode::Fit => Mode::Fit,
        }
    }
}

/// A mode together with how far away the quota is borrowed.
///
/// Upstream calls it the granular mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GranularMode {
    /// How the quota would be found.
    pub preemption: PreemptionMode,
    /// Height of the smallest cohort tree that holds the quota; 0 = the ClusterQueue's own.
    pub borrowing_level: u32,
}

impl GranularMode {
    /// Worse than every other.
    pub const WORST: GranularMode = GranularMode {
        preemption: PreemptionMode::NoFit,
        borrowing_level: u32::MAX,
    };
    /// At least as good as every other.
    pub const BEST: GranularMode = GranularMode {
        preemption: PreemptionMode::Fit,
        borrowing_level: 0,
    };

    /// Whether it is strictly better than `other`.
    ///
    /// What cannot be used is last, what nobody can be preempted for is next to last; the
    /// ClusterQueue's preference decides between the rest whether borrowing from further away or
    /// preempting is the greater evil.
    ///
    /// ```
    /// use gpusched_core::queueing::kueue::flavors::{GranularMode, PreemptionMode};
    /// use gpusched_core::queueing::kueue::objects::FungibilityPreference::*;
    /// let borrow = GranularMode { preemption: PreemptionMode::Fit, borrowing_level: 2 };
    /// let preempt = GranularMode { preemption: PreemptionMode::Preempt, borrowing_level: 0 };
    /// assert!(borrow.preferred_to(preempt, BorrowingOverPreemption));
    /// assert!(preempt.preferred_to(borrow, PreemptionOverBorrowing));
    /// ```
    pub fn preferred_to(self, other: GranularMode, preference: FungibilityPreference) -> bool {
        let rank = |mode: PreemptionMode| mode.min(PreemptionMode::Preempt);
        let (mine, its) = (rank(self.preemption), rank(other.preemption));
        if mine == PreemptionMode::NoFit || its == PreemptionMode::NoFit {
            return mine != PreemptionMode::NoFit;
        }
        if mine != its {
            return mine > its;
        }
        let mode = self.preemption.cmp(&other.preemption);
        let level = other.borrowing_level.cmp(&self.borrowing_level);
        match preference {
            FungibilityPreference::BorrowingOverPreemption => mode.then(level).is_gt(),
            FungibilityPreference::PreemptionOverBorrowing => level.then(mode).is_gt(),
        }
    }

    /// Whether the search goes on to the next flavor after one of this mode.
    pub fn tries_next(self, fungibility: &FlavorFungibility) -> bool {
        let preempts = match self.preemption {
            PreemptionMode::NoFit | PreemptionMode::NoCandidates => return true,
            PreemptionMode::Preempt | PreemptionMode::Reclaim => true,
            PreemptionMode::Fit => false,
        };
        let next = FungibilityPolicy::TryNextFlavor;
        (preempts && fungibility.when_can_preempt == next)
            || (self.borrowing_level > 0 && fungibility.when_can_borrow == next)
    }
}
