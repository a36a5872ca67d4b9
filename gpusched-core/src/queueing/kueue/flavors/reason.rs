//! Why a flavor was not, or could not yet, be assigned.

use super::super::Amount;
use super::super::ids::{FlavorId, ResourceId};

/// Why quota is not reserved, in the words of the `QuotaReserved` condition; the more severe the
/// greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoFitReason {
    /// There is quota, but no place in the topology.
    TopologyPlacementFailed,
    /// Others use the quota.
    WaitingForQuota,
    /// It asks for more than the ClusterQueue could ever get.
    ExceedsMaxQuota,
    /// No flavor suits its pods.
    NoMatchingFlavor,
}

impl NoFitReason {
    /// Upstream's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            NoFitReason::TopologyPlacementFailed => "TopologyPlacementFailed",
            NoFitReason::WaitingForQuota => "WaitingForQuota",
            NoFitReason::ExceedsMaxQuota => "ExceedsMaxQuota",
            NoFitReason::NoMatchingFlavor => "NoMatchingFlavor",
        }
    }
}

/// One finding of the search for flavors, on ids: nothing is spelt out until somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The ClusterQueue has no quota for a requested resource.
    Undeclared {
        /// The resource.
        resource: ResourceId,
    },
    /// An assignment that is computed anew keeps to the flavors of the first.
    NotNominated {
        /// The flavor passed over.
        flavor: FlavorId,
        /// The resource it was tried for.
        resource: ResourceId,
    },
    /// Another variant of the workload is for this flavor.
    OtherVariant {
        /// The flavor passed over.
        flavor: FlavorId,
    },
    /// There is no such ResourceFlavor.
    FlavorNotFound {
        /// Its name.
        flavor: FlavorId,
    },
    /// The pods need a topology and the flavor has none.
    NoTopology {
        /// The flavor.
        flavor: FlavorId,
    },
    /// The flavor's Topology object is missing.
    TopologyNotFound {
        /// The flavor.
        flavor: FlavorId,
    },
    /// Its topology does not have the level that was asked for.
    NoSuchLevel {
        /// The flavor.
        flavor: FlavorId,
    },
    /// The flavor has a topology and the pods do not ask for one.
    TopologyOnly {
        /// The flavor.
        flavor: FlavorId,
    },
    /// The pods may not run there: taints, selectors or affinity.
    Mismatch {
        /// The flavor.
        flavor: FlavorId,
        /// Whose pods.
        pod_set: u16,
    },
    /// An elastic workload keeps the flavors of the slice it replaces.
    OtherSlice {
        /// The flavor passed over.
        flavor: FlavorId,
        /// That of the slice; `None` = it has none for the resource.
        original: Option<FlavorId>,
    },
    /// More than there could ever be.
    AboveMaximum {
        /// The flavor.
        flavor: FlavorId,
        /// The resource.
        resource: ResourceId,
        /// Assumed for earlier pod sets.
        assumed: Amount,
        /// Asked for.
        request: Amount,
        /// The most there could be.
        maximum: Amount,
    },
    /// More than there is now.
    InsufficientUnused {
        /// The flavor.
        flavor: FlavorId,
        /// The resource.
        resource: ResourceId,
        /// What is missing.
        missing: Amount,
    },
    /// No place in the topology, in the words of the placement.
    Topology(String),
}

/// Why a pod set cannot be placed in a topology at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopologyError {
    /// The ClusterQueue has no flavor with a topology.
    NoInformation,
    /// None of the assigned flavors has a topology.
    NoFlavor,
    /// Several assigned flavors have one.
    ManyFlavors(Vec<FlavorId>),
    /// An elastic workload may not ask for one domain.
    ElasticRequired,
    /// Nor for one if possible.
    ElasticPreferred,
}
