//! Nodes, what is free on them, and how to find one fast.
//!
//! [`Inventory`] says what exists and never changes. [`Cluster`] adds what is free: it is the one
//! mutable state of a replay. Three rules make it fast and safe:
//!
//! * every change is checked, and inside a transaction logged, so that trying a gang or a
//!   what-if is *do, then roll back*, never a copy;
//! * every change also appends the node to a change log; indexes and score caches keep a cursor
//!   into it and look again only at nodes that changed since they were last asked;
//! * GPUs that MIG cuts stand beside the devices, in a table of their own: a cluster without them pays
//!   one comparison;
//! * requests are compiled once per cluster ([`Ask`]), so that a fit is a few integer compares.

mod ask;
mod bits;
pub(crate) mod cells;
mod changes;
mod fit;
mod hold;
mod index;
mod instances;
mod inventory;
mod linked;
mod mig;
mod state;
mod view;
mod virtual_clusters;

pub use ask::Ask;
pub use bits::NodeSet;
pub use changes::Changes;
pub use inventory::{Inventory, InventoryError, Node};
pub use mig::{MigMode, Setup};
pub use state::{CapacityError, Cluster, Mark, Spot};
pub use view::NodeView;
pub use virtual_clusters::{Quota, QuotaError, VirtualCluster, VirtualClusters};
