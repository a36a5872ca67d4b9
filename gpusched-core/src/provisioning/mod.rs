//! Provisioning: which machines take jobs, and when.

mod billing;
pub mod catalog;
pub mod cluster_autoscaler;
pub mod controlled;
pub mod controller;
mod draw;
mod fleet;
pub mod karpenter;
pub mod oracle;
mod price;
mod reactive;
pub mod registry;
pub mod spot;
mod static_plan;

pub use billing::Billing;
pub use fleet::{Bought, Ending, Fleet, Lifetime, Phase, planned};
pub use price::{Money, Price};
pub use reactive::{Reactive, ReactiveOptions};
pub use static_plan::Static;

use crate::cluster::Cluster;
use crate::ids::{JobId, NodeId};
use crate::performance::Residence;
use crate::units::{Span, Time};
use crate::workload::Workload;

/// What changes about the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The node takes pods from now on.
    Open(NodeId),
    /// The node is a spot machine, and takes pods that may be on one from now on.
    OpenToSpot(NodeId),
    /// The node takes no more pods; what runs on it runs on.
    Close(NodeId),
    /// The job has to leave all its nodes, and waits again.
    Evict {
        /// The job.
        job: JobId,
        /// How long it has known that it would have to.
        warned: Span,
    },
}

/// What a provisioning policy sees when it decides.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The instant.
    pub now: Time,
    /// All jobs.
    pub work: &'a Workload,
    /// The cluster. A policy may try things out on it, and leaves it as it was.
    pub cluster: &'a mut Cluster,
}

/// Decides which machines exist.
pub trait Provisioning: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// The next instant at which it wants to be asked.
    fn wake(&self) -> Option<Time>;

    /// Appends what changes now to `changes`.
    fn decide(&mut self, stage: &mut Stage<'_>, changes: &mut Vec<Change>);

    /// Whether it wants to be told of jobs.
    fn follows_jobs(&self) -> bool {
        false
    }

    /// A job waits: it has arrived, or it was evicted.
    fn waits(&mut self, _work: &Workload, _job: JobId, _now: Time) {}

    /// A job has started.
    fn started(&mut self, _at: Residence<'_>, _now: Time) {}

    /// A job has ended, or was evicted; if so, [`Provisioning::waits`] follows.
    fn ended(&mut self, _at: Residence<'_>, _now: Time) {}

    /// All machines there have been, for a policy that launches them; `None` = those of the
    /// inventory ([`planned`]).
    fn lifetimes(&self) -> Option<&[Lifetime]> {
        None
    }

    /// A block of places for machines that is full while another machine is wanted: what is
    /// decided from here on would be wrong. The replay ends, to be made again with more places.
    fn full(&self) -> Option<usize> {
        None
    }
}
