//! Which queues work, and why the others do not: the `Active` conditions of ClusterQueues and
//! LocalQueues, and what keeps a Workload out before any scheduling.

use super::Gates;
use super::flavors::QueueRules;
use super::objects::{AdmissionCheck, ClusterQueue, LocalQueue, Objects, StopPolicy, Workload};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Why a ClusterQueue admits nothing, in the order Kueue looks. All but the last are reasons of its
/// `Active` condition; a queue below a cycle of cohorts Kueue leaves out without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InactiveReason {
    /// It is being deleted.
    Terminating,
    /// Its stop policy holds it.
    Stopped,
    /// It names flavors that do not exist.
    FlavorNotFound,
    /// It names admission checks that do not exist.
    AdmissionCheckNotFound,
    /// It names some that are not active.
    AdmissionCheckInactive,
    /// More than one check dispatches to other clusters.
    MultipleMultiKueueAdmissionChecks,
    /// A check dispatches to other clusters, but not for all flavors.
    MultiKueueAdmissionCheckAppliedPerFlavor,
    /// It has checks of both kinds: other clusters and the autoscaler.
    MultiKueueWithProvisioningRequest,
    /// A flavor names a topology that does not exist.
    TopologyNotFound,
    /// Its cohort is on, or below, a cycle of parents.
    CohortCycle,
}

/// The reason, as Kueue writes it into the condition.
impl fmt::Display for InactiveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why a ClusterQueue admits nothing, and what that is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inactive {
    /// The reason.
    pub reason: InactiveReason,
    /// Names of flavors, checks or the cohort it is about.
    pub names: Vec<String>,
}

impl fmt::Display for Inactive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names.join(", ");
        match self.reason {
            InactiveReason::Terminating => f.write_str("it is being deleted"),
            InactiveReason::Stopped => f.write_str("its stop policy holds it"),
            InactiveReason::FlavorNotFound => write!(f, "no such ResourceFlavor: {names}"),
            InactiveReason::AdmissionCheckNotFound => write!(f, "no such AdmissionCheck: {names}"),
            InactiveReason::AdmissionCheckInactive => {
                write!(f, "AdmissionCheck not active: {names}")
            }
            InactiveReason::MultipleMultiKueueAdmissionChecks => {
                write!(
                    f,
                    "only one check may dispatch to other clusters, not {names}"
                )
            }
            InactiveReason::MultiKueueAdmissionCheckAppliedPerFlavor => write!(
                f,
                "a check that dispatches to other clusters is for all flavors or none: {names}"
            ),
            InactiveReason::MultiKueueWithProvisioningRequest => write!(
                f,
                "other clusters and provisioning requests do not go together: {names}"
            ),
            InactiveReason::TopologyNotFound => write!(f, "no Topology for flavor {names}"),
            InactiveReason::CohortCycle => {
                write!(f, "the parents of cohort {names} go in a circle")
            }
        }
    }
}

/// Why a LocalQueue lets nothing through; the reasons of its `Active` condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Its own stop policy.
    Stopped,
    /// There is no such ClusterQueue.
    ClusterQueueDoesNotExist,
    /// The ClusterQueue is not active.
    ClusterQueueIsInactive,
}

/// What keeps a Workload out before any scheduling; Kueue gives the first two as `Misconfigured`
/// and the others as `Suspended`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// There is no such LocalQueue in its namespace.
    NoLocalQueue,
    /// The LocalQueue leads to no ClusterQueue.
    NoClusterQueue,
    /// The LocalQueue is held.
    LocalQueueStopped,
    /// The ClusterQueue is not active.
    ClusterQueueInactive,
}

impl Blocked {
    /// The reason Kueue writes into the `QuotaReserved` condition.
    pub fn reason(self) -> &'static str {
        match self {
            Blocked::NoLocalQueue | Blocked::NoClusterQueue => "Misconfigured",
            Blocked::LocalQueueStopped | Blocked::ClusterQueueInactive => "Suspended",
        }
    }
}

