//! gpusched itself: the engine with its policies, records and summary.

use super::work::{Case, Work};
use super::{Outcome, Run, Setup};
use crate::speed::least_core_seconds;
use crate::speed::replay::{pool, queueing};
use gpusched_core::ids::JobId;
use gpusched_sim::diagnostic::Diagnostic;

pub(super) fn run(work: &Work, setup: &Setup) -> Result<Outcome, Box<Diagnostic>> {
    let (workload, machines) = pool(&work.jobs, work.procs);
    let policy = match work.case {
        Case::Fifo | Case::Station => "fifo",
        Case::Easy => "easy",
    };
    let replay = |()| queueing(&workload, &machines, policy);
    let (seconds, result) = least_core_seconds(setup.runs, || (), replay);
    let starts = (0..work.jobs.len() as u32).map(|job| result.records.start(JobId(job)));
    Ok(Outcome::Ran(Run {
        version: format!("gpusched {}", env!("CARGO_PKG_VERSION")),
        seconds,
        starts: starts.map(|start| start.map(|at| at.0)).collect(),
    }))
}
