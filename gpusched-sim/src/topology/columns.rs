//! The topology a node list gives: `zone`, `block`, `rack`, `nvlink_domain`, labels, network cards
//! and NVLink bandwidth, and else what is known of the GPU model.
//!
//! A level is there when some row names it, in its column or in a well-known label. A row that
//! names some levels and not others is in a domain of its own at those: nobody is known to share
//! it. A row that names none stands outside the tree.

use super::labels;
use super::places::assemble;
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::row::NodeRow;
use gpusched_core::topology::{
    Board, Fabric, Level, Link, Nic, Scope, Switch, Topology, board_for_model,
};
use std::sync::Arc;

/// The levels a node list can name, far to near.
const SCOPES: [Scope; 4] = [Scope::Zone, Scope::Block, Scope::Rack, Scope::Nvlink];

/// What the rows read so far say.
#[derive(Default)]
pub(crate) struct Columns {
    /// By node and level: the name, empty = none.
    names: Vec<[String; 4]>,
    nodes: Vec<String>,
    kinds: Vec<(Kind, Option<Arc<Board>>)>,
    kind_of: Vec<usize>,
}

/// All of a row that its board depends on.
#[derive(Clone, PartialEq)]
struct Kind {
    model: String,
    gpus: u32,
    nvlink_gbps: f32,
    nic_count: u32,
    nic_gbps: f32,
}

impl Columns {
    /// Takes a row in.
    ///
    /// # Errors
    /// When a column and a label disagree, or bandwidth is given that cannot be.
    pub(crate) fn push(&mut self, row: &NodeRow, file: &str) -> Result<()> {
        let wrong = |message: String, help: &str| {
            Err(Diagnostic::new(message).at(file, row.line, 0).help(help))
        };
        let mut names = [&row.zone, &row.block, &row.rack, &row.nvlink_domain].map(String::clone);
        for (key, value) in pairs(&row.labels) {
            let Some(scope) = labels::scope_of(key) else {
                continue;
            };
            let Some(level) = SCOPES.iter().position(|known| *known == scope) else {
                continue;
            };
            if names[level].is_empty() {
                names[level] = value.to_owned();
            } else if names[level] != value {
                return wrong(
                    format!(
                        "node {} is in {} {}, and its label {key} says {value}",
                        row.node,
                        scope.name(),
                        names[level]
                    ),
                    "leave one of the two out, or make them agree",
                );
            }
        }
        for (name, value) in [("nvlink_gbps", row.nvlink_gbps), ("nic_gbps", row.nic_gbps)] {
            if !(value >= 0.0 && value.is_finite()) {
                return wrong(
                    format!("node {}: {name} of {value} cannot be", row.node),
                    "give 0 or more: GB/s per GPU for NVLink, Gb/s per card for NICs",
                );
            }
        }
        if row.nic_count > 256 {
            return wrong(
                format!("node {} has {} network cards", row.node, row.nic_count),
                "a node has at most 256",
            );
        }
        self.names.push(names);
        self.nodes.push(row.node.clone());
        let kind = Kind {
            model: row.gpu_model.clone(),
            gpus: row.gpu,
            nvlink_gbps: row.nvlink_gbps,
            nic_count: row.nic_count,
            nic_gbps: row.nic_gbps,
        };
        let known = self.kinds.iter().rposition(|(other, _)| *other == kind);
        self.kind_of.push(known.unwrap_or_else(|| {
            let board = kind.board().map(Arc::new);
            self.kinds.push((kind, board));
            self.kinds.len() - 1
        }));
        Ok(())
    }

    /// The topology of all rows; `None` = nothing is known.
    pub(crate) fn finish(self) -> Option<Topology> {
        let used: Vec<usize> = (0..SCOPES.len())
            .filter(|level| self.names.iter().any(|names| !names[*level].is_empty()))
            .collect();
        let fabric = match used.is_empty() {
            true => Fabric::flat(self.nodes.len()),
            false => {
                let levels = used.iter().map(|&level| plain(SCOPES[level])).collect();
                let paths = self.names.iter().zip(&self.nodes).map(|(names, node)| {
                    let named = used.iter().any(|&level| !names[level].is_empty());
                    let name = |&level: &usize| match names[level].is_empty() {
                        true => node.clone(),
                        false => names[level].clone(),
                    };
                    named.then(|| used.iter().map(name).collect())
                });
                let paths: Vec<Option<Vec<String>>> = paths.collect();
                Fabric::new(levels, &paths).expect("levels far to near, a name at each")
            }
        };
        let known = self.kinds.iter().any(|(_, board)| board.is_some());
        if fabric.levels().is_empty() && !known {
            return None;
        }
        let boards = self.kind_of.iter().map(|&kind| self.kinds[kind].1.clone());
        Some(assemble(fabric, boards))
    }
}

