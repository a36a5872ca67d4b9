//! Placement by topology: hand-computed decisions, each named after its rule, and invariants of all
//! policies on random clusters.

mod hived;
mod kai;
mod locality;
mod properties;
mod rack_pack;
mod slurm_block;
mod slurm_tree;
mod tas;
mod virtual_clusters;
mod volcano;
mod world;
