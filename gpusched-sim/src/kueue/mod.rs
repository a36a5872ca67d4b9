//! Kueue on virtual time: replays of workloads against the queues and quotas of a cluster.
//!
//! | module | what |
//! |---|---|
//! | [`replay`](mod@replay) | workloads in, what became of them out |
//! | [`queue_map`] | which LocalQueue the jobs of a trace go to |
//! | [`jobs`] | jobs of a trace as Workloads |
//! | [`wait`] | how long a job will wait, from sampled futures |
//! | [`summary`], [`table`], [`csv`] | results for programs and for people |

pub mod csv;
pub mod jobs;
pub mod queue_map;
pub mod replay;
pub mod summary;
pub mod table;
pub mod wait;
