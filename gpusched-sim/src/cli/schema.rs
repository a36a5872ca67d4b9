//! `gpusched schema`.

use super::args::{SchemaArg, SchemaArgs};
use super::failure::Outcome;
use super::terminal;
use gpusched_sim::{experiment, scenario};

/// Prints the JSON Schema of scenario or experiment files.
pub(crate) fn print(args: &SchemaArgs) -> Outcome {
    let schema = match args.what {
        None | Some(SchemaArg::Scenario) => scenario::schema(),
        Some(SchemaArg::Experiment) => experiment::schema(),
    };
    terminal::print(&format!("{schema:#}\n"))
}
