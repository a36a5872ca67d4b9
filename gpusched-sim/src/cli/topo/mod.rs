//! `gpusched topo`: boards and fabrics.

mod export;
mod lint;
mod score;
mod show;

use super::args::TopoVerb;
use super::failure::Outcome;
use gpusched_core::topology::graph::{TopoGraph, unfold};
use gpusched_core::topology::{BOARDS, Board, Fabric, Topology, board_preset};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_sim::topology::source::{Form, text_of};
use gpusched_sim::topology::{Source, smi, source, yaml};
use gpusched_sim::trace::ReadOptions;
use gpusched_sim::trace::build::load_inventory;
use std::sync::Arc;

/// Runs the verb.
pub(crate) fn topo(verb: TopoVerb) -> Outcome {
    match verb {
        TopoVerb::Show(args) => show::show(&args),
        TopoVerb::Lint(args) => lint::lint(&args),
        TopoVerb::Score(args) => score::score(&args),
        TopoVerb::Export(args) => export::export(&args),
    }
}

/// What a verb looks at.
enum Subject {
    Board(Box<Board>),
    Wired(Vec<String>, Arc<Topology>),
}

impl Subject {
    /// Reads `what`, with the machines of `cluster` where that is given.
    fn read(what: &str, cluster: Option<&str>) -> Result<Subject> {
        if let Some(file) = what.strip_prefix("smi:") {
            let name = if file == "-" { "<stdin>" } else { file };
            return Ok(Subject::Board(Box::new(smi::parse(name, &text_of(file)?)?)));
        }
        if let Some(preset) = board_preset(what) {
            let board = preset.build(u32::from(preset.gpus));
            let board = board.ok_or_else(|| Diagnostic::new(format!("{what} cannot be built")))?;
            return Ok(Subject::Board(Box::new(board)));
        }
        let source = parse(what)?;
        if let Some(cluster) = cluster {
            let (inventory, _) = load_inventory(cluster, &ReadOptions::default())?;
            let (inventory, _) = source.apply(inventory)?;
            let names = inventory.nodes().iter().map(|node| node.name.clone());
            let names = names.collect();
            let wired = inventory.topology().cloned();
            let wired = wired.ok_or_else(|| Diagnostic::new("nothing is known of the wiring"))?;
            return Ok(Subject::Wired(names, wired));
        }
        match source {
            Source::Preset(_) => Err(Diagnostic::new("a preset needs to know the machines")
                .in_file(what)
                .help("give them with `--cluster`, such as `--cluster 64x8:H100-SXM5-80GB`")),
            Source::File(form, file) => {
                let (places, _) = source::read(form, &file)?;
                let names = places.places.iter().map(|place| place.name.clone());
                Ok(Subject::Wired(names.collect(), Arc::new(places.alone()?)))
            }
        }
    }

    /// The graph of it. A file of our own is the graph its author wrote.
    fn graph(what: &str, cluster: Option<&str>) -> Result<TopoGraph> {
        if let (None, Ok(Source::File(Form::Yaml, file))) = (cluster, parse(what))
            && board_preset(what).is_none()
        {
            let authored = yaml::parse(&file, &text_of(&file)?)?;
            authored.places()?;
            return Ok(authored.graph().clone());
        }
        Ok(match Subject::read(what, cluster)? {
            Subject::Wired(names, topology) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                unfold(&topology, &names)
            }
            Subject::Board(board) => {
                let name = board.name().to_owned();
                let topology =
                    Topology::new(Fabric::flat(1), vec![Arc::new(*board)], vec![Some(0)]);
                unfold(&topology, &[&name])
            }
        })
    }
}

/// What is no board is a topology; a slip in the name of a board is said as such.
fn parse(what: &str) -> Result<Source> {
    let like_a_board = !what.contains([':', '/', '.', ',']) && !std::path::Path::new(what).exists();
    if like_a_board {
        let names = || BOARDS.iter().map(|board| board.name);
        let help = match did_you_mean(what, names()) {
            Some(near) => format!("did you mean `{near}`? `gpusched topo show` lists them"),
            None => "`gpusched topo show` lists boards and fabrics; files end in .yaml, or are \
                     named slurm:FILE, lingjun:FILE, nodes:PATH"
                .to_owned(),
        };
        let problem = Diagnostic::new(format!("there is no board and no file `{what}`"));
        return Err(problem.help(help));
    }
    Source::parse(what)
}
