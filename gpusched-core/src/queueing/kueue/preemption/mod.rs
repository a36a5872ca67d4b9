//! Preemption: who has to leave so that a workload fits.
//!
//! Victims are removed in a fixed order until the workload fits; then those that turn out not to
//! be needed are put back, last removed first. What differs is who may be a victim and in which
//! order (upstream: `pkg/scheduler/preemption`).
//!
//! | file | what |
//! |---|---|
//! | `holders` | the workloads that hold quota |
//! | `policy` | whom a workload may preempt |
//! | `order`, `lazy` | whom it rather preempts |
//! | `search` | removing, fitting, putting back |
//! | `classical` | victims by priority and by place in the cohort tree |
//! | `fair` | victims by dominant resource share |
//! | `oracle` | what preemption could do, for the assignment of flavors |
//! | `topology` | what a victim frees beside quota |

mod classical;
pub mod fair;
mod holders;
mod lazy;
mod oracle;
mod order;
mod policy;
mod search;
#[cfg(test)]
mod tests;
mod topology;

pub use holders::{Holder, Holders};
pub use oracle::PreemptionPossibility;
pub use order::{LocalQueueUse, candidates_ordering};
pub use policy::satisfies_preemption_policy;
pub use topology::{NoTopology, Topology};

use super::ids::{ClusterQueueId, FlavorResourceId, WorkloadId};
use super::objects::Preemption;
use super::quota::Names;
use super::{Amount, Configuration, FairSharingStrategy, Gates, Objects, Quota};
use crate::units::Time;
use search::Search;
use std::fmt;

/// Why a victim has to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreemptionReason {
    /// For a workload of its own queue that comes first.
    InClusterQueue,
    /// Its queue borrows what another one is entitled to.
    InCohortReclamation,
    /// The same, for a workload that borrows itself.
    InCohortReclaimWhileBorrowing,
    /// Its queue has more than a fair share.
    InCohortFairSharing,
}

impl fmt::Display for PreemptionReason {
    /// As in the `Preempted` condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PreemptionReason::InClusterQueue => "InClusterQueue",
            PreemptionReason::InCohortReclamation => "InCohortReclamation",
            PreemptionReason::InCohortReclaimWhileBorrowing => "InCohortReclaimWhileBorrowing",
            PreemptionReason::InCohortFairSharing => "InCohortFairSharing",
        })
    }
}

/// A workload that has to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The workload.
    pub workload: WorkloadId,
    /// Why.
    pub reason: PreemptionReason,
}

/// The workload room is made for.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Its queue.
    pub cluster_queue: ClusterQueueId,
    /// Its effective priority.
    pub priority: i64,
    /// The time it is queued by.
    pub queued: Time,
    /// What it asks for, all pods together: one entry per flavor-resource it was assigned.
    pub requests: &'a [(FlavorResourceId, Amount)],
    /// Those of them it does not get without preemption.
    pub needs: &'a [FlavorResourceId],
}

/// Everything a search reads, and the quota it tries victims out on. After a search the quota is
/// as it was.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Quota and its use.
    pub quota: &'a mut Quota,
    /// Who uses it.
    pub holders: &'a Holders,
    /// The time it is.
    pub now: Time,
    /// By LocalQueue: its use, where its ClusterQueue shares admission fairly. Missing entries
    /// have none.
    pub local_queues: &'a [Option<LocalQueueUse>],
}

/// Finds victims.
#[derive(Clone, Debug, Default)]
pub struct Preemptor {
    /// By ClusterQueue.
    policies: Vec<Preemption>,
    /// `None` = no fair sharing.
    strategies: Option<Vec<FairSharingStrategy>>,
    preempt_within_nominal: bool,
    classical: classical::Scratch,
    fair: fair::Scratch,
    targets: Vec<Target>,
}

impl Preemptor {
    /// With the policies of the ClusterQueues, whose ids are those of `names`.
    pub fn new(
        objects: &Objects,
        names: &Names,
        configuration: &Configuration,
        gates: &Gates,
    ) -> Preemptor {
        let mut policies = vec![Preemption::default(); names.cluster_queues()];
        for queue in &objects.cluster_queues {
            if let Some(id) = names.cluster_queue(&queue.name) {
                policies[id.index()] = queue.preemption;
            }
        }
        let strategies = configuration.fair_sharing.as_ref().map(|fair| {
            // An empty list means the default one.
            match fair.strategies.is_empty() {
                true => super::FairSharing::default().strategies,
                false => fair.strategies.clone(),
            }
        });
        Preemptor {
            policies,
            strategies,
            preempt_within_nominal: gates.fair_sharing_preempt_within_nominal,
            ..Preemptor::default()
        }
    }

    /// Whom a ClusterQueue may preempt.
    pub fn policy(&self, queue: ClusterQueueId) -> &Preemption {
        &self.policies[queue.index()]
    }

    /// Whether victims are chosen by fair sharing.
    pub fn is_fair(&self) -> bool {
        self.strategies.is_some()
    }

    /// The workloads that have to leave so that the incoming one fits; empty when no choice of
    /// them helps.
    ///
    /// Of n candidates of which k are tried, O(n log k); each one tried costs a walk to the root
    /// and a question to the topology.
    pub fn targets(
        &mut self,
        stage: &mut Stage<'_>,
        incoming: &Incoming<'_>,
        topology: &mut dyn Topology,
    ) -> Vec<Target> {
        let policy = self.policies[incoming.cluster_queue.index()];
        let mark = stage.quota.begin();
        let mut search = Search {
            quota: &mut *stage.quota,
            holders: stage.holders,
            incoming,
            topology,
            targets: std::mem::take(&mut self.targets),
        };
        let now = stage.now;
        let prefer = |a: WorkloadId, b: WorkloadId| {
            let holder = |id| stage.holders.get(id);
            order::candidates_ordering(
                holder(a),
                holder(b),
                incoming.cluster_queue,
                now,
                stage.local_queues,
            )
        };
        let found = match &self.strategies {
            None => classical::search(&mut search, &mut self.classical, &policy, prefer),
            Some(strategies) => {
                let rules = fair::Rules {
                    policy: &policy,
                    strategies,
                    preempt_within_nominal: self.preempt_within_nominal,
                    now,
                };
                fair::search(&mut search, &mut self.fair, &rules, prefer)
            }
        };
        search.restore_topology();
        let targets = match found {
            true => search.targets.clone(),
            false => Vec::new(),
        };
        search.targets.clear();
        self.targets = search.targets;
        stage.quota.rollback(mark);
        targets
    }
}