/// A level of which only the name is known.
fn plain(scope: Scope) -> Level {
    Level {
        name: scope.name().to_owned(),
        scope,
        oversubscription: 1.0,
        latency_ns: 0.0,
    }
}

/// The labels of a row: `k=v;k=v`.
fn pairs(labels: &str) -> impl Iterator<Item = (&str, &str)> {
    labels
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
}

impl Kind {
    /// The board of the GPU model, with what the row says instead.
    fn board(&self) -> Option<Board> {
        if self.gpus == 0 || self.gpus > 64 {
            return None;
        }
        let known = board_for_model(&self.model, self.gpus);
        let linked = match self.nvlink_gbps > 0.0 {
            true => Some(linked(known, self.gpus, f64::from(self.nvlink_gbps))),
            false => known,
        };
        if self.nic_count == 0 {
            return linked;
        }
        let board = linked.unwrap_or_else(|| unknown(self.gpus, None));
        let nics = cards(&board, self.nic_count, f64::from(self.nic_gbps) / 8.0);
        Some(board.with_nics(nics))
    }
}

/// The board with this NVLink bandwidth per GPU: its switch, or its links in proportion. One that
/// nothing is known of gets a switch.
fn linked(board: Option<Board>, gpus: u32, gbps: f64) -> Board {
    let Some(board) = board else {
        return unknown(gpus, Some(gbps));
    };
    let devices = 0..board.gpus();
    let all = || {
        devices
            .clone()
            .flat_map(|one| devices.clone().map(move |other| (one, other)))
    };
    let direct = |gpu: usize| -> f64 {
        let links = devices.clone().filter(|other| *other != gpu);
        let links = links.map(|other| board.link(gpu, other));
        links
            .filter(|link| link.nvlinks > 0)
            .map(|link| link.gbps)
            .sum()
    };
    let most = devices.clone().map(direct).fold(0.0, f64::max);
    let switch = match (board.switch(), most > 0.0) {
        (Some(switch), _) => Some(Switch {
            gbps_per_gpu: gbps,
            ..switch
        }),
        (None, true) => None,
        (None, false) => Some(Switch {
            links: 0,
            gbps_per_gpu: gbps,
            reduces: false,
        }),
    };
    let links = all().map(|(one, other)| {
        let link = board.link(one, other);
        let gbps = match (switch, link.nvlinks) {
            (Some(_), _) if one != other => gbps,
            (None, 1..) => link.gbps * gbps / most,
            _ => link.gbps,
        };
        Link { gbps, ..link }
    });
    let numa = devices.clone().map(|gpu| board.numa(gpu)).collect();
    let nics = board.nics().to_vec();
    let rebuilt = Board::new(board.name(), links.collect(), numa, switch, nics);
    // The same sizes, and symmetric as before.
    rebuilt.unwrap_or(board)
}

/// GPUs whose wiring nobody said: two sockets, and a switch of this bandwidth where there is one.
fn unknown(gpus: u32, gbps: Option<f64>) -> Board {
    let gpus = gpus as usize;
    let link = Link {
        nvlinks: 0,
        path: None,
        gbps: gbps.unwrap_or(0.0),
    };
    let numa = (0..gpus)
        .map(|gpu| u8::from(gpu >= gpus.div_ceil(2)))
        .collect();
    let switch = gbps.map(|gbps_per_gpu| Switch {
        links: 0,
        gbps_per_gpu,
        reduces: false,
    });
    Board::new("unnamed", vec![link; gpus * gpus], numa, switch, Vec::new())
        .expect("1 to 64 GPUs, and equal links")
}

/// Network cards, spread over the GPUs where there are enough.
fn cards(board: &Board, count: u32, gbps: f64) -> Vec<Nic> {
    let gpus = board.gpus() as u32;
    (0..count)
        .map(|card| {
            let place = (card * gpus / count) as u8;
            Nic {
                gbps,
                numa: board.numa(usize::from(place)),
                gpu: Some(place).filter(|_| count >= gpus),
            }
        })
        .collect()
}
