//! `gpusched topo show`.

use super::Subject;
use crate::cli::args::TopoShowArgs;
use crate::cli::failure::Outcome;
use crate::cli::terminal;
use gpusched_core::topology::{BOARDS, FABRICS};
use gpusched_sim::topology::picture;

/// Lines of a tree that are shown unless all are wanted.
const MOST_LINES: usize = 40;

pub(super) fn show(args: &TopoShowArgs) -> Outcome {
    let Some(what) = &args.what else {
        return terminal::print(&known());
    };
    let text = match Subject::read(what, args.cluster.as_deref())? {
        Subject::Board(board) => {
            format!(
                "{}\n\n{}",
                picture::board_line(&board),
                picture::matrix(&board)
            )
        }
        Subject::Wired(names, topology) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let most = if args.all { usize::MAX } else { MOST_LINES };
            picture::tree(&topology, &names, most)
        }
    };
    terminal::print_text(&text)
}

fn known() -> String {
    let mut text = String::from("Boards\n");
    for board in BOARDS {
        let models = match board.models {
            [] => "-".to_owned(),
            models => models.join(", "),
        };
        text += &format!(
            "  {:<16}{:>3} GPUs  {models}  ({})\n",
            board.name, board.gpus, board.source
        );
    }
    text += "\nFabrics (`preset:NAME[,nodes-per-leaf=N][,leaves-per-spine=N][,nodes-per-domain=N]\
             [,rails=N][,oversubscription=LEAF[:SPINE[:CORE]]]`)\n";
    for fabric in FABRICS {
        text += &format!("  {:<16}{}\n", fabric.name, fabric.summary);
    }
    text
}
