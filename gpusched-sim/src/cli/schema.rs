//! `gpusched schema`.

use super::failure::Outcome;
use super::terminal;
use gpusched_sim::scenario;

/// Prints the JSON Schema of scenario files.
pub(crate) fn print() -> Outcome {
    terminal::print(&format!("{:#}\n", scenario::schema()))
}
