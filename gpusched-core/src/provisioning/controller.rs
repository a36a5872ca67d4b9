//! What a controller of nodes sees, and what it may do: one vocabulary for Karpenter and Cluster
//! Autoscaler, so that both can be replayed on the same cluster.
//!
//! A [`Controller`] decides; whoever replays keeps the [`View`], carries out its [`Command`]s
//! (boots machines, drains them, takes spot capacity away) and tells it what came of them
//! ([`Event`]).

use super::Price;
use super::catalog::Offering;
use super::karpenter::objects::{NodeType, PodSpec};
use crate::ids::JobId;
use crate::kube::{Labels, Resources, Taint};
use crate::units::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A machine; ids rise in order of launch and are never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(pub u32);

/// A machine from its launch until it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name; unique among machines that exist.
    pub name: String,
    /// The NodePool or node group it belongs to; `None` = nobody's, it only takes pods.
    pub owner: Option<String>,
    /// What it is: an index into [`View::types`].
    pub node_type: usize,
    /// Which of its type's offerings it was launched from.
    pub offering: usize,
    /// Its labels, those of zone, capacity type and hostname included.
    pub labels: Labels,
    /// Its taints, without those that go when it is initialized.
    pub taints: Vec<Taint>,
    /// What pods can have of it.
    pub allocatable: Resources,
    /// [`Machine::allocatable`] less what its pods request.
    pub available: Resources,
    /// When it was asked for.
    pub launched: Time,
    /// When it joined the cluster; in the future while it has not.
    pub registered: Time,
    /// When it takes pods; in the future while it does not.
    pub initialized: Time,
    /// Whether it takes no new pods: it was cordoned, or it is going.
    pub cordoned: bool,
    /// Whether whoever runs it asked controllers to leave it alone: `karpenter.sh/do-not-disrupt`,
    /// or `cluster-autoscaler.kubernetes.io/scale-down-disabled`.
    pub keep: bool,
    /// Since when it is being drained; its pods leave when their grace is over, then it is gone.
    pub leaving: Option<Time>,
    /// The pods on it, in order of arrival.
    pub pods: Vec<MachinePod>,
    /// When a pod last came or went.
    pub last_pod_event: Time,
    /// Changes whenever anything here does; never returns to an earlier value.
    pub version: u64,
}

impl Machine {
    /// Whether it takes pods at `now`, cordons aside.
    pub fn is_initialized(&self, now: Time) -> bool {
        self.initialized <= now
    }
}

/// A pod on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachinePod {
    /// Which pod.
    pub pod: ViewPod,
    /// Since when it is there.
    pub since: Time,
}

/// A pod, on a machine or waiting for one. Pods of one kind share their spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewPod {
    /// Its job.
    pub job: JobId,
    /// Which of the pods of its job.
    pub index: u32,
    /// When it was made.
    pub created: Time,
    /// What it wants. Equal specs are one allocation: compare pointers first.
    pub spec: Arc<PodSpec>,
    /// Its priority.
    pub priority: i32,
    /// `controller.kubernetes.io/pod-deletion-cost`.
    pub deletion_cost: i32,
    /// `karpenter.sh/do-not-disrupt`, and what keeps Cluster Autoscaler from draining its node
    /// (`cluster-autoscaler.kubernetes.io/safe-to-evict: "false"`).
    pub keep: bool,
}

/// The cluster as a controller sees it.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The instant.
    pub now: Time,
    /// All instance types there are; it does not change while a replay runs.
    pub types: Arc<Vec<NodeType>>,
    /// Machines that exist, by age.
    pub machines: BTreeMap<MachineId, Machine>,
    /// Pods that wait for a machine, by creation, job and index.
    pub pending: Vec<ViewPod>,
    /// Changes whenever anything here but `now` does.
    pub version: u64,
    /// Changes whenever [`View::pending`] does.
    pub pending_version: u64,
}

impl View {
    /// The offering a machine was launched from.
    pub fn offering(&self, machine: &Machine) -> &Offering {
        &self.types[machine.node_type].offerings[machine.offering].offering
    }

    /// What a machine costs.
    pub fn price(&self, machine: &Machine) -> Price {
        self.offering(machine).price
    }
}

/// A machine to launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Given back in [`Event::Launched`] and [`Event::OutOfCapacity`]; the controller's own.
    pub ticket: u64,
    /// The NodePool or node group it is for.
    pub owner: String,
    /// Indices of type and offering, in the order in which they are tried.
    pub options: Vec<(usize, usize)>,
    /// Labels beyond those of type and offering.
    pub labels: Labels,
    /// Taints.
    pub taints: Vec<Taint>,
}

/// What a controller does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Asks the provider for a machine.
    Launch(Launch),
    /// Keeps new pods off a machine.
    Cordon(MachineId),
    /// Lets a machine take pods again.
    Uncordon(MachineId),
    /// Drains a machine and gives it back: its pods are evicted with the grace given and wait
    /// again; with no pods it goes at once.
    Delete {
        /// Which one.
        machine: MachineId,
        /// How long its pods have.
        grace: Span,
        /// Why, in the controller's words (`Underutilized`, `Empty`, `Drifted`, `Expired`, …).
        reason: &'static str,
    },
}

/// What came of commands, and what else happened to machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A launch became a machine, which boots now.
    Launched {
        /// Of the launch.
        ticket: u64,
        /// The machine.
        machine: MachineId,
    },
    /// The provider is out of these options of a launch. With `machine: None` nothing was launched.
    OutOfCapacity {
        /// Of the launch.
        ticket: u64,
        /// Indices of type and offering.
        options: Vec<(usize, usize)>,
        /// What it got in the end.
        machine: Option<MachineId>,
    },
    /// A machine takes pods from now on.
    Initialized(MachineId),
    /// A machine never joined and was given up.
    NeverJoined(MachineId),
    /// A spot machine will be taken away at an instant.
    Notice {
        /// Which one.
        machine: MachineId,
        /// When.
        at: Time,
    },
    /// A machine is gone.
    Gone(MachineId),
}

/// Decides which machines exist.
pub trait Controller: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// The next instant at which [`Controller::step`] may do something if nothing else changes
    /// in the view; `None` = it waits for a change. It may be earlier than needed, never later.
    fn wake(&self, view: &View) -> Option<Time>;

    /// Appends what it does now. It is called at the instants it asked for and after every instant
    /// at which the view changed; a controller with a period of its own does nothing in between.
    fn step(&mut self, view: &View, commands: &mut Vec<Command>);

    /// Something happened; the view shows it already.
    fn told(&mut self, _event: &Event, _view: &View) {}
}
