//! Replays workloads against Kueue, event by event.
//!
//! Core decides ([`Kueue`](gpusched_core::queueing::kueue::cycle::Kueue)); this says what happens
//! when: workloads come and end, decisions are written to the API server, victims stop, retries
//! are served. Only instants at which something happens cost anything.
//!
//! A workload runs from the moment its admission is known for as long as its job says. One that
//! has to leave starts over when it is admitted again; what it had run is counted as lost. Pods
//! are ready at once, or after a delay ([`ReadyDelay`]): then work begins when they are, and
//! `waitForPodsReady` applies. Pods that were ready stay so.
//!
//! | file | what |
//! |---|---|
//! | `fidelity` | what takes time, and how long |
//! | `api` | writes under a rate limit |
//! | `pacing` | when the next scheduling cycle is due, and when there is none |
//! | `live` | what is known of a workload on its way |
//! | `machine` | the loop |
//! | `residents` | workloads that are there at the start |
//! | `decisions` | what a scheduling cycle decided, carried out |
//! | `pods` | when pods are ready, and what follows when they are not |
//! | `ready` | how long they take |
//! | `results` | what became of everything |
//! | `meter` | use of quota over time |
//! | `outcome` | what a replay returns |

mod api;
mod decisions;
mod fidelity;
mod live;
mod machine;
mod meter;
mod outcome;
mod pacing;
mod pods;
mod ready;
mod residents;
mod results;

pub use fidelity::{ControlPlane, Fidelity};
pub use meter::QueueUse;
pub use outcome::{Change, Eviction, Outcome, QueueRun, Sample, State, Step, Waiting, WorkloadRun};
pub use ready::ReadyDelay;

use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::queueing::kueue::{Configuration, Gates, Objects};
use gpusched_core::units::{Span, Time};

/// A workload that comes during the replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// What is queued. The replay sets its creation time.
    pub workload: Workload,
    /// When it comes, since the start of the replay.
    pub arrival: Time,
    /// How long it runs once admitted; `None` = to the end of the replay.
    pub run: Option<Span>,
}

/// How to replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What takes time besides the work itself.
    pub fidelity: Fidelity,
    /// Stop here, counted from the start of the replay; `None` = when nothing more can happen.
    pub horizon: Option<Time>,
    /// Most samples of the series of [`Outcome::series`]; 0 = none. They are a second apart, or
    /// a power of two of seconds in longer replays.
    pub samples: usize,
    /// Stop when one workload had to leave this often: it goes round in circles.
    pub most_evictions: u32,
    /// Begin here, if that is later than the latest time the objects speak of.
    pub start: Time,
    /// How long workloads of the objects run once admitted, those that were admitted before
    /// counted from then, in their order; what is missing runs to the end of the replay. Limits of
    /// the workloads themselves hold besides.
    pub runs: Vec<Option<Span>>,
    /// Stop once the workload of this namespace and name is admitted.
    pub until_admitted: Option<(String, String)>,
    /// From admission until all pods are ready.
    pub ready: ReadyDelay,
    /// Seed of what is drawn: delays of pods.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            fidelity: Fidelity::Ideal,
            horizon: None,
            samples: 0,
            most_evictions: 1000,
            start: Time::ZERO,
            runs: Vec::new(),
            until_admitted: None,
            ready: ReadyDelay::default(),
            seed: 0,
        }
    }
}

/// Replays `jobs`, in any order, against the cluster the objects describe.
///
/// Workloads among the objects are there from the start: those with quota keep it until their
/// `maximumExecutionTimeSeconds` are over or they have run as long as [`Options::runs`] says, or
/// else to the end; others wait. The start is the latest time their objects speak of.
///
/// O(events · log events), where an event costs what it costs core.
///
/// ```
/// use gpusched_core::queueing::kueue::{Configuration, Gates};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_sim::kueue::replay::{Job, Options, replay};
/// use gpusched_sim::manifest::Manifests;
///
/// let manifests = Manifests::parse([("all.yaml", "
/// apiVersion: v1
/// kind: Namespace
/// metadata: {name: lab}
/// ---
/// apiVersion: kueue.x-k8s.io/v1beta2
/// kind: ResourceFlavor
/// metadata: {name: any}
/// ---
/// apiVersion: kueue.x-k8s.io/v1beta2
/// kind: ClusterQueue
/// metadata: {name: team}
/// spec:
///   namespaceSelector: {}
///   resourceGroups:
///   - coveredResources: [cpu]
///     flavors: [{name: any, resources: [{name: cpu, nominalQuota: 4}]}]
/// ---
/// apiVersion: kueue.x-k8s.io/v1beta2
/// kind: LocalQueue
/// metadata: {name: door, namespace: lab}
/// spec: {clusterQueue: team}
/// ")]);
/// let job = |name: &str| {
///     let workload = gpusched_sim::manifest::workload(&serde_json::json!({
///         "apiVersion": "kueue.x-k8s.io/v1beta2",
///         "kind": "Workload",
///         "metadata": {"name": name, "namespace": "lab"},
///         "spec": {"queueName": "door", "podSets": [{"name": "main", "count": 3, "template":
///             {"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": 1}}}]}}}]},
///     }));
///     Job { workload: workload.unwrap(), arrival: Time::ZERO, run: Some(Span::from_secs(60)) }
/// };
/// let (objects, configuration) = (manifests.objects(), manifests.configuration());
/// let jobs = vec![job("first"), job("second")];
/// let outcome = replay(objects, configuration, Gates::MAIN, jobs, &Options::default());
/// let waits: Vec<_> = outcome.workloads.iter().map(|one| one.wait().unwrap()).collect();
/// assert_eq!(waits, [Span::ZERO, Span::from_secs(60)]);
/// ```
pub fn replay(
    objects: &Objects,
    configuration: &Configuration,
    gates: Gates,
    jobs: Vec<Job>,
    options: &Options,
) -> Outcome {
    machine::Machine::new(objects, configuration, gates, jobs, options).run()
}
