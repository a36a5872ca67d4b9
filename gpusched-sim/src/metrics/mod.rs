//! What a run was worth: per-job facts, a series over time, and the summary.

pub mod quantiles;
mod series;
mod summary;
mod waits;

pub use quantiles::Distribution;
pub use series::{Sample, Sampler};
pub use summary::{
    Estimates, GroupSummary, InputDigest, JobCounts, ModelValue, ReasonShare, SampledMeans,
    Summary, Utilisation, Window,
};
pub use waits::{WaitInterval, WaitLog};
