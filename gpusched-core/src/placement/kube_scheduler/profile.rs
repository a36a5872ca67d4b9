//! A scheduler profile: which plugins score, and how much they count.

use super::{Balance, ScoredResource, Strategy, TieBreak};
use crate::policy::PolicyInfo;

/// A release that decides otherwise than the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// Up to 1.35: balance as it is afterwards, ties drawn among the best.
    V1_35,
    /// From 1.36: balance as the pod changes it, ties by the heap.
    #[default]
    V1_36,
}

impl Release {
    /// All, the newest first.
    pub const ALL: [Release; 2] = [Release::V1_36, Release::V1_35];

    /// The release that a placement policy of this name is.
    ///
    /// ```
    /// use gpusched_core::placement::kube_scheduler::Release;
    /// assert_eq!(Release::named("kube-scheduler"), Some(Release::V1_36));
    /// assert_eq!(Release::named("kube-scheduler-1.35"), Some(Release::V1_35));
    /// assert_eq!(Release::named("best-fit"), None);
    /// ```
    pub fn named(placement: &str) -> Option<Release> {
        let mut all = Release::ALL.into_iter();
        all.find(|release| release.info().name == placement)
    }

    pub(super) fn info(self) -> &'static PolicyInfo {
        match self {
            Release::V1_35 => &super::INFO_1_35,
            Release::V1_36 => &super::INFO,
        }
    }
}

/// NodeResourcesFit as a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitScore {
    /// Its weight; 0: it does not score.
    pub weight: i64,
    /// How it rates nodes.
    pub strategy: Strategy,
    /// By what.
    pub resources: Vec<ScoredResource>,
}

/// NodeResourcesBalancedAllocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancedScore {
    /// Its weight; 0: it does not score.
    pub weight: i64,
    /// Which release's definition.
    pub balance: Balance,
    /// By what.
    pub resources: Vec<ScoredResource>,
}

/// What of a profile decides where pods of a trace go. Traces have no affinities, taints, spread
/// constraints or images, so that those plugins rate all nodes alike and are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Which release's rules; what follows from it is below, where it can be changed.
    pub release: Release,
    /// NodeResourcesFit.
    pub fit: FitScore,
    /// NodeResourcesBalancedAllocation.
    pub balanced: BalancedScore,
    /// `percentageOfNodesToScore`; 0: by the size of the cluster.
    pub percentage_of_nodes_to_score: u8,
    /// How ties end.
    pub ties: TieBreak,
}

impl Profile {
    /// The default profile of a release; `seed` is that of its draws.
    pub fn of(release: Release, seed: u64) -> Profile {
        let profile = Profile {
            release,
            fit: FitScore {
                weight: 1,
                strategy: Strategy::LeastAllocated,
                resources: ScoredResource::defaults(),
            },
            balanced: BalancedScore {
                weight: 1,
                balance: Balance::Change,
                resources: ScoredResource::defaults(),
            },
            percentage_of_nodes_to_score: 0,
            ties: TieBreak::Heap136,
        };
        profile.under(release, seed)
    }

    /// The same configuration under the rules of a release; `seed` is that of its draws.
    pub fn under(mut self, release: Release, seed: u64) -> Profile {
        self.release = release;
        (self.balanced.balance, self.ties) = match release {
            Release::V1_35 => (Balance::Absolute, TieBreak::Uniform(seed)),
            Release::V1_36 => (Balance::Change, TieBreak::Heap136),
        };
        self
    }
}

/// The default profile of Kubernetes 1.36.
impl Default for Profile {
    fn default() -> Profile {
        Profile::of(Release::V1_36, 0)
    }
}
