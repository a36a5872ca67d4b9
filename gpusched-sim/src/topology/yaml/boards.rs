//! Boards of a topology file: a known one, or one spelled out.

use super::BoardKind;
use super::schema::{BoardEntry, Nics};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::topology::{BOARDS, Board, BoardPreset, Link, Nic, Path, Switch, board_preset};
use std::sync::Arc;

/// Most network cards of a node.
const MOST_CARDS: u32 = 256;

/// The known board `name` with `gpus` GPUs, or as many as the machine has.
pub(super) fn preset(name: &str, gpus: Option<u32>) -> Result<BoardKind> {
    let preset = known(name)?;
    let gpus = gpus.unwrap_or(u32::from(preset.gpus));
    let board = preset.build(gpus).ok_or_else(|| {
        Diagnostic::new(format!("board {name} with {gpus} GPUs cannot be"))
            .help(format!("it has at most {}", preset.gpus))
    })?;
    Ok((Arc::new(board), Some(preset.most_nvlinks())))
}

fn known(name: &str) -> Result<&'static BoardPreset> {
    board_preset(name).ok_or_else(|| {
        let names = || BOARDS.iter().map(|board| board.name);
        let all: Vec<&str> = names().collect();
        let help = match did_you_mean(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("list it under `boards`; known are: {}", all.join(", ")),
        };
        Diagnostic::new(format!("there is no board `{name}`")).help(help)
    })
}

/// The board an entry describes.
pub(super) fn build(name: &str, entry: &BoardEntry) -> Result<BoardKind> {
    let (board, most) = match &entry.preset {
        Some(known) => {
            if entry.nvlinks.is_some() || entry.paths.is_some() || entry.switch.is_some() {
                return Err(Diagnostic::new(format!(
                    "board {name} is preset {known}, and spelled out too"
                ))
                .help("keep preset with gpus and nics, or leave preset out"));
            }
            let (board, most) = preset(known, entry.gpus)?;
            (Board::clone(&board).named(name), most)
        }
        None => (spelled(name, entry)?, None),
    };
    let board = match &entry.nics {
        Some(nics) => {
            let cards = cards(&board, nics)?;
            board.with_nics(cards)
        }
        None => board,
    };
    Ok((Arc::new(board), entry.most_nvlinks.or(most)))
}

fn spelled(name: &str, entry: &BoardEntry) -> Result<Board> {
    let wrong = |message: String, help: &str| Diagnostic::new(message).help(help);
    let numa = match (&entry.numa, entry.gpus) {
        (Some(numa), Some(gpus)) if numa.len() != gpus as usize => {
            return Err(wrong(
                format!(
                    "board {name} has {gpus} GPUs, and NUMA nodes for {}",
                    numa.len()
                ),
                "give one NUMA node per GPU",
            ));
        }
        (Some(numa), _) => numa.clone(),
        (None, Some(gpus @ 1..=64)) => vec![0; gpus as usize],
        (None, gpus) => {
            return Err(wrong(
                format!("board {name} has {} GPUs", gpus.unwrap_or(0)),
                "give gpus, 1 to 64, or preset",
            ));
        }
    };
    let gpus = numa.len();
    let bandwidths = [
        ("nvlink-gbps", entry.nvlink_gbps),
        ("pcie-gbps", entry.pcie_gbps),
        ("switch", entry.switch.as_ref().map(|switch| switch.gbps)),
    ];
    for (key, value) in bandwidths {
        if value.is_some_and(|value| !(value >= 0.0 && value.is_finite())) {
            return Err(wrong(
                format!("board {name}: {key} cannot be {}", value.unwrap_or(0.0)),
                "give 0 or more GB/s in one direction",
            ));
        }
    }
    let square = |widths: Vec<usize>, what: &str| match widths.len() == gpus
        && widths.iter().all(|width| *width == gpus)
    {
        true => Ok(()),
        false => Err(wrong(
            format!("board {name}: {what} is no table of {gpus} × {gpus}"),
            "write one row per GPU, each with one entry per GPU",
        )),
    };
    if let Some(nvlinks) = &entry.nvlinks {
        square(nvlinks.iter().map(Vec::len).collect(), "nvlinks")?;
    }
    if let Some(paths) = &entry.paths {
        square(paths.iter().map(Vec::len).collect(), "paths")?;
    }
    let mut links = Vec::with_capacity(gpus * gpus);
    for one in 0..gpus {
        for other in 0..gpus {
            links.push(link(name, entry, one, other)?);
        }
    }
    let switch = entry.switch.as_ref().map(|switch| Switch {
        links: switch.links,
        gbps_per_gpu: switch.gbps,
        reduces: switch.reduces,
    });
    Board::new(name, links, numa, switch, Vec::new()).map_err(|error| {
        wrong(
            format!("board {name}: {error} (asymmetric)"),
            "make the tables the same above and below the diagonal",
        )
    })
}

fn link(name: &str, entry: &BoardEntry, one: usize, other: usize) -> Result<Link> {
    if one == other {
        return Ok(Link {
            nvlinks: 0,
            path: Some(Path::Board),
            gbps: 0.0,
        });
    }
    let nvlinks = entry.nvlinks.as_ref().map_or(0, |links| links[one][other]);
    let path = match &entry.paths {
        None => None,
        Some(paths) => {
            let word = &paths[one][other];
            let path = word.parse::<Path>().map_err(|()| {
                Diagnostic::new(format!("board {name}: `{word}` is no path between GPUs"))
                    .help("write PIX, PXB, PHB, NODE or SYS; X on the diagonal")
            })?;
            Some(path)
        }
    };
    let nvlink = f64::from(nvlinks) * entry.nvlink_gbps.unwrap_or(25.0);
    let switched = entry.switch.as_ref().map_or(0.0, |switch| switch.gbps);
    let pcie = path.map_or(0.0, |_| entry.pcie_gbps.unwrap_or(0.0));
    Ok(Link {
        nvlinks,
        path,
        gbps: nvlink.max(switched).max(pcie),
    })
}

fn cards(board: &Board, nics: &Nics) -> Result<Vec<Nic>> {
    if nics.count > MOST_CARDS || !(nics.gbps >= 0.0 && nics.gbps.is_finite()) {
        return Err(Diagnostic::new(format!(
            "board {}: {} network cards of {} GB/s cannot be",
            board.name(),
            nics.count,
            nics.gbps
        ))
        .help("give at most 256 cards, of 0 or more GB/s in one direction"));
    }
    let gpus = board.gpus() as u32;
    let card = |card: u32| {
        let place = (card * gpus / nics.count) as u8;
        Nic {
            gbps: nics.gbps,
            numa: board.numa(usize::from(place)),
            gpu: Some(place).filter(|_| nics.count >= gpus),
        }
    };
    Ok((0..nics.count).map(card).collect())
}
