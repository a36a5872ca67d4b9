//! Kueue on virtual time: replays of workloads against the queues and quotas of a cluster.

pub mod replay;
