//! What the cycle has to know of one ClusterQueue.

use super::super::flavors::{Flavors, QueueRules};
use super::super::objects::{
    AdmissionCheck, CheckPhase, ClusterQueue, ConcurrentAdmission, Delayed, FlavorQuotas,
    PodSetAssignment, StopPolicy, Workload,
};
use super::super::quota::Names;
use super::super::{Gates, Objects};
use std::fmt;

/// Why a ClusterQueue admits nothing, in upstream's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InactiveReason {
    /// Its stop policy says so.
    Stopped,
    /// It names a flavor that does not exist.
    FlavorNotFound,
    /// It names an admission check that does not exist.
    AdmissionCheckNotFound,
    /// It names one that is not active.
    AdmissionCheckInactive,
    /// It has more than one check of MultiKueue.
    MultipleMultiKueueAdmissionChecks,
    /// It has one for some of its flavors only.
    MultiKueueAdmissionCheckAppliedPerFlavor,
    /// It has one beside one of ProvisioningRequest.
    MultiKueueWithProvisioningRequest,
    /// A flavor of it names a topology that does not exist.
    TopologyNotFound,
    /// The cohorts above it go round in a circle.
    CohortCycle,
}

impl fmt::Display for InactiveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

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
        gates: Gates,
    ) -> Queue {
        let checks = queue.checks.iter().map(|check| Check {
            name: check.name.clone(),
            on_flavors: (!check.on_flavors.is_empty()).then(|| check.on_flavors.clone()),
        });
        let rules = QueueRules::new(queue, objects, names, flavors);
        Queue {
            inactive: inactive(queue, objects, &rules, gates),
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

/// Every reason, in the order upstream looks for them.
fn inactive(
    queue: &ClusterQueue,
    objects: &Objects,
    rules: &QueueRules,
    gates: Gates,
) -> Vec<InactiveReason> {
    let mut reasons = Vec::new();
    let mut when = |bad: bool, reason: InactiveReason| {
        if bad {
            reasons.push(reason);
        }
    };
    let flavors = || {
        queue
            .resource_groups
            .iter()
            .flat_map(|group| &group.flavors)
    };
    let flavor = |name: &String| objects.flavors.iter().find(|one| one.name == *name);
    let checks = queue.checks.iter().map(|rule| {
        let check = objects.checks.iter().find(|one| one.name == rule.name);
        (rule, check)
    });
    let checks: Vec<_> = checks.collect();
    when(
        queue.stop_policy != StopPolicy::None,
        InactiveReason::Stopped,
    );
    when(
        flavors().any(|one| flavor(&one.flavor).is_none()),
        InactiveReason::FlavorNotFound,
    );
    when(
        checks.iter().any(|(_, check)| check.is_none()),
        InactiveReason::AdmissionCheckNotFound,
    );
    when(
        checks
            .iter()
            .any(|(_, check)| check.is_some_and(|one| !one.active)),
        InactiveReason::AdmissionCheckInactive,
    );
    let multi_kueue = || {
        checks
            .iter()
            .filter(|(_, check)| check.is_some_and(|one| one.controller == QueueRules::MULTI_KUEUE))
    };
    when(
        multi_kueue().count() > 1,
        InactiveReason::MultipleMultiKueueAdmissionChecks,
    );
    let everywhere = |on: &[String]| on.is_empty() || flavors().all(|one| on.contains(&one.flavor));
    when(
        multi_kueue().any(|(rule, _)| !everywhere(&rule.on_flavors)),
        InactiveReason::MultiKueueAdmissionCheckAppliedPerFlavor,
    );
    let provisioning = |check: &AdmissionCheck| check.controller == QueueRules::PROVISIONING;
    when(
        multi_kueue().count() > 0
            && checks
                .iter()
                .any(|(_, check)| check.is_some_and(provisioning)),
        InactiveReason::MultiKueueWithProvisioningRequest,
    );
    let known = |name: &String| objects.topologies.iter().any(|one| one.name == *name);
    let lost = |one: &FlavorQuotas| {
        let topology = flavor(&one.flavor).and_then(|one| one.topology.as_ref());
        topology.is_some_and(|name| !known(name))
    };
    when(
        gates.topology_aware_scheduling && !rules.multi_kueue && flavors().any(lost),
        InactiveReason::TopologyNotFound,
    );
    reasons
}
