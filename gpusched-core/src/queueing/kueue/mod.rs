//! Kueue: quotas, cohorts, flavors, preemption, fair sharing and topology, with the decisions of
//! the real program.
//!
//! The rules are those of commit `ff69552` (v0.20-dev); [`Gates`] holds the feature gates with the
//! defaults of a release. Order among exact ties, which upstream leaves to hash maps, is by name.
//!
//! [`Objects`] is what a cluster's API server would hold, as plain data; everything else works on
//! dense ids.

pub mod admission_fair_sharing;
mod amount;
mod config;
pub mod cycle;
mod devices;
pub mod diagnose;
pub mod entries;
pub mod flavors;
mod gates;
pub mod ids;
pub mod objects;
pub mod pending;
pub mod preemption;
pub mod quota;
pub mod requests;
pub mod status;
#[cfg(test)]
mod testing;
pub mod topology;
pub mod workload;

pub use amount::Amount;
pub use config::{
    AdmissionFairSharing, Configuration, FairSharing, FairSharingStrategy, PodsReady,
    QuotaCheckStrategy, RequeuingTimestamp, ResourcesConfig, Transformation,
    TransformationStrategy,
};
pub use devices::{CounterSource, DeviceClassMapping, DevicesAtHand, Uncharged, device_charges};
pub use gates::{Gates, UnknownGate};
pub use objects::Objects;
pub use quota::Quota;
