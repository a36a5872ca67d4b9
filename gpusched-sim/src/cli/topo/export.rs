//! `gpusched topo export`.

use super::Subject;
use crate::cli::args::{DrawingArg, TopoExportArgs};
use crate::cli::failure::Outcome;
use crate::cli::terminal;
use gpusched_sim::topology::drawing;

pub(super) fn export(args: &TopoExportArgs) -> Outcome {
    let graph = Subject::graph(&args.input.what, args.input.cluster.as_deref())?;
    match args.form {
        DrawingArg::Dot => terminal::print_text(&drawing::dot(&graph)),
        DrawingArg::Json => terminal::print(&format!("{:#}\n", drawing::json(&graph))),
    }
}
