//! Topology-aware scheduling within Kueue: which workloads are where, and places for those that
//! have flavors. Where pods fit is decided in [`placement::tas`](crate::placement::tas).

mod place;
mod topologies;

pub use place::{Placer, on_failed_node, options};
pub use topologies::{Place, Places, Room, Topologies};
