//! Topology-aware scheduling: known decisions, and properties against slow twins.

mod golden;
mod hand;
mod in_use;
mod twins;
