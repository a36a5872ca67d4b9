//! Placement: on which node and device(s) a pod runs.
//!
//! A policy is one file. Most only say where one pod goes ([`Placement::choose`]) or, shorter
//! still, how good a node is for it ([`NodeScore`], which [`Scored`] turns into a policy that asks
//! again only about nodes that changed). Policies that must see a gang as a whole override
//! [`Placement::place`]. [`registry`] is the one table of names.
//!
//! [`tas`] is another kind of placement: not a policy for nodes and devices, but topology-aware
//! scheduling, which gives the pods of a workload their nodes at admission.
//!
//! A policy proposes; [`Trial::take`] checks every proposal against the cluster. Ties go to the
//! node of lowest rank.

mod best_fit;
mod consolidate;
pub mod device;
mod dot_product;
pub mod dra;
mod explanation;
mod fgd;
mod first_fit;
pub mod fragmentation;
mod gpu_clustering;
mod gpu_packing;
pub mod hived;
mod kinds;
pub mod kube_scheduler;
pub mod levels;
pub mod mig;
mod pal;
pub mod power;
mod pwr;
mod random;
pub mod registry;
mod scored;
pub mod tas;
mod trial;
mod typical;
mod with_devices;
mod with_locality;
mod with_mig;
mod worst_fit;

pub use best_fit::BestFit;
pub use consolidate::Consolidate;
pub use dot_product::DotProduct;
pub use explanation::{Explanation, Look};
pub use fgd::Fgd;
pub use first_fit::FirstFit;
pub use gpu_clustering::GpuClustering;
pub use gpu_packing::GpuPacking;
pub use kinds::Kinds;
pub use pal::Pal;
pub use pwr::Pwr;
pub use random::Random;
pub use scored::{Finals, NodeScore, Normalise, Score, Scored};
pub use trial::{Pod, Trial, View};
pub use typical::{TypicalConfig, TypicalPod, TypicalPods};
pub use with_devices::WithDevices;
pub use with_locality::WithLocality;
pub use with_mig::WithMig;
pub use worst_fit::WorstFit;

use crate::cluster::Spot;
use crate::ids::JobId;
use crate::queueing::Reason;
use crate::workload::Spec;

/// The methods of a [`Placement`] that follow what becomes of jobs, passed on to the policy inside.
macro_rules! follows {
    ($inner:ident) => {
        fn may_evict(&self) -> bool {
            self.$inner.may_evict()
        }

        fn kinds(&self) -> Option<&$crate::placement::Kinds> {
            self.$inner.kinds()
        }

        fn started(
            &mut self,
            job: $crate::ids::JobId,
            spec: &$crate::workload::Spec,
            spots: &[$crate::cluster::Spot],
        ) {
            self.$inner.started(job, spec, spots);
        }

        fn ended(&mut self, job: $crate::ids::JobId) {
            self.$inner.ended(job);
        }

        fn openings(&self) -> u64 {
            self.$inner.openings()
        }

        fn refusal(&self, job: $crate::ids::JobId) -> Option<$crate::queueing::Reason> {
            self.$inner.refusal(job)
        }
    };
}
use follows;

/// Chooses nodes and devices.
pub trait Placement: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// The place for one pod, or `None` when no node will do.
    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot>;

    /// Places all pods of a job, or says `false`; whatever was taken is then rolled back. By
    /// default one pod after the other.
    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        trial.one_by_one(|view, pod| self.choose(view, pod))
    }

    /// Whether the policy itself keeps to what jobs ask of [`Locality`](crate::workload::Locality).
    /// The others do so under [`WithLocality`].
    fn honours_locality(&self) -> bool {
        false
    }

    /// Whether it may refuse a job that fits, whatever is free: replays then ask it about the empty
    /// cluster first, and count what it refuses there as rejected.
    fn may_refuse(&self) -> bool {
        false
    }

    /// Whether it may evict running jobs to make room ([`Trial::evict`]).
    fn may_evict(&self) -> bool {
        false
    }

    /// Which jobs it treats alike; `None` = those of one specification.
    fn kinds(&self) -> Option<&Kinds> {
        None
    }

    /// The job placed last has started. A job that was placed may also never start.
    fn started(&mut self, _job: JobId, _spec: &Spec, _spots: &[Spot]) {}

    /// The job has given back what it held. Of jobs the policy evicts itself it is not told.
    fn ended(&mut self, _job: JobId) {}

    /// Counts what made room for jobs besides releases of the cluster.
    fn openings(&self) -> u64 {
        0
    }

    /// Why the job was refused, where the policy knows better than the cluster. It remembers the last
    /// refusal only.
    fn refusal(&self, _job: JobId) -> Option<Reason> {
        None
    }

    /// How the last job came to its places, or why it got none, if the policy keeps a record.
    fn explanation(&self) -> Option<&Explanation> {
        None
    }
}
