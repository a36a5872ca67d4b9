//! `gpusched provision`: which nodes there should be.

mod deadline;
mod json;
mod table;
mod what_if;

use super::args::{ProvisionVerb, ProvisionVerbArgs};
use super::failure::Outcome;

/// Runs the verb.
pub(crate) fn provision(args: &ProvisionVerbArgs) -> Outcome {
    match &args.verb {
        ProvisionVerb::Deadline(args) => deadline::run(args),
        ProvisionVerb::WhatIf(args) => what_if::what_if(args),
    }
}
