//! The bare loop on counts in Rust: what is left when nothing but the starts is asked for.

use super::work::Work;
use super::{Outcome, Run, Setup};
use crate::speed::bare_easy::starts;
use crate::speed::least_core_seconds;
use gpusched_sim::diagnostic::Diagnostic;

pub(super) fn run(work: &Work, setup: &Setup) -> Result<Outcome, Box<Diagnostic>> {
    let replay = |()| starts(&work.jobs, work.procs, work.case.discipline());
    let (seconds, starts) = least_core_seconds(setup.runs, || (), replay);
    Ok(Outcome::Ran(Run {
        version: "bare loop in Rust".into(),
        seconds,
        starts: starts.into_iter().map(Some).collect(),
    }))
}
