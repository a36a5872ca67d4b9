//! What can become of a workload.

use super::super::cycle::Kueue;
use super::super::ids::WorkloadId;
use super::super::objects::Admission;
use super::super::preemption::PreemptionReason;
use super::Change;

/// What becomes of a workload.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It gets quota, or has it.
    Admitted(Admittance),
    /// Others leave for it first; never empty.
    Preempting(Vec<Victim>),
    /// It waits.
    Pending(Waiting),
}

/// Quota, and where it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Admittance {
    /// Queue, flavors, counts and places.
    pub admission: Admission,
    /// Admission checks it waits for before it starts, by name.
    pub checks: Vec<String>,
    /// Whether its places in a topology are decided after these.
    pub places_later: bool,
}

/// A workload that has to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// The workload.
    pub workload: WorkloadId,
    /// The ClusterQueue it leaves.
    pub cluster_queue: String,
    /// Its priority.
    pub priority: i64,
    /// Why it.
    pub reason: PreemptionReason,
    /// Whether it was told to leave before.
    pub leaving: bool,
}

impl Victim {
    /// With what a state says about the workload.
    pub(super) fn new(kueue: &Kueue, workload: WorkloadId, reason: PreemptionReason) -> Victim {
        let object = kueue.workload(workload);
        let admission = object.admission.as_ref();
        Victim {
            workload,
            cluster_queue: admission.map_or_else(String::new, |one| one.cluster_queue.clone()),
            priority: super::super::workload::effective_priority(object, &kueue.gates()),
            reason,
            leaving: object.is("Evicted"),
        }
    }
}

/// Why a workload waits, and for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The reason of its `QuotaReserved` condition, in Kueue's spelling.
    pub reason: &'static str,
    /// The message of that condition, in Kueue's words.
    pub message: String,
    /// What the search for flavors found, by pod set; empty if it was not looked for any.
    pub pod_sets: Vec<PodSetFindings>,
    /// What would have to change whatever the flavors.
    pub changes: Vec<Change>,
}

/// What the search for flavors found for one pod set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSetFindings {
    /// Its name.
    pub name: String,
    /// Its pods.
    pub count: i32,
    /// Ways out. Within one resource group any one of them will do.
    pub ways: Vec<Way>,
}

/// One flavor, and everything that would have to change for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The flavor; `None` for what is about none.
    pub flavor: Option<String>,
    /// All of them are needed. A flavor the pods may not use at all is not asked for quota, which
    /// it may lack besides.
    pub changes: Vec<Change>,
}
