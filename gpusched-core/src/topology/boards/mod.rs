//! Boards as data: what the devices of well-known machines are wired like.
//!
//! | file | what |
//! |---|---|
//! | `table` | one row per board, with its source |
//! | `links` | what NVLink, PCIe and the wires between sockets carry |
//!
//! A row says how a machine is built; [`BoardPreset::build`] spells it out for a number of GPUs.
//! All machines have two sockets, the first half of the GPUs on the first. Network cards are those
//! of the vendor's own machine; node lists and topology files say what a site has instead.

pub mod links;
mod table;

pub use links::NvLink;
pub use table::BOARDS;

use super::{Board, Link, Nic, Path, Switch};
use crate::gpu::model;

/// NVLink (or xGMI) of a board.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wiring {
    /// None: PCIe only.
    Pcie,
    /// Links between the pairs listed.
    Pairs {
        /// Which generation.
        nvlink: NvLink,
        /// One GPU, another, and the links between them.
        pairs: &'static [(u8, u8, u8)],
        /// Pairs with NVLink have a known path besides.
        beside_pcie: bool,
    },
    /// Bridges: neighbours in groups of `of`, each joined to each other by `links`.
    Groups {
        /// Which generation.
        nvlink: NvLink,
        /// GPUs of a group.
        of: u8,
        /// Links of each pair of a group.
        links: u8,
    },
    /// One link between any two, GB/s.
    Mesh {
        /// What it carries.
        gbps: f64,
    },
    /// All to one switch.
    Switch {
        /// Which generation.
        nvlink: NvLink,
        /// Links of each GPU.
        links: u8,
        /// It can reduce in the switch.
        reduces: bool,
    },
}

/// PCIe of a board with two sockets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pcie {
    /// What a slot carries, GB/s.
    pub gbps: f64,
    /// What the wire between the sockets carries, GB/s.
    pub socket_gbps: f64,
    /// GPUs `i` and `i ^ mask` are nearer than others of their socket: the mask, and how near.
    pub near: Option<(u8, Path)>,
    /// How near GPUs of one socket are.
    pub inside: Path,
}

/// One row of the table of boards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoardPreset {
    /// What it is called.
    pub name: &'static str,
    /// GPU models whose machines are taken to be this one, unless something else is said.
    pub models: &'static [&'static str],
    /// GPUs of the whole machine.
    pub gpus: u8,
    /// Links of the GPUs.
    pub wiring: Wiring,
    /// PCIe of the machine.
    pub pcie: Pcie,
    /// Network cards: how many, and what each carries, Gb/s as sold.
    pub nics: (u8, f64),
    /// Where the figures are from.
    pub source: &'static str,
}

/// The board called `name`. O(boards).
///
/// ```
/// use gpusched_core::topology::board_preset;
/// let board = board_preset("dgx-1v").unwrap().build(8).unwrap();
/// assert_eq!((board.link(0, 3).nvlinks, board.link(0, 3).score()), (2, 230));
/// ```
pub fn board_preset(name: &str) -> Option<&'static BoardPreset> {
    BOARDS.iter().find(|board| board.name == name)
}

/// The board that `gpus` devices of a model are taken to be on when nothing else is said.
/// `None` = nothing is known: the model is not in the table, or its machines have fewer GPUs.
///
/// ```
/// use gpusched_core::topology::board_for_model;
/// let board = board_for_model("H100-SXM5-80GB", 8).unwrap();
/// assert_eq!((board.name(), board.link(0, 7).gbps, board.nic_gbps()), ("hgx-h100", 450.0, 400.0));
/// assert!(board_for_model("H100-SXM5-80GB", 9).is_none());
/// assert!(board_for_model("warp-drive", 8).is_none());
/// ```
pub fn board_for_model(model: &str, gpus: u32) -> Option<Board> {
    let lists = |name: &str| BOARDS.iter().find(|board| board.models.contains(&name));
    let preset = lists(model).or_else(|| lists(model::find(model)?.name))?;
    preset.build(gpus)
}