/// What exists, by name, to ask about queues.
///
/// ```
/// use gpusched_core::queueing::kueue::objects::{ClusterQueue, FlavorQuotas, ResourceGroup};
/// use gpusched_core::queueing::kueue::{Gates, Objects};
/// use gpusched_core::queueing::kueue::status::{InactiveReason, Status};
///
/// let flavors = vec![FlavorQuotas { flavor: "spot".into(), ..FlavorQuotas::default() }];
/// let queue = ClusterQueue {
///     resource_groups: vec![ResourceGroup { covered: vec!["cpu".into()], flavors }],
///     ..ClusterQueue::default()
/// };
/// let objects = Objects::default();
/// let status = Status::new(&objects, Gates::MAIN);
/// let why = status.cluster_queue(&queue);
/// assert_eq!((why[0].reason, why[0].names[0].as_str()), (InactiveReason::FlavorNotFound, "spot"));
/// ```
#[derive(Clone, Debug)]
pub struct Status<'o> {
    cluster_queues: BTreeMap<&'o str, &'o ClusterQueue>,
    local_queues: BTreeMap<(&'o str, &'o str), &'o LocalQueue>,
    /// Topology of each flavor.
    flavors: BTreeMap<&'o str, Option<&'o str>>,
    topologies: BTreeSet<&'o str>,
    checks: BTreeMap<&'o str, &'o AdmissionCheck>,
    parents: BTreeMap<&'o str, &'o str>,
    gates: Gates,
}

impl<'o> Status<'o> {
    /// Looks the objects over once: O(n log n) in their number.
    pub fn new(objects: &'o Objects, gates: Gates) -> Status<'o> {
        let queues = objects.cluster_queues.iter();
        let local_queues = objects.local_queues.iter();
        let flavors = objects.flavors.iter();
        let cohorts = objects.cohorts.iter();
        Status {
            cluster_queues: queues.map(|one| (one.name.as_str(), one)).collect(),
            local_queues: local_queues
                .map(|one| ((one.namespace.as_str(), one.name.as_str()), one))
                .collect(),
            flavors: flavors
                .map(|one| (one.name.as_str(), one.topology.as_deref()))
                .collect(),
            topologies: objects
                .topologies
                .iter()
                .map(|one| one.name.as_str())
                .collect(),
            checks: objects
                .checks
                .iter()
                .map(|one| (one.name.as_str(), one))
                .collect(),
            parents: cohorts
                .filter_map(|one| Some((one.name.as_str(), one.parent.as_deref()?)))
                .collect(),
            gates,
        }
    }

    /// Everything that keeps a ClusterQueue from admitting; nothing if it is active. The first is
    /// the reason its condition shows. O(flavors + checks + cohorts above it).
    pub fn cluster_queue(&self, queue: &ClusterQueue) -> Vec<Inactive> {
        let groups = queue.resource_groups.iter();
        let flavors: Vec<&str> = groups
            .flat_map(|group| &group.flavors)
            .map(|quotas| quotas.flavor.as_str())
            .collect();
        let mut found = Vec::new();
        let mut always = |reason| {
            let names = Vec::new();
            found.push(Inactive { reason, names });
        };
        if queue.terminating {
            always(InactiveReason::Terminating);
        }
        if queue.stop_policy != StopPolicy::None {
            always(InactiveReason::Stopped);
        }
        let missing = |name: &&&str| !self.flavors.contains_key(**name);
        push(
            &mut found,
            InactiveReason::FlavorNotFound,
            names(flavors.iter().filter(missing)),
        );
        let multi_kueue = self.checks_of(queue, &flavors, &mut found);
        // Topology is the business of the clusters that get the work.
        if self.gates.topology_aware_scheduling && !multi_kueue {
            let without = |name: &&&str| {
                let topology = self.flavors.get(**name).copied().flatten();
                topology.is_some_and(|topology| !self.topologies.contains(topology))
            };
            push(
                &mut found,
                InactiveReason::TopologyNotFound,
                names(flavors.iter().filter(without)),
            );
        }
        if let Some(cohort) = &queue.cohort
            && self.is_on_cycle(cohort)
        {
            push(
                &mut found,
                InactiveReason::CohortCycle,
                vec![cohort.clone()],
            );
        }
        found
    }

    /// Finds what is wrong with the admission checks; says whether some dispatch to other clusters.
    fn checks_of(&self, queue: &ClusterQueue, flavors: &[&str], found: &mut Vec<Inactive>) -> bool {
        let rules: BTreeMap<&str, &[String]> = queue
            .checks
            .iter()
            .map(|rule| (rule.name.as_str(), rule.on_flavors.as_slice()))
            .collect();
        let all: BTreeSet<&str> = flavors.iter().copied().collect();
        let named = |wanted: &dyn Fn(&AdmissionCheck) -> bool| {
            let checks = rules.keys().filter_map(|name| self.checks.get(name));
            names(checks.filter(|one| wanted(one)).map(|one| &one.name))
        };
        let missing = rules.keys().filter(|name| !self.checks.contains_key(*name));
        push(
            found,
            InactiveReason::AdmissionCheckNotFound,
            names(missing),
        );
        push(
            found,
            InactiveReason::AdmissionCheckInactive,
            named(&|one| !one.active),
        );
        let multi_kueue = named(&|one| one.controller == QueueRules::MULTI_KUEUE);
        let provisioning = named(&|one| one.controller == QueueRules::PROVISIONING);
        if multi_kueue.len() > 1 {
            let several = multi_kueue.clone();
            push(
                found,
                InactiveReason::MultipleMultiKueueAdmissionChecks,
                several,
            );
        }
        let partial = multi_kueue.iter().filter(|name| {
            let on: BTreeSet<&str> = rules[name.as_str()].iter().map(String::as_str).collect();
            !on.is_empty() && on != all
        });
        push(
            found,
            InactiveReason::MultiKueueAdmissionCheckAppliedPerFlavor,
            names(partial),
        );
        let is_multi_kueue = !multi_kueue.is_empty();
        if is_multi_kueue && !provisioning.is_empty() {
            let both = [multi_kueue, provisioning].concat();
            push(
                found,
                InactiveReason::MultiKueueWithProvisioningRequest,
                both,
            );
        }
        is_multi_kueue
    }

    /// Whether the parents of a cohort go in a circle.
    pub fn is_on_cycle(&self, cohort: &str) -> bool {
        let mut at = cohort;
        for _ in 0..=self.parents.len() {
            match self.parents.get(at) {
                Some(parent) => at = parent,
                None => return false,
            }
        }
        true
    }

    /// Why a LocalQueue lets nothing through; `None` if it does.
    pub fn local_queue(&self, queue: &LocalQueue) -> Option<Closed> {
        if queue.stop_policy != StopPolicy::None {
            return Some(Closed::Stopped);
        }
        match self.cluster_queues.get(queue.cluster_queue.as_str()) {
            None => Some(Closed::ClusterQueueDoesNotExist),
            Some(behind) => {
                let inactive = !self.cluster_queue(behind).is_empty();
                inactive.then_some(Closed::ClusterQueueIsInactive)
            }
        }
    }

    /// The ClusterQueue a Workload is queued in, whether or not it may.
    pub fn queue_of(&self, workload: &Workload) -> Option<&'o ClusterQueue> {
        let key = (workload.namespace.as_str(), workload.queue.as_str());
        let door = self.local_queues.get(&key)?;
        self.cluster_queues
            .get(door.cluster_queue.as_str())
            .copied()
    }

