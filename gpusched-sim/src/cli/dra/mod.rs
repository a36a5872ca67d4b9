//! `gpusched dra`: devices, claims, and who gets which.

mod allocate;
mod answer;
mod publish;

use super::args::{DraVerb, DraVerbArgs};
use super::failure::Outcome;

/// Runs the verb.
pub(crate) fn dra(args: DraVerbArgs) -> Outcome {
    match args.verb {
        DraVerb::Allocate(args) => allocate::allocate(&args),
        DraVerb::Publish(args) => publish::publish(&args),
    }
}
