//! `gpusched topo score`.

use super::Subject;
use crate::cli::args::TopoScoreArgs;
use crate::cli::failure::Outcome;
use crate::cli::terminal;
use gpusched_core::ids::NodeId;
use gpusched_core::topology::{Board, LevelId, Topology};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_sim::topology::hostlist::expand;

pub(super) fn score(args: &TopoScoreArgs) -> Outcome {
    let subject = Subject::read(&args.input.what, args.input.cluster.as_deref())?;
    let text = match (&subject, &args.nodes) {
        (Subject::Board(board), None) => gpus(board, &args.gpus)?,
        (Subject::Wired(names, topology), Some(list)) => nodes(names, topology, list)?,
        (Subject::Board(_), Some(_)) => {
            return Err(Diagnostic::new("a board has no nodes")
                .in_file("--nodes")
                .help("give GPUs of it with `--gpus 0,1`")
                .into());
        }
        (Subject::Wired(..), None) => {
            return Err(Diagnostic::new("which nodes are meant is not said")
                .in_file("--nodes")
                .help("give nodes of the topology with `--nodes n0,n1`; `--gpus` is for boards")
                .into());
        }
    };
    terminal::print_text(&text)
}

/// Pair scores and the set score; of all GPUs where none are named.
fn gpus(board: &Board, named: &[usize]) -> Result<String> {
    let mut set: Vec<usize> = match named.is_empty() {
        true => (0..board.gpus()).collect(),
        false => named.to_vec(),
    };
    set.sort_unstable();
    set.dedup();
    if let Some(wrong) = set.iter().find(|gpu| **gpu >= board.gpus()) {
        return Err(
            Diagnostic::new(format!("{} has no GPU {wrong}", board.name()))
                .in_file("--gpus")
                .help(format!("its GPUs are 0 to {}", board.gpus() - 1)),
        );
    }
    let mut text = format!("{:<7}", "");
    for gpu in &set {
        text += &format!("{:<7}", format!("GPU{gpu}"));
    }
    text.push('\n');
    for one in &set {
        text += &format!("{:<7}", format!("GPU{one}"));
        for other in &set {
            let cell = match one == other {
                true => "-".to_owned(),
                false => board.link(*one, *other).score().to_string(),
            };
            text += &format!("{cell:<7}");
        }
        text.push('\n');
    }
    let pairs = set
        .iter()
        .flat_map(|one| set.iter().map(move |other| (*one, *other)));
    let pairs = pairs.filter(|(one, other)| one < other);
    let slowest = pairs
        .map(|(one, other)| board.link(one, other).gbps)
        .fold(f64::INFINITY, f64::min);
    text += &format!("\nset score {}", board.set_score(&set));
    if slowest.is_finite() && slowest > 0.0 {
        text += &format!(", slowest pair {slowest} GB/s");
    }
    Ok(text + "\n")
}

/// Where nodes meet: the nearest level that holds them all, and each pair's.
fn nodes(names: &[String], topology: &Topology, list: &str) -> Result<String> {
    let fabric = topology.fabric();
    let wanted = expand(list).map_err(|problem| {
        Diagnostic::new(problem)
            .in_file("--nodes")
            .help("write names such as n[0-3],n7")
    })?;
    let mut ranks = Vec::new();
    for name in &wanted {
        let rank = names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| {
                let near = did_you_mean(name, names.iter().map(String::as_str));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`gpusched topo show` shows the nodes".to_owned(),
                };
                Diagnostic::new(format!("there is no node `{name}`"))
                    .in_file("--nodes")
                    .help(help)
            })?;
        ranks.push(NodeId::from(rank));
    }
    let word = |level: Option<LevelId>| match level {
        None => "above the top level".to_owned(),
        Some(level) => {
            let level = &fabric.levels()[usize::from(level.0)];
            format!("{} ({})", level.scope.name(), level.name)
        }
    };
    let mut meeting: Option<Option<LevelId>> = None;
    let mut text = String::new();
    for (place, one) in ranks.iter().enumerate() {
        for other in &ranks[place + 1..] {
            let level = fabric.meets(*one, *other);
            // A smaller number is farther; `None` is the farthest.
            meeting = Some(meeting.map_or(level, |far| far.min(level)));
            if ranks.len() <= 8 {
                let (one, other) = (&names[one.index()], &names[other.index()]);
                text += &format!("{one} – {other}: {}\n", word(level));
            }
        }
    }
    text += &match meeting {
        None => "one node\n".to_owned(),
        Some(level) => format!("all meet at: {}\n", word(level)),
    };
    Ok(text)
}