    /// What keeps a Workload out before any scheduling; `None` if nothing does.
    pub fn workload(&self, workload: &Workload) -> Option<Blocked> {
        let key = (workload.namespace.as_str(), workload.queue.as_str());
        let Some(queue) = self.local_queues.get(&key) else {
            return Some(Blocked::NoLocalQueue);
        };
        match self.local_queue(queue)? {
            Closed::Stopped => Some(Blocked::LocalQueueStopped),
            Closed::ClusterQueueDoesNotExist => Some(Blocked::NoClusterQueue),
            Closed::ClusterQueueIsInactive => Some(Blocked::ClusterQueueInactive),
        }
    }
}

fn names<'n, T: AsRef<str> + ?Sized + 'n>(all: impl Iterator<Item = &'n T>) -> Vec<String> {
    all.map(|name| name.as_ref().to_owned()).collect()
}

/// Adds a reason if it is about anything.
fn push(found: &mut Vec<Inactive>, reason: InactiveReason, names: Vec<String>) {
    if !names.is_empty() {
        found.push(Inactive { reason, names });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::kueue::objects::{
        AdmissionCheckRule, Cohort, FlavorQuotas, ResourceFlavor, ResourceGroup, Topology,
    };

    fn check(name: &str, controller: &str, active: bool) -> AdmissionCheck {
        AdmissionCheck {
            name: name.into(),
            controller: controller.into(),
            active,
        }
    }

    fn queue(flavors: &[&str], checks: &[(&str, &[&str])]) -> ClusterQueue {
        let flavors = flavors.iter().map(|name| FlavorQuotas {
            flavor: (*name).into(),
            ..FlavorQuotas::default()
        });
        ClusterQueue {
            name: "queue".into(),
            resource_groups: vec![ResourceGroup {
                covered: vec!["cpu".into()],
                flavors: flavors.collect(),
            }],
            checks: checks
                .iter()
                .map(|(name, on)| AdmissionCheckRule {
                    name: (*name).into(),
                    on_flavors: on.iter().map(|flavor| (*flavor).into()).collect(),
                })
                .collect(),
            ..ClusterQueue::default()
        }
    }

    fn objects() -> Objects {
        let flavor = |name: &str, topology: Option<&str>| ResourceFlavor {
            name: name.into(),
            topology: topology.map(str::to_owned),
            ..ResourceFlavor::default()
        };
        Objects {
            flavors: vec![
                flavor("plain", None),
                flavor("racks", Some("racks")),
                flavor("lost", Some("nowhere")),
            ],
            topologies: vec![Topology {
                name: "racks".into(),
                ..Topology::default()
            }],
            checks: vec![
                check("asks", QueueRules::PROVISIONING, true),
                check("off", "example.com/check", false),
                check("far", QueueRules::MULTI_KUEUE, true),
                check("farther", QueueRules::MULTI_KUEUE, true),
            ],
            ..Objects::default()
        }
    }

    #[test]
    fn every_reason_is_found_in_kueues_order() {
        let objects = objects();
        let status = Status::new(&objects, Gates::MAIN);
        let reasons = |flavors: &[&str], checks: &[(&str, &[&str])]| -> Vec<String> {
            let found = status.cluster_queue(&queue(flavors, checks));
            found.iter().map(|why| why.reason.to_string()).collect()
        };
        assert_eq!(reasons(&["plain", "racks"], &[("asks", &[])]), [""; 0]);
        assert_eq!(reasons(&["gone"], &[]), ["FlavorNotFound"]);
        assert_eq!(
            reasons(&["plain"], &[("x", &[])]),
            ["AdmissionCheckNotFound"]
        );
        assert_eq!(
            reasons(&["plain"], &[("off", &[])]),
            ["AdmissionCheckInactive"]
        );
        assert_eq!(reasons(&["lost"], &[]), ["TopologyNotFound"]);
        assert_eq!(reasons(&["lost"], &[("far", &[])]), [""; 0]);
        assert_eq!(
            reasons(
                &["gone", "plain"],
                &[("far", &["plain"]), ("farther", &[]), ("asks", &[])]
            ),
            [
                "FlavorNotFound",
                "MultipleMultiKueueAdmissionChecks",
                "MultiKueueAdmissionCheckAppliedPerFlavor",
                "MultiKueueWithProvisioningRequest",
            ]
        );
        assert_eq!(reasons(&["plain"], &[("far", &["plain"])]), [""; 0]);
    }

    #[test]
    fn cohorts_below_a_cycle_are_lost_and_those_beside_it_are_not() {
        let cohort = |name: &str, parent: &str| Cohort {
            name: name.into(),
            parent: Some(parent.into()),
            ..Cohort::default()
        };
        let objects = Objects {
            cohorts: vec![
                cohort("a", "b"),
                cohort("b", "a"),
                cohort("below", "a"),
                cohort("beside", "root"),
                cohort("self", "self"),
            ],
            ..Objects::default()
        };
        let status = Status::new(&objects, Gates::MAIN);
        let lost = ["a", "b", "below", "beside", "self", "root", "unknown"];
        let lost = lost.map(|name| status.is_on_cycle(name));
        assert_eq!(lost, [true, true, true, false, true, false, false]);
    }

    #[test]
    fn workloads_are_kept_out_by_the_first_closed_door() {
        let mut objects = objects();
        objects.cluster_queues = vec![queue(&["plain"], &[]), queue(&["gone"], &[])];
        objects.cluster_queues[1].name = "broken".into();
        let local = |name: &str, behind: &str, stop_policy| LocalQueue {
            namespace: "ns".into(),
            name: name.into(),
            cluster_queue: behind.into(),
            stop_policy,
            ..LocalQueue::default()
        };
        objects.local_queues = vec![
            local("open", "queue", StopPolicy::None),
            local("held", "queue", StopPolicy::Hold),
            local("astray", "gone", StopPolicy::None),
            local("dead", "broken", StopPolicy::None),
        ];
        let status = Status::new(&objects, Gates::MAIN);
        let blocked = |namespace: &str, queue: &str| {
            status.workload(&Workload {
                namespace: namespace.into(),
                queue: queue.into(),
                ..Workload::default()
            })
        };
        assert_eq!(blocked("ns", "open"), None);
        assert_eq!(blocked("other", "open"), Some(Blocked::NoLocalQueue));
        assert_eq!(blocked("ns", "held"), Some(Blocked::LocalQueueStopped));
        assert_eq!(blocked("ns", "astray"), Some(Blocked::NoClusterQueue));
        assert_eq!(blocked("ns", "dead"), Some(Blocked::ClusterQueueInactive));
        assert_eq!(Blocked::NoClusterQueue.reason(), "Misconfigured");
        assert_eq!(Blocked::ClusterQueueInactive.reason(), "Suspended");
    }
}
