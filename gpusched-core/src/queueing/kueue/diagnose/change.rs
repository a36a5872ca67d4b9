//! One change that would bring a workload closer to its quota.

use super::super::Amount;
use super::super::objects::Preemption;
use super::super::status::Inactive;
use super::Shortfall;
use crate::kube::Taint;
use crate::units::Time;

/// Something that would have to be otherwise. Names are those of the objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// More quota has to be free.
    FreeQuota(Shortfall),
    /// More than there could ever be: less has to be asked for, or more be owned, lent or allowed
    /// to be borrowed.
    BelowMaximum {
        /// The resource.
        resource: String,
        /// What the workload asks for, together with its pod sets before.
        asked: Amount,
        /// The most its queue could ever have.
        maximum: Amount,
    },
    /// Somebody would have to be preempted, and these policies find nobody.
    AllowPreemption(Preemption),
    /// From this priority on it may preempt. It need not be the lowest there is.
    Priority(i64),
    /// Its pods, or the flavor, have to tolerate a taint of the flavor.
    Tolerate(Taint),
    /// Its node selector or required node affinity excludes the flavor's nodes.
    MatchNodeLabels,
    /// The ClusterQueue has to have quota of a resource.
    DeclareResource(String),
    /// The ResourceFlavor has to exist.
    CreateFlavor,
    /// The flavor has to have a topology.
    GiveTopology,
    /// The Topology of the flavor has to exist.
    CreateTopology,
    /// The topology has to have the levels that are asked for.
    HaveLevel,
    /// Pods have to ask for a topology, because the flavor has one.
    AskForTopology,
    /// There has to be a place in the topology; Kueue says what is missing.
    FindPlace(String),
    /// An elastic workload keeps to the flavors of the slice it replaces.
    KeepFlavor,
    /// Another variant of the workload is for this flavor.
    OtherVariant,
    /// The LocalQueue has to exist in the namespace of the workload.
    CreateLocalQueue {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
    },
    /// The ClusterQueue a LocalQueue names has to exist.
    CreateClusterQueue(String),
    /// The LocalQueue has to be released (`stopPolicy: None`).
    ReleaseLocalQueue(String),
    /// The ClusterQueue has to become active.
    ActivateClusterQueue {
        /// Its name.
        name: String,
        /// What keeps it.
        inactive: Vec<Inactive>,
    },
    /// The namespace has to exist.
    CreateNamespace(String),
    /// The namespace has to match the selector of the ClusterQueue.
    SelectNamespace {
        /// The namespace.
        namespace: String,
        /// The ClusterQueue.
        cluster_queue: String,
    },
    /// Containers may not request more than their limits.
    RaiseLimits,
    /// `spec.active` has to be true.
    Activate,
    /// It has finished: only a new one can run.
    SubmitAgain,
    /// Gates that are named in its annotation have to be opened.
    OpenAdmissionGate(String),
    /// Gates of `spec.preemptionGates` have to be opened.
    OpenPreemptionGates(Vec<String>),
    /// Its backoff has to be over; [`Time::NEVER`] = it has to be requeued.
    WaitUntil(Time),
    /// What keeps it waiting for replacements of its pods, or on hold, has to end.
    Release(&'static str),
    /// These admission checks failed.
    PassChecks(Vec<String>),
    /// Pods of these workloads have to be ready first (`waitForPodsReady.blockAdmission`).
    PodsReady(Vec<String>),
    /// Those in front of it in a queue that lets nobody pass have to get their quota first.
    Unblock(String),
}
