//! What the cycle has to know of one ClusterQueue.

use super::super::Objects;
use super::super::flavors::{Flavors, QueueRules};
use super::super::objects::{
    CheckPhase, ClusterQueue, ConcurrentAdmission, Delayed, PodSetAssignment, Workload,
};
use super::super::quota::Names;
use super::super::status::{InactiveReason, Status};

/// An admission check and the flavors it is for.
#[derive(Clone, Debug)]
struct Check {
    name: String,
    /// `None` = all.
    on_flavors: Option<Vec<String>>,
}

/// One ClusterQueue.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    pub(super) rules: QueueRules,
    checks: Vec<Check>,
    /// Rises whenever capacity may have been freed.
    pub(super) generation: u64,
    pub(super) inactive: Vec<InactiveReason>,
    pub(super) concurrent: Option<ConcurrentAdmission>,
}

impl Queue {
    pub(super) fn new(
        queue: &ClusterQueue,
        objects: &Objects,
        names: &Names,
        flavors: &Flavors,
        status: &Status<'_>,
    ) -> Queue {
        let checks = queue.checks.iter().map(|check| Check {
            name: check.name.clone(),
            on_flavors: (!check.on_flavors.is_empty()).then(|| check.on_flavors.clone()),
        });
        let inactive = status.cluster_queue(queue).into_iter();
        let rules = QueueRules::new(queue, objects, names, flavors);
        Queue {
            inactive: inactive.map(|why| why.reason).collect(),
            rules,
            checks: checks.collect(),
            generation: 1,
            concurrent: queue.concurrent_admission.clone(),
        }
    }

    /// Whether a workload that has its quota is admitted at once: all checks of its flavors are
    /// there, all its checks have passed, and no place is to be decided later.
    pub(super) fn admits(&self, object: &Workload) -> bool {
        let assigned = || object.admission.iter().flat_map(|one| &one.pod_sets);
        let flavors: Vec<&String> = assigned().flat_map(|one| one.flavors.values()).collect();
        let applies = |check: &&Check| match &check.on_flavors {
            None => !flavors.is_empty(),
            Some(on) => on.iter().any(|one| flavors.contains(&one)),
        };
        let known = |name: &str| object.checks.iter().any(|one| one.name == name);
        let pending = |one: &PodSetAssignment| {
            one.topology.is_none() && one.delayed == Some(Delayed::Pending)
        };
        let mut required = self.checks.iter().filter(applies);
        required.all(|check| known(&check.name))
            && object
                .checks
                .iter()
                .all(|one| one.phase == CheckPhase::Ready)
            && !assigned().any(pending)
    }
}
