//! Topology-aware scheduling within Kueue: which workloads are where, and places for those that
//! have flavors. Where pods fit is decided in [`placement::tas`](crate::placement::tas).
//!
//! | file | what |
//! |---|---|
//! | `topologies` | who is where |
//! | `asks` | which pod sets need a place, and what they ask for |
//! | `place` | places for an assignment, now or after victims have left |

mod asks;
mod place;
mod topologies;

pub use place::{Placer, on_failed_node, options};
pub use topologies::{Place, Places, Room, Topologies};
