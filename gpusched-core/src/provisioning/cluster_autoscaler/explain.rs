//! What a scan decided, and why: typed, for people and for tests.

use super::expander::Step;
use super::quota::Limited;
use super::snapshot::Misfit;
use crate::provisioning::controller::MachineId;
use crate::units::Time;
use std::fmt;

/// A look at the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scan {
    /// When.
    pub at: Time,
    /// Waiting pods that count: those of expendable priority are left out.
    pub waiting: u32,
    /// Of these, those that fit nodes that are there or on their way.
    pub schedulable: u32,
    /// What came of the others.
    pub scale_up: ScaleUp,
    /// Whether machines may be given back now.
    pub scale_down: Option<ScaleDownHold>,
    /// Every machine of a group, by age, and whether it is needed. Empty with scale-down off.
    pub machines: Vec<(MachineId, MachineVerdict)>,
}

/// What became of a scale-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ScaleUp {
    /// No pod needs it.
    #[default]
    NotNeeded,
    /// The pods are so young that the scheduler may place them still.
    PodsAreNew,
    /// The cluster has as many nodes as it may (`max-nodes-total`).
    MaxNodesTotal,
    /// No group can grow for these pods, or not for all of them where it is all or nothing.
    NoOptions {
        /// Every group and why not it.
        groups: Vec<GroupVerdict>,
        /// What expanders made of those that could.
        steps: Vec<Step>,
    },
    /// Groups grow.
    Grow {
        /// Every group and what it could do.
        groups: Vec<GroupVerdict>,
        /// What expanders made of the options; their indices are those of the groups that are
        /// [`Verdict::Option`], in order.
        steps: Vec<Step>,
        /// Nodes the chosen option asked for.
        wanted: u32,
        /// Groups that grow, and their sizes before and after.
        plan: Vec<Growth>,
    },
}

/// A group that grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Which one.
    pub group: String,
    /// Its size before.
    pub from: u32,
    /// And after.
    pub to: u32,
}

/// A group and what it could do for the pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVerdict {
    /// Its id.
    pub group: String,
    /// What it could do, or why nothing.
    pub verdict: Verdict,
    /// Kinds of pods that do not fit a node of it, how many pods those are, and why.
    pub rejected: Vec<(u32, Misfit)>,
}

/// What a group could do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It failed lately and is left alone.
    BackedOff {
        /// Until when, that instant included.
        until: Time,
    },
    /// It has as many nodes as it may.
    MaxSize,
    /// One node more (or all it may have) would break limits.
    Limits(Vec<Limited>),
    /// It only has all its nodes or none, and all are more than `max-nodes-total` allows.
    AtomicTooLarge,
    /// No pod fits its nodes.
    NoPodFits,
    /// Not all pods would be helped.
    NotAllPods {
        /// How many would.
        pods: u32,
    },
    /// The estimate found no place on new nodes.
    NoPlace,
    /// It could grow.
    Option {
        /// By so many nodes.
        nodes: u32,
        /// For so many pods.
        pods: u32,
        /// Groups it would be balanced with.
        similar: Vec<String>,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::BackedOff { until } => write!(f, "backed off until {until} s"),
            Verdict::MaxSize => f.write_str("has as many nodes as it may"),
            Verdict::Limits(limits) => {
                let limits: Vec<String> = limits.iter().map(Limited::to_string).collect();
                write!(f, "the cluster has as much {} as it may", limits.join(", "))
            }
            Verdict::AtomicTooLarge => {
                f.write_str("all its nodes would be more than the cluster may have")
            }
            Verdict::NoPodFits => f.write_str("no pod fits its nodes"),
            Verdict::NotAllPods { pods } => write!(f, "would help only {pods} pods, not all"),
            Verdict::NoPlace => f.write_str("no pod found a place on new nodes"),
            Verdict::Option {
                nodes,
                pods,
                similar,
            } => {
                write!(f, "{nodes} nodes for {pods} pods")?;
                match similar.is_empty() {
                    true => Ok(()),
                    false => write!(f, ", shared with {}", similar.join(", ")),
                }
            }
        }
    }
}

/// Why no machine is given back, whatever the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleDownHold {
    /// Pods that are too young to help hold back both ways.
    PodsAreNew,
    /// Something was added less than `scale-down-delay-after-add` ago.
    AfterAdd {
        /// When that is over.
        until: Time,
    },
    /// Something was given back less than `scale-down-delay-after-delete` ago.
    AfterDelete {
        /// When that is over.
        until: Time,
    },
}

/// Whether a machine is needed, and if not, what keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MachineVerdict {
    /// It does not take pods yet.
    Starting,
    /// It is going.
    BeingDeleted,
    /// Its group has as few nodes as it may.
    GroupMinSize,
    /// It was found to be needed less than `unremovable-node-recheck-timeout` ago.
    RecentlyUnremovable,
    /// It is marked to be left alone (`scale-down-disabled`).
    KeptByAnnotation,
    /// It offers no CPU or no memory: nobody knows how much of it is used.
    NoResources,
    /// What its pods request is above the threshold.
    Utilized {
        /// The share requested.
        utilization: f64,
    },
    /// A pod that may not be moved.
    BlockedByPod,
    /// Its pods fit nowhere else.
    NoPlaceToMovePods,
    /// It was not looked at: enough others are unneeded.
    NotLookedAt,
    /// It is not needed, but not for long enough.
    Unneeded {
        /// Since when.
        since: Time,
    },
    /// It could go, but for limits on what the cluster has at least.
    MinimumLimits,
    /// It could go; others go first, or scale-down is on hold.
    Removable {
        /// Since when it is not needed.
        since: Time,
    },
    /// It goes.
    Deleted {
        /// Whether its pods are moved.
        drain: bool,
    },
}
