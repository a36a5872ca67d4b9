//! `gpusched kueue`: what manifests of Kueue say.

mod admit;
mod answer;
mod change;
mod explain;
mod lint;
mod tree;
mod wait;

use super::args::{KueueVerb, KueueVerbArgs};
use super::failure::{Failure, Outcome};
use super::terminal;
use gpusched_sim::manifest::{Manifests, Severity};
use std::path::Path;

/// Runs the verb.
pub(crate) fn kueue(args: KueueVerbArgs) -> Outcome {
    match args.verb {
        KueueVerb::Explain(args) => explain::explain(&args),
        KueueVerb::Admit(args) => admit::admit(&args),
        KueueVerb::Wait(args) => wait::wait(&args),
        KueueVerb::Lint(args) => lint::lint(&args),
    }
}

/// Reads manifests that must be right; warnings are shown, errors end the verb.
pub(crate) fn read(path: &Path) -> Outcome<Manifests> {
    let manifests = Manifests::read(path)?;
    for problem in manifests.problems() {
        terminal::report(word(problem.severity), &problem.diagnostic);
    }
    match manifests.is_sound() {
        true => Ok(manifests),
        false => Err(Failure::Told(2)),
    }
}

/// What a severity is called.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