impl BoardPreset {
    /// The board with `gpus` devices: the first ones of the machine where it has more. `None` =
    /// it has fewer; a machine with PCIe or bridges only may have any number up to 64.
    ///
    /// Where there are at least as many network cards as GPUs each GPU has its own; else all GPUs
    /// share them.
    pub fn build(&self, gpus: u32) -> Option<Board> {
        let open_ended = matches!(self.wiring, Wiring::Pcie | Wiring::Groups { .. });
        let most = if open_ended { 64 } else { u32::from(self.gpus) };
        if gpus == 0 || gpus > most {
            return None;
        }
        let count = gpus as u8;
        let whole = count.max(self.gpus);
        let socket = |gpu: u8| u8::from(gpu >= whole.div_ceil(2));
        let numa: Vec<u8> = (0..count).map(socket).collect();
        let links = (0..count)
            .flat_map(|one| (0..count).map(move |other| self.link(one, other, whole)))
            .collect();
        Board::new(
            self.name,
            links,
            numa,
            self.switch(),
            self.cards(count, socket),
        )
        .ok()
    }

    /// NVLinks a GPU may have at most; 0 = the board has none.
    pub fn most_nvlinks(&self) -> u8 {
        match self.wiring {
            Wiring::Pcie => 0,
            Wiring::Mesh { .. } => self.gpus - 1,
            Wiring::Pairs { nvlink, .. } | Wiring::Groups { nvlink, .. } => nvlink.most,
            Wiring::Switch { links, .. } => links,
        }
    }

    fn switch(&self) -> Option<Switch> {
        match self.wiring {
            Wiring::Switch {
                nvlink,
                links,
                reduces,
            } => Some(Switch {
                links,
                gbps_per_gpu: f64::from(links) * nvlink.gbps,
                reduces,
            }),
            _ => None,
        }
    }

    fn link(&self, one: u8, other: u8, whole: u8) -> Link {
        if one == other {
            return Link {
                nvlinks: 0,
                path: Some(Path::Board),
                gbps: 0.0,
            };
        }
        let (path, slot) = self.pcie.between(one, other, whole.div_ceil(2));
        let plain = Link {
            nvlinks: 0,
            path: Some(path),
            gbps: slot,
        };
        let joined = |nvlinks: u8, each: f64| Link {
            nvlinks,
            gbps: f64::from(nvlinks) * each,
            ..plain
        };
        match self.wiring {
            Wiring::Pcie => plain,
            Wiring::Mesh { gbps } => joined(1, gbps),
            Wiring::Switch { nvlink, links, .. } => Link {
                gbps: f64::from(links) * nvlink.gbps,
                ..plain
            },
            Wiring::Groups { nvlink, of, links } => match one / of == other / of {
                true => joined(links, nvlink.gbps),
                false => plain,
            },
            Wiring::Pairs {
                nvlink,
                pairs,
                beside_pcie,
            } => {
                let ends = (one.min(other), one.max(other));
                let pair = pairs.iter().find(|(a, b, _)| (*a, *b) == ends);
                match pair {
                    None => plain,
                    Some((.., links)) => Link {
                        path: Some(path).filter(|_| beside_pcie),
                        ..joined(*links, nvlink.gbps)
                    },
                }
            }
        }
    }

    fn cards(&self, gpus: u8, socket: impl Fn(u8) -> u8) -> Vec<Nic> {
        let (whole, gbits) = self.nics;
        let own = whole >= self.gpus;
        let cards = match own {
            // As many per GPU as in the whole machine.
            true => whole / self.gpus * gpus,
            false => whole,
        };
        let place = |card: u8| match own {
            true => card * gpus / cards,
            false => (u32::from(card) * u32::from(gpus) / u32::from(cards)) as u8,
        };
        (0..cards)
            .map(|card| Nic {
                gbps: gbits / 8.0,
                numa: socket(place(card)),
                gpu: Some(place(card)).filter(|_| own),
            })
            .collect()
    }
}

impl Pcie {
    /// The path between two GPUs, and what it carries.
    fn between(&self, one: u8, other: u8, per_socket: u8) -> (Path, f64) {
        if (one >= per_socket) != (other >= per_socket) {
            return (Path::Sys, self.gbps.min(self.socket_gbps));
        }
        match self.near {
            Some((mask, path)) if one ^ mask == other => (path, self.gbps),
            _ => (self.inside, self.gbps),
        }
    }
}

#[cfg(test)]
mod tests;
