//! Performance: how fast a job runs where it was put.

pub mod sharing;

use crate::cluster::Spot;
use crate::ids::JobId;
use crate::units::Span;
use crate::workload::Workload;

/// Tells how long a job runs in a given place.
pub trait Performance: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> String;

    /// The run time of `job` at `spots`, one place per pod.
    fn run_time(&mut self, work: &Workload, job: JobId, spots: &[Spot]) -> Span;
}

/// `ideal`: every place is as good as the one the trace was recorded on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ideal;

impl Performance for Ideal {
    fn name(&self) -> String {
        "ideal".into()
    }

    #[inline]
    fn run_time(&mut self, work: &Workload, job: JobId, _spots: &[Spot]) -> Span {
        work.job(job).run
    }
}
